// The whole engine without Redis, as several benchmarks run it: a source in memory, a sink that
// copies into a buffer, default tables, on one thread turned by hand or on threads of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "bench/bench_support.hpp"
#include "bench/core_stages.hpp"
#include "bench/signal_flood.hpp"
#include "io/edge/pipeline_engine.hpp"

namespace coreloop::bench {

inline constexpr std::uint32_t ring_capacity = 1'024;  // as by default

[[nodiscard]] inline stages::Names default_names() {
  const stages::DecisionConf conf;
  return {conf.symbols_max, conf.book.accounts_max};
}

/// Thread by thread, the last stage of each.
[[nodiscard]] inline std::vector<std::uint32_t> last_stages(std::size_t thread_count) {
  switch (thread_count) {
    case 2:
      return {3, 4};  // EGRESS, the dearest, by itself
    case 3:
      return {0, 3, 4};  // as `auto` does on three to five cores
    case 5:
      return {0, 1, 2, 3, 4};
    default:
      return {4};
  }
}

/// As by default: pinned while there are cores enough, else giving way to each other.
[[nodiscard]] inline io::PipelineOptions pipeline_options(std::size_t thread_count) {
  io::PipelineOptions options{
      .threads = {}, .ring_capacity = ring_capacity, .wait = {}, .clock = tsc_clock()};
  const bool pins = thread_count <= core_count();
  options.wait.shares_core = !pins;
  std::uint32_t first = 0;
  for (const std::uint32_t last : last_stages(thread_count)) {
    engine::ThreadPlan plan{.first = first, .last = last, .core = {}};
    if (pins) plan.core = cores()[options.threads.size()];
    options.threads.push_back(plan);
    first = last + 1;
  }
  return options;
}

/// One engine and all it needs.
template <class SourceType>
struct Run {
  template <class Input>
  Run(const Input& input, stages::OnOpposite on_opposite, io::PipelineOptions options)
      : source(input),
        names(default_names()),
        engine(open_conf(on_opposite), names, source,
               {.streams = flood_streams(), .timers = {.mark_ns = 30 * stages::ns_per_second}},
               sink, {.streams = flood_streams()}, std::move(options)) {}

  /// Steps every loop in turn until all have finished.
  void step_to_end() noexcept {
    while (engine.step() != engine::StepResult::finished) {
    }
  }
  [[nodiscard]] bool is_right(const BufferSink& expected) const noexcept {
    return sink == expected && engine.is_drained() && engine.egress().statistics().is_balanced() &&
           engine.risk().book().hash() == engine.mark().book().hash();
  }

  SourceType source;
  BufferSink sink;
  stages::Names names;
  io::PipelineEngine<SourceType, BufferSink, ring_capacity> engine;
};

//// What five loops make of `input` when they are stepped by hand.
template <class SourceType, class Input>
[[nodiscard]] BufferSink expected_outputs(const Input& input, stages::OnOpposite on_opposite) {
  const auto run = std::make_unique<Run<SourceType>>(input, on_opposite, pipeline_options(5));
  run->step_to_end();
  return run->sink;
}

}  // namespace coreloop::bench
