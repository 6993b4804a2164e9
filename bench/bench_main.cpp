// The main of every benchmark program: what it was built with goes into its context, a wrong answer
// into its exit code.
#include <string>

#include <benchmark/benchmark.h>

#include "bench/bench_support.hpp"
#include "engine/check.hpp"
#include "engine/trace.hpp"

int main(int argc, char** argv) {
  namespace bench = coreloop::bench;
  benchmark::Initialize(&argc, argv);
  constexpr int exit_usage = 64;
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return exit_usage;
  benchmark::AddCustomContext("cores this process may use", std::to_string(bench::core_count()));
  benchmark::AddCustomContext("ticks",
                              bench::tsc_clock().uses_tsc() ? "of the TSC" : "of the system clock");
  benchmark::AddCustomContext("measuring in the engine",
                              coreloop::engine::timing_is_on ? "on" : "compiled out");
  bench::register_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return bench::wrong_answer_count == 0 ? 0 : coreloop::engine::exit_invariant_broken;
}
