// An engine over recorded inputs (a capture, a tape, a journal), driven to their end. Templates
// over the source and the sink.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <unistd.h>

#include "io/capture/tape.hpp"
#include "io/conf/engine_conf.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "tools/engine_report.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/latency_log.hpp"
#include "tools/log_line.hpp"
#include "tools/progress_line.hpp"
#include "tools/run_summary.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {

/// What a run is made of, once everything is open. A source tells its progress_per_mille(), a sink
/// its error(), to any thread.
template <class Source, class Sink>
struct RecordedRun {
  const io::EngineConf& conf;
  bool is_tape;
  Source& source;
  Sink& sink;
  io::Tape* tape;  ///< or nullptr
  const io::PipelineOptions& pipeline;
  LatencyLog& latency_log;
  std::string_view state{};  ///< the engine begins with it; empty: with empty books
};

/// How it ended.
struct RecordedRunEnd {
  io::IngressFault fault = io::IngressFault::none;
  std::uint64_t broken_command_count = 0;
  int latency_code = exit_ok;     ///< of the latency log: 0 or 74
  int invariants_code = exit_ok;  ///< 0 or 70
};

/// Why INGRESS stopped early, for people.
[[nodiscard]] std::string fault_text(io::IngressFault fault);

/// Lets the engine's threads run until the source ends, a signal comes or an output fails.
template <class Engine, class Source, class Sink>
void drive(Engine& engine, const RecordedRun<Source, Sink>& run) {
  ProgressLine progress;
  // Soon at first, for short runs; then seldom enough to cost nothing.
  unsigned look_interval_us = 1'000;
  constexpr unsigned look_interval_us_max = 10'000;
  engine.start();
  run.latency_log.start([&engine] { return latency_rows(engine); });
  while (!engine.is_finished()) {
    ::usleep(look_interval_us);
    look_interval_us = std::min(look_interval_us + 100, look_interval_us_max);
    progress.show(run.source.progress_per_mille(), engine.loop_counters(0).messages_in.get());
    if (run.sink.error() != 0 || (run.tape != nullptr && run.tape->error() != 0)) engine.abort();
    if (take_stop_signal()) {
      log_line(LogLevel::info, "engine",
               "stopped by a signal; what was read is decided and written");
      engine.stop();
    }
  }
  progress.clear();
  engine.join();
}

/// Runs an engine whose rings have storage for ring_capacity_max messages, and fills in what it
/// knows of `summary`.
template <std::uint32_t ring_capacity_max, class Source, class Sink>
RecordedRunEnd run_recorded_on(const RecordedRun<Source, Sink>& run, RunSummary& summary) {
  const io::EngineConf& conf = run.conf;
  stages::Names names(conf.decision.symbols_max, conf.decision.book.accounts_max);
  name_conf_ids(conf, names);
  const auto engine = std::make_unique<io::PipelineEngine<Source, Sink, ring_capacity_max>>(
      conf.decision, names, run.source,
      io::IngressOptions{
          .streams = conf.streams, .timers = conf.timers, .is_tape = run.is_tape, .tape = run.tape},
      run.sink,
      io::EgressOptions{.streams = conf.streams,
                        .seed = conf.decision.fill.seed,
                        .model = conf.decision.fill.model,
                        .numbers_before = conf.numbers_before},
      run.pipeline);
  if (!restore(*engine, run.state)) {
    return {.invariants_code = complain(
                "journal", "its snapshot is of a build that keeps other state", exit_data)};
  }
  const io::SystemClock clock;
  const std::int64_t start_ns = clock.monotonic_ns();
  drive(*engine, run);
  summary.elapsed_ns = clock.monotonic_ns() - start_ns;
  RecordedRunEnd end{.fault = engine->ingress().fault(),
                     .broken_command_count = engine->ingress().broken_command_count(),
                     .latency_code = run.latency_log.finish()};
  summarize_engine(conf, *engine, names, summary);
  const bool is_cut_off = run.sink.error() != 0 || (run.tape != nullptr && run.tape->error() != 0);
  if (!is_cut_off) end.invariants_code = check_invariants(*engine);
  return end;
}

}  // namespace coreloop::tools
