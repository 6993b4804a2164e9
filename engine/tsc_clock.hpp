// Ticks for latency statistics, and what they are in nanoseconds. Ticks never decide anything and
// never reach an output.
//
// On x86-64 with an invariant TSC a tick is one cycle of the time stamp counter, about 10 ns to
// read; elsewhere it is a nanosecond of the monotonic clock. The rate is measured once at start
// against the monotonic clock, over pairs of readings whose own duration bounds the error, and may
// be measured again at any time: a virtual machine may move to another host.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace coreloop::engine {

class TscClock {
 public:
  /// Measures the rate for about `calibration_ns`. Cold.
  [[nodiscard]] static TscClock calibrated(std::int64_t calibration_ns = 20'000'000) noexcept;

  /// The tick counter now. Any thread; not ordered against surrounding loads and stores.
  [[nodiscard]] std::uint64_t now_tsc() const noexcept {
#if defined(__x86_64__)
    if (uses_tsc_) [[likely]]
      return __rdtsc();
#endif
    return monotonic_ns();
  }

  /// Length of `ticks` in ns, truncated. A negative difference (a counter that went back) counts as
  /// 0.
  [[nodiscard]] std::uint64_t to_ns(std::uint64_t ticks) const noexcept {
    if (static_cast<std::int64_t>(ticks) < 0) return 0;
    // ns_per_tick_ has 32 fractional bits; ticks below 2^32 of them (about 1.4 s at 3 GHz) cannot
    // overflow.
    if (ticks >> 32 == 0) [[likely]]
      return (ticks * ns_per_tick_q32_) >> 32;
    return (ticks >> 32) * ns_per_tick_q32_ + (((ticks & 0xFFFF'FFFFU) * ns_per_tick_q32_) >> 32);
  }

  /// Ticks of `ns`, truncated. Cold: divides.
  [[nodiscard]] std::uint64_t to_ticks(std::uint64_t ns) const noexcept;

  /// Whether ticks are TSC cycles (else monotonic ns).
  [[nodiscard]] bool uses_tsc() const noexcept {
    return uses_tsc_;
  }

 private:
  [[nodiscard]] static std::uint64_t monotonic_ns() noexcept;

  std::uint64_t ns_per_tick_q32_ = std::uint64_t{1} << 32;
  bool uses_tsc_ = false;
};

}  // namespace coreloop::engine
