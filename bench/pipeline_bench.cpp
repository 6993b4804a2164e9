// What the whole engine costs without Redis: entries in memory in, outputs copied into a buffer
// out. On one thread an approved signal from JSON in to JSON out, against the bare walk of a
// 300-byte signal; and the same engine on one, two, three and five threads.
//
// Each run's outputs are compared with those of five loops stepped by hand.
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/bare_walk.hpp"
#include "bench/bench_support.hpp"
#include "bench/core_stages.hpp"
#include "bench/pipeline_run.hpp"
#include "bench/signal_flood.hpp"
#include "tests/pipeline/recorded_run.hpp"

namespace coreloop::bench {
namespace {

constexpr std::uint64_t flood_signals = 8'192;  // more would eat up the balance
constexpr std::uint64_t recorded_signals = 4'000;

// Whether a flood's outputs are all there. The first signal opens; each other moves one position,
// or, where it reverses, ends it and begins another.
bool is_whole(const BufferSink& outputs, std::uint64_t signal_count,
              stages::OnOpposite on_opposite) {
  const std::uint64_t moved = on_opposite == stages::OnOpposite::reverse ? 2 : 1;
  return outputs.entry_counts[0] == signal_count && outputs.entry_counts[2] == signal_count &&
         outputs.entry_counts[3] >= 1 + moved * (signal_count - 1);
}

// JSON in, outputs out, on this thread. `close`: three outputs a signal; `reverse`: four, since one
// position ends and another begins.
void run_wire_to_wire(benchmark::State& state, stages::OnOpposite on_opposite) {
  const ScopedPin pin(last_core());
  const BufferSink expected = expected_outputs<FloodSource>(flood_signals, on_opposite);
  std::unique_ptr<Run<FloodSource>> run;
  bool is_right = true;
  const auto look = [&] {
    if (run != nullptr) is_right = is_right && run->is_right(expected);
  };
  compare_with_walk(
      state, flood_signals,
      [&] {
        look();
        run = std::make_unique<Run<FloodSource>>(flood_signals, on_opposite, pipeline_options(1));
        static_cast<void>(run->engine.step());  // the quote
      },
      [&] { run->step_to_end(); });
  look();
  const std::uint64_t approvals = expected.entry_counts[0];
  const std::uint64_t positions = expected.entry_counts[3];
  state.counters["outputs"] = static_cast<double>(2 * approvals + positions) / flood_signals;
  check_answer(state, is_whole(expected, flood_signals, on_opposite),
               "a signal was not approved, executed and told as a position");
  check_answer(state, is_right, "the outputs are not those of the loops stepped by hand");
}

void BM_wire_to_wire_close(benchmark::State& state) {
  run_wire_to_wire(state, stages::OnOpposite::close);
}

void BM_wire_to_wire_reverse(benchmark::State& state) {
  run_wire_to_wire(state, stages::OnOpposite::reverse);
}

// The engine on real threads, from start to join, and the time of one of `item_count` inputs.
template <class SourceType, class Input>
void run_layout(benchmark::State& state, const Input& input, std::uint64_t item_count) {
  const auto thread_count = static_cast<std::size_t>(state.range(0));
  const BufferSink expected = expected_outputs<SourceType>(input, stages::OnOpposite::close);
  std::unique_ptr<Run<SourceType>> run;
  std::int64_t elapsed_ns = 0;
  bool is_right = true;
  while (state.KeepRunningBatch(static_cast<std::int64_t>(item_count))) {
    state.PauseTiming();
    run = std::make_unique<Run<SourceType>>(input, stages::OnOpposite::close,
                                            pipeline_options(thread_count));
    state.ResumeTiming();
    const std::int64_t begin_ns = wall_ns();
    run->engine.start();
    run->engine.join();
    elapsed_ns += wall_ns() - begin_ns;
    is_right = is_right && run->is_right(expected);
  }
  state.counters["inputs_per_s"] =
      1e9 * static_cast<double>(state.iterations()) / static_cast<double>(elapsed_ns);
  if (thread_count > core_count()) state.SetLabel("more threads than cores");
  if constexpr (std::is_same_v<SourceType, FloodSource>) {
    check_answer(state, is_whole(expected, input, stages::OnOpposite::close),
                 "a signal was not approved, executed and told as a position");
  }
  check_answer(state, is_right, "the outputs are not those of the loops stepped by hand");
}

// Signals alone, each approved: RISK and FILL wait for each other at every one.
void BM_layout_signals(benchmark::State& state) {
  // Threads that share cores wait for whole time slices: fewer signals, or it takes minutes.
  const bool has_cores = static_cast<std::uint32_t>(state.range(0)) <= core_count();
  const std::uint64_t signal_count = has_cores ? flood_signals : flood_signals / 16;
  run_layout<FloodSource>(state, signal_count, signal_count + 1);
}

// A generated capture: half ticks, refusals, commands, bad messages.
void BM_layout_recorded(benchmark::State& state) {
  static const std::vector<tests::RecordedEntry> entries =
      tests::recorded_entries(recorded_signals);
  run_layout<tests::RecordedSource>(state, entries, entries.size());
}

}  // namespace

void register_benchmarks() {
  benchmark::RegisterBenchmark("BM_wire_to_wire/close", BM_wire_to_wire_close);
  benchmark::RegisterBenchmark("BM_wire_to_wire/reverse", BM_wire_to_wire_reverse);
  const auto add_layouts = [](benchmark::internal::Benchmark* added) {
    added->ArgName("threads")->Arg(1)->Arg(2)->Arg(3)->Arg(5)->UseRealTime();
  };
  add_layouts(benchmark::RegisterBenchmark("BM_layout/signals", BM_layout_signals));
  add_layouts(benchmark::RegisterBenchmark("BM_layout/recorded", BM_layout_recorded));
}

}  // namespace coreloop::bench
