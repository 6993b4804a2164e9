// How many commands are taken in a second: any number of threads ask, one after the other.
#pragma once

#include <algorithm>
#include <cstdint>
#include <mutex>

namespace coreloop::io {

/// After a pause as many at once as in a second; then one each time its share of a second is over
/// (the generic cell rate algorithm).
class CommandRate {
 public:
  /// `per_second`: 0 for any number.
  explicit CommandRate(std::int64_t per_second)
      : interval_ns_(per_second == 0 ? 0 : second_ns / per_second) {}

  /// Whether one more may be taken at a time of a clock that never goes back; if so it counts.
  [[nodiscard]] bool take(std::int64_t monotonic_ns) {
    if (interval_ns_ == 0) return true;
    const std::lock_guard lock(mutex_);
    const std::int64_t due = std::max(due_ns_, monotonic_ns);
    if (due + interval_ns_ - monotonic_ns > second_ns) return false;
    due_ns_ = due + interval_ns_;
    return true;
  }

 private:
  static constexpr std::int64_t second_ns = 1'000'000'000;

  const std::int64_t interval_ns_;
  std::mutex mutex_;
  std::int64_t due_ns_ = INT64_MIN;  ///< when all that was taken has had its share
};

}  // namespace coreloop::io
