// Whether the TSC can be trusted, and how fast it runs.
#include "engine/tsc_clock.hpp"

#include <algorithm>
#include <array>
#include <ctime>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace coreloop::engine {
namespace {

#if defined(__x86_64__)
// CPUID 8000_0007h EDX bit 8: the TSC runs at one rate in every power state.
bool has_invariant_tsc() noexcept {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  constexpr unsigned power_leaf = 0x8000'0007;
  if (static_cast<unsigned>(__get_cpuid_max(0x8000'0000, nullptr)) < power_leaf) return false;
  __cpuid(power_leaf, a, b, c, d);
  return (d & (1U << 8)) != 0;
}
#endif

}  // namespace

std::uint64_t TscClock::monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(now.tv_nsec);
}

TscClock TscClock::calibrated(std::int64_t calibration_ns) noexcept {
  TscClock clock;
#if defined(__x86_64__)
  if (!has_invariant_tsc()) return clock;
  // One reading of both clocks: the tightest of several tries, so that an interrupt between them
  // does not count.
  struct Pair {
    std::uint64_t tsc;
    std::uint64_t ns;
  };
  const auto read_pair = [] {
    Pair best{};
    std::uint64_t best_width = ~std::uint64_t{0};
    for (int i = 0; i < 8; ++i) {
      const std::uint64_t before = __rdtsc();
      const std::uint64_t ns = monotonic_ns();
      const std::uint64_t after = __rdtsc();
      if (after - before >= best_width) continue;
      best_width = after - before;
      best = {before + (after - before) / 2, ns};
    }
    return best;
  };
  // Five stretches, and the median of their rates.
  std::array<std::uint64_t, 5> rates{};
  Pair last = read_pair();
  for (std::uint64_t& rate : rates) {
    Pair next = last;
    while (next.ns - last.ns < static_cast<std::uint64_t>(calibration_ns) / rates.size())
      next = read_pair();
    if (next.tsc <= last.tsc) return clock;
    __extension__ typedef unsigned __int128 Wide;
    rate = static_cast<std::uint64_t>((static_cast<Wide>(next.ns - last.ns) << 32) /
                                      (next.tsc - last.tsc));
    last = next;
  }
  std::sort(rates.begin(), rates.end());
  clock.ns_per_tick_q32_ = rates[rates.size() / 2];
  clock.uses_tsc_ = clock.ns_per_tick_q32_ != 0;
  if (!clock.uses_tsc_) clock.ns_per_tick_q32_ = std::uint64_t{1} << 32;
#else
  static_cast<void>(calibration_ns);
#endif
  return clock;
}

std::uint64_t TscClock::to_ticks(std::uint64_t ns) const noexcept {
  __extension__ typedef unsigned __int128 Wide;
  return static_cast<std::uint64_t>((static_cast<Wide>(ns) << 32) / ns_per_tick_q32_);
}

}  // namespace coreloop::engine
