// Why risk refuses a signal: the words on the wire, in the order in which they are looked at, and
// what a verdict's value and limit mean for each. The same word is used in the conf's
// documentation, the counters and the tests.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace coreloop::stages {

enum class Reason : std::uint8_t {
  none,
  hold_signal,
  nothing_to_close,
  duplicate_signal,
  stale_signal,
  low_confidence,
  emergency_stop_active,
  governer_veto,
  no_market_price,
  stale_market_price,
  max_drawdown_exceeded,
  daily_trade_limit_reached,
  cooldown_active,
  max_exposure_exceeded,
  max_position_exceeded,
  max_order_notional,
  max_open_positions,
  order_rate_exceeded,
  min_order_notional,
  size_zero,
  table_full,
  overflow,
};

inline constexpr std::size_t reason_count = 22;

/// What the two numbers of a verdict are.
enum class ReasonUnit : std::uint8_t {
  nothing,       ///< both 0
  amount,        ///< 1e-8: money, ratios, counts as numbers, minutes
  milliseconds,  ///< carried in ns, shown in ms
};

struct ReasonFacts {
  std::string_view name;
  ReasonUnit unit;
};

inline constexpr std::array<ReasonFacts, reason_count> reason_facts{{
    {"", ReasonUnit::nothing},
    {"HOLD_SIGNAL", ReasonUnit::nothing},
    {"NOTHING_TO_CLOSE", ReasonUnit::nothing},
    {"DUPLICATE_SIGNAL", ReasonUnit::nothing},
    {"STALE_SIGNAL", ReasonUnit::milliseconds},
    {"LOW_CONFIDENCE", ReasonUnit::amount},
    {"EMERGENCY_STOP_ACTIVE", ReasonUnit::nothing},
    {"GOVERNER_VETO", ReasonUnit::nothing},
    {"NO_MARKET_PRICE", ReasonUnit::nothing},
    {"STALE_MARKET_PRICE", ReasonUnit::milliseconds},
    {"MAX_DRAWDOWN_EXCEEDED", ReasonUnit::amount},
    {"DAILY_TRADE_LIMIT_REACHED", ReasonUnit::amount},
    {"COOLDOWN_ACTIVE", ReasonUnit::amount},
    {"MAX_EXPOSURE_EXCEEDED", ReasonUnit::amount},
    {"MAX_POSITION_EXCEEDED", ReasonUnit::amount},
    {"MAX_ORDER_NOTIONAL", ReasonUnit::amount},
    {"MAX_OPEN_POSITIONS", ReasonUnit::amount},
    {"ORDER_RATE_EXCEEDED", ReasonUnit::amount},
    {"MIN_ORDER_NOTIONAL", ReasonUnit::amount},
    {"SIZE_ZERO", ReasonUnit::nothing},
    {"TABLE_FULL", ReasonUnit::nothing},
    {"OVERFLOW", ReasonUnit::nothing},
}};

[[nodiscard]] constexpr std::string_view name_of(Reason reason) noexcept {
  return reason_facts[static_cast<std::size_t>(reason)].name;
}
static_assert(name_of(Reason::overflow) == "OVERFLOW", "one row a reason, in order");

/// Why an input never became a signal or a tick: the code of its dead letter (wire.md's list, in
/// its order).
enum class DeadLetterCode : std::uint8_t {
  size,
  empty,
  utf8,
  json,
  duplicate_key,
  type,
  range,
  missing_key,
  symbol,
  action,
  timestamp,
  account,
  table_full,
};

inline constexpr std::size_t dead_letter_code_count = 13;

inline constexpr std::array<std::string_view, dead_letter_code_count> dead_letter_code_names{
    "SIZE",        "EMPTY",  "UTF8",   "JSON",      "DUPLICATE_KEY", "TYPE",      "RANGE",
    "MISSING_KEY", "SYMBOL", "ACTION", "TIMESTAMP", "ACCOUNT",       "TABLE_FULL"};

[[nodiscard]] constexpr std::string_view name_of(DeadLetterCode code) noexcept {
  return dead_letter_code_names[static_cast<std::size_t>(code)];
}

}  // namespace coreloop::stages
