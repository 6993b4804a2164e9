// What a loss of power leaves of a log that syncs: pages reach a disk in any order, so holes stand
// in what was not synced, and the log ends before the first of them.
#include <cstring>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "io/journal/record_format.hpp"
#include "tests/io/journal/numbered_log.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

using tests::append;
using tests::Log;
using tests::payload_of;
using tests::put;
using tests::read_log;
using tests::segment_bytes;

class LostPowerTest : public testing::Test {
 protected:
  // Five records on the disk, then five that were not, so far as the writer knew.
  void write(bool syncs) {
    RecordWriter log({dir_.path(""), "test", segment_bytes, syncs});
    ASSERT_EQ(log.open({}), 0);
    for (std::size_t i = 0; i < 10; ++i) {
      offsets_.push_back(i == 0 ? sizeof(SegmentHeader)
                                : offsets_.back() + record_size(payload_of(i - 1).size()));
      const std::string payload = payload_of(i);
      const std::string_view parts[] = {payload};
      log.append(7, static_cast<std::int64_t>(i), parts);
      if (i + 1 != 5) continue;
      log.hand_over();
      while (log.safe_number() < 5)
        std::this_thread::yield();
    }
    ASSERT_EQ(log.close(), 0);
  }
  // The record's bytes are as they were before it was written.
  void lose(std::size_t record) {
    const std::string file = dir_.path(segment_name(1));
    std::string bytes = tests::TempDir::read(file);
    const std::size_t size = record_size(payload_of(record - 1).size());
    bytes.replace(offsets_[record - 1], size, size, '\0');
    put(dir_, segment_name(1), bytes);
  }

  tests::TempDir dir_;
  std::vector<std::uint64_t> offsets_;
};

TEST_F(LostPowerTest, AHoleInWhatHadNotBeenSyncedIsATornTail) {
  write(true);
  lose(7);
  lose(9);
  const Log log = read_log(dir_.path(""));
  EXPECT_EQ(log.status, RecordStatus::end) << log.problem;
  EXPECT_EQ(log.payloads.size(), 6U);
  EXPECT_TRUE(log.is_prefix());
  EXPECT_GT(log.torn_bytes, record_size(0) * 3);
  append(dir_.path(""), 2, true);
  const Log resumed = read_log(dir_.path(""));
  EXPECT_EQ(resumed.status, RecordStatus::end) << resumed.problem;
  EXPECT_EQ(resumed.payloads.size(), 8U) << "nothing of what stood behind the hole comes back";
  EXPECT_TRUE(resumed.is_prefix());
}

TEST_F(LostPowerTest, AHoleInWhatHadBeenSyncedIsDamage) {
  write(true);
  lose(5);
  lose(9);
  const Log log = read_log(dir_.path(""));
  EXPECT_EQ(log.status, RecordStatus::corrupt);
  EXPECT_EQ(log.payloads.size(), 4U);
}

TEST_F(LostPowerTest, WhereNobodySyncsEveryHoleIsDamage) {
  RecordWriter log({dir_.path(""), "test", segment_bytes, false});
  ASSERT_EQ(log.open({}), 0);
  ASSERT_EQ(log.close(), 0);
  append(dir_.path(""), 10);
  for (std::size_t i = 0; i < 10; ++i)
    offsets_.push_back(i == 0 ? sizeof(SegmentHeader)
                              : offsets_.back() + record_size(payload_of(i - 1).size()));
  lose(7);
  EXPECT_EQ(read_log(dir_.path("")).status, RecordStatus::corrupt);
}

// Two segments, of which the writer knew that the first was on the disk.
class LostPowerAcrossSegmentsTest : public testing::Test {
 protected:
  static constexpr std::size_t second_count = 20;

  void SetUp() override {
    RecordWriter log({dir_.path(""), "test", segment_bytes, true});
    ASSERT_EQ(log.open({}), 0);
    for (std::uint64_t in_second = 0; in_second < second_count; ++count_) {
      const std::string payload = payload_of(count_);
      while (!log.has_room(payload.size()))
        std::this_thread::yield();
      const std::string_view parts[] = {payload};
      const std::uint64_t before = log.segment_id();
      const std::uint64_t safe = log.safe_number();
      const std::uint64_t number = log.append(7, 1'000, parts);
      if (log.segment_id() != before) {
        EXPECT_EQ(safe, number - 1) << "the segment before is not safe";
      }
      if (log.segment_id() == 2) ++in_second;
    }
    ASSERT_EQ(log.close(), 0);
    first_count_ = count_ - second_count;
  }

  // The beginning of the second segment is as it was when it had been kept ready.
  void lose_begin(std::size_t bytes) {
    const std::string file = dir_.path(segment_name(2));
    std::string whole = tests::TempDir::read(file);
    SegmentHeader header;
    std::memcpy(&header, whole.data(), sizeof header);
    header.first_number = 0;
    header.crc = segment_header_crc(header);
    whole.replace(0, bytes, bytes, '\0');
    std::memcpy(whole.data(), &header, sizeof header);
    put(dir_, segment_name(2), whole);
  }

  // Reads `count` records, and goes on behind them.
  void expect_prefix(std::size_t count) {
    const Log log = read_log(dir_.path(""));
    ASSERT_EQ(log.status, RecordStatus::end) << log.problem;
    EXPECT_EQ(log.payloads.size(), count);
    EXPECT_TRUE(log.is_prefix());
    append(dir_.path(""), 400, true);
    const Log resumed = read_log(dir_.path(""));
    EXPECT_EQ(resumed.status, RecordStatus::end) << resumed.problem;
    EXPECT_EQ(resumed.payloads.size(), count + 400);
    EXPECT_TRUE(resumed.is_prefix());
    EXPECT_GT(resumed.end.segment_id, 3U);
  }

  tests::TempDir dir_;
  std::size_t count_ = 0;
  std::size_t first_count_ = 0;
};

TEST_F(LostPowerAcrossSegmentsTest, WithoutTheBeginningOfTheSecondTheLogEndsWithTheFirst) {
  lose_begin(512);
  expect_prefix(first_count_);
}

TEST_F(LostPowerAcrossSegmentsTest, WithNothingOfTheSecondTheLogEndsWithTheFirst) {
  lose_begin(segment_bytes);
  expect_prefix(first_count_);
}

TEST_F(LostPowerAcrossSegmentsTest, ASecondThatLosesItsFirstNumberAloneIsDamaged) {
  lose_begin(sizeof(SegmentHeader));
  EXPECT_EQ(read_log(dir_.path("")).status, RecordStatus::corrupt);
}

TEST_F(LostPowerAcrossSegmentsTest, AFirstThatBreaksOffIsDamaged) {
  const std::string file = dir_.path(segment_name(1));
  std::string whole = tests::TempDir::read(file);
  const std::size_t half = whole.size() / 2;
  whole.replace(half, whole.size() - half, whole.size() - half, '\0');
  put(dir_, segment_name(1), whole);
  EXPECT_EQ(read_log(dir_.path("")).status, RecordStatus::corrupt);
}

}  // namespace
}  // namespace coreloop::io
