// Heartbeats, compared.
#include "tools/stage_watchdog.hpp"

namespace coreloop::tools {
namespace {

constexpr std::int64_t tick_ns = 1'000'000'000;

}  // namespace

StageWatchdog::Finding StageWatchdog::look(std::int64_t now_ns,
                                           std::span<const std::uint64_t> heartbeats) {
  threads_.resize(heartbeats.size());
  Finding finding;
  const bool is_tick = now_ns - last_tick_ns_ >= tick_ns;
  if (is_tick) last_tick_ns_ = now_ns;
  finding.is_pulse_due = now_ns - last_pulse_ns_ >= pulse_interval_ns_;
  if (finding.is_pulse_due) last_pulse_ns_ = now_ns;
  for (std::size_t i = 0; i < threads_.size(); ++i) {
    Thread& thread = threads_[i];
    if (is_tick) {
      thread.silent_ticks = heartbeats[i] == thread.beats_at_tick ? thread.silent_ticks + 1 : 0;
      thread.beats_at_tick = heartbeats[i];
      if (thread.silent_ticks >= silent_ticks_max) finding.stuck_thread = i;
    }
    if (finding.is_pulse_due) {
      if (heartbeats[i] == thread.beats_at_pulse) finding.are_all_turning = false;
      thread.beats_at_pulse = heartbeats[i];
    }
  }
  return finding;
}

}  // namespace coreloop::tools
