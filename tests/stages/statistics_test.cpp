// Counting at the end of the chain: what each kind of event adds, and the balance of it all.
#include "stages/statistics.hpp"

#include <gtest/gtest.h>

#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

// An input as it reaches the observer: MARK has flagged it as the first event of its input.
Event first(Event event) {
  event.is_first = 1;
  return event;
}

Event with_outcome(Event event, Outcome outcome, Reason reason = Reason::none) {
  event.outcome = outcome;
  event.reason = reason;
  return first(event);
}

Event dead_letter(DeadLetterCode code, bool is_tick) {
  Event event = input_of(EventKind::dead_letter);
  event.dead_letter = {.offset = 0, .payload_crc32 = 0, .code = code, .is_tick = is_tick};
  return first(event);
}

Statistics counted(std::initializer_list<Event> events) {
  Statistics statistics;
  for (const Event& event : events)
    statistics.on_event(event);
  return statistics;
}

TEST(StatisticsTest, StartsAtZeroAndBalanced) {
  const Statistics statistics;
  EXPECT_EQ(statistics.inputs, 0U);
  EXPECT_TRUE(statistics.is_balanced());
}

TEST(StatisticsTest, EveryKindOfInputIsCountedOnce) {
  const Statistics statistics =
      counted({first(last_price_of(0, 1_e8)), first(timer_of(TimerKind::walk, 1)),
               first(timer_of(TimerKind::mark, 1)), first(command_of(CommandKind::halt)),
               with_outcome(signal_of(Action::hold, 0), Outcome::held, Reason::hold_signal)});
  EXPECT_EQ(statistics.inputs, 5U);
  EXPECT_EQ(statistics.ticks, 1U);
  EXPECT_EQ(statistics.timers, 2U);
  EXPECT_EQ(statistics.commands, 1U);
  EXPECT_EQ(statistics.signals, 1U);
  EXPECT_EQ(statistics.held, 1U);
  EXPECT_EQ(statistics.executions, 0U);
  EXPECT_TRUE(statistics.is_balanced());
}

TEST(StatisticsTest, DeadLettersAreCountedByStreamAndCode) {
  const Statistics statistics =
      counted({dead_letter(DeadLetterCode::json, false), dead_letter(DeadLetterCode::json, false),
               dead_letter(DeadLetterCode::range, true)});
  EXPECT_EQ(statistics.signals, 2U);
  EXPECT_EQ(statistics.signals_dead_lettered, 2U);
  EXPECT_EQ(statistics.signals_dead_by_code[static_cast<std::size_t>(DeadLetterCode::json)], 2U);
  EXPECT_EQ(statistics.ticks, 1U);
  EXPECT_EQ(statistics.ticks_dead_lettered, 1U);
  EXPECT_EQ(statistics.ticks_dead_by_code[static_cast<std::size_t>(DeadLetterCode::range)], 1U);
  EXPECT_EQ(statistics.signals_dead_by_code[static_cast<std::size_t>(DeadLetterCode::range)], 0U);
  EXPECT_TRUE(statistics.is_balanced());
}

TEST(StatisticsTest, RejectionsAreCountedByReason) {
  for (std::size_t i = 2; i < reason_count; ++i) {
    const auto reason = static_cast<Reason>(i);
    const Statistics statistics =
        counted({with_outcome(signal_of(Action::buy, 0), Outcome::rejected, reason)});
    EXPECT_EQ(statistics.rejected, 1U);
    EXPECT_EQ(statistics.rejected_by_reason[i], 1U) << name_of(reason);
    EXPECT_EQ(statistics.executions, 0U);
    EXPECT_TRUE(statistics.is_balanced());
  }
}

Event executed(Event event, Outcome outcome, Money notional, Money fee, Ratio slippage) {
  event.fill = {.price = 1_e8,
                .quantity = notional,
                .notional = notional,
                .fee = fee,
                .slippage = static_cast<SmallRatio>(slippage),
                .status = notional == 0 ? FillStatus::rejected : FillStatus::filled,
                .unused = {}};
  return with_outcome(event, outcome);
}

TEST(StatisticsTest, ExecutionsAddUpVolumeFeesAndSlippage) {
  const Event signal = signal_of(Action::buy, 0);
  const Statistics statistics =
      counted({executed(signal, Outcome::approved, 1'000_e8, 0.4_e8, 0.0003_e8),
               executed(close_command_of(0), Outcome::command_close, 500_e8, 0.2_e8, 0.0001_e8),
               executed(signal, Outcome::approved, 0, 0, 0.0002_e8)});
  EXPECT_EQ(statistics.approved, 2U);
  EXPECT_EQ(statistics.command_closes, 1U);
  EXPECT_EQ(statistics.commands, 1U);
  EXPECT_EQ(statistics.executions, 3U);
  EXPECT_EQ(statistics.executions_rejected, 1U);
  EXPECT_EQ(statistics.volume, 1'500_e8);
  EXPECT_EQ(statistics.fees, 0.6_e8);
  EXPECT_EQ(statistics.slippage_sum, 0.0006_e8);
  EXPECT_TRUE(statistics.is_balanced());
}

TEST(StatisticsTest, ConfidenceIsSummedOverWellFormedSignalsWhateverTheirOutcome) {
  const Event signal = signal_of(Action::buy, 0);  // 0.9
  const Statistics statistics = counted({with_outcome(signal, Outcome::held, Reason::hold_signal),
                                         with_outcome(signal, Outcome::rejected, Reason::size_zero),
                                         executed(signal, Outcome::approved, 1_e8, 0, 0),
                                         dead_letter(DeadLetterCode::json, false)});
  EXPECT_EQ(statistics.confidence_sum, 2.7_e8);
  EXPECT_EQ(statistics.signals, 4U);
}

TEST(StatisticsTest, LaterEventsOfAnInputCountAsUpdatesOnly) {
  Event flip = executed(signal_of(Action::sell, 0), Outcome::approved, 1_e8, 0, 0);
  flip.position_side = PositionSide::closed;
  Event opening = flip;
  opening.is_first = 0;
  opening.position_side = PositionSide::short_side;
  const Statistics statistics = counted({flip, opening});
  EXPECT_EQ(statistics.inputs, 1U);
  EXPECT_EQ(statistics.approved, 1U);
  EXPECT_EQ(statistics.executions, 1U);
  EXPECT_EQ(statistics.position_updates, 2U);
}

TEST(StatisticsTest, SumsGoBeyond64Bits) {
  const Event huge =
      executed(signal_of(Action::buy, 0), Outcome::approved, amount_max, amount_max, 0);
  const Statistics statistics = counted({huge, huge, huge});
  EXPECT_EQ(statistics.volume, 3 * Int128{amount_max});
  EXPECT_EQ(statistics.fees, 3 * Int128{amount_max});
}

TEST(StatisticsTest, RemembersTheLastInput) {
  Event event = first(last_price_of(0, 1_e8));
  event.sequence = 9;
  event.log_unix_ns = 10;
  EXPECT_EQ(counted({event}).last_sequence, 9U);
  EXPECT_EQ(counted({event}).last_log_unix_ns, 10);
}

TEST(StatisticsTest, SaysWhenTheCountsDoNotBalance) {
  Statistics statistics = counted({with_outcome(signal_of(Action::hold, 0), Outcome::held)});
  statistics.held = 0;
  EXPECT_FALSE(statistics.is_balanced());
  statistics = counted({executed(signal_of(Action::buy, 0), Outcome::approved, 1_e8, 0, 0)});
  ++statistics.executions;
  EXPECT_FALSE(statistics.is_balanced());
}

}  // namespace
}  // namespace coreloop::stages
