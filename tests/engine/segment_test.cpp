// Segment: one slot, stages in order, retry keeps its place, more comes back to the same stage.
#include "engine/segment.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace coreloop::engine {
namespace {

struct Message {
  int number = 0;
  int part = 0;
};

struct Numbers {
  int last = 0;
  int next = 0;
  Progress on_poll(Message& message) noexcept {
    if (next == last) return Progress::finished;
    message = {++next, 0};
    return Progress::forwarded;
  }
};

struct Pass {
  int refusals = 0;
  Progress on_message(Message&) noexcept {
    return refusals-- > 0 ? Progress::retry : Progress::forwarded;
  }
};

// Says `parts` things about each message.
struct Split {
  int parts = 1;
  int at = 0;
  Progress on_message(Message& message) noexcept {
    message.part = ++at;
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
    seen.push_back(std::to_string(message.number) + "." + std::to_string(message.part));
    return Progress::absorbed;
  }
};

TEST(SegmentTest, MovesOneInputThroughAllStagesInOneStep) {
  Numbers source{2};
  Pass pass;
  Collect sink;
  Segment<Message, Numbers, Pass, Collect> segment(source, pass, sink);
  EXPECT_EQ(segment.step(), StepResult::worked);
  EXPECT_EQ(sink.seen, (std::vector<std::string>{"1.0"}));
  EXPECT_EQ(segment.step(), StepResult::worked);
  EXPECT_EQ(segment.step(), StepResult::finished);
}

TEST(SegmentTest, KeepsTheMessageAtAStageThatRetriesAndTakesNoNewInput) {
  Numbers source{2};
  Pass pass{2};
  Collect sink;
  Segment<Message, Numbers, Pass, Collect> segment(source, pass, sink);
  EXPECT_EQ(segment.step(), StepResult::blocked);
  EXPECT_TRUE(segment.holds_message());
  EXPECT_EQ(segment.step(), StepResult::blocked);
  EXPECT_EQ(source.next, 1);
  EXPECT_EQ(segment.step(), StepResult::worked);
  EXPECT_EQ(sink.seen, (std::vector<std::string>{"1.0"}));
}

TEST(SegmentTest, ComesBackToAStageThatHasMoreBeforeTheNextInput) {
  Numbers source{2};
  Split split{3};
  Collect sink;
  Segment<Message, Numbers, Split, Collect> segment(source, split, sink);
  while (segment.step() != StepResult::finished) {
  }
  EXPECT_EQ(sink.seen, (std::vector<std::string>{"1.1", "1.2", "1.3", "2.1", "2.2", "2.3"}));
}

TEST(SegmentTest, TwoStagesWithMoreKeepTheOrderOfOutputs) {
  Numbers source{1};
  Split outer{2};
  Split inner{2};
  Collect sink;
  Segment<Message, Numbers, Split, Split, Collect> segment(source, outer, inner, sink);
  while (segment.step() != StepResult::finished) {
  }
  // Each message of the outer stage is split in two by the inner one before the outer one goes on.
  EXPECT_EQ(sink.seen, (std::vector<std::string>{"1.1", "1.2", "1.1", "1.2"}));
}

TEST(SegmentTest, ASinkThatRetriesInTheMiddleOfManyOutputsLosesNone) {
  Numbers source{1};
  Split split{3};
  Collect sink;
  Segment<Message, Numbers, Split, Collect> segment(source, split, sink);
  sink.refusals = 1;
  EXPECT_EQ(segment.step(), StepResult::worked);  // split said its first part, the sink refused it
  EXPECT_TRUE(segment.holds_message());
  EXPECT_EQ(segment.step(), StepResult::worked);
  EXPECT_EQ(sink.seen, (std::vector<std::string>{"1.1", "1.2", "1.3"}));
}

}  // namespace
}  // namespace coreloop::engine
