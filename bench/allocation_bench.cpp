// How often an input makes the engine ask for memory, from its decode to the encoding of its last
// output: every way to get memory is counted over a million inputs, on one thread. Signals that
// are all approved, and a generated capture of ticks, refusals, commands and bad messages.
//
// A program of its own, because it replaces malloc. Prints allocations_per_event.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "bench/pipeline_run.hpp"
#include "bench/signal_flood.hpp"
#include "engine/check.hpp"
#include "tests/pipeline/recorded_run.hpp"
#include "tests/support/allocation_count.hpp"

namespace coreloop::bench {
namespace {

/// Inputs, and what they asked for.
struct Count {
  std::uint64_t inputs = 0;
  std::uint64_t allocations = 0;
  bool is_right = true;

  [[nodiscard]] double per_input() const {
    return static_cast<double>(allocations) / static_cast<double>(inputs);
  }
};

// Runs `input` again and again, each time through a new engine, until `wanted` inputs have passed.
template <class SourceType, class Input>
Count count_runs(const Input& input, std::uint64_t inputs_a_run, std::uint64_t wanted) {
  const BufferSink expected = expected_outputs<SourceType>(input, stages::OnOpposite::close);
  Count count;
  while (count.inputs < wanted) {
    const auto run =
        std::make_unique<Run<SourceType>>(input, stages::OnOpposite::close, pipeline_options(1));
    const std::uint64_t before = tests::allocation_count();
    run->step_to_end();
    count.allocations += tests::allocation_count() - before;
    count.inputs += inputs_a_run;
    count.is_right = count.is_right && run->is_right(expected);
  }
  return count;
}

bool counter_counts() {
  const std::uint64_t before = tests::allocation_count();
  auto* volatile block = std::malloc(100);
  const bool has_counted = tests::allocation_count() != before;
  std::free(block);
  return has_counted;
}

int run(bool is_quick) {
  if (!tests::counts_allocations) {
    std::puts("allocation: not measured: a sanitizer has malloc already");
    return 0;
  }
  const std::uint64_t wanted = is_quick ? 10'000 : 500'000;
  constexpr std::uint64_t flood_signals = 8'192;  // more would eat up the balance
  const Count flood = count_runs<FloodSource>(flood_signals, flood_signals + 1, wanted);
  const std::vector<tests::RecordedEntry> entries = tests::recorded_entries(4'000);
  const Count mixed = count_runs<tests::RecordedSource>(entries, entries.size(), wanted);
  if (!counter_counts() || !flood.is_right || !mixed.is_right) {
    std::puts("ERROR: the outputs are not those of the loops stepped by hand, or nothing counts");
    return engine::exit_invariant_broken;
  }
  const Count all{.inputs = flood.inputs + mixed.inputs,
                  .allocations = flood.allocations + mixed.allocations};
  const auto [least, most] = std::minmax({flood.per_input(), mixed.per_input()});
  std::printf("allocations_per_event %.9g %.9g %.9g  of %llu inputs\n", all.per_input(), least,
              most, static_cast<unsigned long long>(all.inputs));
  return 0;
}

}  // namespace
}  // namespace coreloop::bench

int main(int argc, char** argv) {
  const bool is_quick = argc == 2 && std::string_view{argv[1]} == "--quick";
  if (argc > 1 && !is_quick) {
    std::fputs("usage: allocation_bench [--quick]\n", stderr);
    return 64;
  }
  return coreloop::bench::run(is_quick);
}
