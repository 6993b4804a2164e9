// The recorded pace, or a multiple of it: whether an entry is due, by the time since the first one.
// Whoever gives the entries calls it. One thread.
#pragma once

#include <cstdint>

#include "io/edge/clock.hpp"

namespace coreloop::io {

class Pace {
 public:
  /// `speed`: 0: as fast as possible; else that many times the recorded pace, and `clock` is
  /// needed.
  Pace(std::uint32_t speed, const Clock* clock) : speed_(speed), clock_(clock) {}

  /// Whether the entry received at this moment may be given now. The first one may.
  [[nodiscard]] bool is_due(std::int64_t receive_unix_ns) noexcept {
    if (speed_ == 0) return true;
    const std::int64_t now_ns = clock_->monotonic_ns();
    if (first_receive_ns_ < 0) {
      first_receive_ns_ = receive_unix_ns;
      first_given_ns_ = now_ns;
    }
    return (now_ns - first_given_ns_) * speed_ >= receive_unix_ns - first_receive_ns_;
  }

 private:
  // Immutable after construction.
  std::uint32_t speed_;
  const Clock* clock_;
  // When the first entry was given, by both clocks.
  std::int64_t first_receive_ns_ = -1;
  std::int64_t first_given_ns_ = 0;
};

}  // namespace coreloop::io
