// A running engine as its service manager sees it: signs of life while every stage thread turns,
// and the end of the process when one does not. Main thread only; template over the engine's type.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/service_notify.hpp"
#include "tools/stage_watchdog.hpp"

namespace coreloop::tools {

template <class EngineType>
class LiveService {
 public:
  /// Both must outlive it.
  LiveService(ServiceNotify& notify, const EngineType& engine, std::int64_t now_ns)
      : notify_(notify),
        engine_(engine),
        watchdog_(notify.pulse_interval_ns(), now_ns),
        heartbeats_(engine.thread_count()) {}

  /// The engine takes inputs from now on.
  void become_ready(const std::string& status) {
    is_ready_ = true;
    notify_.say_ready(status);
  }

  /// To be called often. `status`: makes the line of status, when one is due. Does not come back
  /// when a stage thread is stuck: half an engine is worse than none, and cannot be joined.
  template <class Status>
  void look(std::int64_t now_ns, const Status& status) {
    // A thread that has ended beats no more, and the engine is on its way out.
    if (engine_.has_finished_thread()) return;
    for (std::size_t i = 0; i < heartbeats_.size(); ++i)
      heartbeats_[i] = engine_.loop_counters(i).heartbeats.get();
    const StageWatchdog::Finding finding = watchdog_.look(now_ns, heartbeats_);
    if (finding.is_pulse_due) {
      if (!finding.are_all_turning)
        notify_.say_status("a stage thread does not turn");
      else if (is_ready_)
        notify_.say_alive(status());
      else
        notify_.say_starting(status());
    }
    if (finding.stuck_thread) end_process(*finding.stuck_thread);
  }

 private:
  [[noreturn]] void end_process(std::size_t thread) const {
    log_line(LogLevel::error, "engine",
             "a stage thread has not turned for " +
                 std::to_string(StageWatchdog::silent_ticks_max) +
                 " s; watchdog_stage=" + engine_.thread_name(thread));
    std::fflush(nullptr);
    std::_Exit(exit_invariant);
  }

  ServiceNotify& notify_;
  const EngineType& engine_;
  StageWatchdog watchdog_;
  std::vector<std::uint64_t> heartbeats_;
  bool is_ready_ = false;
};

}  // namespace coreloop::tools
