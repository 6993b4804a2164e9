// Randomness keyed by its cause: the same cause gives the same number whatever else ran before it.
// Source: splitmix64 (Steele, Lea, Flood 2014) as its finalizer, applied twice (semantics: mix).
#pragma once

#include <cstdint>

#include "stages/fixed_point.hpp"

namespace coreloop::stages {

[[nodiscard]] constexpr std::uint64_t splitmix64(std::uint64_t x) noexcept {
  std::uint64_t z = x + 0x9E3779B97F4A7C15U;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
  return z ^ (z >> 31);
}

/// mix(a, b) under `seed`.
[[nodiscard]] constexpr std::uint64_t random_mix(std::uint64_t seed, std::uint64_t a,
                                                 std::uint64_t b) noexcept {
  return splitmix64(splitmix64(seed ^ a) ^ b);
}

/// A number in [0, bound) from the upper half of `mixed`, truncated. Requires: 0 <= bound <= 2^62.
[[nodiscard]] constexpr std::int64_t random_below(std::uint64_t mixed,
                                                  std::int64_t bound) noexcept {
  return static_cast<std::int64_t>(
      (static_cast<UInt128>(mixed >> 32) * static_cast<UInt128>(bound)) >> 32);
}

}  // namespace coreloop::stages
