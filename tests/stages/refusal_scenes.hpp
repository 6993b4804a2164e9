// One scene for each reason RISK can give: a conf, what happened before, and the signal that is
// refused for it, with the value and limit that the verdict must carry. Rows stand in the order in
// which the semantics page looks at them. Scenes can be put together, so that two checks fail at
// once: yesterday's trades are small and far apart, so that one scene does not hinder another.
#pragma once

#include <algorithm>
#include <array>
#include <initializer_list>

#include <gtest/gtest.h>

#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {

/// The signal of every scene comes ten minutes after midnight and is about this symbol, at 100.
inline constexpr std::int64_t decision_unix_ns = midnight_unix_ns + 10 * ns_per_minute;
inline constexpr SymbolId traded = 0;
/// Trades that a scene needs besides are in this symbol.
inline constexpr SymbolId other = 1;
/// Nobody ever quotes this one.
inline constexpr SymbolId unquoted = 5;

struct Scene {
  Event signal = signal_of(Action::buy, traded);
  Price price = 100_e8;
  std::int64_t price_age_ns = 0;
};

struct RefusalRow {
  Reason reason;
  std::int64_t value;
  std::int64_t limit;
  void (*set_conf)(DecisionConf&) = [](DecisionConf&) {};
  void (*yesterday)(TradingDesk&) = [](TradingDesk&) {};    ///< from 23:30 on
  void (*just_before)(TradingDesk&) = [](TradingDesk&) {};  ///< half a second before the signal
  void (*at_last)(TradingDesk&) = [](TradingDesk&) {};
  void (*set_scene)(Scene&) = [](Scene&) {};
};

/// Buys `position_size_pct` of the balance at `price`.
inline void buy(TradingDesk& desk, SymbolId symbol, Price price, Ratio position_size_pct) {
  desk.now_unix_ns += 2 * ns_per_second;
  desk.send(last_price_of(symbol, price));
  const Event decided = desk.send(sized_signal_of(Action::buy, symbol, position_size_pct));
  ASSERT_EQ(decided.outcome, Outcome::approved) << name_of(decided.reason);
}

inline void hold_with_id(TradingDesk& desk, std::uint64_t id) {
  Event hold = signal_of(Action::hold, traded);
  hold.signal.has_id = 1;
  hold.signal.id_hash = {.high = id, .low = id};
  ASSERT_EQ(desk.send(hold).outcome, Outcome::held);
}

// Rows of the page: 1 to 15, with 17 of the model's readings first.
inline constexpr std::array refusal_rows{
    // an account beyond accounts_max, before everything else
    RefusalRow{.reason = Reason::table_full,
               .value = 0,
               .limit = 0,
               .set_scene = [](Scene& scene) { scene.signal.account = no_id; }},
    RefusalRow{.reason = Reason::hold_signal,
               .value = 0,
               .limit = 0,
               .set_scene = [](Scene& scene) { scene.signal.signal.action = Action::hold; }},
    RefusalRow{.reason = Reason::nothing_to_close,
               .value = 0,
               .limit = 0,
               .set_scene = [](Scene& scene) { scene.signal.signal.action = Action::close; }},
    RefusalRow{.reason = Reason::duplicate_signal,
               .value = 0,
               .limit = 0,
               .yesterday = [](TradingDesk& desk) { hold_with_id(desk, 77); },
               .set_scene =
                   [](Scene& scene) {
                     scene.signal.signal.has_id = 1;
                     scene.signal.signal.id_hash = {.high = 77, .low = 77};
                   }},
    // produced 1,000.000001 ms ago, 1,000 ms allowed
    RefusalRow{.reason = Reason::stale_signal,
               .value = 1'000 * ns_per_ms + 1,
               .limit = 1'000 * ns_per_ms,
               .set_conf = [](DecisionConf& conf) { conf.risk.max_signal_age_ms = 1'000; },
               .set_scene =
                   [](Scene& scene) {
                     scene.signal.signal.produced_unix_ns =
                         decision_unix_ns - 1'000 * ns_per_ms - 1;
                   }},
    RefusalRow{.reason = Reason::low_confidence,
               .value = 0.64999999_e8,
               .limit = 0.65_e8,
               .set_scene =
                   [](Scene& scene) {
                     scene.signal.signal.confidence = static_cast<SmallRatio>(0.64999999_e8);
                   }},
    RefusalRow{.reason = Reason::emergency_stop_active,
               .value = 0,
               .limit = 0,
               .at_last = [](TradingDesk& desk) { desk.send(command_of(CommandKind::halt)); }},
    RefusalRow{.reason = Reason::governer_veto,
               .value = 0,
               .limit = 0,
               .set_scene = [](Scene& scene) { scene.signal.signal.is_vetoed = 1; }},
    RefusalRow{.reason = Reason::no_market_price,
               .value = 0,
               .limit = 0,
               .set_scene = [](Scene& scene) { scene.signal.symbol = unquoted; }},
    // quoted two seconds ago, one allowed
    RefusalRow{.reason = Reason::stale_market_price,
               .value = 2 * ns_per_second,
               .limit = ns_per_second,
               .set_conf = [](DecisionConf& conf) { conf.risk.max_price_age_ms = 1'000; },
               .set_scene = [](Scene& scene) { scene.price_age_ns = 2 * ns_per_second; }},
    // 4 bought at 100, now 70: (10,000 - 9,880) / 10,000 = 0.012
    RefusalRow{.reason = Reason::max_drawdown_exceeded,
               .value = 0.012_e8,
               .limit = 0.01_e8,
               .set_conf = [](DecisionConf& conf) { conf.risk.max_drawdown_pct = 0.01_e8; },
               .yesterday = [](TradingDesk& desk) { buy(desk, other, 100_e8, 0.04_e8); },
               .at_last = [](TradingDesk& desk) { desk.send(last_price_of(other, 70_e8)); }},
    RefusalRow{
        .reason = Reason::daily_trade_limit_reached,
        .value = 1_e8,
        .limit = 1_e8,
        .set_conf = [](DecisionConf& conf) { conf.risk.max_daily_trades = 1; },
        .just_before =
            [](TradingDesk& desk) { desk.send(sized_signal_of(Action::buy, other, 0.01_e8)); }},
    // lost at 23:30:02, 39 min 58 s before 0:10: 39.96666666 minutes of 60
    RefusalRow{.reason = Reason::cooldown_active,
               .value = 39.96666666_e8,
               .limit = 60_e8,
               .yesterday =
                   [](TradingDesk& desk) {
                     buy(desk, traded, 100_e8, 0.04_e8);
                     desk.send(last_price_of(traded, 90_e8));
                     desk.send(signal_of(Action::close, traded));
                   }},
    // 1,000 wanted, 5 % of 10,000 allowed in all
    RefusalRow{.reason = Reason::max_exposure_exceeded,
               .value = 1'000_e8,
               .limit = 500_e8,
               .set_conf = [](DecisionConf& conf) { conf.risk.max_total_exposure_pct = 0.05_e8; }},
    // 1,000 wanted, 6 % of 10,000 allowed in one symbol
    RefusalRow{.reason = Reason::max_position_exceeded,
               .value = 1'000_e8,
               .limit = 600_e8,
               .set_conf = [](DecisionConf& conf) { conf.risk.max_symbol_exposure_pct = 0.06_e8; }},
    RefusalRow{.reason = Reason::max_order_notional,
               .value = 1'000_e8,
               .limit = 700_e8,
               .set_conf = [](DecisionConf& conf) { conf.risk.max_order_notional = 700_e8; }},
    RefusalRow{.reason = Reason::max_open_positions,
               .value = 1_e8,
               .limit = 1_e8,
               .set_conf = [](DecisionConf& conf) { conf.risk.max_open_positions = 1; },
               .yesterday = [](TradingDesk& desk) { buy(desk, other, 100_e8, 0.01_e8); }},
    RefusalRow{
        .reason = Reason::order_rate_exceeded,
        .value = 2_e8,
        .limit = 1_e8,
        .set_conf = [](DecisionConf& conf) { conf.risk.order_rate_max = 1; },
        .just_before =
            [](TradingDesk& desk) { desk.send(sized_signal_of(Action::buy, other, 0.01_e8)); }},
    // 0.05 % of 10,000 is 5
    RefusalRow{.reason = Reason::min_order_notional,
               .value = 5_e8,
               .limit = 10_e8,
               .set_conf = [](DecisionConf& conf) { conf.risk.min_order_notional = 10_e8; },
               .set_scene =
                   [](Scene& scene) {
                     SmallRatio& own_cap = scene.signal.signal.position_size_pct;
                     own_cap = std::min(own_cap, static_cast<SmallRatio>(0.0005_e8));
                   }},
    RefusalRow{.reason = Reason::size_zero,
               .value = 0,
               .limit = 0,
               .set_scene = [](Scene& scene) { scene.signal.signal.position_size_pct = 0; }},
    // the one row is taken by the other symbol
    RefusalRow{.reason = Reason::table_full,
               .value = 0,
               .limit = 0,
               .set_conf = [](DecisionConf& conf) { conf.book.positions_max = 1; },
               .yesterday = [](TradingDesk& desk) { buy(desk, other, 100_e8, 0.01_e8); }},
    // 1,000 / 0.00000001 = 1e11, which is 1e19 units of 1e-8: above 2^63
    RefusalRow{.reason = Reason::overflow,
               .value = 0,
               .limit = 0,
               .set_scene = [](Scene& scene) { scene.price = 1; }},
};

/// Puts the scenes of `rows` together: `prepare` may change the conf and the signal, `open` trades
/// first of all. Answers the decided signal.
template <class Prepare, class Open>
Event play(std::initializer_list<const RefusalRow*> rows, Prepare prepare, Open open) {
  DecisionConf conf = plain_conf();
  Scene scene;
  for (const RefusalRow* row : rows)
    row->set_conf(conf);
  // A signal has one action and one account: those of the earliest row count.
  for (auto row = rows.end(); row != rows.begin();)
    (*--row)->set_scene(scene);
  prepare(conf, scene);

  TradingDesk desk(conf);
  desk.now_unix_ns = midnight_unix_ns - 30 * ns_per_minute;
  open(desk);
  for (const RefusalRow* row : rows)
    row->yesterday(desk);
  desk.now_unix_ns = decision_unix_ns - 2 * ns_per_second;
  desk.send(last_price_of(traded, scene.price));
  desk.now_unix_ns = decision_unix_ns - ns_per_second / 2;
  desk.send(last_price_of(other, 100_e8));
  for (const RefusalRow* row : rows)
    row->just_before(desk);
  desk.now_unix_ns = decision_unix_ns;
  if (scene.price_age_ns == 0) desk.send(last_price_of(traded, scene.price));
  for (const RefusalRow* row : rows)
    row->at_last(desk);
  return desk.send(scene.signal);
}

inline Event play(std::initializer_list<const RefusalRow*> rows) {
  return play(
      rows, [](DecisionConf&, Scene&) {}, [](TradingDesk&) {});
}

}  // namespace coreloop::stages
