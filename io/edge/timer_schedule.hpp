// When the next timer is due. Timers are due at multiples of their interval since the Unix epoch,
// the first one after the first input; of two due at once the price walk goes before the mark.
#pragma once

#include <cstdint>
#include <limits>

#include "stages/event.hpp"

namespace coreloop::io {

struct TimerIntervals {
  std::int64_t walk_ns = 0;  ///< 0: no walk
  std::int64_t mark_ns = 0;  ///< 0: no marks
};

class TimerSchedule {
 public:
  explicit TimerSchedule(TimerIntervals intervals) : intervals_(intervals) {}

  /// The first input's log time: what is due up to here never fires.
  void start(std::int64_t log_unix_ns) noexcept {
    next_walk_ns_ = next_after(log_unix_ns, intervals_.walk_ns);
    next_mark_ns_ = next_after(log_unix_ns, intervals_.mark_ns);
  }

  /// Due time of the next timer; `never` when there is none.
  [[nodiscard]] std::int64_t next_due_ns() const noexcept {
    return next_walk_ns_ <= next_mark_ns_ ? next_walk_ns_ : next_mark_ns_;
  }

  /// Takes the next timer off the schedule. Requires: next_due_ns() != never.
  [[nodiscard]] stages::Timer take() noexcept {
    if (next_walk_ns_ <= next_mark_ns_) {
      const stages::Timer timer{next_walk_ns_ / intervals_.walk_ns, stages::TimerKind::walk};
      next_walk_ns_ = later(next_walk_ns_, intervals_.walk_ns);
      return timer;
    }
    const stages::Timer timer{next_mark_ns_ / intervals_.mark_ns, stages::TimerKind::mark};
    next_mark_ns_ = later(next_mark_ns_, intervals_.mark_ns);
    return timer;
  }

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.value(next_walk_ns_);
    visitor.value(next_mark_ns_);
  }

  static constexpr std::int64_t never = std::numeric_limits<std::int64_t>::max();

 private:
  // The next due time; never where the 64-bit clock ends before it.
  static std::int64_t later(std::int64_t due_ns, std::int64_t interval_ns) noexcept {
    return due_ns > never - interval_ns ? never : due_ns + interval_ns;
  }
  static std::int64_t next_after(std::int64_t now_ns, std::int64_t interval_ns) noexcept {
    return interval_ns == 0 ? never : later(now_ns / interval_ns * interval_ns, interval_ns);
  }

  TimerIntervals intervals_;
  std::int64_t next_walk_ns_ = never;
  std::int64_t next_mark_ns_ = never;
};

}  // namespace coreloop::io
