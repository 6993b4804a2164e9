// OVERFLOW: orders of which an amount would not fit 64 bits at 1e-8, entries and exits, and that
// the books stay as they were.
#include <gtest/gtest.h>

#include "stages/risk.hpp"
#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

// An account of 10,000 whose limits on exposure and drawdown are out of the way, so that the
// amounts themselves are looked at.
DecisionConf wide_conf(OnOpposite on_opposite = OnOpposite::close) {
  DecisionConf conf = plain_conf();
  conf.risk.on_opposite = on_opposite;
  conf.risk.max_drawdown_pct = 1_e8;
  conf.risk.max_total_exposure_pct = 1_e8;
  return conf;
}

// Order by order: 1,000 at 0.000001 is 1e9 of quantity (1e17 units of 1e-8).
constexpr Price micro_price = 0.000001_e8;
constexpr Quantity micro_quantity = 1'000'000'000_e8;

TEST(RiskOverflowTest, AQuantityBeyond64BitsIsRefused) {
  TradingDesk desk(wide_conf());
  // N / 0.00000001 is N x 1e8: 92,233,730,000 for 922.3373 does not fit, 92,233,720,000 for
  // 922.3372 does (2^63 is at 92,233,720,368.5).
  desk.send(last_price_of(0, 1));
  const Event refused = desk.send(sized_signal_of(Action::buy, 0, 0.09223373_e8));
  EXPECT_EQ(refused.reason, Reason::overflow);
  EXPECT_EQ(refused.rejection.value, 0);
  EXPECT_EQ(refused.rejection.limit, 0);
  const Event decided = desk.send(sized_signal_of(Action::buy, 0, 0.09223372_e8));
  ASSERT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.fill.quantity, 92'233'720'000_e8);
  // 0.0001 more is 10,000 of quantity, which fits; the position's does not
  EXPECT_EQ(desk.send(sized_signal_of(Action::buy, 0, 0.00000001_e8)).reason, Reason::overflow);
}

TEST(RiskOverflowTest, APriceBeyond64BitsIsRefused) {
  DecisionConf conf = wide_conf();
  conf.fill.model = SlippageModel::fixed_bps;
  TradingDesk desk(conf);
  // 92,233,720,368.54775807 x 1.0005 does not fit, x 0.9995 does: 1,000 / 92,187,603,508.36 is
  // 0.00000001|08 of quantity.
  desk.send(last_price_of(0, amount_max));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).reason, Reason::overflow);
  const Event decided = desk.send(signal_of(Action::sell, 0));
  ASSERT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.fill.quantity, 1);
}

TEST(RiskOverflowTest, TheSmallestQuantityAndPriceAreTraded) {
  DecisionConf conf = wide_conf();
  conf.book.initial_balance = 10;  // units of 1e-8: a tenth is one
  TradingDesk desk(conf);
  desk.send(last_price_of(0, 1_e8));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).fill.quantity, 1);  // 1e-8 at 1.0
  desk.send(last_price_of(1, 1));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 1)).fill.quantity, 1_e8);  // 1e-8 / 1e-8
}

TEST(RiskOverflowTest, AnExitWhoseValueDoesNotFitIsRefusedUntilItDoes) {
  TradingDesk desk(wide_conf());
  desk.send(last_price_of(0, micro_price));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).fill.quantity, micro_quantity);
  // V = 1e9 x 1,000 = 1e12, that is 1e20 units; 2^63 is 9.2e18
  desk.send(last_price_of(0, 1'000_e8));
  const std::uint64_t before = desk.risk.book().hash();
  EXPECT_EQ(desk.send(signal_of(Action::close, 0)).reason, Reason::overflow);
  EXPECT_EQ(desk.send(signal_of(Action::sell, 0)).reason, Reason::overflow);
  EXPECT_EQ(desk.send(close_command_of(0)).outcome, Outcome::none);
  EXPECT_EQ(desk.risk.book().hash(), before);
  // Valuations stand at the limit meanwhile.
  EXPECT_EQ(desk.risk.valuation().unrealized(0), amount_max);
  EXPECT_EQ(desk.risk.valuation().exposure(0), amount_max);
  // V = 1e9 x 90 = 9e10 (9e18 units), realized 9e10 - 1,000, balance 9e10 + 9,000: all fit
  desk.send(last_price_of(0, 90_e8));
  const Event closed = desk.send(signal_of(Action::close, 0));
  ASSERT_EQ(closed.outcome, Outcome::approved);
  EXPECT_EQ(desk.risk.book().balance(0), 90'000'009'000_e8);
}

DecisionConf slipping_conf() {
  DecisionConf conf = wide_conf();
  conf.fill.model = SlippageModel::fixed_bps;  // 0.0005
  return conf;
}

// 1e9 of quantity at 0.000001: the signal that opens it allows no slippage.
struct SlippingDesk : TradingDesk {
  explicit SlippingDesk(Action action) : TradingDesk(slipping_conf()) {
    send(last_price_of(0, micro_price));
    Event opening = signal_of(action, 0);
    opening.signal.max_slippage_pct = 0;
    EXPECT_EQ(send(opening).fill.quantity, micro_quantity);
  }
};

TEST(RiskOverflowTest, TheValueAtTheReferencePriceMustFitWhateverTheFillsPrice) {
  SlippingDesk desk(Action::buy);
  // V = 1e9 x 92.25 = 92,250,000,000; sold at 92.25 x 0.9995 = 92.203875 it would be
  // 92,203,875,000, which fits, and so would the balance. 2^63 is at 92,233,720,368.
  desk.send(last_price_of(0, 92.25_e8));
  EXPECT_EQ(desk.send(signal_of(Action::close, 0)).reason, Reason::overflow);
  EXPECT_EQ(desk.send(close_command_of(0)).outcome, Outcome::none);
}

TEST(RiskOverflowTest, ACommandIsHeldToTheFillItWillGet) {
  SlippingDesk desk(Action::sell);
  // V = 1e9 x 92.2 = 92,200,000,000 fits; bought at 92.2 x 1.0005 = 92.2461 it does not.
  desk.send(last_price_of(0, 92.2_e8));
  EXPECT_EQ(desk.send(close_command_of(0)).outcome, Outcome::none);
  // 92.1 x 1.0005 = 92.14605: 92,146,050,000
  desk.send(last_price_of(0, 92.1_e8));
  const Event closed = desk.send(close_command_of(0));
  EXPECT_EQ(closed.outcome, Outcome::command_close);
  EXPECT_EQ(closed.fill.notional, 92'146'050'000_e8);
}

TEST(RiskOverflowTest, AnEntryThatDoesNotFitLeavesTheReducingPart) {
  TradingDesk desk(wide_conf(OnOpposite::reverse));
  desk.send(last_price_of(0, 100_e8));
  desk.send(signal_of(Action::buy, 0));  // 10 at 100
  desk.send(last_price_of(0, 1));
  // balance 10,000: 1,000 / 0.00000001 does not fit; 10 x 0.00000001 is left
  const Event decided = desk.send(signal_of(Action::sell, 0));
  ASSERT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.order.notional, 10);
  EXPECT_EQ(decided.order.entry_notional, 0);
  EXPECT_EQ(decided.fill.quantity, 10_e8);
  EXPECT_FALSE(desk.position(0).is_open());
}

TEST(RiskOverflowTest, AReversalOfWhichBothPartsDoNotFitIsRefused) {
  TradingDesk desk(wide_conf(OnOpposite::reverse));
  desk.send(last_price_of(0, micro_price));
  desk.send(signal_of(Action::buy, 0));
  desk.send(last_price_of(0, 1'000_e8));
  EXPECT_EQ(desk.send(signal_of(Action::sell, 0)).reason, Reason::overflow);
  EXPECT_TRUE(desk.position(0).is_open());
}

TEST(RiskOverflowTest, ABalanceThatWouldLeave64BitsRefusesTheExit) {
  TradingDesk desk(wide_conf());
  desk.send(last_price_of(0, micro_price));
  desk.send(signal_of(Action::buy, 0));
  // V = 1e9 x 92.2337203 = 92,233,720,300 fits; realized is 1,000 less, and the balance of
  // 10,000 + 92,233,719,300 = 92,233,729,300 does not: 2^63 is at 92,233,720,368.
  desk.send(last_price_of(0, 92.2337203_e8));
  EXPECT_EQ(desk.send(signal_of(Action::close, 0)).reason, Reason::overflow);
  // V = 92,233,711,000: balance 92,233,720,000
  desk.send(last_price_of(0, 92.233711_e8));
  EXPECT_EQ(desk.send(signal_of(Action::close, 0)).outcome, Outcome::approved);
  EXPECT_EQ(desk.risk.book().balance(0), 92'233'720'000_e8);
}

TEST(RiskOverflowTest, AFeeThatTakesTheBalanceBelow64BitsRefusesTheExit) {
  DecisionConf conf = wide_conf();
  conf.fill.taker_fee_pct = 1_e8;
  conf.book.initial_balance = 10_e8;
  TradingDesk desk(conf);
  // 1 at 0.000001 is 1e6 (1e14 units) of quantity, sold; fee 1.
  desk.send(last_price_of(0, micro_price));
  EXPECT_EQ(desk.send(signal_of(Action::sell, 0)).fill.quantity, 1'000'000_e8);
  // Bought back at 50,000: V = 5e10, realized 1 - 5e10, fee 5e10: together below -2^63.
  desk.send(last_price_of(0, 50'000_e8));
  EXPECT_EQ(desk.send(signal_of(Action::close, 0)).reason, Reason::overflow);
  // At 40,000: 10 - 1 + 1 - 4e10 - 4e10
  desk.send(last_price_of(0, 40'000_e8));
  EXPECT_EQ(desk.send(signal_of(Action::close, 0)).outcome, Outcome::approved);
  EXPECT_EQ(desk.risk.book().balance(0), -79'999'999'990_e8);
}

TEST(RiskOverflowTest, AnOverflowingEntryIsNoTradeOfTheDay) {
  DecisionConf conf = wide_conf();
  conf.risk.max_daily_trades = 1;
  TradingDesk desk(conf);
  desk.send(last_price_of(0, 1));
  EXPECT_EQ(desk.send(signal_of(Action::buy, 0)).reason, Reason::overflow);
  desk.send(last_price_of(0, 1_e8));
  const Event decided = desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(decided.outcome, Outcome::approved);
  EXPECT_EQ(decided.order.number, 1U);
}

}  // namespace
}  // namespace coreloop::stages
