// Whether every stage thread still turns, from the heartbeats that each counts in its housekeeping,
// ten a second at the least. Looked at from the main thread.
//
// It counts ticks of its own, not time: a process that was stopped as a whole has missed none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace coreloop::tools {

class StageWatchdog {
 public:
  /// So many one-second ticks in a row without a heartbeat, and a thread counts as stuck.
  static constexpr unsigned silent_ticks_max = 5;

  /// What a look found.
  struct Finding {
    bool is_pulse_due = false;                ///< pulse_interval_ns has passed since it last was
    bool are_all_turning = true;              ///< each thread has beaten since then
    std::optional<std::size_t> stuck_thread;  ///< one that has not for silent_ticks_max ticks
  };

  StageWatchdog(std::int64_t pulse_interval_ns, std::int64_t now_ns)
      : pulse_interval_ns_(pulse_interval_ns), last_pulse_ns_(now_ns), last_tick_ns_(now_ns) {}

  /// To be called often. `heartbeats`: the count of each thread, always the same threads.
  [[nodiscard]] Finding look(std::int64_t now_ns, std::span<const std::uint64_t> heartbeats);

 private:
  struct Thread {
    std::uint64_t beats_at_pulse = 0;
    std::uint64_t beats_at_tick = 0;
    unsigned silent_ticks = 0;
  };

  std::int64_t pulse_interval_ns_;
  std::int64_t last_pulse_ns_;
  std::int64_t last_tick_ns_;
  std::vector<Thread> threads_;
};

}  // namespace coreloop::tools
