// Every answer of judge_input, with the story that leads to it.
#include "io/redis/input_verdict.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

// Read up to 100-0, remembered above 50-0; the stream holds 60-0 to 100-0.
InputFindings as_left() {
  InputFindings found;
  found.key_exists = true;
  found.info = {.length = 41,
                .last_generated_id = {100, 0},
                .entries_added = 100,
                .counts_entries = true,
                .first_id = {60, 0}};
  found.cursor = {100, 0};
  found.boundary = {50, 0};
  found.newest = HeldEntry::known;
  found.boundary_is_held = true;
  return found;
}

TEST(InputVerdictTest, AsItWasLeftItIsReadOn) {
  InputFindings found = as_left();
  EXPECT_EQ(judge_input(found), InputVerdict::go_on);
  found.info.last_generated_id = {120, 0};
  EXPECT_EQ(judge_input(found), InputVerdict::go_on);
}

TEST(InputVerdictTest, AllThatWasReadIsTrimmedOrDeleted) {
  InputFindings found = as_left();
  found.info.last_generated_id = {120, 0};
  found.info.first_id = {110, 0};
  found.newest = HeldEntry::none;
  found.boundary_is_held = false;
  EXPECT_EQ(judge_input(found), InputVerdict::go_on);
}

TEST(InputVerdictTest, AKeyThatIsGoneIsWaitedFor) {
  InputFindings found;
  found.cursor = {100, 0};
  EXPECT_EQ(judge_input(found), InputVerdict::go_on);
}

TEST(InputVerdictTest, EmptiedAndItsIdsWentBack) {
  InputFindings found = as_left();
  found.info.length = 0;
  found.info.first_id = {};
  found.newest = HeldEntry::none;
  found.boundary_is_held = false;
  EXPECT_EQ(judge_input(found), InputVerdict::go_on);
  found.info.last_generated_id = {90, 0};
  EXPECT_EQ(judge_input(found), InputVerdict::read_end);
}

TEST(InputVerdictTest, AnOlderCopyHoldsNothingNew) {
  InputFindings found = as_left();
  found.info.last_generated_id = {90, 0};
  EXPECT_EQ(judge_input(found), InputVerdict::read_all) << "nothing is below the boundary";
  found.info.first_id = {10, 0};
  EXPECT_EQ(judge_input(found), InputVerdict::read_end);
}

TEST(InputVerdictTest, AnOlderCopyWithNewEntries) {
  InputFindings found = as_left();
  found.info.first_id = {10, 0};
  found.newest = HeldEntry::unknown;
  EXPECT_EQ(judge_input(found), InputVerdict::read_known);
  found.info.last_generated_id = {95, 0};
  EXPECT_EQ(judge_input(found), InputVerdict::read_known);
}

TEST(InputVerdictTest, AnOlderCopyThatHasGrownPastTheCursor) {
  InputFindings found = as_left();
  found.info = {.length = 20,
                .last_generated_id = {120, 0},
                .entries_added = 98,
                .counts_entries = true,
                .first_id = {10, 0}};
  found.lacks_entries = true;
  EXPECT_EQ(judge_input(found), InputVerdict::go_on) << "all up to the cursor is still there";
  found.newest = HeldEntry::unknown;
  EXPECT_EQ(judge_input(found), InputVerdict::read_known);
  found.newest = HeldEntry::none;
  found.boundary_is_held = false;
  EXPECT_EQ(judge_input(found), InputVerdict::unclear) << "nothing that is remembered is there";
}

TEST(InputVerdictTest, MadeAgainWhileConnected) {
  InputFindings found = as_left();
  found.info.first_id = {1, 1};
  found.newest = HeldEntry::known;  // the newest has been read since
  found.lacks_entries = true;
  found.was_confirmed = true;
  EXPECT_EQ(judge_input(found), InputVerdict::read_all);
  found.newest = HeldEntry::none;  // with smaller ids only
  found.boundary_is_held = false;
  found.info.last_generated_id = {1, 1};
  EXPECT_EQ(judge_input(found), InputVerdict::read_all);
}

TEST(InputVerdictTest, MadeAgainWhileNobodyLooked) {
  InputFindings found = as_left();
  found.info.first_id = {1, 1};
  found.info.last_generated_id = {1, 1};
  found.lacks_entries = true;
  found.newest = HeldEntry::unknown;
  found.boundary_is_held = false;
  EXPECT_EQ(judge_input(found), InputVerdict::unclear) << "it could be a copy of long ago";
  found.boundary = {};
  EXPECT_EQ(judge_input(found), InputVerdict::read_all);
}

TEST(InputVerdictTest, WhatStandsBelowTheBoundaryIsNotGuessedAt) {
  InputFindings found = as_left();
  found.info.first_id = {10, 0};
  found.info.last_generated_id = {40, 0};
  found.newest = HeldEntry::none;
  found.boundary_is_held = false;
  EXPECT_EQ(judge_input(found), InputVerdict::unclear);
  found.info.last_generated_id = {95, 0};
  found.newest = HeldEntry::unknown;
  EXPECT_EQ(judge_input(found), InputVerdict::unclear);
}

}  // namespace
}  // namespace coreloop::io
