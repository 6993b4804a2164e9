// What an engine tells of itself: its state, its latencies, and once it has finished whether its
// invariants hold and the figures of its summary. Templates over the engine's type.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/conf/engine_conf.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "io/journal/state_checksum.hpp"
#include "stages/saved_state.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/latency_rows.hpp"
#include "tools/run_summary.hpp"

namespace coreloop::tools {

/// 0 or 70 after a message. Requires: every thread has finished.
template <class EngineType>
int check_invariants(const EngineType& engine) {
  if (!engine.is_drained())
    return complain("engine", "an input has not gone through every stage", exit_invariant);
  if (!engine.egress().statistics().is_balanced()) {
    return complain("engine", "a signal has no outcome, or more than one", exit_invariant);
  }
  if (engine.risk().book().hash() != engine.mark().book().hash()) {
    return complain("engine", "the books of RISK and MARK differ", exit_invariant);
  }
  return exit_ok;
}

/// Gives an engine that has not started the state of another; false if that is of another layout,
/// and the engine must not be used. Nothing is read from an empty one.
template <class Engine>
bool restore(Engine& engine, std::string_view state) {
  if (state.empty()) return true;
  stages::StateReader reader(state);
  engine.visit_state(reader);
  return reader.is_complete();
}

/// Makes `bytes` the state of an engine between inputs.
template <class Engine>
void save_state(Engine& engine, std::string& bytes) {
  stages::StateSize size;
  engine.visit_state(size);
  bytes.clear();
  bytes.reserve(size.bytes());
  stages::StateWriter writer(bytes);
  engine.visit_state(writer);
}

/// Copies of all of an engine's histograms, stage by stage. Any thread; never stops the engine.
template <class EngineType>
std::vector<LatencyRow> latency_rows(const EngineType& engine) {
  std::vector<LatencyRow> rows;
  for (std::uint32_t stage = 0; stage < io::stage_names.size(); ++stage) {
    const std::string name{io::stage_names[stage]};
    engine.latency(stage).queue_wait.copy_to(
        rows.emplace_back(LatencyRow{name + ", waiting", {}}).histogram);
    engine.latency(stage).service.copy_to(
        rows.emplace_back(LatencyRow{name + ", working", {}}).histogram);
  }
  engine.end_to_end().copy_to(rows.emplace_back(LatencyRow{"end to end", {}}).histogram);
  return rows;
}

/// Everything of `summary` that the engine knows: all but elapsed time and output checksums.
/// Requires: every thread has finished.
template <class EngineType>
void summarize_engine(const io::EngineConf& conf, EngineType& engine, const stages::Names& names,
                      RunSummary& summary) {
  summary.statistics = engine.egress().statistics();
  for (std::size_t i = 0; i < conf.streams.size(); ++i) {
    summary.inputs.push_back({conf.streams[i].name, engine.ingress().entry_counts()[i]});
  }
  summary.unread_entries = engine.ingress().unread_entry_count();
  for (std::size_t i = 0; i < io::output_stream_count; ++i) {
    summary.outputs.push_back(
        {conf.output_names[i], engine.egress().entry_count(static_cast<io::OutputStream>(i))});
  }
  summarize_books(names, engine.mark(), engine.risk(), summary);
  io::StateChecksum checksum;
  stages::StateWriter state(checksum);
  engine.visit_state(state);
  summary.state_crc32c = checksum.crc32c();
  summary.state_bytes = checksum.size();
  summary.latencies = latency_rows(engine);
  for (std::size_t i = 0; i < engine.thread_count(); ++i) {
    const engine::LoopCounters& counters = engine.loop_counters(i);
    ThreadSummary& row = summary.threads.emplace_back();
    row.name = engine.thread_name(i);
    for (std::size_t r = 0; r < engine::regime_count; ++r) {
      row.regime_ns[r] = engine.clock().to_ns(counters.regime_tsc[r].get());
    }
    row.cycle_ns_max = engine.clock().to_ns(counters.cycle_tsc_max.get());
    row.sleeps = counters.sleeps.get();
  }
}

}  // namespace coreloop::tools
