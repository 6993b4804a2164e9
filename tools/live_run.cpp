// From a conf to a running engine, and back to an exit code.
#include "tools/live_run.hpp"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <sys/stat.h>

#include "io/edge/clock.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "io/redis/redis_sink.hpp"
#include "io/redis/redis_source.hpp"
#include "tools/engine_report.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/live_http.hpp"
#include "tools/log_line.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {
namespace {

constexpr std::int64_t drain_deadline_ns = 2'000'000'000;
constexpr std::int64_t base_ahead_ns_max = 31 * stages::ns_per_day;
constexpr int look_interval_ms = 20;

int read_password(const io::RedisConf& conf, io::RedisAddress& address) {
  if (conf.password_file.empty()) return exit_ok;
  std::ifstream file(conf.password_file);
  if (!std::getline(file, address.password)) {
    return complain("conf", conf.password_file + ": redis.password_file cannot be read",
                    exit_permission);
  }
  struct stat status {};
  if (::stat(conf.password_file.c_str(), &status) == 0 && (status.st_mode & 077) != 0) {
    log_line(LogLevel::warning, "conf",
             conf.password_file + ": others may read this password; chmod 600 it");
  }
  return exit_ok;
}

int exit_code_of(io::RedisFault fault) {
  switch (fault) {
    case io::RedisFault::none:
      return exit_ok;
    case io::RedisFault::authentication:
    case io::RedisFault::permission:
      return exit_permission;
    case io::RedisFault::wrong_type:
      return exit_conf;
    case io::RedisFault::foreign_writer:
      return exit_foreign_writer;
    case io::RedisFault::input_rewound:
      return exit_data;
  }
  return exit_ok;
}

io::RedisSessionOptions session_options(const char* name, const io::RedisAddress& address) {
  io::RedisSessionOptions options;
  options.name = name;
  options.address = address;
  options.notice = [](bool is_alarm, const std::string& text) {
    log_line(is_alarm ? LogLevel::warning : LogLevel::info, "redis", text);
  };
  return options;
}

/// The two ends, and the event loops their threads sleep in.
class RedisEnds {
 public:
  RedisEnds(const io::EngineConf& conf, const io::RedisAddress& address, bool is_one_thread,
            io::Clock& clock)
      : source_(source_loop_, {.session = session_options("reader", address),
                               .streams = conf.streams,
                               .start = conf.start,
                               .count_max = static_cast<std::uint32_t>(conf.redis.read_count),
                               .clock = &clock}) {
    if (!is_one_thread) sink_loop_.emplace();
    sink_.emplace(sink_loop(), sink_options(conf, address));
  }

  [[nodiscard]] io::EventLoop& source_loop() { return source_loop_; }
  [[nodiscard]] io::EventLoop& sink_loop() { return sink_loop_ ? *sink_loop_ : source_loop_; }
  [[nodiscard]] io::RedisSource& source() { return source_; }
  [[nodiscard]] io::RedisSink& sink() { return *sink_; }

  void open() {
    source_.open();
    sink_->open();
  }

  /// Attends to both for about a millisecond. Thread: the one that runs no engine thread beside.
  void wait_a_moment() {
    constexpr std::int64_t moment_ns = 1'000'000;
    source_loop_.wait(moment_ns);
    if (sink_loop_) sink_loop_->wait(moment_ns);
  }

  [[nodiscard]] bool is_ready() const { return source_.is_ready() && sink_->is_ready(); }

  /// 0, or the exit code of a fault after it has been told. Any thread.
  [[nodiscard]] int fault_code() const {
    for (const io::RedisHealth* health : {&source_.health(), &sink_->health()}) {
      if (health->fault() == io::RedisFault::none) continue;
      return complain("redis", health->fault_text(), exit_code_of(health->fault()));
    }
    return exit_ok;
  }

  /// Tells the reader when the writer has met a server that is no master. Any thread.
  void pass_on_demotion() {
    const std::uint64_t count = sink_->demotion_count();
    if (count == demotions_seen_) return;
    demotions_seen_ = count;
    source_.look_again();
  }

 private:
  static io::RedisSinkOptions sink_options(const io::EngineConf& conf,
                                           const io::RedisAddress& address) {
    io::RedisSinkOptions options;
    options.session = session_options("writer", address);
    options.names = conf.output_names;
    options.maxlen = static_cast<std::uint64_t>(conf.maxlen);
    options.batch_max = static_cast<std::uint32_t>(conf.redis.egress_batch_max);
    return options;
  }

  io::EventLoop source_loop_;
  std::optional<io::EventLoop> sink_loop_;
  io::RedisSource source_;
  std::optional<io::RedisSink> sink_;
  std::uint64_t demotions_seen_ = 0;
};

// Until both ends are ready; or a fault's exit code, 69 at the deadline, or -1 after a stop signal.
int connect(const io::EngineConf& conf, RedisEnds& ends, const io::Clock& clock) {
  const std::int64_t deadline_ns = conf.redis.connect_deadline_s * stages::ns_per_second;
  const std::int64_t start_ns = clock.monotonic_ns();
  ends.open();
  while (!ends.is_ready()) {
    ends.wait_a_moment();
    ends.pass_on_demotion();
    const int fault = ends.fault_code();
    if (fault != exit_ok) return fault;
    if (deadline_ns != 0 && clock.monotonic_ns() - start_ns > deadline_ns) {
      return complain("redis", "not ready within redis.connect_deadline_s", exit_unavailable);
    }
    if (take_stop_signal()) return -1;
  }
  return exit_ok;
}

// Our ids go on above what stands in the streams: their numbers, and the time they begin at.
int adopt_bases(const io::RedisSink& sink, const io::Clock& clock, io::EngineConf& conf,
                std::int64_t& earliest_unix_ns) {
  std::string text;
  std::uint64_t last_ms = 0;
  for (std::size_t i = 0; i < io::output_stream_count; ++i) {
    const io::EntryId base = sink.bases()[i];
    conf.numbers_before[i] = base.counter;
    last_ms = std::max(last_ms, base.ms);
    if (base == io::EntryId{}) continue;
    text +=
        (text.empty() ? "" : ", ") + ("\"" + conf.output_names[i] + "\" = \"") + base.text() + "\"";
  }
  for (io::ConfEntry& entry : conf.entries) {
    if (entry.full_name() == "output.bases") entry.text = text.empty() ? "{}" : "{ " + text + " }";
  }
  const auto now_ms = static_cast<std::uint64_t>(clock.unix_ns() / stages::ns_per_ms);
  if (last_ms > now_ms + base_ahead_ns_max / stages::ns_per_ms) {
    return complain("redis",
                    "an output stream ends with an id of more than 31 days ahead: somebody "
                    "else has written it, or the clock is wrong; mend that, or use another stream",
                    exit_foreign_writer);
  }
  earliest_unix_ns = static_cast<std::int64_t>(last_ms) * stages::ns_per_ms;
  return exit_ok;
}

template <class Engine>
int watch(Engine& engine, RedisEnds& ends, const io::Tape* tape) {
  while (!engine.is_finished()) {
    if (wait_for_stop_signal(look_interval_ms)) return exit_ok;
    ends.pass_on_demotion();
    const int fault = ends.fault_code();
    if (fault != exit_ok) return fault;
    if (tape != nullptr && tape->error() != 0)
      return complain("tape", std::strerror(tape->error()), exit_io);
  }
  return complain("ingress", "time jumped by more than 31 days", exit_invariant);
}

// Lets the stages finish what they hold, and Redis confirm it, until the deadline or a second
// signal.
template <class Engine>
void drain(Engine& engine, RedisEnds& ends, const io::Clock& clock, bool waits) {
  const std::int64_t end_ns = clock.monotonic_ns() + (waits ? drain_deadline_ns : 0);
  const auto has_time = [&] { return clock.monotonic_ns() < end_ns; };
  bool is_hurried = false;
  engine.stop();
  while (!engine.is_finished() && has_time() && !is_hurried)
    is_hurried = wait_for_stop_signal(1);
  if (!engine.is_finished()) engine.abort();
  engine.join();
  ends.source().close();
  while (!ends.sink().is_all_published() && has_time() && !is_hurried) {
    ends.wait_a_moment();
    is_hurried = take_stop_signal();
  }
}

template <std::uint32_t ring_capacity_max>
int run_engine(const io::EngineConf& conf, io::PipelineOptions pipeline, RedisEnds& ends,
               LiveHttp& http, io::Tape* tape, io::Clock& clock, std::int64_t earliest_unix_ns,
               RunSummary& summary) {
  stages::Names names(conf.decision.symbols_max, conf.decision.book.accounts_max);
  name_conf_ids(conf, names);
  pipeline.source_world = &ends.source_loop();
  pipeline.sink_world = &ends.sink_loop();
  pipeline.views = http.engine_views();
  pipeline.wait.world_sleep_ns = pipeline.wait.sleep_ns_max;  // its world wakes it
  const auto engine =
      std::make_unique<io::PipelineEngine<io::RedisSource, io::RedisSink, ring_capacity_max>>(
          conf.decision, names, ends.source(),
          io::IngressOptions{.streams = conf.streams,
                             .timers = conf.timers,
                             .idle_clock = &clock,
                             .input_log = tape,
                             .commands = http.commands(),
                             .earliest_unix_ns = earliest_unix_ns},
          ends.sink(),
          io::EgressOptions{.streams = conf.streams,
                            .seed = conf.decision.fill.seed,
                            .model = conf.decision.fill.model,
                            .numbers_before = conf.numbers_before,
                            .clock = &clock,
                            .commands = http.commands()},
          std::move(pipeline));
  const std::int64_t start_ns = clock.monotonic_ns();
  engine->start();
  http.attach(*engine, names);
  log_line(LogLevel::info, "engine",
           "running on " + std::to_string(engine->thread_count()) +
               (engine->thread_count() == 1 ? " thread" : " threads"));
  int exit_code = watch(*engine, ends, tape);
  http.begin_drain();
  drain(*engine, ends, clock, exit_code == exit_ok);
  http.stop();
  summary.elapsed_ns = clock.monotonic_ns() - start_ns;
  const bool is_drained = engine->is_drained();
  const std::uint64_t pending = ends.sink().pending_count();
  summarize_engine(conf, *engine, names, summary);
  summary.output_entries = ends.sink().counters().published.get();
  log_line(pending == 0 ? LogLevel::info : LogLevel::warning, "engine",
           "stopped; inputs=" + std::to_string(engine->ingress().sequence()) +
               " published=" + std::to_string(ends.sink().counters().published.get()) +
               " drained=" + (is_drained ? "1" : "0") +
               " outbox_pending=" + std::to_string(pending));
  ends.sink().close();
  // Cut off by the deadline, stages may hold what others have not seen yet.
  if (exit_code == exit_ok && is_drained) exit_code = check_invariants(*engine);
  return exit_code;
}

}  // namespace

int run_live(const io::EngineConf& given_conf, RunSummary& summary) {
  io::EngineConf conf = given_conf;
  io::RedisAddress address;
  std::string problem;
  if (!io::parse_redis_url(conf.redis.url, address, problem))
    return complain("conf", "redis.url: " + problem, exit_conf);
  int exit_code = read_password(conf.redis, address);
  if (exit_code != exit_ok) return exit_code;
  if (!io::resolve_host(address, problem)) return complain("redis", problem, exit_unavailable);
  io::PipelineOptions pipeline;
  exit_code = plan_threads(conf.threads, pipeline);
  if (exit_code != exit_ok) return exit_code;

  io::SystemClock clock;
  RedisEnds ends(conf, address, pipeline.threads.size() == 1, clock);
  LiveHttp http(conf, clock,
                [&conf, &ends] { return redis_facts(conf, ends.source(), ends.sink()); });
  exit_code = http.start();
  if (exit_code != exit_ok) return exit_code;
  exit_code = connect(conf, ends, clock);
  if (exit_code == -1) return exit_ok;
  if (exit_code != exit_ok) return exit_code;
  std::int64_t earliest_unix_ns = 0;
  exit_code = adopt_bases(ends.sink(), clock, conf, earliest_unix_ns);
  if (exit_code != exit_ok) return exit_code;
  std::unique_ptr<io::Tape> tape;
  exit_code = open_tape(conf, tape);
  if (exit_code != exit_ok) return exit_code;

  constexpr std::uint32_t usual_capacity = 1'024;
  constexpr std::uint32_t largest_capacity = 65'536;
  exit_code = pipeline.ring_capacity <= usual_capacity
                  ? run_engine<usual_capacity>(conf, pipeline, ends, http, tape.get(), clock,
                                               earliest_unix_ns, summary)
                  : run_engine<largest_capacity>(conf, pipeline, ends, http, tape.get(), clock,
                                                 earliest_unix_ns, summary);
  const int tape_error = tape == nullptr ? 0 : tape->finish();
  if (tape_error != 0 && exit_code == exit_ok)
    return complain("tape", conf.tape + ": " + std::strerror(tape_error), exit_io);
  return exit_code;
}

}  // namespace coreloop::tools
