// What one loop counts about itself, always on: messages, and every tick charged to exactly one
// regime. Written by the loop's thread with plain stores, read by anybody.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "engine/cache_line.hpp"

namespace coreloop::engine {

/// What a loop's time went to: exclusive and exhaustive.
enum class Regime : std::uint8_t {
  caught_up,      ///< nothing to do
  processing,     ///< moving messages
  backpressured,  ///< a message is there, but the way on is not free
  housekeeping,   ///< publishing and other cold work
};

inline constexpr std::size_t regime_count = 4;
inline constexpr std::array<std::string_view, regime_count> regime_names{
    "caught_up", "processing", "backpressured", "housekeeping"};

/// A single-writer counter: stores are plain, reads are torn-free.
class Counter {
 public:
  void add(std::uint64_t value) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }
  void raise_to(std::uint64_t value) noexcept {
    if (value > value_.load(std::memory_order_relaxed))
      value_.store(value, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(std::memory_order_relaxed);
  }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct alignas(cache_line_bytes) LoopCounters {
  Counter messages_in;
  Counter messages_out;
  Counter backpressure_entered;
  Counter ring_full;  ///< times the ring behind this loop was found full
  Counter sleeps;
  Counter heartbeats;  ///< housekeepings: a thread that turns has ten a second at the least
  std::array<Counter, regime_count> regime_tsc;
  Counter cycle_tsc_max;  ///< longest single turn of the loop, sleep left out
};

}  // namespace coreloop::engine
