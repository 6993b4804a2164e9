// Limits on exposure, positions, size and rate at their edges; clipping; commands; full tables.
#include "stages/risk_limits.hpp"

#include <gtest/gtest.h>

#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

// Symbols 0 to 3 quoted at 100.
struct QuotedDesk : TradingDesk {
  explicit QuotedDesk(const DecisionConf& conf = plain_conf()) : TradingDesk(conf) {
    for (SymbolId symbol = 0; symbol < 4; ++symbol)
      send(last_price_of(symbol, 100_e8));
  }
  Reason reason_for(const Event& event) { return send(event).reason; }
};

TEST(RiskLimitsTest, TheDefaultsAreThoseOfTheSemanticsPage) {
  const RiskLimits limits;
  EXPECT_EQ(limits.min_confidence_threshold, 0.65_e8);
  EXPECT_EQ(limits.max_drawdown_pct, 0.15_e8);
  EXPECT_EQ(limits.max_daily_trades, 20);
  EXPECT_EQ(limits.cooldown_after_loss_minutes, 60);
  EXPECT_EQ(limits.max_total_exposure_pct, 0.5_e8);
  EXPECT_EQ(limits.max_symbol_exposure_pct, 1_e8);
  EXPECT_EQ(limits.stop_loss_pct, 0.02_e8);
  EXPECT_EQ(limits.dedup_window, 65'536U);
  EXPECT_FALSE(limits.emergency_stop || limits.drawdown_latch || limits.clip_to_exposure);
  EXPECT_EQ(limits.max_signal_age_ms + limits.max_price_age_ms + limits.max_open_positions +
                limits.order_rate_max + limits.max_order_notional + limits.min_order_notional,
            0);
  EXPECT_EQ(limits.sizing.sizing, SizingModel::kelly);
  EXPECT_EQ(limits.sizing.kelly_fraction, 0.25_e8);
  EXPECT_EQ(limits.sizing.payoff_ratio, 1.5_e8);
  EXPECT_EQ(limits.sizing.max_position_size_pct, 0.1_e8);
  EXPECT_EQ(limits.sizing.tracked_floor_pct, 0.01_e8);
  const FillCosts costs;
  EXPECT_EQ(costs.model, SlippageModel::uniform);
  EXPECT_EQ(costs.max_slippage_pct, 0.001_e8);
  EXPECT_EQ(costs.slippage, 0.0005_e8);
  EXPECT_EQ(costs.taker_fee_pct, 0.0004_e8);
}

TEST(RiskLimitsTest, ExposureIsThatOfTheOtherSymbolsPlusThisOnesSameSide) {
  DecisionConf conf = plain_conf();
  conf.risk.max_total_exposure_pct = 0.21_e8;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::sell, 1));  // 10 sold, later worth 1,050
  desk.send(sized_signal_of(Action::buy, 0, 0.05_e8));
  desk.send(last_price_of(1, 105_e8));
  // balance 10,000: limit 2,100; 1,050 + 5 x 100 + 1,000 = 2,550
  const Event refused = desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(refused.reason, Reason::max_exposure_exceeded);
  EXPECT_EQ(refused.rejection.value, 2'550_e8);
  EXPECT_EQ(refused.rejection.limit, 2'100_e8);
}

TEST(RiskLimitsTest, APositionThatTheOrderClosesIsNoExposureAfterIt) {
  DecisionConf conf = plain_conf();
  conf.risk.max_total_exposure_pct = 0.1_e8;
  conf.risk.on_opposite = OnOpposite::reverse;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::buy, 0));
  const Event decided = desk.send(signal_of(Action::sell, 0));  // 1,000 long, then 1,000 short
  EXPECT_EQ(decided.order.entry_notional, 1'000_e8);
  EXPECT_EQ(desk.position(0).quantity, -10_e8);
}

TEST(RiskLimitsTest, ClippingCutsTheEntryPartToWhatFits) {
  DecisionConf conf = plain_conf();
  conf.risk.max_total_exposure_pct = 0.15_e8;
  conf.risk.clip_to_exposure = true;
  QuotedDesk desk(conf);
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).order.notional, 1'000_e8);
  const Event clipped = desk.send(signal_of(Action::buy, 1));
  ASSERT_EQ(clipped.outcome, Outcome::approved);
  EXPECT_EQ(clipped.order.notional, 500_e8);
  EXPECT_EQ(clipped.order.entry_notional, 500_e8);
  EXPECT_EQ(clipped.order.risk_amount, 10_e8);  // of the final N
  EXPECT_EQ(clipped.order.fraction, 0.1_e8);    // f as it was
  const Event refused = desk.send(signal_of(Action::buy, 2));
  EXPECT_EQ(refused.reason, Reason::max_exposure_exceeded);
  EXPECT_EQ(refused.rejection.value, 2'500_e8);  // 1,500 + 1,000, before the cut
  EXPECT_EQ(refused.rejection.limit, 1'500_e8);
}

TEST(RiskLimitsTest, ClippingAReversalLeavesItsReducingPartWhole) {
  DecisionConf conf = plain_conf();
  conf.risk.max_total_exposure_pct = 0.06_e8;
  conf.risk.clip_to_exposure = true;
  conf.risk.on_opposite = OnOpposite::reverse;
  QuotedDesk desk(conf);
  desk.send(sized_signal_of(Action::buy, 0, 0.05_e8));
  const Event decided = desk.send(signal_of(Action::sell, 0));
  EXPECT_EQ(decided.order.notional, 1'100_e8);  // 500 + 600 of the 1,000
  EXPECT_EQ(decided.order.entry_notional, 600_e8);
  EXPECT_EQ(decided.order.closes_whole, 1);
  EXPECT_EQ(desk.position(0).quantity, -6_e8);
}

TEST(RiskLimitsTest, PositionAfterCountsTheSameSideAtItsMark) {
  DecisionConf conf = plain_conf();
  conf.risk.max_symbol_exposure_pct = 0.2_e8;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);  // 2,000 of 2,000
  desk.send(last_price_of(0, 110_e8));
  const Event refused = desk.send(sized_signal_of(Action::buy, 0, 0.01_e8));
  EXPECT_EQ(refused.reason, Reason::max_position_exceeded);
  EXPECT_EQ(refused.rejection.value, 2'300_e8);  // 20 x 110 + 100
  EXPECT_EQ(refused.rejection.limit, 2'000_e8);
}

TEST(RiskLimitsTest, AShareOfABalanceThatIsNotPositiveIsZero) {
  DecisionConf conf = plain_conf();
  conf.risk.max_drawdown_pct = 1_e8;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::buy, 1));
  desk.send(signal_of(Action::sell, 0));
  desk.send(last_price_of(1, 300_e8));    // a gain of 10 x 200 that stays open
  desk.send(last_price_of(0, 1'200_e8));  // a loss of 10 x 1,100
  desk.send(signal_of(Action::close, 0));
  EXPECT_EQ(desk.risk.book().balance(0), -1'000_e8);
  // Equity 1,000 of a peak of 12,000 is no drawdown above 1; but no exposure is allowed.
  const Event refused = desk.send(signal_of(Action::buy, 2));
  EXPECT_EQ(refused.reason, Reason::max_exposure_exceeded);
  EXPECT_EQ(refused.rejection.value, 3'000_e8);
  EXPECT_EQ(refused.rejection.limit, 0);
}

TEST(RiskLimitsTest, OrderNotionalsAtTheirLimitsPass) {
  DecisionConf conf = plain_conf();
  conf.risk.max_order_notional = 1'000_e8;
  conf.risk.min_order_notional = 10_e8;
  QuotedDesk desk(conf);
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).outcome, Outcome::approved);
  EXPECT_EQ(desk.send(sized_signal_of(Action::buy, 0, 0.001_e8)).outcome, Outcome::approved);
  const Event refused = desk.send(sized_signal_of(Action::buy, 0, 0.00099999_e8));
  EXPECT_EQ(refused.reason, Reason::min_order_notional);
  EXPECT_EQ(refused.rejection.value, 9.9999_e8);
}

TEST(RiskLimitsTest, OrderNotionalsCompareTheEntryPart) {
  DecisionConf conf = plain_conf();
  conf.risk.max_order_notional = 1'000_e8;
  conf.risk.on_opposite = OnOpposite::reverse;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(desk.send(signal_of(Action::sell, 0)).order.notional, 2'000_e8);
}

TEST(RiskLimitsTest, OpenPositionsBindNewSymbolsOfTheAccountOnly) {
  DecisionConf conf = plain_conf();
  conf.risk.max_open_positions = 2;
  QuotedDesk desk(conf);
  const auto small_buy = [](SymbolId symbol, AccountId account = 0) {
    return sized_signal_of(Action::buy, symbol, 0.001_e8, account);
  };
  desk.send(small_buy(0));
  desk.send(small_buy(1));
  const Event refused = desk.send(small_buy(2));
  EXPECT_EQ(refused.reason, Reason::max_open_positions);
  EXPECT_EQ(refused.rejection.value, 2_e8);
  EXPECT_EQ(refused.rejection.limit, 2_e8);
  EXPECT_EQ(desk.send(small_buy(1)).outcome, Outcome::approved);
  EXPECT_EQ(desk.send(small_buy(2, 1)).outcome, Outcome::approved);
  desk.send(signal_of(Action::close, 0));
  EXPECT_EQ(desk.send(small_buy(2)).outcome, Outcome::approved);
  // Flat in 0 again: its row alone is no position.
  EXPECT_EQ(desk.reason_for(small_buy(0)), Reason::max_open_positions);
}

TEST(RiskLimitsTest, TheRateIsThatOfTheAccountsEntriesInTheLastSecond) {
  DecisionConf conf = plain_conf();
  conf.risk.order_rate_max = 2;
  QuotedDesk desk(conf);
  const Event small = sized_signal_of(Action::buy, 0, 0.001_e8);
  desk.send(small);
  desk.now_unix_ns += ns_per_second / 2;
  desk.send(small);
  desk.send(signal_of(Action::close, 0));  // no entry
  EXPECT_EQ(desk.send(sized_signal_of(Action::buy, 0, 0.001_e8, 1)).outcome, Outcome::approved);
  desk.now_unix_ns += ns_per_second / 2 - 1;
  const Event refused = desk.send(small);
  EXPECT_EQ(refused.reason, Reason::order_rate_exceeded);
  EXPECT_EQ(refused.rejection.value, 3_e8);
  EXPECT_EQ(refused.rejection.limit, 2_e8);
  desk.now_unix_ns += 1;  // the first is one second old: outside
  EXPECT_EQ(desk.send(small).outcome, Outcome::approved);
}

TEST(RiskLimitsTest, AnAccountWithoutARowIsTableFullAtOnce) {
  QuotedDesk desk;
  for (const Action action : {Action::hold, Action::close, Action::buy}) {
    const Event refused = desk.send(signal_of(action, 0, no_id));
    EXPECT_EQ(refused.outcome, Outcome::rejected);
    EXPECT_EQ(refused.reason, Reason::table_full);
  }
  Event signal = signal_of(Action::buy, 0, no_id);
  signal.signal.has_id = 1;
  signal.signal.id_hash = {.high = 5, .low = 5};
  EXPECT_EQ(desk.reason_for(signal), Reason::table_full);
  signal.account = 0;  // its id has entered the window all the same
  EXPECT_EQ(desk.reason_for(signal), Reason::duplicate_signal);
}

TEST(RiskLimitsTest, AFullTableOfPairsKeepsServingThePairsItHas) {
  DecisionConf conf = plain_conf();
  conf.book.positions_max = 2;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::buy, 0));
  desk.send(signal_of(Action::buy, 1));
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 2)), Reason::table_full);
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 0, 1)), Reason::table_full);
  desk.send(signal_of(Action::close, 0));
  EXPECT_EQ(desk.reason_for(signal_of(Action::buy, 2)), Reason::table_full);
  EXPECT_EQ(desk.send(signal_of(Action::sell, 0)).outcome, Outcome::approved);
}

TEST(RiskLimitsTest, ACommandClosesWholeWithoutALimit) {
  DecisionConf conf = plain_conf();
  conf.risk.max_daily_trades = 1;
  QuotedDesk desk(conf);
  desk.send(signal_of(Action::sell, 0));
  desk.send(command_of(CommandKind::halt));
  desk.send(quote_of(0, 80_e8, 90_e8));
  const Event closed = desk.send(close_command_of(0));
  EXPECT_EQ(closed.outcome, Outcome::command_close);
  EXPECT_EQ(closed.order.side, Side::buy);
  EXPECT_EQ(closed.order.notional, 900_e8);  // 10 x 90
  EXPECT_EQ(closed.order.entry_notional, 0);
  EXPECT_EQ(closed.order.fraction, 0);
  EXPECT_EQ(closed.order.closes_whole, 1);
  EXPECT_EQ(closed.fill.quantity, 10_e8);
  EXPECT_FALSE(desk.position(0).is_open());
}

TEST(RiskLimitsTest, ACommandWithNothingToCloseHasNoEffect) {
  QuotedDesk desk;
  EXPECT_EQ(desk.send(close_command_of(0)).outcome, Outcome::none);
  EXPECT_EQ(desk.send(close_command_of(no_id)).outcome, Outcome::none);
  EXPECT_EQ(desk.send(close_command_of(0, no_id)).outcome, Outcome::none);
  desk.send(signal_of(Action::buy, 0));
  desk.send(signal_of(Action::close, 0));
  EXPECT_EQ(desk.send(close_command_of(0)).outcome, Outcome::none);
}

TEST(RiskLimitsTest, ARejectedFillIsBookedAsNothing) {
  DecisionConf conf = plain_conf();
  conf.lot_steps = {1'000_e8};
  QuotedDesk desk(conf);
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).fill.status, FillStatus::rejected);
  EXPECT_FALSE(desk.risk.is_order_out());
  EXPECT_EQ(desk.risk.book().position_count(), 0U);
  EXPECT_EQ(desk.risk.book().balance(0), 10'000_e8);
}

TEST(RiskLimitsTest, AccountsNamedInTheConfTakePartFromTheStart) {
  DecisionConf conf = plain_conf();
  conf.named_account_count = 2;
  QuotedDesk desk(conf);
  EXPECT_EQ(desk.risk.valuation().total_peak().peak, 20'000_e8);
  desk.send(signal_of(Action::hold, 0, 2));
  EXPECT_EQ(desk.risk.valuation().total_peak().peak, 30'000_e8);
}

}  // namespace
}  // namespace coreloop::stages
