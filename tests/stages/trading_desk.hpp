// RISK, FILL and MARK on one thread without a loop: each input goes through all three before the
// next, as the semantics page describes it. And the inputs that tests send.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/decision_conf.hpp"
#include "stages/event.hpp"
#include "stages/fill.hpp"
#include "stages/mark.hpp"
#include "stages/risk.hpp"
#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {

/// Midnight UTC at which a day begins.
inline constexpr std::int64_t midnight_unix_ns = 20'000 * ns_per_day;

/// Small tables; orders fill at the reference price, without slippage or fee. Otherwise the
/// defaults: 10,000 of initial balance, kelly with a cap of 10 %, so that a confident signal is
/// worth 1,000.
inline DecisionConf plain_conf() {
  DecisionConf conf;
  conf.book = {.accounts_max = 4, .positions_max = 8, .initial_balance = 10'000_e8};
  conf.symbols_max = 8;
  conf.risk.dedup_window = 8;
  conf.fill.model = SlippageModel::none;
  conf.fill.taker_fee_pct = 0;
  return conf;
}

inline Event input_of(EventKind kind) {
  Event event{};
  event.kind = kind;
  event.account = no_id;
  event.symbol = no_id;
  event.stream = no_stream;
  return event;
}

/// A confident signal without an id and without limits of its own, produced when it is sent.
inline Event signal_of(Action action, SymbolId symbol, AccountId account = 0) {
  Event event = input_of(EventKind::signal);
  event.account = account;
  event.symbol = symbol;
  event.signal.action = action;
  event.signal.confidence = static_cast<SmallRatio>(0.9_e8);
  event.signal.position_size_pct = absent_ratio;
  event.signal.stop_loss_pct = absent_ratio;
  event.signal.max_slippage_pct = absent_ratio;
  return event;
}

inline Event sized_signal_of(Action action, SymbolId symbol, Ratio position_size_pct,
                             AccountId account = 0) {
  Event event = signal_of(action, symbol, account);
  event.signal.position_size_pct = static_cast<SmallRatio>(position_size_pct);
  return event;
}

inline Event quote_of(SymbolId symbol, Price bid, Price ask) {
  Event event = input_of(EventKind::tick);
  event.symbol = symbol;
  event.tick = {.buy_reference = ask, .sell_reference = bid};
  return event;
}

inline Event last_price_of(SymbolId symbol, Price price) {
  return quote_of(symbol, price, price);
}

inline Event timer_of(TimerKind kind, std::int64_t index) {
  Event event = input_of(EventKind::timer);
  event.timer = {.index = index, .kind = kind};
  return event;
}

inline Event command_of(CommandKind kind) {
  Event event = input_of(EventKind::command);
  event.command = {.price = 0, .result_slot = 0, .kind = kind, .service = 0, .output = 0};
  return event;
}

inline Event close_command_of(SymbolId symbol, AccountId account = 0) {
  Event event = command_of(CommandKind::close);
  event.account = account;
  event.symbol = symbol;
  return event;
}

inline Event price_command_of(SymbolId symbol, Price price) {
  Event event = command_of(CommandKind::price);
  event.symbol = symbol;
  event.command.price = price;
  return event;
}

class TradingDesk {
 public:
  explicit TradingDesk(const DecisionConf& conf) : risk(conf), fill(conf), mark(conf) {}
  TradingDesk(const TradingDesk&) = delete;  // RISK's valuation refers to its book
  TradingDesk& operator=(const TradingDesk&) = delete;

  /// Gives `event` the next sequence number and the time `now_unix_ns`, lets it pass through and
  /// answers what RISK and FILL made of it; what MARK said of positions stands in `updates`.
  Event send(Event event) {
    event.sequence = ++sequence;
    event.log_unix_ns = now_unix_ns;
    event.entry_ms = static_cast<std::uint64_t>(now_unix_ns / ns_per_ms);
    event.entry_counter = sequence;
    if (event.kind == EventKind::signal && event.signal.produced_unix_ns == 0) {
      event.signal.produced_unix_ns = now_unix_ns;
    }
    risk.on_event(event);
    fill.on_event(event);
    if (has_order(event)) risk.on_fill(FillSimulator::report_of(event));
    const Event decided = event;
    updates.clear();
    for (bool has_more = true; has_more;) {
      has_more = mark.on_event(event) == engine::Progress::more;
      if (event.position_side != PositionSide::none) updates.push_back(event);
    }
    return decided;
  }

  /// A flat one where nothing was ever traded.
  [[nodiscard]] Position position(SymbolId symbol, AccountId account = 0) const {
    const std::uint32_t index = risk.book().find(account, symbol);
    return index == no_id ? Position{} : risk.book().position(index);
  }

  Risk risk;
  FillSimulator fill;
  Mark mark;
  std::int64_t now_unix_ns = midnight_unix_ns + 12 * 60 * ns_per_minute;
  std::uint64_t sequence = 0;
  std::vector<Event> updates;
};

}  // namespace coreloop::stages
