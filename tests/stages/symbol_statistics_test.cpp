// Counting by symbol, the mean of the last confidences, and what a reset sets to zero.
#include "stages/symbol_statistics.hpp"

#include <gtest/gtest.h>

#include "stages/holding_times.hpp"
#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

Event first(Event event) {
  event.is_first = 1;
  return event;
}

Event approved(SymbolId symbol, Side side) {
  Event event = first(signal_of(side == Side::buy ? Action::buy : Action::sell, symbol));
  event.outcome = Outcome::approved;
  event.order.side = side;
  return event;
}

TEST(SymbolStatisticsTest, CountsEachOutcomeUnderItsSymbol) {
  SymbolStatistics statistics;
  Event rejected = first(signal_of(Action::hold, 1));
  rejected.outcome = Outcome::rejected;
  Event close = first(close_command_of(1));
  close.outcome = Outcome::command_close;
  close.order.side = Side::sell;
  close.position_side = PositionSide::closed;
  close.position_symbol = 1;
  for (const Event& event : {approved(0, Side::buy), rejected, close})
    statistics.on_event(event);
  EXPECT_EQ(statistics.symbols[0].signals, (std::array<std::uint64_t, 4>{1, 0, 0, 0}));
  EXPECT_EQ(statistics.symbols[0].approvals, (std::array<std::uint64_t, 2>{1, 0}));
  EXPECT_EQ(statistics.symbols[0].executions, (std::array<std::uint64_t, 2>{1, 0}));
  EXPECT_EQ(statistics.symbols[1].signals, (std::array<std::uint64_t, 4>{0, 0, 1, 0}));
  EXPECT_EQ(statistics.symbols[1].rejections, 1U);
  EXPECT_EQ(statistics.symbols[1].executions, (std::array<std::uint64_t, 2>{0, 1}));
  EXPECT_EQ(statistics.symbols[1].position_updates, (std::array<std::uint64_t, 3>{0, 0, 1}));
}

TEST(SymbolStatisticsTest, CountsOnlyPositionUpdatesOfLaterEventsOfAnInput) {
  SymbolStatistics statistics;
  Event event = approved(0, Side::buy);
  event.position_side = PositionSide::long_side;
  event.position_symbol = 0;
  statistics.on_event(event);
  event.is_first = 0;
  event.position_side = PositionSide::short_side;
  statistics.on_event(event);
  EXPECT_EQ(statistics.symbols[0].approvals[0], 1U);
  EXPECT_EQ(statistics.symbols[0].position_updates, (std::array<std::uint64_t, 3>{1, 1, 0}));
}

TEST(SymbolStatisticsTest, SymbolsBeyondTheTableAndUnknownOnesShareARow) {
  SymbolStatistics statistics;
  for (const SymbolId symbol : {SymbolStatistics::symbols_max - 1, SymbolStatistics::symbols_max,
                                SymbolStatistics::symbols_max + 1'000, no_id})
    statistics.on_event(first(signal_of(Action::buy, symbol)));
  EXPECT_EQ(statistics.symbols[SymbolStatistics::symbols_max - 1].signals[0], 1U);
  EXPECT_EQ(statistics.symbols[SymbolStatistics::symbols_max].signals[0], 3U);
}

TEST(SymbolStatisticsTest, MeansTheLastHundredConfidences) {
  SymbolStatistics statistics;
  EXPECT_EQ(statistics.mean_confidence(), 0);
  Event event = first(signal_of(Action::buy, 0));
  event.signal.confidence = static_cast<SmallRatio>(0.2_e8);
  for (int i = 0; i < 50; ++i)
    statistics.on_event(event);
  EXPECT_EQ(statistics.mean_confidence(), 0.2_e8);
  event.signal.confidence = static_cast<SmallRatio>(0.8_e8);
  event.log_unix_ns = 77;
  for (int i = 0; i < 75; ++i)
    statistics.on_event(event);
  EXPECT_EQ(statistics.mean_confidence(), 0.65_e8) << "25 of 0.2 and 75 of 0.8";
  EXPECT_EQ(statistics.last_signal_unix_ns, 77);
}

TEST(SymbolStatisticsTest, AResetKeepsTheStatisticsAsTheyStood) {
  Statistics statistics;
  statistics.signals = 5;
  ResetMarks marks;
  Event reset = command_of(CommandKind::reset);
  reset.command.service = 1;
  marks.on_event(reset, statistics);
  EXPECT_EQ(marks.risk.signals, 5U);
  EXPECT_EQ(marks.execution.signals, 0U);
  statistics.signals = 6;
  reset.command.service = 0;
  marks.on_event(reset, statistics);
  EXPECT_EQ(marks.risk.signals, 6U);
  EXPECT_EQ(marks.execution.signals, 6U);
  statistics.signals = 7;
  marks.on_event(command_of(CommandKind::halt), statistics);
  EXPECT_EQ(marks.risk.signals, 6U);
}

TEST(HoldingTimesTest, AddsEachDurationToTheStepItFitsInto) {
  HoldingTimes times;
  for (const std::int64_t minutes : {std::int64_t{1}, std::int64_t{2}, std::int64_t{2'000}})
    times.add(minutes * ns_per_minute);
  EXPECT_EQ(times.counts.front(), 1U) << "a step's end belongs to it";
  EXPECT_EQ(times.counts[1], 1U);
  EXPECT_EQ(times.counts.back(), 1U);
  EXPECT_EQ(times.sum_ns, 2'003 * Int128{ns_per_minute});
}

TEST(HoldingTimesTest, APositionIsHeldFromFlatToFlat) {
  TradingDesk desk(plain_conf());
  desk.send(last_price_of(0, 100_e8));
  const std::int64_t opened_unix_ns = desk.now_unix_ns;
  const Event opening = desk.send(signal_of(Action::buy, 0));
  desk.now_unix_ns += 3 * ns_per_minute;
  desk.send(signal_of(Action::buy, 0));
  EXPECT_EQ(desk.position(0).opened_unix_ns, opened_unix_ns) << "adding opens nothing";
  EXPECT_EQ(desk.position(0).opening_order, opening.order.number);
  EXPECT_EQ(desk.mark.holding_times().sum_ns, 0);
  desk.now_unix_ns += ns_per_minute;
  desk.send(close_command_of(0));
  EXPECT_EQ(desk.mark.holding_times().sum_ns, 4 * Int128{ns_per_minute});
  desk.now_unix_ns += ns_per_minute;
  const Event again = desk.send(signal_of(Action::sell, 0));
  EXPECT_EQ(desk.position(0).opened_unix_ns, desk.now_unix_ns);
  EXPECT_EQ(desk.position(0).opening_order, again.order.number);
}

TEST(HoldingTimesTest, AFlipEndsOneCycleAndBeginsTheNext) {
  DecisionConf conf = plain_conf();
  conf.risk.on_opposite = OnOpposite::reverse;
  TradingDesk desk(conf);
  desk.send(last_price_of(0, 100_e8));
  desk.send(signal_of(Action::buy, 0));
  desk.now_unix_ns += 7 * ns_per_minute;
  const Event flip = desk.send(signal_of(Action::sell, 0));
  EXPECT_EQ(desk.mark.holding_times().counts[2], 1U);
  EXPECT_LT(desk.position(0).quantity, 0);
  EXPECT_EQ(desk.position(0).opened_unix_ns, desk.now_unix_ns);
  EXPECT_EQ(desk.position(0).opening_order, flip.order.number);
}

}  // namespace
}  // namespace coreloop::stages
