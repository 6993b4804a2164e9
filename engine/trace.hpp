// The time stamps that travel with a message, for latency statistics only: they never decide
// anything.
#pragma once

#include <cstdint>

namespace coreloop::engine {

struct Trace {
  std::uint64_t started_tsc = 0;    ///< when the source took the input; 0 where it was not timed
  std::uint64_t handed_on_tsc = 0;  ///< when the last stage pushed the message into a ring
};

/// Stages that share a thread are timed one input in this many, chosen by sequence: reading the
/// counter costs about 10 ns.
inline constexpr std::uint64_t sampling_interval = 64;

[[nodiscard]] constexpr bool is_sampled(std::uint64_t sequence) noexcept {
  return sequence % sampling_interval == 0;
}

#ifdef CORELOOP_TIMING_OFF
inline constexpr bool timing_is_on = false;  ///< compiled out, to measure what measuring costs
#else
inline constexpr bool timing_is_on = true;
#endif

}  // namespace coreloop::engine
