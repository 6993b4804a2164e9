// Limits bind entries, never exits: what an order against a position does, what CLOSE skips, and
// that whatever refuses its entry part, its reducing part goes through.
#include <array>
#include <initializer_list>

#include <gtest/gtest.h>

#include "tests/stages/refusal_scenes.hpp"

namespace coreloop::stages {
namespace {

DecisionConf conf_with(OnOpposite on_opposite) {
  DecisionConf conf = plain_conf();
  conf.risk.on_opposite = on_opposite;
  return conf;
}

// 5 bought or sold at 100 in symbol 0, which is now quoted at `bid` and `ask`.
struct OpposedDesk : TradingDesk {
  OpposedDesk(Side side, OnOpposite on_opposite, Price bid, Price ask)
      : TradingDesk(conf_with(on_opposite)) {
    send(last_price_of(0, 100_e8));
    send(sized_signal_of(side == Side::buy ? Action::buy : Action::sell, 0, 0.05_e8));
    send(quote_of(0, bid, ask));
  }
};

TEST(RiskExitTest, CloseIsTheDefault) {
  EXPECT_EQ(RiskLimits{}.on_opposite, OnOpposite::close);
}

TEST(RiskExitTest, WithCloseASellAgainstALongClosesItWholeAndOpensNothing) {
  OpposedDesk desk(Side::buy, OnOpposite::close, 109_e8, 111_e8);
  const Event decided = desk.send(signal_of(Action::sell, 0));
  ASSERT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.order.side, Side::sell);
  EXPECT_EQ(decided.order.notional, 545_e8);  // V = 5 x 109
  EXPECT_EQ(decided.order.entry_notional, 0);
  EXPECT_EQ(decided.order.opposite_quantity, 5_e8);
  EXPECT_EQ(decided.order.closes_whole, 1);
  EXPECT_EQ(decided.order.fraction, 0.1_e8);      // f is shown all the same
  EXPECT_EQ(decided.order.risk_amount, 10.9_e8);  // 545 x 0.02
  EXPECT_FALSE(desk.position(0).is_open());
  EXPECT_EQ(desk.risk.book().balance(0), 10'045_e8);  // 5 x (109 - 100)
}

TEST(RiskExitTest, WithReverseABuyAgainstAShortClosesItAndOpensTheSizeTheOtherWay) {
  OpposedDesk desk(Side::sell, OnOpposite::reverse, 78_e8, 80_e8);
  const Event decided = desk.send(signal_of(Action::buy, 0));
  ASSERT_EQ(decided.outcome, Outcome::approved);
  // V = 5 x 80 = 400, N = 400 + 1,000
  EXPECT_EQ(decided.order.notional, 1'400_e8);
  EXPECT_EQ(decided.order.entry_notional, 1'000_e8);
  EXPECT_EQ(decided.order.closes_whole, 1);
  EXPECT_EQ(decided.fill.quantity, 17.5_e8);  // 5 + 1,000 / 80
  EXPECT_EQ(desk.position(0).quantity, 12.5_e8);
  EXPECT_EQ(desk.risk.book().balance(0), 10'100_e8);  // 5 x (100 - 80)
}

TEST(RiskExitTest, WithNetASmallerOrderReducesAndEntersNothing) {
  OpposedDesk desk(Side::buy, OnOpposite::net, 100_e8, 101_e8);
  const Event decided = desk.send(sized_signal_of(Action::sell, 0, 0.02_e8));
  ASSERT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.order.notional, 200_e8);
  EXPECT_EQ(decided.order.entry_notional, 0);
  EXPECT_EQ(decided.order.closes_whole, 0);
  EXPECT_EQ(desk.position(0).quantity, 3_e8);
}

TEST(RiskExitTest, WithNetAnOrderOfTheSameValueClosesWhole) {
  OpposedDesk desk(Side::buy, OnOpposite::net, 100_e8, 101_e8);
  const Event decided = desk.send(sized_signal_of(Action::sell, 0, 0.05_e8));
  EXPECT_EQ(decided.order.notional, 500_e8);
  EXPECT_EQ(decided.order.entry_notional, 0);
  EXPECT_EQ(decided.order.closes_whole, 1);
  EXPECT_FALSE(desk.position(0).is_open());
}

TEST(RiskExitTest, WithNetALargerOrderEntersWithTheRest) {
  OpposedDesk desk(Side::buy, OnOpposite::net, 100_e8, 101_e8);
  const Event decided = desk.send(signal_of(Action::sell, 0));
  EXPECT_EQ(decided.order.notional, 1'000_e8);
  EXPECT_EQ(decided.order.entry_notional, 500_e8);
  EXPECT_EQ(decided.order.closes_whole, 1);
  EXPECT_EQ(desk.position(0).quantity, -5_e8);
}

TEST(RiskExitTest, AnOrderOnTheSameSideAddsWhateverOnOppositeSays) {
  for (const OnOpposite on_opposite : {OnOpposite::close, OnOpposite::reverse, OnOpposite::net}) {
    OpposedDesk desk(Side::buy, on_opposite, 100_e8, 100_e8);
    const Event decided = desk.send(signal_of(Action::buy, 0));
    EXPECT_EQ(decided.order.opposite_quantity, 0);
    EXPECT_EQ(decided.order.entry_notional, 1'000_e8);
    EXPECT_EQ(desk.position(0).quantity, 15_e8);
  }
}

TEST(RiskExitTest, CloseSkipsAgeConfidenceHaltAndVeto) {
  for (const Side side : {Side::buy, Side::sell}) {
    OpposedDesk desk(side, OnOpposite::close, 90_e8, 110_e8);
    desk.send(command_of(CommandKind::halt));
    Event close = signal_of(Action::close, 0);
    close.signal.ttl_ms = 1;
    close.signal.produced_unix_ns = desk.now_unix_ns - ns_per_day;
    close.signal.confidence = 0;
    close.signal.is_vetoed = 1;
    const Event decided = desk.send(close);
    ASSERT_EQ(decided.outcome, Outcome::approved);
    EXPECT_EQ(decided.order.side, opposite(side));
    // V at the bid of a sell, at the ask of a buy: 5 x 90, 5 x 110
    EXPECT_EQ(decided.order.notional, side == Side::buy ? 450_e8 : 550_e8);
    EXPECT_EQ(decided.order.fraction, 0);
    EXPECT_EQ(decided.order.entry_notional, 0);
    EXPECT_FALSE(desk.position(0).is_open());
  }
}

TEST(RiskExitTest, CloseIsStillADuplicateOfItself) {
  OpposedDesk desk(Side::buy, OnOpposite::close, 100_e8, 100_e8);
  Event close = signal_of(Action::close, 0);
  close.signal.has_id = 1;
  close.signal.id_hash = {.high = 3, .low = 3};
  EXPECT_EQ(desk.send(close).outcome, Outcome::approved);
  desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(desk.send(close).reason, Reason::duplicate_signal);
}

// Rows 8 (age) to 15 as they can befall an order against a position. Not among them: what needs a
// symbol without one (MAX_OPEN_POSITIONS, TABLE_FULL), an order of nothing (SIZE_ZERO), and
// COOLDOWN_ACTIVE, whose scene ends flat: see below.
constexpr std::array entry_limits{
    Reason::stale_market_price,    Reason::max_drawdown_exceeded, Reason::daily_trade_limit_reached,
    Reason::max_exposure_exceeded, Reason::max_position_exceeded, Reason::max_order_notional,
    Reason::order_rate_exceeded,   Reason::min_order_notional,    Reason::overflow,
};

const RefusalRow& row_of(Reason reason) {
  return refusal_rows[static_cast<std::size_t>(reason)];
}

// The scene of `row`, with 1 bought at 100 first of all and `action` against it at last.
Event play_against_a_long(const RefusalRow& row, Action action, OnOpposite on_opposite) {
  return play(
      {&row},
      [&](DecisionConf& conf, Scene& scene) {
        conf.risk.on_opposite = on_opposite;
        scene.signal.signal.action = action;
      },
      [](TradingDesk& desk) { buy(desk, traded, 100_e8, 0.01_e8); });
}

TEST(RiskExitTest, WhateverRefusesTheEntryPartTheReducingPartGoesThroughAlone) {
  for (const Reason reason : entry_limits) {
    SCOPED_TRACE(name_of(reason));
    ASSERT_EQ(row_of(reason).reason, reason);
    const Event decided = play_against_a_long(row_of(reason), Action::sell, OnOpposite::reverse);
    ASSERT_EQ(decided.outcome, Outcome::approved) << name_of(decided.reason);
    EXPECT_EQ(decided.order.entry_notional, 0);
    // V = 1 x 100, but for the scene whose price is 0.00000001
    EXPECT_EQ(decided.order.notional, reason == Reason::overflow ? 1 : 100_e8);
    EXPECT_EQ(decided.order.closes_whole, 1);
    EXPECT_EQ(decided.fill.quantity, 1_e8);
  }
}

TEST(RiskExitTest, WithoutThePositionTheSameSellIsRefused) {
  for (const Reason reason : entry_limits) {
    SCOPED_TRACE(name_of(reason));
    const Event decided = play(
        {&row_of(reason)},
        [](DecisionConf&, Scene& scene) { scene.signal.signal.action = Action::sell; },
        [](TradingDesk&) {});
    EXPECT_EQ(decided.outcome, Outcome::rejected);
    EXPECT_EQ(decided.reason, reason);
  }
}

TEST(RiskExitTest, NoLimitOnEntriesIsLookedAtWhereNothingEnters) {
  for (const Reason reason : entry_limits) {
    SCOPED_TRACE(name_of(reason));
    for (const Action action : {Action::close, Action::sell}) {
      const Event decided = play_against_a_long(row_of(reason), action, OnOpposite::close);
      ASSERT_EQ(decided.outcome, Outcome::approved) << name_of(decided.reason);
      EXPECT_EQ(decided.fill.quantity, 1_e8);
    }
  }
}

TEST(RiskExitTest, ACooldownLetsWhatIsLeftGo) {
  // 5 at 100; at 90 a net sell of 2 % of 10,000 closes 200 / 90 = 2.22222222 at a loss. Until the
  // cooldown is over a larger sell closes the rest and opens nothing.
  OpposedDesk desk(Side::buy, OnOpposite::net, 90_e8, 90_e8);
  desk.send(sized_signal_of(Action::sell, 0, 0.02_e8));
  EXPECT_EQ(desk.position(0).quantity, 2.77777778_e8);
  const Event decided = desk.send(signal_of(Action::sell, 0));
  ASSERT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.order.entry_notional, 0);
  EXPECT_EQ(decided.order.notional, 250.0000002_e8);  // 2.77777778 x 90
  EXPECT_FALSE(desk.position(0).is_open());
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).reason, Reason::cooldown_active);
}

TEST(RiskExitTest, AnEntryPartThatWasRefusedCountsAsNoTrade) {
  DecisionConf conf = plain_conf();
  conf.risk.on_opposite = OnOpposite::reverse;
  conf.risk.max_daily_trades = 2;
  conf.risk.max_order_notional = 600_e8;
  TradingDesk desk(conf);
  desk.send(last_price_of(0, 100_e8));
  desk.send(sized_signal_of(Action::buy, 0, 0.05_e8));
  desk.send(signal_of(Action::sell, 0));  // of 500 + 1,000 only the 500 that close
  EXPECT_EQ(desk.send(sized_signal_of(Action::buy, 0, 0.05_e8)).outcome, Outcome::approved);
  EXPECT_EQ(desk.send(sized_signal_of(Action::buy, 0, 0.05_e8)).reason,
            Reason::daily_trade_limit_reached);
}

TEST(RiskExitTest, AnOrderOfNothingThatDoesNotCloseIsRefusedAgainstAPositionToo) {
  OpposedDesk desk(Side::buy, OnOpposite::net, 100_e8, 100_e8);
  EXPECT_EQ(desk.send(sized_signal_of(Action::sell, 0, 0)).reason, Reason::size_zero);
}

DecisionConf dust_conf(OnOpposite on_opposite) {
  DecisionConf conf = conf_with(on_opposite);
  conf.book.initial_balance = 1'000;  // units of 1e-8: a tenth is 100
  conf.risk.max_order_notional = 50;
  return conf;
}

// Dust: 1e-8 at 0.1 is worth 1e-9, and V rounds to 0.
struct DustDesk : TradingDesk {
  explicit DustDesk(OnOpposite on_opposite) : TradingDesk(dust_conf(on_opposite)) {
    send(last_price_of(0, 1_e8));
    EXPECT_EQ(send(sized_signal_of(Action::buy, 0, 0.001_e8)).fill.quantity, 1);
    send(last_price_of(0, 0.1_e8));
  }
};

TEST(RiskExitTest, DustIsClosedWholeByCloseAndByASell) {
  for (const Action action : {Action::close, Action::sell}) {
    DustDesk desk(OnOpposite::close);
    const Event decided = desk.send(signal_of(action, 0));
    ASSERT_EQ(decided.outcome, Outcome::approved) << name_of(decided.reason);
    EXPECT_EQ(decided.order.notional, 0);
    EXPECT_EQ(decided.order.closes_whole, 1);
    EXPECT_EQ(decided.fill.quantity, 1);
    EXPECT_FALSE(desk.position(0).is_open());
  }
}

TEST(RiskExitTest, AReducingPartOfZeroIsNone) {
  // The entry part of 100 units is above the limit of 50; what it would close is worth 0.
  DustDesk desk(OnOpposite::reverse);
  const Event decided = desk.send(signal_of(Action::sell, 0));
  EXPECT_EQ(decided.outcome, Outcome::rejected);
  EXPECT_EQ(decided.reason, Reason::max_order_notional);
}

}  // namespace
}  // namespace coreloop::stages
