// StageLoop: stages in order, retry keeps its place, more comes back to the same stage, room before
// input, rings between loops, regimes, and what a sleeping thread is told.
#include "engine/stage_loop.hpp"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/waker.hpp"

namespace coreloop::engine {
namespace {

struct Message {
  std::uint64_t sequence = 0;
  Trace trace;
  int part = 0;
};

struct Numbers {
  std::uint64_t last = 0;
  std::uint64_t next = 0;
  int pauses = 0;
  Progress on_poll(Message& message) noexcept {
    if (pauses > 0) {
      --pauses;
      return Progress::idle;
    }
    if (next == last) return Progress::finished;
    message = {++next, {}, 0};
    return Progress::forwarded;
  }
};

struct Pass {
  int refusals = 0;
  bool answers_can_take = true;
  Progress on_message(Message&) noexcept {
    return refusals-- > 0 ? Progress::retry : Progress::forwarded;
  }
  [[nodiscard]] bool can_take() const noexcept { return answers_can_take; }
};

// Says `parts` things about each message.
struct Split {
  int parts = 1;
  int at = 0;
  Progress on_message(Message& message) noexcept {
    message.part = message.part * 10 + ++at;
    if (at < parts) return Progress::more;
    at = 0;
    return Progress::forwarded;
  }
};

struct Collect {
  std::vector<std::string> seen;
  int refusals = 0;
  Progress on_message(Message& message) noexcept {
    if (refusals-- > 0) return Progress::retry;
    seen.push_back(std::to_string(message.sequence) + "." + std::to_string(message.part));
    return Progress::absorbed;
  }
};

using Chain = StageChain<Message, Numbers, Pass, Split, Collect>;
using Loop = StageLoop<Chain, 8>;
using MessageRing = Ring<Message, 8>;

// A chain of four stages and its loops, cut where a test says.
struct Bench {
  explicit Bench(std::uint64_t messages) : source{messages} {}

  Numbers source;
  Pass pass;
  Split split;
  Collect sink;
  Chain chain{source, {pass, split, sink}, TscClock{}, {}, {}};
};

using Texts = std::vector<std::string>;

TEST(StageLoopTest, MovesOneInputThroughAllItsStagesInOneTurn) {
  Bench bench(2);
  Loop loop(bench.chain, 0, 3, nullptr, nullptr);
  EXPECT_EQ(loop.step(), StepResult::worked);
  EXPECT_EQ(bench.sink.seen, (Texts{"1.1"}));
  EXPECT_EQ(loop.step(), StepResult::worked);
  EXPECT_EQ(loop.step(), StepResult::finished);
  EXPECT_EQ(loop.step(), StepResult::finished);
  EXPECT_EQ(loop.counters().messages_in.get(), 2U);
}

TEST(StageLoopTest, KeepsTheMessageAtAStageThatRetriesAndTakesNoNewInput) {
  Bench bench(2);
  bench.pass.refusals = 2;
  Loop loop(bench.chain, 0, 3, nullptr, nullptr);
  EXPECT_EQ(loop.step(), StepResult::blocked);
  EXPECT_TRUE(loop.holds_message());
  EXPECT_EQ(loop.step(), StepResult::blocked);
  EXPECT_EQ(bench.source.next, 1U);
  EXPECT_EQ(loop.step(), StepResult::worked);
  EXPECT_EQ(bench.sink.seen, (Texts{"1.1"}));
}

TEST(StageLoopTest, ComesBackToAStageThatHasMoreBeforeTheNextInput) {
  Bench bench(2);
  bench.split.parts = 3;
  Loop loop(bench.chain, 0, 3, nullptr, nullptr);
  while (loop.step() != StepResult::finished) {
  }
  EXPECT_EQ(bench.sink.seen.size(), 6U);
  EXPECT_EQ(bench.sink.seen.front(), "1.1");
  EXPECT_EQ(bench.sink.seen[3].substr(0, 2), "2.");
}

TEST(StageLoopTest, ASinkThatRetriesInTheMiddleOfManyOutputsLosesNone) {
  Bench bench(1);
  bench.split.parts = 3;
  bench.sink.refusals = 1;
  Loop loop(bench.chain, 0, 3, nullptr, nullptr);
  EXPECT_EQ(loop.step(), StepResult::worked);  // split said its first part, the sink refused it
  EXPECT_TRUE(loop.holds_message());
  EXPECT_EQ(loop.step(), StepResult::worked);
  EXPECT_EQ(bench.sink.seen.size(), 3U);
}

TEST(StageLoopTest, TakesNoInputBeforeThereIsRoomDownstream) {
  Bench bench(9);
  MessageRing ring(2);
  Loop head(bench.chain, 0, 1, nullptr, &ring);
  EXPECT_EQ(head.step(), StepResult::worked);
  EXPECT_EQ(head.step(), StepResult::worked);
  EXPECT_EQ(head.step(), StepResult::blocked);
  EXPECT_FALSE(head.holds_message());
  EXPECT_EQ(bench.source.next, 2U);
  EXPECT_FALSE(head.has_work());
  Loop tail(bench.chain, 2, 3, &ring, nullptr);
  EXPECT_EQ(tail.step(), StepResult::worked);
  EXPECT_TRUE(head.has_work());
  EXPECT_EQ(head.step(), StepResult::worked);
  EXPECT_EQ(bench.source.next, 3U);
}

TEST(StageLoopTest, ManyPartsOfOneInputPassThroughARingOfTwo) {
  Bench bench(2);
  bench.split.parts = 5;
  MessageRing ring(2);
  Loop head(bench.chain, 0, 2, nullptr, &ring);
  Loop tail(bench.chain, 3, 3, &ring, nullptr);
  for (int turns = 0; turns < 100 && tail.step() != StepResult::finished; ++turns)
    head.step();
  EXPECT_EQ(bench.sink.seen.size(), 10U);
  EXPECT_EQ(head.counters().messages_out.get(), tail.counters().messages_in.get());
}

TEST(StageLoopTest, TheEndTravelsDownTheRingsBehindTheLastMessage) {
  Bench bench(1);
  MessageRing first(2);
  MessageRing second(2);
  Loop head(bench.chain, 0, 0, nullptr, &first);
  Loop middle(bench.chain, 1, 2, &first, &second);
  Loop tail(bench.chain, 3, 3, &second, nullptr);
  EXPECT_EQ(middle.step(), StepResult::idle);
  EXPECT_EQ(head.step(), StepResult::worked);
  EXPECT_EQ(head.step(), StepResult::finished);
  EXPECT_EQ(tail.step(), StepResult::idle);
  EXPECT_EQ(middle.step(), StepResult::worked);
  EXPECT_EQ(middle.step(), StepResult::finished);
  EXPECT_EQ(tail.step(), StepResult::worked);
  EXPECT_EQ(tail.step(), StepResult::finished);
  EXPECT_EQ(bench.sink.seen, (Texts{"1.1"}));
}

TEST(StageLoopTest, AStoppedSourceGivesNothingMoreButWhatIsHeldGoesOn) {
  Bench bench(5);
  bench.pass.refusals = 1;
  Loop loop(bench.chain, 0, 3, nullptr, nullptr);
  EXPECT_EQ(loop.step(), StepResult::blocked);
  loop.stop_source();
  EXPECT_EQ(loop.step(), StepResult::worked);
  EXPECT_EQ(loop.step(), StepResult::finished);
  EXPECT_EQ(bench.sink.seen, (Texts{"1.1"}));
}

TEST(StageLoopTest, TellsASleeperWhetherATurnCouldDoSomething) {
  Bench bench(3);
  MessageRing ring(2);
  Loop head(bench.chain, 0, 0, nullptr, &ring);
  Loop tail(bench.chain, 1, 3, &ring, nullptr);
  EXPECT_FALSE(tail.has_work());
  head.step();
  EXPECT_TRUE(tail.has_work());
  bench.pass.refusals = 1;
  bench.pass.answers_can_take = false;
  EXPECT_EQ(tail.step(), StepResult::blocked);
  EXPECT_FALSE(tail.has_work()) << "the stage says its wait is not over";
  EXPECT_FALSE(tail.waits_for_the_world());
  bench.pass.answers_can_take = true;
  EXPECT_TRUE(tail.has_work());
  EXPECT_TRUE(head.waits_for_the_world());
}

TEST(StageLoopTest, ChargesEveryTickToOneRegime) {
  Bench bench(2);
  bench.source.pauses = 1;
  bench.pass.refusals = 1;
  Loop loop(bench.chain, 0, 3, nullptr, nullptr);
  const std::uint64_t before = loop.last_turn_tsc();
  EXPECT_EQ(loop.step(), StepResult::idle);
  EXPECT_EQ(loop.step(), StepResult::blocked);
  EXPECT_EQ(loop.step(), StepResult::worked);
  loop.charge_housekeeping();
  std::uint64_t charged = 0;
  for (const Counter& regime : loop.counters().regime_tsc)
    charged += regime.get();
  EXPECT_EQ(charged, loop.last_turn_tsc() - before);
  EXPECT_EQ(loop.counters().backpressure_entered.get(), 1U);
  for (const Counter& regime : loop.counters().regime_tsc)
    EXPECT_GT(regime.get(), 0U);
}

TEST(StageLoopTest, ASleepIsNoPartOfWhatTheMessageBehindItTook) {
  Bench bench(sampling_interval);
  Loop loop(bench.chain, 0, 3, nullptr, nullptr);
  while (bench.source.next < sampling_interval - 1)
    EXPECT_EQ(loop.step(), StepResult::worked);
  bench.source.pauses = 1;
  const std::uint64_t processing_before =
      loop.counters().regime_tsc[static_cast<std::size_t>(Regime::processing)].get();
  EXPECT_EQ(loop.step(), StepResult::idle);
  Waker waker;
  waker.announce();
  waker.sleep(50'000'000);
  loop.charge_sleep(StepResult::idle, waker.since_awake_ns());
  EXPECT_EQ(loop.step(), StepResult::worked);

  const auto ns_of = [&](Regime regime) {
    return bench.chain.clock.to_ns(
        loop.counters().regime_tsc[static_cast<std::size_t>(regime)].get());
  };
  const std::uint64_t caught_up_ns = ns_of(Regime::caught_up);
  EXPECT_GE(caught_up_ns, 49'000'000U);
  EXPECT_LT(ns_of(Regime::processing) - bench.chain.clock.to_ns(processing_before), caught_up_ns);
  HistogramCopy end_to_end;
  bench.chain.end_to_end.copy_to(end_to_end);
  EXPECT_EQ(end_to_end.count(), 1U);
  EXPECT_LT(end_to_end.max_ns(), caught_up_ns);
}

}  // namespace
}  // namespace coreloop::engine
