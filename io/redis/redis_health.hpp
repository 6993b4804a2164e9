// What one connection to Redis has been through: counters that its thread writes and any thread
// reads, and the fault that ends the engine, if there was one.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string>

#include "engine/loop_counters.hpp"
#include "io/redis/redis_error.hpp"

namespace coreloop::io {

enum class RedisFault : std::uint8_t {
  none,
  authentication,  ///< not let in: at the start at once, later after a minute of trying
  permission,      ///< let in, but not allowed what we need
  wrong_type,      ///< a key of ours holds no stream
  may_evict,       ///< the server may delete our streams, and we are told not to accept that
  foreign_writer,  ///< somebody else writes to an output stream
  journal_behind,  ///< an output stream holds what the journal does not lead to any more
  other_content,   ///< an entry there is not the one that the journal leads to
  input_rewound,   ///< an input stream's ids went back behind what was read
};

class RedisHealth {
 public:
  // Written by the connection's thread.
  engine::Counter connect_failures;
  engine::Counter reconnects;
  engine::Counter timeouts;
  engine::Counter protocol_errors;
  std::array<engine::Counter, redis_error_codes.size()> errors;
  std::atomic<bool> is_open{false};              ///< logged in and past the checks
  std::atomic<std::int64_t> closed_since_ns{0};  ///< monotonic; while it is not open

  /// The first fault stays. Thread: the connection's.
  void raise(RedisFault fault, std::string text) {
    if (fault_.load(std::memory_order_relaxed) != RedisFault::none) return;
    fault_text_ = std::move(text);
    fault_.store(fault, std::memory_order_release);
  }

  /// Any thread.
  [[nodiscard]] RedisFault fault() const noexcept { return fault_.load(std::memory_order_acquire); }
  /// Requires: fault() != none. Any thread.
  [[nodiscard]] const std::string& fault_text() const noexcept { return fault_text_; }

 private:
  std::string fault_text_;
  std::atomic<RedisFault> fault_{RedisFault::none};
};

}  // namespace coreloop::io
