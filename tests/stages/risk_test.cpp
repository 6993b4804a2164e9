// RISK's verdicts in detail: what an approval carries, the edges of each limit, what is remembered
// from one signal to the next, and commands. The order of the checks: risk_order_test.cpp; exits:
// risk_exit_test.cpp; amounts that do not fit: risk_overflow_test.cpp.
#include "stages/risk.hpp"

#include <gtest/gtest.h>

#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

// Symbols 0 to 2 quoted at 100.
struct QuotedDesk : TradingDesk {
  explicit QuotedDesk(const DecisionConf& conf = plain_conf()) : TradingDesk(conf) {
    for (SymbolId symbol = 0; symbol < 3; ++symbol)
      send(last_price_of(symbol, 100_e8));
  }
  Reason reason_for(const Event& event) { return send(event).reason; }
};

TEST(RiskTest, AnApprovalCarriesSizeAndRisk) {
  QuotedDesk desk;
  desk.send(quote_of(0, 99_e8, 101_e8));
  const Event decided = desk.send(signal_of(Action::buy, 0));
  ASSERT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.order.number, 1U);
  EXPECT_EQ(decided.order.side, Side::buy);
  EXPECT_EQ(decided.order.notional, 1'000_e8);  // 10 % of 10,000
  EXPECT_EQ(decided.order.entry_notional, 1'000_e8);
  EXPECT_EQ(decided.order.fraction, 0.1_e8);
  EXPECT_EQ(decided.order.risk_amount, 20_e8);  // 1,000 x 0.02
  EXPECT_EQ(decided.order.opposite_quantity, 0);
  EXPECT_EQ(decided.order.closes_whole, 0);
}

TEST(RiskTest, TheSignalsStopLossReplacesTheConfs) {
  QuotedDesk desk;
  Event signal = sized_signal_of(Action::buy, 0, 0.03333333_e8);
  signal.signal.stop_loss_pct = static_cast<SmallRatio>(0.07_e8);
  // 333.3333 x 0.07 = 23.333331
  EXPECT_EQ(desk.send(signal).order.risk_amount, 23.333331_e8);
  signal.signal.stop_loss_pct = 1;  // 333.3333 x 0.00000001 = 0.000003333333, cut
  EXPECT_EQ(desk.send(signal).order.risk_amount, 0.00000333_e8);
  signal.signal.stop_loss_pct = 0;
  EXPECT_EQ(desk.send(signal).order.risk_amount, 0);
}

TEST(RiskTest, OrderNumbersCountApprovalsAndCommandCloses) {
  QuotedDesk desk;
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).order.number, 1U);
  desk.send(signal_of(Action::hold, 0));
  EXPECT_EQ(desk.send(close_command_of(0)).order.number, 2U);
  EXPECT_EQ(desk.send(signal_of(Action::close, 0)).reason, Reason::nothing_to_close);
  EXPECT_EQ(desk.send(signal_of(Action::sell, 1)).order.number, 3U);
}

TEST(RiskTest, OnlySignalsAndCommandsGetAnOutcome) {
  QuotedDesk desk;
  EXPECT_EQ(desk.send(quote_of(0, 1_e8, 2_e8)).outcome, Outcome::none);
  EXPECT_EQ(desk.send(timer_of(TimerKind::mark, 1)).outcome, Outcome::none);
  EXPECT_EQ(desk.send(input_of(EventKind::dead_letter)).outcome, Outcome::none);
  EXPECT_EQ(desk.send(command_of(CommandKind::reset)).outcome, Outcome::none);
  EXPECT_EQ(desk.send(price_command_of(0, 5_e8)).outcome, Outcome::none);
  EXPECT_EQ(desk.risk.market().price(0).mark, 5_e8);
}

TEST(RiskTest, AHoldIsHeldAndItsIdIsRemembered) {
  QuotedDesk desk;
  Event signal = signal_of(Action::hold, 0);
  signal.signal.has_id = 1;
  signal.signal.id_hash = {.high = 9, .low = 9};
  EXPECT_EQ(desk.send(signal).outcome, Outcome::held);
  EXPECT_EQ(desk.send(signal).outcome, Outcome::held);  // HOLD comes before DUPLICATE
  signal.signal.action = Action::buy;
  EXPECT_EQ(desk.reason_for(signal), Reason::duplicate_signal);
}

TEST(RiskTest, IdsAreTheEnginesNotTheAccountsAndOnlyTheWindowIsRemembered) {
  DecisionConf conf = plain_conf();
  conf.risk.dedup_window = 1;
  QuotedDesk desk(conf);
  Event signal = signal_of(Action::buy, 0);
  signal.signal.has_id = 1;
  signal.signal.id_hash = {.high = 9, .low = 9};
  EXPECT_EQ(desk.send(signal).outcome, Outcome::approved);
  Event of_another = signal;
  of_another.account = 1;
  EXPECT_EQ(desk.reason_for(of_another), Reason::duplicate_signal);
  Event next = signal;
  next.signal.id_hash = {.high = 10, .low = 9};
  EXPECT_EQ(desk.send(next).outcome, Outcome::approved);
  EXPECT_EQ(desk.send(signal).outcome, Outcome::approved);
}

TEST(RiskTest, ASignalWithoutAnIdIsNeverARepeat) {
  QuotedDesk desk;
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
}

TEST(RiskTest, AgeIsComparedWithTheSmallerOfConfAndTtl) {
  DecisionConf conf = plain_conf();
  conf.risk.max_signal_age_ms = 2'000;
  QuotedDesk desk(conf);
  Event signal = signal_of(Action::buy, 0);
  signal.signal.ttl_ms = 500;
  signal.signal.produced_unix_ns = desk.now_unix_ns - 500 * ns_per_ms;
  EXPECT_EQ(desk.send(signal).outcome, Outcome::approved);  // 500 ms is not above 500 ms
  signal.signal.produced_unix_ns -= 1;
  const Event refused = desk.send(signal);
  EXPECT_EQ(refused.reason, Reason::stale_signal);
  EXPECT_EQ(refused.rejection.value, 500 * ns_per_ms + 1);
  EXPECT_EQ(refused.rejection.limit, 500 * ns_per_ms);
  signal.signal.ttl_ms = 60'000;
  signal.signal.produced_unix_ns = desk.now_unix_ns - 2'001 * ns_per_ms;
  EXPECT_EQ(desk.send(signal).rejection.limit, 2'000 * ns_per_ms);
}

TEST(RiskTest, ASignalFromTheFutureIsStaleWhereAnAgeIsLookedAt) {
  QuotedDesk desk;
  Event signal = signal_of(Action::buy, 0);
  signal.signal.produced_unix_ns = desk.now_unix_ns + ns_per_day;
  EXPECT_EQ(desk.send(signal).outcome, Outcome::approved);  // no limit of age is given
  signal.signal.ttl_ms = 1;
  signal.signal.produced_unix_ns = desk.now_unix_ns + 5 * ns_per_second;
  EXPECT_EQ(desk.send(signal).outcome, Outcome::approved);
  signal.signal.produced_unix_ns += 1;
  const Event refused = desk.send(signal);
  EXPECT_EQ(refused.reason, Reason::stale_signal);
  EXPECT_EQ(refused.rejection.value, -5'000 * ns_per_ms - 1);
  EXPECT_EQ(refused.rejection.limit, -5'000 * ns_per_ms);
}

TEST(RiskTest, TheThresholdOfConfidenceItselfPasses) {
  QuotedDesk desk;
  Event signal = signal_of(Action::buy, 0);
  signal.signal.confidence = static_cast<SmallRatio>(0.65_e8);
  EXPECT_EQ(desk.send(signal).outcome, Outcome::approved);
}

TEST(RiskTest, AHaltLastsUntilResumeWhereverItCameFrom) {
  DecisionConf conf = plain_conf();
  conf.risk.emergency_stop = true;
  QuotedDesk desk(conf);
  EXPECT_TRUE(desk.risk.is_halted());
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 0)), Reason::emergency_stop_active);
  desk.send(command_of(CommandKind::resume));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
  desk.send(command_of(CommandKind::halt));
  desk.send(command_of(CommandKind::halt));
  EXPECT_EQ(desk.reason_for(signal_of(Action::sell, 1)), Reason::emergency_stop_active);
  desk.send(command_of(CommandKind::resume));
  EXPECT_FALSE(desk.risk.is_halted());
}

TEST(RiskTest, ASymbolNobodyHasNamedHasNoPrice) {
  QuotedDesk desk;
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, no_id)), Reason::no_market_price);
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 7)), Reason::no_market_price);
  EXPECT_EQ(desk.reason_for(signal_of(Action::close, no_id)), Reason::nothing_to_close);
}

TEST(RiskTest, APriceAsOldAsAllowedIsNotStale) {
  DecisionConf conf = plain_conf();
  conf.risk.max_price_age_ms = 1'000;
  QuotedDesk desk(conf);
  desk.now_unix_ns += ns_per_second;
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
  desk.now_unix_ns += 1;
  const Event refused = desk.send(signal_of(Action::buy, 1));
  EXPECT_EQ(refused.reason, Reason::stale_market_price);
  EXPECT_EQ(refused.rejection.value, ns_per_second + 1);
}

// 10 bought at 100 in symbol 0, so that a price of 100 - d is a drawdown of d / 1000.
struct FallenDesk : QuotedDesk {
  FallenDesk(const DecisionConf& conf, Price price) : QuotedDesk(conf) {
    send(signal_of(Action::buy, 0));
    send(last_price_of(0, price));
  }
};

DecisionConf drawdown_conf(bool is_latching) {
  DecisionConf conf = plain_conf();
  conf.risk.max_drawdown_pct = 0.05_e8;
  conf.risk.drawdown_latch = is_latching;
  return conf;
}

TEST(RiskTest, ADrawdownAtTheLimitPassesOneAboveDoesNot) {
  FallenDesk desk(drawdown_conf(false), 50_e8);
  EXPECT_EQ(desk.send(sized_signal_of(Action::buy, 1, 0.001_e8)).outcome, Outcome::approved);
  desk.send(last_price_of(0, 49.99999999_e8));
  const Event refused = desk.send(signal_of(Action::buy, 1));
  EXPECT_EQ(refused.reason, Reason::max_drawdown_exceeded);
  EXPECT_EQ(refused.rejection.value, 0.05_e8);  // 0.0500000000|1, cut
  EXPECT_EQ(refused.rejection.limit, 0.05_e8);
}

TEST(RiskTest, ADrawdownIsMeasuredFromTheHighestEquityThatAnyTickGave) {
  FallenDesk desk(drawdown_conf(false), 300_e8);  // equity 12,000
  desk.send(last_price_of(0, 210_e8));            // 11,100: a fall of 0.075
  const Event refused = desk.send(signal_of(Action::buy, 1));
  EXPECT_EQ(refused.reason, Reason::max_drawdown_exceeded);
  EXPECT_EQ(refused.rejection.value, 0.075_e8);
}

TEST(RiskTest, WithoutALatchADrawdownIsOverWhenTheEquityIsBack) {
  FallenDesk desk(drawdown_conf(false), 40_e8);
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 1)), Reason::max_drawdown_exceeded);
  desk.send(last_price_of(0, 60_e8));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 1)).outcome, Outcome::approved);
}

TEST(RiskTest, WithALatchADrawdownLastsUntilResume) {
  FallenDesk desk(drawdown_conf(true), 40_e8);
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 1)), Reason::max_drawdown_exceeded);
  desk.send(last_price_of(0, 100_e8));
  const Event refused = desk.send(signal_of(Action::buy, 1));
  EXPECT_EQ(refused.reason, Reason::max_drawdown_exceeded);
  EXPECT_EQ(refused.rejection.value, 0);  // what it is now
  EXPECT_EQ(desk.send(signal_of(Action::buy, 1, 1)).outcome, Outcome::approved);
  desk.send(command_of(CommandKind::resume));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 1)).outcome, Outcome::approved);
}

TEST(RiskTest, TheLatchFallsWhenItRefusesNotWhenThePriceFalls) {
  FallenDesk desk(drawdown_conf(true), 40_e8);
  desk.send(last_price_of(0, 100_e8));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 1)).outcome, Outcome::approved);
}

TEST(RiskTest, TheLatchFallsAlsoWhereTheReducingPartGoesThrough) {
  DecisionConf conf = drawdown_conf(true);
  conf.risk.on_opposite = OnOpposite::reverse;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::buy, 0));
  desk.send(signal_of(Action::buy, 1));
  desk.send(last_price_of(1, 40_e8));  // a drawdown of 0.06
  const Event exit = desk.send(signal_of(Action::sell, 0));
  EXPECT_EQ(exit.outcome, Outcome::approved);
  EXPECT_EQ(exit.order.entry_notional, 0);
  desk.send(last_price_of(1, 100_e8));
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 2)), Reason::max_drawdown_exceeded);
}

TEST(RiskTest, OnTheBasisOfTheBalanceAnUnrealizedLossIsNoDrawdown) {
  DecisionConf conf = drawdown_conf(false);
  conf.risk.drawdown_basis = DrawdownBasis::balance;
  FallenDesk desk(conf, 40_e8);
  EXPECT_EQ(desk.send(sized_signal_of(Action::buy, 1, 0.001_e8)).outcome, Outcome::approved);
  desk.send(signal_of(Action::close, 0));  // 600 of 10,000
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 1)), Reason::max_drawdown_exceeded);
}

TEST(RiskTest, TheDayOfTradesBeginsAtMidnightUtc) {
  DecisionConf conf = plain_conf();
  conf.risk.max_daily_trades = 2;
  QuotedDesk desk(conf);
  desk.now_unix_ns = midnight_unix_ns + ns_per_day - 1;
  const Event small = sized_signal_of(Action::buy, 0, 0.001_e8);
  EXPECT_EQ(desk.send(small).outcome, Outcome::approved);
  EXPECT_EQ(desk.send(small).outcome, Outcome::approved);
  EXPECT_EQ(desk.reason_for(small), Reason::daily_trade_limit_reached);
  EXPECT_EQ(desk.send(sized_signal_of(Action::buy, 0, 0.001_e8, 1)).outcome, Outcome::approved);
  desk.now_unix_ns += 1;
  EXPECT_EQ(desk.send(small).outcome, Outcome::approved);
}

TEST(RiskTest, ADayOfNoTradesAllowsNone) {
  DecisionConf conf = plain_conf();
  conf.risk.max_daily_trades = 0;
  QuotedDesk desk(conf);
  const Event refused = desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(refused.reason, Reason::daily_trade_limit_reached);
  EXPECT_EQ(refused.rejection.value, 0);
  EXPECT_EQ(refused.rejection.limit, 0);
}

TEST(RiskTest, ExitsDoNotCountAsTradesOfTheDay) {
  DecisionConf conf = plain_conf();
  conf.risk.max_daily_trades = 2;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::buy, 0));
  desk.send(signal_of(Action::close, 0));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
}

TEST(RiskTest, AnOrderThatFilledNothingStillCountsAsATrade) {
  DecisionConf conf = plain_conf();
  conf.risk.max_daily_trades = 1;
  conf.lot_steps = {1'000_e8};
  QuotedDesk desk(conf);
  const Event empty = desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(empty.outcome, Outcome::approved);
  EXPECT_EQ(empty.fill.status, FillStatus::rejected);
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 1)), Reason::daily_trade_limit_reached);
}

TEST(RiskTest, ACooldownIsThatOfAccountAndSymbolAndEndsOnTheMinute) {
  QuotedDesk desk;
  desk.send(signal_of(Action::buy, 0));
  desk.send(last_price_of(0, 99_e8));
  desk.send(signal_of(Action::close, 0));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 1)).outcome, Outcome::approved);
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0, 1)).outcome, Outcome::approved);
  desk.now_unix_ns += 60 * ns_per_minute - 1;
  const Event refused = desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(refused.reason, Reason::cooldown_active);
  EXPECT_EQ(refused.rejection.value, 59.99999999_e8);  // cut
  EXPECT_EQ(refused.rejection.limit, 60_e8);
  desk.now_unix_ns += 1;
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
}

TEST(RiskTest, OnlyALosingCloseCoolsDownAndFeesAreNoLoss) {
  DecisionConf conf = plain_conf();
  conf.fill.taker_fee_pct = 0.01_e8;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::buy, 0));
  desk.send(signal_of(Action::close, 0));  // even before fees
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
}

TEST(RiskTest, AnExposureAtTheLimitPasses) {
  DecisionConf conf = plain_conf();
  conf.risk.max_total_exposure_pct = 0.1_e8;
  QuotedDesk desk(conf);
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
  const Event refused = desk.send(sized_signal_of(Action::buy, 1, 0.00000001_e8));
  EXPECT_EQ(refused.reason, Reason::max_exposure_exceeded);
  EXPECT_EQ(refused.rejection.value, 1'000.0001_e8);
  EXPECT_EQ(refused.rejection.limit, 1'000_e8);
}

}  // namespace
}  // namespace coreloop::stages
