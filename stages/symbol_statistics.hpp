// What has happened so far, symbol by symbol, and what the last signals looked like: what
// dashboards ask for beside Statistics. The first symbols have a row each, all others share one, so
// that a stranger's names cannot grow it. A few additions an event, no allocation. Owned by the
// thread that runs EGRESS; other threads get copies only.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "stages/event.hpp"
#include "stages/statistics.hpp"

namespace coreloop::stages {

struct SymbolCounts {
  std::array<std::uint64_t, 4> signals{};    ///< well-formed ones, by Action
  std::array<std::uint64_t, 2> approvals{};  ///< by the order's Side
  std::uint64_t rejections = 0;
  std::array<std::uint64_t, 2> executions{};        ///< by the order's Side, commands' too
  std::array<std::uint64_t, 3> position_updates{};  ///< long, short, closed
};

struct SymbolStatistics {
  static constexpr std::uint32_t symbols_max = 64;  ///< ids below have a row of their own
  static constexpr std::uint32_t confidences_max = 100;

  std::array<SymbolCounts, symbols_max + 1> symbols{};  ///< by symbol id; the last: all others
  std::array<SmallRatio, confidences_max> last_confidences{};
  std::uint32_t confidence_count = 0;  ///< of last_confidences
  std::uint32_t next_confidence = 0;
  std::uint64_t confidence_sum = 0;  ///< of last_confidences
  std::int64_t last_signal_unix_ns = 0;

  [[nodiscard]] SymbolCounts& row(SymbolId symbol) noexcept {
    return symbols[std::min(symbol, symbols_max)];
  }

  /// Counts `event`, one of the one or more events of an input. Thread: EGRESS.
  void on_event(const Event& event) noexcept {
    if (event.position_side != PositionSide::none) {
      const auto side = static_cast<std::size_t>(event.position_side) - 1;
      ++row(event.position_symbol).position_updates[side];
    }
    if (event.is_first == 0) return;
    if (event.kind == EventKind::signal) {
      SymbolCounts& counts = row(event.symbol);
      ++counts.signals[static_cast<std::size_t>(event.signal.action)];
      if (event.outcome == Outcome::rejected) ++counts.rejections;
      if (event.outcome == Outcome::approved)
        ++counts.approvals[static_cast<std::size_t>(event.order.side)];
      add_confidence(event.signal.confidence);
      last_signal_unix_ns = event.log_unix_ns;
    }
    if (event.outcome == Outcome::approved || event.outcome == Outcome::command_close)
      ++row(event.symbol).executions[static_cast<std::size_t>(event.order.side)];
  }

  /// Mean of the last 100 confidences at 1e-8, truncated; 0 without a signal.
  [[nodiscard]] Ratio mean_confidence() const noexcept {
    return confidence_count == 0 ? 0 : static_cast<Ratio>(confidence_sum / confidence_count);
  }

 private:
  void add_confidence(SmallRatio confidence) noexcept {
    confidence_sum += confidence;
    if (confidence_count == confidences_max)
      confidence_sum -= last_confidences[next_confidence];
    else
      ++confidence_count;
    last_confidences[next_confidence] = confidence;
    next_confidence = next_confidence + 1 == confidences_max ? 0 : next_confidence + 1;
  }
};

/// What a reset command has set to zero: the statistics as they stood then, to be subtracted from
/// those shown by the service. Books, limits and Prometheus counters go on.
struct ResetMarks {
  Statistics risk;
  Statistics execution;

  /// Thread: EGRESS, after `statistics` has counted `event`.
  void on_event(const Event& event, const Statistics& statistics) noexcept {
    if (event.kind != EventKind::command || event.command.kind != CommandKind::reset) return;
    constexpr std::uint8_t all = 0;
    constexpr std::uint8_t risk_service = 1;
    constexpr std::uint8_t execution_service = 2;
    if (event.command.service == all || event.command.service == risk_service) risk = statistics;
    if (event.command.service == all || event.command.service == execution_service)
      execution = statistics;
  }
};

}  // namespace coreloop::stages
