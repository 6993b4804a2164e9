// Whether a replay leads to what stands in Redis: every way in which the last id found there can
// lie to the ids that the replay makes.
#include "io/redis/recovery_check.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

using Step = RecoveryCheck::Step;
using End = RecoveryCheck::End;

constexpr EntryId base{10, 4};

class RecoveryCheckTest : public testing::Test {
 protected:
  // The replay makes 5, 6 and 7.
  std::array<Step, 3> replay() {
    return {check_.on_made({20, 5}), check_.on_made({20, 6}), check_.on_made({30, 7})};
  }

  RecoveryCheck check_;
};

TEST_F(RecoveryCheckTest, EverythingIsThere) {
  check_.begin(base, {30, 7});
  EXPECT_EQ(replay(), (std::array{Step::there, Step::there, Step::there}));
  EXPECT_EQ(check_.end(base), End::met);
}

TEST_F(RecoveryCheckTest, TheLastOnesAreNot) {
  check_.begin(base, {20, 5});
  EXPECT_EQ(replay(), (std::array{Step::there, Step::new_one, Step::new_one}));
  EXPECT_EQ(check_.end(base), End::met);
}

TEST_F(RecoveryCheckTest, NothingIsBehindTheBase) {
  check_.begin(base, base);
  EXPECT_EQ(replay(), (std::array{Step::new_one, Step::new_one, Step::new_one}));
  EXPECT_EQ(check_.end(base), End::met);
}

TEST_F(RecoveryCheckTest, TheStreamIsGone) {
  EXPECT_EQ(replay(), (std::array{Step::new_one, Step::new_one, Step::new_one}));
  EXPECT_EQ(check_.end(base), End::met);
}

TEST_F(RecoveryCheckTest, AnIdBetweenOursIsAStrangers) {
  check_.begin(base, {20, 7});
  EXPECT_EQ(replay(), (std::array{Step::there, Step::there, Step::stranger}));
  EXPECT_EQ(check_.end(base), End::stranger);
}

TEST_F(RecoveryCheckTest, AnIdThatWouldBeOursIfThereWereMoreInputs) {
  check_.begin(base, {31, 9});
  EXPECT_EQ(replay(), (std::array{Step::there, Step::there, Step::there}));
  EXPECT_EQ(check_.end(base), End::behind);
}

TEST_F(RecoveryCheckTest, AnIdAboveAllThatIsNotNumberedAsOursIsAStrangers) {
  check_.begin(base, {99, 0});
  static_cast<void>(replay());
  EXPECT_EQ(check_.end(base), End::stranger);
}

TEST_F(RecoveryCheckTest, WithoutOutputsTheBaseIsTheLast) {
  check_.begin(base, {11, 5});
  EXPECT_EQ(check_.end(base), End::behind);
  check_.begin(base, {11, 0});
  EXPECT_EQ(check_.end(base), End::stranger);
}

// A connection that was lost while the replay went on.
TEST_F(RecoveryCheckTest, ALaterLookFindsWhatTheReplayHasMade) {
  check_.begin(base, {20, 5});
  static_cast<void>(check_.on_made({20, 5}));
  static_cast<void>(check_.on_made({20, 6}));
  check_.begin(base, {20, 6});
  EXPECT_EQ(check_.on_made({30, 7}), Step::new_one);
  EXPECT_EQ(check_.end(base), End::met);
}

// Somebody took over what stood behind ours: 6 and 7 are of inputs that are gone.
TEST_F(RecoveryCheckTest, WhatWasTakenOverNeedNotBeMadeAgain) {
  check_.begin(base, {30, 7});
  EXPECT_EQ(check_.on_made({20, 5}), Step::there);
  EXPECT_EQ(check_.on_adopted(base, {30, 7}), 0U);
  EXPECT_EQ(check_.end(base), End::met);
  EXPECT_EQ(check_.on_made({31, 8}), Step::new_one);
  EXPECT_EQ(check_.end(base), End::met);
}

TEST_F(RecoveryCheckTest, TheEndMayLieAboveWhatWasTakenOver) {
  check_.begin(base, {31, 8});
  EXPECT_EQ(check_.on_adopted(base, {30, 7}), 0U);
  EXPECT_EQ(check_.on_made({31, 8}), Step::there);
  EXPECT_EQ(check_.on_made({31, 9}), Step::new_one);
  EXPECT_EQ(check_.end(base), End::met);
}

TEST_F(RecoveryCheckTest, WhatWasTakenOverAndIsGoneIsCounted) {
  EXPECT_EQ(check_.on_made({20, 5}), Step::new_one);
  EXPECT_EQ(check_.on_adopted(base, {30, 7}), 2U) << "the stream is gone";
  check_ = {};
  EXPECT_EQ(check_.on_adopted(base, {30, 7}), 3U) << "and nothing was made before";
  check_ = {};
  check_.begin(base, {20, 6});
  EXPECT_EQ(check_.on_made({20, 5}), Step::there);
  EXPECT_EQ(check_.on_adopted(base, {30, 7}), 1U) << "it ends among what was taken over";
  EXPECT_EQ(check_.on_made({31, 8}), Step::new_one);
  EXPECT_EQ(check_.end(base), End::met);
}

TEST_F(RecoveryCheckTest, AStrangersIdStaysOne) {
  check_.begin(base, {20, 7});
  EXPECT_EQ(check_.on_made({20, 5}), Step::there);
  EXPECT_EQ(check_.on_made({20, 6}), Step::there);
  EXPECT_EQ(check_.on_adopted(base, {20, 6}), 0U);
  EXPECT_EQ(check_.on_made({30, 7}), Step::stranger);
}

}  // namespace
}  // namespace coreloop::io
