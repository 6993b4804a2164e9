// A log read from a place in its middle, up to a full segment; and segments by the build that wrote
// them.
#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/journal/record_reader.hpp"
#include "io/journal/record_writer.hpp"
#include "tests/io/journal/numbered_log.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

using tests::append;
using tests::Log;
using tests::payload_of;
using tests::read_log;
using tests::segment_bytes;

TEST(LogPositionTest, AnyPlaceBetweenTwoRecordsIsAPlaceToBegin) {
  tests::TempDir dir;
  constexpr std::size_t count = 2'000;
  append(dir.path(""), count);
  const Log whole = read_log(dir.path(""));
  ASSERT_GT(whole.end.segment_id, 3U);
  for (const std::uint64_t last_segment :
       {std::uint64_t{1}, std::uint64_t{2}, whole.end.segment_id}) {
    std::vector<LogPosition> places;
    std::vector<std::string> payloads;
    Record record;
    RecordReader reader(dir.path(""));
    ASSERT_TRUE(reader.open({}, last_segment));
    for (places.push_back({}); reader.next(record) == RecordStatus::record;
         places.push_back(reader.end()))
      payloads.emplace_back(record.bytes);
    places.push_back(reader.end());
    for (std::size_t i = 0; i < places.size(); i += i < 40 || i + 40 > places.size() ? 1 : 97) {
      RecordReader again(dir.path(""));
      ASSERT_TRUE(again.open(places[i])) << again.problem();
      std::size_t at = std::min(i, payloads.size());
      for (; again.next(record) == RecordStatus::record; ++at)
        ASSERT_EQ(record.bytes, payload_of(at)) << "from place " << i;
      EXPECT_EQ(at, count) << again.problem();
      EXPECT_EQ(again.end().next_number, whole.end.next_number);
    }
  }
}

TEST(LogPositionTest, WhatIsNoPlaceInItIsRefused) {
  tests::TempDir dir;
  append(dir.path(""), 500);
  const Log whole = read_log(dir.path(""));
  const auto opens = [&dir](const LogPosition& place) {
    return RecordReader(dir.path("")).open(place);
  };
  EXPECT_TRUE(opens(whole.end));
  EXPECT_FALSE(opens({whole.end.segment_id + 2, sizeof(SegmentHeader), 900}));
  EXPECT_FALSE(opens({1, sizeof(SegmentHeader) - 8, 1}));
  EXPECT_FALSE(opens({1, segment_bytes + 8, 1}));
  EXPECT_FALSE(opens({2, sizeof(SegmentHeader), 1})) << "its first record has a higher number";
  RecordReader wrong_number(dir.path(""));
  Record record;
  ASSERT_TRUE(wrong_number.open({1, sizeof(SegmentHeader), 2}));
  EXPECT_EQ(wrong_number.next(record), RecordStatus::corrupt);
}

TEST(LogPositionTest, AnotherBuildBeginsASegmentOfItsOwn) {
  tests::TempDir dir;
  append(dir.path(""), 10);
  for (const char* const build : {"another", "another", "a third"}) {
    RecordWriter writer({dir.path(""), build, segment_bytes, false});
    ASSERT_EQ(writer.open(read_log(dir.path("")).end), 0);
    const std::string payload = payload_of(read_log(dir.path("")).payloads.size());
    const std::string_view part = payload;
    static_cast<void>(writer.append(7, 1'000, {&part, 1}));
    ASSERT_EQ(writer.close(), 0);
  }
  const Log log = read_log(dir.path(""));
  EXPECT_EQ(log.payloads.size(), 13U);
  EXPECT_TRUE(log.is_prefix());
  EXPECT_EQ(log.end.segment_id, 3U);
  RecordReader reader(dir.path(""));
  ASSERT_TRUE(reader.open({}, 2));
  Record record;
  while (reader.next(record) == RecordStatus::record) {
  }
  EXPECT_EQ(reader.build(), "another");
}

}  // namespace
}  // namespace coreloop::io
