// From a conf to a running engine, and back to an exit code.
#include "tools/live_run.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

#include "io/edge/clock.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "io/journal/resumed_source.hpp"
#include "tools/adopt_commands.hpp"
#include "tools/clock_watch.hpp"
#include "tools/engine_report.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/latency_log.hpp"
#include "tools/live_http.hpp"
#include "tools/live_journal.hpp"
#include "tools/live_service.hpp"
#include "tools/log_line.hpp"
#include "tools/redis_ends.hpp"
#include "tools/service_notify.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {
namespace {

constexpr std::int64_t drain_deadline_ns = 2'000'000'000;
constexpr std::int64_t base_ahead_ns_max = 31 * stages::ns_per_day;
constexpr int look_interval_ms = 20;
constexpr std::int64_t told_interval_ns = 5'000'000'000;  // while Redis is waited for

/// What the engine runs between: another broker is another file like redis_ends, and its name here.
using Ends = RedisEnds;

// Until both ends are ready; or a fault's exit code, 69 at the deadline, or -1 after a stop signal.
int connect(const io::EngineConf& conf, Ends& ends, const io::Clock& clock,
            ServiceNotify& service) {
  const std::int64_t deadline_ns = conf.redis.connect_deadline_s * stages::ns_per_second;
  const std::int64_t start_ns = clock.monotonic_ns();
  std::int64_t told_ns = start_ns;
  service.say_starting("connecting to Redis");
  ends.open();
  while (!ends.is_ready()) {
    if (clock.monotonic_ns() - told_ns > told_interval_ns) {
      told_ns = clock.monotonic_ns();
      service.say_starting("waiting for Redis");
    }
    ends.wait_a_moment();
    const int fault = ends.attend();
    if (fault != exit_ok) return fault;
    if (deadline_ns != 0 && clock.monotonic_ns() - start_ns > deadline_ns) {
      return complain("redis", "not ready within redis.connect_deadline_s", exit_unavailable);
    }
    if (take_stop_signal()) return -1;
  }
  return exit_ok;
}

// Our ids go on above what stands in the streams: their numbers, and the time they begin at.
int adopt_bases(const Ends& ends, const io::Clock& clock, io::EngineConf& conf,
                std::int64_t& earliest_unix_ns) {
  std::string text;
  std::uint64_t last_ms = 0;
  for (std::size_t i = 0; i < io::output_stream_count; ++i) {
    const io::EntryId base = ends.bases()[i];
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

// What stands in the output streams beyond the journal, where that is to be taken over.
AdoptCommands adopt_commands(const io::EngineConf& conf, const Ends& ends,
                             const LiveJournal& journal, const io::Clock& clock) {
  if (!conf.journal.accepts_lost_tail || !journal.is_begun()) return {};
  // Before any timer that is due since: at the time the journal ends with.
  return {ends.bases(), ends.found(), journal.last_sequence() == 0 ? clock.unix_ns() : 0};
}

/// What a run is made of, once everything is open.
struct RunParts {
  const io::EngineConf& conf;
  LiveRun kind;
  Ends& ends;
  LiveHttp& http;
  io::Tape* tape;
  LiveJournal& journal;
  LatencyLog& latency_log;
  io::Clock& clock;
  ServiceNotify& service;
  const AdoptCommands& adopts;
  std::int64_t earliest_unix_ns;
};

template <class Engine>
std::string status_of(const Engine& engine, const Ends& ends, bool is_live) {
  if (!is_live) return "replaying the journal";
  return "running; inputs=" + std::to_string(engine.loop_counters(0).messages_in.get()) +
         " published=" + std::to_string(ends.published_count()) +
         (ends.is_ready() ? "" : "; waiting for Redis");
}

void tell_clock_step(ClockWatch& watch) {
  const std::int64_t step_ns = watch.look();
  if (step_ns == 0) return;
  log_line(LogLevel::warning, "engine",
           "the wall clock was set " + std::to_string(std::abs(step_ns) / stages::ns_per_ms) +
               (step_ns > 0 ? " ms ahead" : " ms back") +
               "; clock_step_total=" + std::to_string(watch.step_count()));
}

void tell_replayed(const RunParts& parts, std::int64_t start_ns) {
  if (parts.journal.recorded_count() == 0) return;
  const std::int64_t elapsed_ns = parts.clock.monotonic_ns() - start_ns;
  log_line(LogLevel::info, "journal",
           "replayed " + std::to_string(parts.journal.recorded_count()) + " inputs in " +
               std::to_string(elapsed_ns / stages::ns_per_ms) + " ms");
}

// Until a stop signal (0) or a fault. HTTP sees the engine once the journal has been replayed.
template <class Engine, class Source>
int watch(Engine& engine, const Source& source, const stages::Names& names, const RunParts& parts) {
  const std::int64_t start_ns = parts.clock.monotonic_ns();
  bool is_live = false;
  ClockWatch clock_watch(parts.clock);
  LiveService<Engine> service(parts.service, engine, start_ns);
  const auto status = [&] { return status_of(engine, parts.ends, is_live); };
  while (!engine.is_finished()) {
    if (!is_live && source.has_recovered() && parts.kind == LiveRun::until_stopped) {
      is_live = true;
      tell_replayed(parts, start_ns);
      parts.journal.start_following();
      parts.http.attach(engine, names);
      log_line(LogLevel::info, "engine",
               "running on " + std::to_string(engine.thread_count()) +
                   (engine.thread_count() == 1 ? " thread" : " threads"));
      if (engine.unpinned_count() != 0) {
        log_line(LogLevel::warning, "engine",
                 std::to_string(engine.unpinned_count()) +
                     " of them could not be pinned to the core planned for it");
      }
      service.become_ready(status());
    }
    service.look(parts.clock.monotonic_ns(), status);
    tell_clock_step(clock_watch);
    if (wait_for_stop_signal(is_live ? look_interval_ms : 1)) return exit_ok;
    int exit_code = parts.ends.attend();
    if (exit_code == exit_ok) exit_code = parts.journal.attend();
    if (exit_code != exit_ok) return exit_code;
    if (parts.tape != nullptr && parts.tape->error() != 0)
      return complain("tape", std::strerror(parts.tape->error()), exit_io);
  }
  if (parts.kind == LiveRun::until_recovered && source.has_recovered()) {
    tell_replayed(parts, start_ns);
    return exit_ok;
  }
  if (engine.ingress().fault() == io::IngressFault::time_jump)
    return complain("ingress", "time jumped by more than 31 days", exit_invariant);
  return complain("journal",
                  "its inputs and timers do not lead to one another: damaged, or another version "
                  "of the engine wrote it",
                  exit_data);
}

// Lets the stages finish what they hold, and Redis confirm it, until the deadline or a second
// signal.
template <class Engine>
void drain(Engine& engine, Ends& ends, const io::Clock& clock, bool waits) {
  const std::int64_t end_ns = clock.monotonic_ns() + (waits ? drain_deadline_ns : 0);
  const auto has_time = [&] { return clock.monotonic_ns() < end_ns; };
  bool is_hurried = false;
  engine.stop();
  while (!engine.is_finished() && has_time() && !is_hurried)
    is_hurried = wait_for_stop_signal(1);
  if (!engine.is_finished()) engine.abort();
  engine.join();
  ends.close_source();
  while (!ends.is_all_published() && has_time() && !is_hurried) {
    ends.wait_a_moment();
    is_hurried = take_stop_signal();
  }
}

// Without memory the next start takes longer, no more.
template <class Engine>
void save(Engine& engine, LiveJournal& journal) {
  try {
    std::string state;
    save_state(engine, state);
    journal.save(engine.egress().last_ids(), std::move(state));
  } catch (const std::bad_alloc&) {
    log_line(LogLevel::warning, "journal", "no snapshot at the end: out of memory");
  }
}

template <std::uint32_t ring_capacity_max>
int run_engine(const RunParts& parts, io::PipelineOptions pipeline, RunSummary& summary) {
  using Source = io::ResumedSource<Ends::Source>;
  const io::EngineConf& conf = parts.conf;
  Ends& ends = parts.ends;
  LiveHttp& http = parts.http;
  stages::Names names(conf.decision.symbols_max, conf.decision.book.accounts_max);
  name_conf_ids(conf, names);
  pipeline.source_world = &ends.source_world();
  pipeline.sink_world = &ends.sink_world();
  pipeline.views = http.engine_views();
  pipeline.wait.world_sleep_ns = pipeline.wait.sleep_ns_max;  // its world wakes it
  Source source(parts.journal.recorded(), &ends.sink().is_recovered(), parts.adopts.entries(),
                ends.source(), parts.kind == LiveRun::until_stopped);
  const auto engine = std::make_unique<io::PipelineEngine<Source, Ends::Sink, ring_capacity_max>>(
      conf.decision, names, source,
      io::IngressOptions{.streams = conf.streams,
                         .timers = conf.timers,
                         .idle_clock = &parts.clock,
                         .tape = parts.tape,
                         .journal = parts.journal.log(),
                         .commands = http.commands(),
                         .earliest_unix_ns = parts.earliest_unix_ns},
      ends.sink(),
      io::EgressOptions{.streams = conf.streams,
                        .seed = conf.decision.fill.seed,
                        .model = conf.decision.fill.model,
                        .numbers_before = conf.numbers_before,
                        .clock = &parts.clock,
                        .commands = http.commands(),
                        .recovered_sequence = parts.journal.recorded_sequence()},
      std::move(pipeline));
  if (!restore(*engine, parts.journal.state())) {
    return complain("journal",
                    "the snapshot in " + conf.journal.dir +
                        " is of a build that keeps other state; start that build once more",
                    exit_data);
  }
  const std::int64_t start_ns = parts.clock.monotonic_ns();
  engine->start();
  parts.latency_log.start([&engine] { return latency_rows(*engine); });
  int exit_code = watch(*engine, source, names, parts);
  parts.service.say_stopping(exit_code == exit_ok ? "stopping" : "stopping after a fault");
  http.begin_drain();
  drain(*engine, ends, parts.clock, exit_code == exit_ok);
  http.stop();
  const int log_code = parts.latency_log.finish();
  summary.elapsed_ns = parts.clock.monotonic_ns() - start_ns;
  const bool is_drained = engine->is_drained();
  const std::uint64_t pending = ends.pending_count();
  summarize_engine(conf, *engine, names, summary);
  summary.output_entries = ends.published_count();
  log_line(pending == 0 ? LogLevel::info : LogLevel::warning, "engine",
           "stopped; inputs=" + std::to_string(engine->ingress().sequence()) + " published=" +
               std::to_string(ends.published_count()) + " drained=" + (is_drained ? "1" : "0") +
               " outbox_pending=" + std::to_string(pending));
  ends.close_sink();
  // Cut off by the deadline, stages may hold what others have not seen yet.
  if (exit_code == exit_ok && is_drained) exit_code = check_invariants(*engine);
  const int journal_code = parts.journal.close();
  if (exit_code == exit_ok) exit_code = journal_code;
  // What is not in the streams yet has to be made once more at the next start.
  if (exit_code == exit_ok && is_drained && pending == 0) save(*engine, parts.journal);
  if (exit_code == exit_ok && pending != 0 && parts.kind == LiveRun::until_recovered)
    exit_code = complain("redis", "not everything could be published", exit_unavailable);
  return exit_code == exit_ok ? log_code : exit_code;
}

}  // namespace

int run_live(const io::EngineConf& given_conf, LiveRun kind, RunSummary& summary) {
  io::EngineConf conf = given_conf;
  io::PipelineOptions pipeline;
  int exit_code = plan_threads(conf.threads, pipeline);
  if (exit_code != exit_ok) return exit_code;

  ignore_hangup();
  ServiceNotify service;
  io::SystemClock clock;
  LiveJournal journal(conf);
  exit_code = journal.open();
  if (exit_code != exit_ok) return exit_code;
  LatencyLog latency_log(conf.latency.hlog, std::chrono::seconds(conf.latency.hlog_interval_s),
                         clock);
  exit_code = latency_log.open(true);
  if (exit_code != exit_ok) return exit_code;
  std::unique_ptr<Ends> ends;
  exit_code = Ends::make(conf, pipeline.threads.size() == 1, clock, ends);
  if (exit_code != exit_ok) return exit_code;
  if (journal.is_begun()) ends->resume(journal.restarts(), journal.cursors(), journal.histories());
  LiveHttp http(
      conf, clock, [&ends] { return ends->facts(); }, [&journal] { return journal.facts(); });
  exit_code = http.start();
  if (exit_code != exit_ok) return exit_code;
  exit_code = connect(conf, *ends, clock, service);
  if (exit_code == -1) return exit_ok;
  if (exit_code != exit_ok) return exit_code;
  std::int64_t earliest_unix_ns = 0;
  exit_code = adopt_bases(*ends, clock, conf, earliest_unix_ns);
  if (exit_code != exit_ok) return exit_code;
  exit_code = journal.start_writing(ends->restart(), ends->bases(), ends->starts(), clock.unix_ns(),
                                    [&ends] {
                                      ends->sink_world().wake();
                                      ends->source_world().wake();  // the next segment may begin
                                    });
  if (exit_code != exit_ok) return exit_code;
  ends->sink().wait_for(journal.safe_inputs());
  std::unique_ptr<io::Tape> tape;
  exit_code = open_tape(conf, tape);
  if (exit_code != exit_ok) return exit_code;

  constexpr std::uint32_t usual_capacity = 1'024;
  constexpr std::uint32_t largest_capacity = 65'536;
  const AdoptCommands adopts = adopt_commands(conf, *ends, journal, clock);
  const RunParts parts{conf,        kind,  *ends,   http,   tape.get(),      journal,
                       latency_log, clock, service, adopts, earliest_unix_ns};
  exit_code = pipeline.ring_capacity <= usual_capacity
                  ? run_engine<usual_capacity>(parts, pipeline, summary)
                  : run_engine<largest_capacity>(parts, pipeline, summary);
  const int tape_error = tape == nullptr ? 0 : tape->finish();
  if (tape_error != 0 && exit_code == exit_ok)
    exit_code = complain("tape", conf.tape + ": " + std::strerror(tape_error), exit_io);
  return exit_code;
}

}  // namespace coreloop::tools
