// What has happened so far, counted in one place at the end of the chain, where everything passes
// in order. Owned by the thread that runs EGRESS; other threads read published copies only.
#pragma once

#include <array>
#include <cstdint>

#include "stages/event.hpp"
#include "stages/reason.hpp"

namespace coreloop::stages {

struct Statistics {
  std::uint64_t inputs = 0;
  std::uint64_t signals = 0;  ///< dead-lettered ones too
  std::uint64_t ticks = 0;    ///< dead-lettered ones too
  std::uint64_t timers = 0;
  std::uint64_t commands = 0;
  std::uint64_t held = 0;
  std::uint64_t approved = 0;
  std::uint64_t rejected = 0;
  std::array<std::uint64_t, reason_count> rejected_by_reason{};
  std::uint64_t signals_dead_lettered = 0;
  std::uint64_t ticks_dead_lettered = 0;
  std::array<std::uint64_t, dead_letter_code_count> signals_dead_by_code{};
  std::array<std::uint64_t, dead_letter_code_count> ticks_dead_by_code{};
  std::uint64_t command_closes = 0;
  std::uint64_t executions = 0;  ///< every answer of FILL, those of quantity zero too
  std::uint64_t executions_rejected = 0;
  std::uint64_t position_updates = 0;
  Int128 volume = 0;  ///< sum of filled notionals, 1e-8
  Int128 fees = 0;
  Int128 slippage_sum = 0;    ///< over executions
  Int128 confidence_sum = 0;  ///< over well-formed signals
  std::uint64_t last_sequence = 0;
  std::int64_t last_log_unix_ns = 0;

  /// Counts `event`, one of the one or more events of an input. Thread: EGRESS.
  void on_event(const Event& event) noexcept;

  /// signals = held + approved + rejected + dead-lettered, and approved + command closes =
  /// executions.
  [[nodiscard]] bool is_balanced() const noexcept {
    return signals == held + approved + rejected + signals_dead_lettered &&
           executions == approved + command_closes;
  }
};

}  // namespace coreloop::stages
