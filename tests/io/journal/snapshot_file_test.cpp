// A snapshot comes back as it was written or not at all, and what it replaces goes only then.
#include "io/journal/snapshot_file.hpp"

#include <cerrno>
#include <filesystem>

#include <gtest/gtest.h>

#include "io/journal/record_writer.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

namespace fs = std::filesystem;

Snapshot snapshot_of(std::uint64_t sequence, std::uint64_t segment_id = 1) {
  Snapshot snapshot;
  snapshot.journal.conf = {{"engine.seed", "1"}, {"risk.on_opposite", "\"net\""}};
  snapshot.journal.starts = {{"signals", {5, 1}}, {"outputs", {0, 0}}};
  snapshot.journal.skipped = {{5, "INC-12"}, {12'345'678'901, ""}};
  snapshot.journal.cursors = {{"signals", {{9, 2}, 17}}, {"outputs", {}}};
  snapshot.journal.last_sequence = sequence;
  snapshot.journal.last_log_unix_ns = 1'768'212'000'000'000'000;
  snapshot.journal.build = "the build";
  snapshot.journal.end = {segment_id, 4'096, sequence + 3};
  snapshot.output_ids = {{{7, 1}, {7, 2}, {8, 3}, {8, 4}, {0, 0}}};
  snapshot.state = std::string("state\0with zeros", 16);
  return snapshot;
}

class SnapshotFileTest : public testing::Test {
 protected:
  std::string path_of(std::uint64_t sequence) { return dir_.path(snapshot_name(sequence)); }
  void put(std::uint64_t sequence, const std::string& bytes) {
    static_cast<void>(dir_.write(snapshot_name(sequence), bytes));
  }
  std::string read(std::uint64_t sequence) {
    return read_snapshot(dir_.path(""), sequence, snapshot_);
  }

  tests::TempDir dir_;
  Snapshot snapshot_;
};

TEST_F(SnapshotFileTest, ComesBackAsItWasWritten) {
  const Snapshot written = snapshot_of(1'234'567);
  ASSERT_EQ(write_snapshot(dir_.path(""), written), 0);
  EXPECT_EQ(fs::path(path_of(1'234'567)).filename(), "00000000000001234567.snap");
  ASSERT_EQ(read(1'234'567), "");
  EXPECT_EQ(snapshot_.journal.conf, written.journal.conf);
  EXPECT_EQ(snapshot_.journal.starts, written.journal.starts);
  EXPECT_EQ(snapshot_.journal.cursors, written.journal.cursors);
  EXPECT_EQ(snapshot_.journal.skipped, written.journal.skipped);
  EXPECT_EQ(snapshot_.journal.last_sequence, written.journal.last_sequence);
  EXPECT_EQ(snapshot_.journal.last_log_unix_ns, written.journal.last_log_unix_ns);
  EXPECT_EQ(snapshot_.journal.build, written.journal.build);
  EXPECT_EQ(snapshot_.journal.end.segment_id, 1U);
  EXPECT_EQ(snapshot_.journal.end.offset, 4'096U);
  EXPECT_EQ(snapshot_.journal.end.next_number, 1'234'570U);
  EXPECT_EQ(snapshot_.output_ids, written.output_ids);
  EXPECT_EQ(snapshot_.state, written.state);
}

TEST_F(SnapshotFileTest, OneFlippedBitIsSeen) {
  ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(5)), 0);
  const std::string right = tests::TempDir::read(path_of(5));
  for (std::size_t bit = 0; bit < 8 * right.size(); ++bit) {
    std::string wrong = right;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << (bit % 8)));
    put(5, wrong);
    ASSERT_NE(read(5), "") << "bit " << bit;
  }
}

TEST_F(SnapshotFileTest, ALargeOneIsSeenWhole) {
  constexpr std::size_t large = 1'000'000;
  Snapshot written = snapshot_of(5);
  written.state.assign(large, 's');
  ASSERT_EQ(write_snapshot(dir_.path(""), written), 0);
  ASSERT_EQ(read(5), "");
  EXPECT_EQ(snapshot_.state, written.state);
  const std::string right = tests::TempDir::read(path_of(5));
  for (const std::size_t place : {right.size() - 1, right.size() / 2, right.size() - large}) {
    std::string wrong = right;
    wrong[place] = 't';
    put(5, wrong);
    EXPECT_NE(read(5), "") << "byte " << place;
  }
}

TEST_F(SnapshotFileTest, ACutOneIsSeenAndSoIsALongerOne) {
  ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(5)), 0);
  const std::string right = tests::TempDir::read(path_of(5));
  for (std::size_t size = 0; size < right.size(); ++size) {
    put(5, right.substr(0, size));
    ASSERT_NE(read(5), "") << size << " bytes";
  }
  put(5, right + '\0');
  EXPECT_NE(read(5), "");
}

TEST_F(SnapshotFileTest, UnderAnotherNameItIsRefused) {
  ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(5)), 0);
  fs::rename(path_of(5), path_of(6));
  EXPECT_NE(read(6).find("of another sequence than its name says"), std::string::npos);
}

TEST_F(SnapshotFileTest, AreListedNewestFirstAndOthersFilesAreNotAmongThem) {
  for (const std::uint64_t sequence : {9, 100, 20})
    ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(sequence)), 0);
  for (const char* const name : {"snapshot.new", "5.snap", "0000000001.log", "x.snap"})
    static_cast<void>(dir_.write(name, ""));
  EXPECT_EQ(list_snapshots(dir_.path("")), (std::vector<std::uint64_t>{100, 20, 9}));
  EXPECT_TRUE(list_snapshots(dir_.path("absent")).empty());
}

TEST_F(SnapshotFileTest, WhatCannotBeWrittenLeavesNothingBehind) {
  EXPECT_EQ(write_snapshot(dir_.path("absent"), snapshot_of(5)), ENOENT);
  fs::create_directory(path_of(5));
  EXPECT_NE(write_snapshot(dir_.path(""), snapshot_of(5)), 0);
  EXPECT_FALSE(fs::exists(dir_.path("snapshot.new")));
}

TEST_F(SnapshotFileTest, WhatTwoNewerOnesReplaceGoes) {
  for (std::uint64_t id = 1; id <= 9; ++id)
    static_cast<void>(dir_.write(segment_name(id), ""));
  ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(10, 3)), 0);
  EXPECT_EQ(remove_what_snapshots_replace(dir_.path(""), 0), 0U) << "one snapshot replaces nothing";
  ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(20, 5)), 0);
  ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(30, 8)), 0);
  EXPECT_EQ(remove_what_snapshots_replace(dir_.path(""), 2), 2U) << "segments 1 and 2";
  EXPECT_EQ(list_snapshots(dir_.path("")), (std::vector<std::uint64_t>{30, 20}));
  EXPECT_FALSE(fs::exists(dir_.path(segment_name(2))));
  EXPECT_TRUE(fs::exists(dir_.path(segment_name(3))));
  EXPECT_EQ(remove_what_snapshots_replace(dir_.path(""), 0), 2U) << "segments 3 and 4";
  EXPECT_TRUE(fs::exists(dir_.path(segment_name(5)))) << "the older snapshot begins in it";
}

TEST_F(SnapshotFileTest, WhileTheOlderOneIsDamagedNothingGoes) {
  static_cast<void>(dir_.write(segment_name(1), ""));
  ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(20, 5)), 0);
  ASSERT_EQ(write_snapshot(dir_.path(""), snapshot_of(30, 8)), 0);
  put(20, "damaged");
  EXPECT_EQ(remove_what_snapshots_replace(dir_.path(""), 0), 0U);
  EXPECT_TRUE(fs::exists(dir_.path(segment_name(1))));
}

}  // namespace
}  // namespace coreloop::io
