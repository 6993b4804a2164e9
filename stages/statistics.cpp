// Counting, one event at a time.
#include "stages/statistics.hpp"

namespace coreloop::stages {

void Statistics::on_event(const Event& event) noexcept {
  if (event.position_side != PositionSide::none) ++position_updates;
  if (event.is_first == 0) return;
  ++inputs;
  last_sequence = event.sequence;
  last_log_unix_ns = event.log_unix_ns;
  switch (event.kind) {
    case EventKind::tick:
      ++ticks;
      return;
    case EventKind::timer:
      ++timers;
      return;
    case EventKind::dead_letter: {
      const auto code = static_cast<std::size_t>(event.dead_letter.code);
      if (event.dead_letter.is_tick != 0) {
        ++ticks;
        ++ticks_dead_lettered;
        ++ticks_dead_by_code[code];
      } else {
        ++signals;
        ++signals_dead_lettered;
        ++signals_dead_by_code[code];
      }
      return;
    }
    case EventKind::signal:
      ++signals;
      confidence_sum += event.signal.confidence;
      break;
    case EventKind::command:
      ++commands;
      break;
  }
  switch (event.outcome) {
    case Outcome::none:
      return;
    case Outcome::held:
      ++held;
      return;
    case Outcome::rejected:
      ++rejected;
      ++rejected_by_reason[static_cast<std::size_t>(event.reason)];
      return;
    case Outcome::approved:
      ++approved;
      break;
    case Outcome::command_close:
      ++command_closes;
      break;
  }
  ++executions;
  if (event.fill.status == FillStatus::rejected) ++executions_rejected;
  volume += event.fill.notional;
  fees += event.fill.fee;
  slippage_sum += event.fill.slippage;
}

}  // namespace coreloop::stages
