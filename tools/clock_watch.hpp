// Whether somebody has set the wall clock while the engine runs. Nothing is decided by it: log time
// never goes back, whatever the clock does. Main thread.
#pragma once

#include <cstdint>

#include "io/edge/clock.hpp"

namespace coreloop::tools {

class ClockWatch {
 public:
  /// A step is what the wall clock has gone further than the monotonic clock, or less far, between
  /// two looks. Slewing, as by NTP, is none.
  static constexpr std::int64_t step_ns_min = 5'000'000'000;

  /// `clock` must outlive it.
  explicit ClockWatch(const io::Clock& clock) noexcept : clock_(clock) { look_ahead(); }

  /// ns by which the wall clock was set since the last look, negative: back; 0: it was not. To be
  /// called often.
  [[nodiscard]] std::int64_t look() noexcept;

  [[nodiscard]] std::uint64_t step_count() const noexcept { return step_count_; }

 private:
  void look_ahead() noexcept;

  const io::Clock& clock_;
  std::int64_t ahead_ns_ = 0;  ///< of the wall clock before the monotonic one, at the last look
  std::uint64_t step_count_ = 0;
};

}  // namespace coreloop::tools
