// From the conf to two connections, and from their troubles to exit codes.
#include "tools/redis_ends.hpp"

#include <fstream>
#include <sys/stat.h>

#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"

namespace coreloop::tools {
namespace {

RedisPlace no_place(int exit_code, const char* component, std::string problem) {
  RedisPlace place;
  place.exit_code = exit_code;
  place.component = component;
  place.problem = std::move(problem);
  return place;
}

int exit_code_of(io::RedisFault fault) {
  switch (fault) {
    case io::RedisFault::none:
      return exit_ok;
    case io::RedisFault::authentication:
    case io::RedisFault::permission:
      return exit_permission;
    case io::RedisFault::wrong_type:
    case io::RedisFault::may_evict:
      return exit_conf;
    case io::RedisFault::foreign_writer:
      return exit_foreign_writer;
    case io::RedisFault::journal_behind:
    case io::RedisFault::other_content:
    case io::RedisFault::input_rewound:
      return exit_data;
  }
  return exit_ok;
}

const char* advice_on(io::RedisFault fault) {
  return fault == io::RedisFault::journal_behind
             ? ". Bring back the journal that made it; or, where there is none, take over what "
               "stands there: --accept-lost-tail"
             : "";
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

io::RedisSourceOptions source_options(const io::EngineConf& conf, const io::RedisAddress& address,
                                      io::Clock& clock) {
  io::RedisSourceOptions options;
  options.session = session_options("reader", address);
  options.streams = conf.streams;
  options.start = conf.start;
  options.on_rewind = conf.on_rewind;
  options.count_max = static_cast<std::uint32_t>(conf.redis.read_count);
  options.clock = &clock;
  return options;
}

io::RedisSinkOptions sink_options(const io::EngineConf& conf, const io::RedisAddress& address) {
  io::RedisSinkOptions options;
  options.session = session_options("writer", address);
  options.names = conf.output_names;
  options.maxlen = static_cast<std::uint64_t>(conf.maxlen);
  options.batch_max = static_cast<std::uint32_t>(conf.redis.egress_batch_max);
  options.refuses_eviction = conf.redis.is_strict;
  options.accepts_lost_tail = conf.journal.accepts_lost_tail;
  return options;
}

io::RedisEndFacts end_facts(const io::RedisHealth& health, bool is_ready) {
  io::RedisEndFacts facts;
  facts.is_open = health.is_open.load(std::memory_order_relaxed);
  facts.is_ready = is_ready;
  facts.reconnects = health.reconnects.get();
  facts.connect_failures = health.connect_failures.get();
  facts.timeouts = health.timeouts.get();
  facts.protocol_errors = health.protocol_errors.get();
  for (std::size_t i = 0; i < io::redis_error_codes.size(); ++i)
    facts.errors.emplace_back(io::redis_error_codes[i].name, health.errors[i].get());
  return facts;
}

}  // namespace

RedisPlace find_redis(const io::RedisConf& conf) {
  RedisPlace place;
  std::string problem;
  if (!io::parse_redis_url(conf.url, place.address, problem))
    return no_place(exit_conf, "conf", "redis.url: " + problem);
  if (!conf.password_file.empty()) {
    std::ifstream file(conf.password_file);
    if (!std::getline(file, place.address.password)) {
      return no_place(exit_permission, "conf",
                      conf.password_file + ": redis.password_file cannot be read");
    }
    struct stat status {};
    if (::stat(conf.password_file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
      place.warning = conf.password_file + ": others may read this password; chmod 600 it";
  }
  if (!io::resolve_host(place.address, problem))
    return no_place(exit_unavailable, "redis", problem);
  return place;
}

int RedisEnds::make(const io::EngineConf& conf, bool is_one_thread, io::Clock& clock,
                    std::unique_ptr<RedisEnds>& ends) {
  const RedisPlace place = find_redis(conf.redis);
  if (!place.warning.empty()) log_line(LogLevel::warning, "conf", place.warning);
  if (place.exit_code != exit_ok) return complain(place.component, place.problem, place.exit_code);
  ends.reset(new RedisEnds(conf, place.address, is_one_thread, clock));
  return exit_ok;
}

RedisEnds::RedisEnds(const io::EngineConf& conf, const io::RedisAddress& address,
                     bool is_one_thread, io::Clock& clock)
    : conf_(conf), source_(source_loop_, source_options(conf, address, clock)) {
  if (!is_one_thread) sink_loop_.emplace();
  io::RedisSinkOptions options = sink_options(conf, address);
  options.on_recovered = [this] { source_loop_.wake(); };  // INGRESS waits for that
  sink_.emplace(sink_loop(), std::move(options));
}

void RedisEnds::open() {
  source_.open();
  sink_->open();
}

void RedisEnds::wait_a_moment() {
  constexpr std::int64_t moment_ns = 1'000'000;
  source_loop_.wait(moment_ns);
  if (sink_loop_) sink_loop_->wait(moment_ns);
}

int RedisEnds::attend() {
  // The writer has met a server that is no master: the reader should look again, too.
  const std::uint64_t demotions = sink_->demotion_count();
  if (demotions != demotions_seen_) {
    demotions_seen_ = demotions;
    source_.look_again();
  }
  for (const io::RedisHealth* health : {&source_.health(), &sink_->health()}) {
    if (health->fault() == io::RedisFault::none) continue;
    return complain("redis", health->fault_text() + advice_on(health->fault()),
                    exit_code_of(health->fault()));
  }
  return exit_ok;
}

io::RedisFacts RedisEnds::facts() const {
  io::RedisFacts facts;
  facts.reader = end_facts(source_.health(), source_.is_ready());
  facts.writer = end_facts(sink_->health(), sink_->is_ready());
  for (std::size_t i = 0; i < conf_.streams.size(); ++i) {
    const io::InputStreamCounters& counters = source_.counters(i);
    facts.inputs.push_back({conf_.streams[i].name, counters.entries.get(), counters.trimmed.get(),
                            counters.malformed.get(), counters.lag.load(std::memory_order_relaxed),
                            counters.length.load(std::memory_order_relaxed), counters.rewinds.get(),
                            counters.ids_reused.get()});
  }
  const io::RedisSinkCounters& counters = sink_->counters();
  for (std::size_t i = 0; i < io::output_stream_count; ++i) {
    facts.output_lengths.emplace_back(conf_.output_names[i],
                                      counters.stream_lengths[i].load(std::memory_order_relaxed));
  }
  facts.transactions = counters.transactions.get();
  facts.published = counters.published.get();
  facts.aborted = counters.aborted.get();
  facts.duplicates_refused = counters.duplicates_refused.get();
  facts.tail_lost = counters.tail_lost.get();
  facts.hole = counters.hole.get();
  facts.pending = counters.pending.load(std::memory_order_relaxed);
  return facts;
}

}  // namespace coreloop::tools
