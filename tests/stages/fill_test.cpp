// FILL: one answer to every order, at the prices of its own sequence; what RISK and the books hear.
#include "stages/fill.hpp"

#include <gtest/gtest.h>

#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

// An approved entry of 1,000, as RISK hands it on.
Event approved(Side side, SymbolId symbol = 0) {
  Event event = signal_of(side == Side::buy ? Action::buy : Action::sell, symbol);
  event.sequence = 7;
  event.log_unix_ns = midnight_unix_ns;
  event.entry_ms = 1'700'000'000'000;
  event.entry_counter = 0;
  event.outcome = Outcome::approved;
  event.order = {.number = 1,
                 .notional = 1'000_e8,
                 .entry_notional = 1'000_e8,
                 .risk_amount = 20_e8,
                 .opposite_quantity = 0,
                 .fraction = static_cast<SmallRatio>(0.1_e8),
                 .side = side,
                 .closes_whole = 0,
                 .unused = 0};
  return event;
}

Event filled_by(FillSimulator& fill, Event event) {
  fill.on_event(event);
  return event;
}

TEST(FillTest, AnEventWithoutAnOrderGetsNoAnswer) {
  FillSimulator fill(plain_conf());
  Event tick = last_price_of(0, 100_e8);
  tick.fill.status = FillStatus::filled;
  EXPECT_EQ(filled_by(fill, tick).fill.status, FillStatus::none);
  for (const Outcome outcome : {Outcome::none, Outcome::held, Outcome::rejected}) {
    Event signal = approved(Side::buy);
    signal.outcome = outcome;
    EXPECT_EQ(filled_by(fill, signal).fill.status, FillStatus::none);
  }
}

TEST(FillTest, BuysAtTheAskAndSellsAtTheBidOfTheLatestQuote) {
  FillSimulator fill(plain_conf());
  filled_by(fill, quote_of(0, 90_e8, 110_e8));
  filled_by(fill, quote_of(0, 99_e8, 101_e8));
  filled_by(fill, quote_of(1, 1_e8, 2_e8));
  EXPECT_EQ(filled_by(fill, approved(Side::buy)).fill.price, 101_e8);
  EXPECT_EQ(filled_by(fill, approved(Side::sell)).fill.price, 99_e8);
  filled_by(fill, last_price_of(0, 95_e8));
  EXPECT_EQ(filled_by(fill, approved(Side::buy)).fill.price, 95_e8);
}

TEST(FillTest, TheAnswerIsThatOfTheFillModel) {
  DecisionConf conf = plain_conf();
  conf.fill = {};  // uniform, 0.001; fee 0.0004; seed 1
  FillSimulator fill(conf);
  filled_by(fill, last_price_of(0, 100_e8));
  // u = 0.00034523 (fill_model_test.cpp): 100 x 1.00034523 = 100.034523
  // 1,000 / 100.034523 = 9.99654889|1..., x 100.034523 = 999.99999986..., x 0.0004 = 0.3999999999
  const Event buy = filled_by(fill, approved(Side::buy));
  EXPECT_EQ(buy.fill.slippage, 0.00034523_e8);
  EXPECT_EQ(buy.fill.price, 100.034523_e8);
  EXPECT_EQ(buy.fill.quantity, 9.99654889_e8);
  EXPECT_EQ(buy.fill.fee, 0.4_e8);
  EXPECT_EQ(buy.fill.status, FillStatus::filled);
  // 100 x (1 - 0.00034523) = 99.965477
  EXPECT_EQ(filled_by(fill, approved(Side::sell)).fill.price, 99.965477_e8);
}

TEST(FillTest, ASignalsOwnSlippageLimitCountsForItsOrder) {
  DecisionConf conf = plain_conf();
  conf.fill.model = SlippageModel::fixed_bps;
  FillSimulator fill(conf);
  filled_by(fill, last_price_of(0, 100_e8));
  Event signal = approved(Side::buy);
  signal.signal.max_slippage_pct = static_cast<SmallRatio>(0.0002_e8);
  EXPECT_EQ(filled_by(fill, signal).fill.price, 100.02_e8);
}

TEST(FillTest, ACommandHasNoSlippageLimitAndIsKeyedByTimeAndSequence) {
  DecisionConf conf = plain_conf();
  conf.fill = {};
  FillSimulator fill(conf);
  filled_by(fill, last_price_of(0, 100_e8));
  Event command = close_command_of(0);  // where a signal has its limit a command has zeros
  command.sequence = 42;
  command.log_unix_ns = 1'700'000'000'123 * ns_per_ms + 999'999;
  command.outcome = Outcome::command_close;
  command.order = approved(Side::buy).order;
  // seed 1, 1700000000123 and 42: mix >> 32 = 18607840; x 100,000 / 2^32 = 433
  EXPECT_EQ(filled_by(fill, command).fill.slippage, 0.00000433_e8);
}

TEST(FillTest, LotStepsAreThoseOfTheSymbolsTheConfLists) {
  DecisionConf conf = plain_conf();
  conf.lot_steps = {0.001_e8, 1_e8};
  FillSimulator fill(conf);
  for (SymbolId symbol = 0; symbol < 3; ++symbol)
    filled_by(fill, last_price_of(symbol, 3_e8));
  EXPECT_EQ(filled_by(fill, approved(Side::buy, 0)).fill.quantity, 333.333_e8);
  EXPECT_EQ(filled_by(fill, approved(Side::buy, 1)).fill.quantity, 333_e8);
  EXPECT_EQ(filled_by(fill, approved(Side::buy, 2)).fill.quantity, 333.33333333_e8);
}

TEST(FillTest, AnOrderTooSmallForALotIsRejectedButAnswered) {
  DecisionConf conf = plain_conf();
  conf.lot_steps = {1_e8};
  FillSimulator fill(conf);
  filled_by(fill, last_price_of(0, 1'001_e8));
  const Event answered = filled_by(fill, approved(Side::buy));
  EXPECT_EQ(answered.fill.status, FillStatus::rejected);
  EXPECT_EQ(answered.fill.quantity, 0);
  EXPECT_EQ(answered.fill.fee, 0);
  EXPECT_EQ(answered.fill.price, 1'001_e8);
  EXPECT_EQ(FillSimulator::report_of(answered).fill.quantity, 0);
}

TEST(FillTest, ItsPricesWalkWithTheTimers) {
  DecisionConf conf = plain_conf();
  conf.walk = {.seed = 5, .symbol_count = 1};
  conf.walk_prices = {95'000_e8};
  FillSimulator fill(conf);
  EXPECT_EQ(filled_by(fill, approved(Side::buy)).fill.price, 95'000_e8);
  filled_by(fill, timer_of(TimerKind::walk, 1000));
  EXPECT_EQ(filled_by(fill, approved(Side::buy)).fill.price, 94'966.8013_e8);  // market_test.cpp
}

TEST(FillTest, TheReportHasWhatTheBooksNeed) {
  DecisionConf conf = plain_conf();
  conf.fill.taker_fee_pct = 0.001_e8;
  FillSimulator fill(conf);
  filled_by(fill, last_price_of(2, 100_e8));
  Event event = approved(Side::sell, 2);
  event.account = 3;
  const FillReport report = FillSimulator::report_of(filled_by(fill, event));
  EXPECT_EQ(report.sequence, 7U);
  EXPECT_EQ(report.log_unix_ns, midnight_unix_ns);
  EXPECT_EQ(report.fill.account, 3U);
  EXPECT_EQ(report.fill.symbol, 2U);
  EXPECT_EQ(report.fill.side, Side::sell);
  EXPECT_EQ(report.fill.price, 100_e8);
  EXPECT_EQ(report.fill.quantity, 10_e8);
  EXPECT_EQ(report.fill.fee, 1_e8);
}

}  // namespace
}  // namespace coreloop::stages
