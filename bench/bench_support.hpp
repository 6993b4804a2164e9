// What the benchmarks share: pinning, stopwatches, percentiles as counters, the alternation of a
// subject with its yardstick, and the check of the answer.
//
// A benchmark runs its subject and its yardstick in turn, block by block, so that both meet the
// same machine: their ratio means something where neither time does. One whose answer is wrong
// reports an error instead of a figure, and its program exits with 70.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <memory>
#include <vector>
#include <sched.h>

#include <benchmark/benchmark.h>

#include "engine/check.hpp"
#include "engine/cpu.hpp"
#include "engine/latency_histogram.hpp"
#include "engine/tsc_clock.hpp"

namespace coreloop::bench {

/// Registers the benchmarks of one program; bench_main.cpp calls it once.
void register_benchmarks();

/// Cores this process may use, as they were at the first call: pinning narrows the mask later.
[[nodiscard]] inline const std::vector<std::uint32_t>& cores() {
  static const std::vector<std::uint32_t> cores = engine::allowed_cores();
  return cores;
}

/// Threads that can run at once, under a quota too.
[[nodiscard]] inline std::uint32_t core_count() {
  static const std::uint32_t count = engine::usable_core_count();
  return count;
}

/// The clock of all latencies here; measuring its rate takes 20 ms, once.
[[nodiscard]] inline const engine::TscClock& tsc_clock() {
  static const engine::TscClock clock = engine::TscClock::calibrated();
  return clock;
}

/// Holds the calling thread on one core while it lives, then gives it back the mask it had.
class ScopedPin {
 public:
  /// `core_index`: into cores(), modulo their number.
  explicit ScopedPin(std::size_t core_index) {
    CPU_ZERO(&mask_);
    sched_getaffinity(0, sizeof(mask_), &mask_);
    static_cast<void>(engine::pin_this_thread(cores()[core_index % cores().size()]));
  }
  ~ScopedPin() { sched_setaffinity(0, sizeof(mask_), &mask_); }
  ScopedPin(const ScopedPin&) = delete;
  ScopedPin& operator=(const ScopedPin&) = delete;

 private:
  cpu_set_t mask_;
};

/// The core of what runs on one thread: the last, since interrupts like the first.
[[nodiscard]] inline std::size_t last_core() {
  return cores().size() - 1;
}

/// CPU time of the calling thread: what other work on its core takes away does not count.
[[nodiscard]] inline std::int64_t thread_cpu_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

/// Wall time: for what several threads do together.
[[nodiscard]] inline std::int64_t wall_ns() noexcept {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

/// Wrong answers so far in this program.
inline std::atomic<std::uint32_t> wrong_answer_count{0};

/// Turns the benchmark into an error if its answer is wrong. Call it after the loop.
inline void check_answer(benchmark::State& state, bool is_right, const char* what_is_wrong) {
  if (is_right) return;
  ++wrong_answer_count;
  state.SkipWithError(what_is_wrong);
}

/// Mean and p50 to max of `histogram` as counters, in ns.
inline void report_percentiles(benchmark::State& state, const engine::LatencyHistogram& histogram) {
  const auto copy = std::make_unique<engine::HistogramCopy>();
  histogram.copy_to(*copy);
  const auto report = [&](const char* name, std::uint64_t value) {
    state.counters[name] = static_cast<double>(value);
  };
  report("mean_ns", copy->mean_ns());
  report("p50_ns", copy->percentile_ns(50'000));
  report("p90_ns", copy->percentile_ns(90'000));
  report("p99_ns", copy->percentile_ns(99'000));
  report("p99_9_ns", copy->percentile_ns(99'900));
  report("max_ns", copy->max_ns());
}

/// The median of `histogram`, in ns.
[[nodiscard]] inline double median_ns(const engine::LatencyHistogram& histogram) {
  const auto copy = std::make_unique<engine::HistogramCopy>();
  histogram.copy_to(*copy);
  return static_cast<double>(copy->percentile_ns(50'000));
}

/// What a benchmark is made of besides its subject.
struct Comparison {
  std::int64_t block_items;      ///< items the subject does in one block
  const char* ratio_name;        ///< counter: time of one item / time of one item of the yardstick
  const char* yardstick_name;    ///< counter: ns of one item of the yardstick
  std::int64_t yardstick_items;  ///< in one block
};

/// Runs blocks of `yardstick` and `subject` in turn, each after an untimed `prepare`, and reports
/// the ratio of their CPU times an item. The benchmark's own columns show the subject alone.
template <class Prepare, class Subject, class Yardstick>
void compare(benchmark::State& state, const Comparison& comparison, Prepare&& prepare,
             Subject&& subject, Yardstick&& yardstick) {
  std::int64_t subject_ns = 0;
  std::int64_t yardstick_ns = 0;
  std::int64_t blocks = 0;
  while (state.KeepRunningBatch(comparison.block_items)) {
    state.PauseTiming();
    const std::int64_t begin_ns = thread_cpu_ns();
    yardstick();
    yardstick_ns += thread_cpu_ns() - begin_ns;
    prepare();
    state.ResumeTiming();
    const std::int64_t middle_ns = thread_cpu_ns();
    subject();
    subject_ns += thread_cpu_ns() - middle_ns;
    ++blocks;
  }
  const auto per_item = [blocks](std::int64_t ns, std::int64_t items) {
    return static_cast<double>(ns) / static_cast<double>(blocks * items);
  };
  const double own = per_item(subject_ns, comparison.block_items);
  const double other = per_item(yardstick_ns, comparison.yardstick_items);
  state.counters[comparison.ratio_name] = own / other;
  state.counters[comparison.yardstick_name] = other;
}

}  // namespace coreloop::bench
