// The record log: what was appended is read back, through segments and restarts; a torn tail is
// dropped, and damage anywhere else is seen.
#include <algorithm>
#include <array>
#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "io/journal/record_reader.hpp"
#include "io/journal/record_writer.hpp"
#include "io/journal/segment_file.hpp"
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

// One byte of a file, in place.
void poke(const std::string& path, std::uint64_t offset, char byte) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  ASSERT_EQ(::pwrite(descriptor, &byte, 1, static_cast<off_t>(offset)), 1);
  ::close(descriptor);
}

TEST(Crc32cTest, GivesTheValuesOfTheStandardBothWays) {
  // RFC 3720, appendix B.4.
  const std::string zeros(32, '\0');
  const std::string ones(32, '\xFF');
  EXPECT_EQ(crc32c(0, zeros.data(), zeros.size()), 0x8A9136AAU);
  EXPECT_EQ(crc32c(0, ones.data(), ones.size()), 0x62A8AB43U);
  EXPECT_EQ(crc32c(0, "123456789", 9), 0xE3069283U);
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text.push_back(static_cast<char>(i * 7));
    EXPECT_EQ(crc32c(5, text.data(), text.size()), crc32c_by_table(5, text.data(), text.size()));
  }
}

TEST(RecordLogTest, AnEmptyDirectoryIsAnEmptyLog) {
  const tests::TempDir dir;
  const Log log = read_log(dir.path(""));
  EXPECT_EQ(log.status, RecordStatus::end);
  EXPECT_TRUE(log.payloads.empty());
  EXPECT_EQ(log.end.segment_id, 0U);
}

TEST(RecordLogTest, ReadsBackWhatWasAppendedThroughSegmentsAndRestarts) {
  for (const bool syncs : {false, true}) {
    const tests::TempDir dir;
    std::size_t total = 0;
    for (const std::size_t count : {1U, 0U, 500U, 37U, 300U}) {
      append(dir.path(""), count, syncs);
      total += count;
      const Log log = read_log(dir.path(""));
      ASSERT_EQ(log.status, RecordStatus::end) << log.problem;
      ASSERT_EQ(log.payloads.size(), total);
      ASSERT_TRUE(log.is_prefix());
      EXPECT_EQ(log.torn_bytes, 0U);
    }
    EXPECT_GT(read_log(dir.path("")).end.segment_id, 5U);
  }
}

TEST(RecordLogTest, DropsATailTornAtAnyByteAndGoesOnBehindIt) {
  const tests::TempDir dir;
  append(dir.path(""), 40);
  const std::string file = dir.path(segment_name(1));
  const std::string whole = tests::TempDir::read(file);
  const Log log = read_log(dir.path(""));
  ASSERT_EQ(log.payloads.size(), 40U);
  // What a killed writer leaves: the bytes up to somewhere, zeros behind.
  for (std::uint64_t size = log.end.offset; size-- > sizeof(SegmentHeader);) {
    poke(file, size, '\0');
    const Log found = read_log(dir.path(""));
    ASSERT_EQ(found.status, RecordStatus::end) << size << ": " << found.problem;
    ASSERT_TRUE(found.is_prefix()) << size;
    ASSERT_LE(found.payloads.size(), 40U);
  }
  // And a file that ends there.
  put(dir, segment_name(1), whole);
  for (std::uint64_t size = log.end.offset; size-- > sizeof(SegmentHeader);) {
    ASSERT_EQ(::truncate(file.c_str(), static_cast<off_t>(size)), 0);
    const Log found = read_log(dir.path(""));
    ASSERT_EQ(found.status, RecordStatus::end) << size << ": " << found.problem;
    ASSERT_TRUE(found.is_prefix()) << size;
  }
  std::string torn = whole;
  torn.replace(log.end.offset - 20, 20, 20, '\0');
  put(dir, segment_name(1), torn);
  append(dir.path(""), 25);
  const Log resumed = read_log(dir.path(""));
  EXPECT_EQ(resumed.status, RecordStatus::end) << resumed.problem;
  EXPECT_EQ(resumed.payloads.size(), 39U + 25U);
  EXPECT_TRUE(resumed.is_prefix());
}

// Every bit of a log of one segment: damage is either seen, or in the last record, which then
// counts as torn, or in the zeros and the padding that hold nothing.
TEST(RecordLogTest, ATailCutWithinPaddingIsWholeAndHasNoTornBytes) {
  const tests::TempDir dir;
  append(dir.path(""), 3);
  const Log whole = read_log(dir.path(""));
  const std::string bytes = tests::TempDir::read(dir.path("0000000001.log"));
  constexpr std::uint64_t padding_of_third = 5;  // behind 32 bytes and "payload 2##"
  for (std::uint64_t cut = 1; cut < 8; ++cut) {
    put(dir, "0000000001.log", bytes.substr(0, whole.end.offset - cut));
    const Log log = read_log(dir.path(""));
    EXPECT_EQ(log.status, RecordStatus::end);
    EXPECT_TRUE(log.is_prefix());
    EXPECT_EQ(log.payloads.size(), cut <= padding_of_third ? 3U : 2U) << cut;
    if (cut <= padding_of_third) {
      EXPECT_EQ(log.end.offset, whole.end.offset - cut);
      EXPECT_EQ(log.torn_bytes, 0U);
    }
  }
}

TEST(RecordLogTest, GoesOnBehindACutFileSoThatEverythingCanBeReadAgain) {
  const tests::TempDir source;
  append(source.path(""), 20);
  const Log whole = read_log(source.path(""));
  const std::string bytes = tests::TempDir::read(source.path("0000000001.log"));
  // Right behind the last record, within its padding, within the record; a little later.
  for (const std::int64_t cut : {0, 1, 20, -8, -16, -40}) {
    const tests::TempDir dir;
    put(dir, "0000000001.log",
        bytes.substr(0,
                     static_cast<std::size_t>(static_cast<std::int64_t>(whole.end.offset) - cut)));
    append(dir.path(""), 300);
    const Log log = read_log(dir.path(""));
    EXPECT_EQ(log.status, RecordStatus::end) << cut << ": " << log.problem;
    EXPECT_TRUE(log.is_prefix());
    EXPECT_GE(log.payloads.size(), 319U) << cut;
    EXPECT_GT(log.end.segment_id, 1U);
  }
}

TEST(RecordLogTest, SeesEveryFlippedBit) {
  const tests::TempDir dir;
  append(dir.path(""), 30);
  const Log log = read_log(dir.path(""));
  const std::string file = dir.path(segment_name(1));
  const std::string bytes = tests::TempDir::read(file);
  const std::uint64_t last_begin =
      log.end.offset - record_size(payload_of(log.payloads.size() - 1).size());
  std::size_t seen = 0;
  std::size_t dropped = 0;
  for (std::size_t bit = 0; bit < log.end.offset * 8; ++bit) {
    const std::size_t at = bit / 8;
    poke(file, at, static_cast<char>(bytes[at] ^ (1 << (bit % 8))));
    const Log found = read_log(dir.path(""));
    ASSERT_TRUE(found.is_prefix()) << "bit " << bit;
    if (found.status == RecordStatus::corrupt) {
      ++seen;
      ASSERT_NE(found.problem.find(segment_name(1)), std::string::npos);
    } else if (found.payloads.size() != log.payloads.size()) {
      ++dropped;
      ASSERT_GE(at, last_begin) << "bit " << bit << " lost " << found.payloads.size();
      ASSERT_EQ(found.payloads.size() + 1, log.payloads.size());
    }
    poke(file, at, bytes[at]);
  }
  EXPECT_GT(seen, log.end.offset * 7);
  EXPECT_GT(dropped, 0U);
}

TEST(RecordLogTest, SeesSwappedRepeatedAndForeignPages) {
  const tests::TempDir dir;
  append(dir.path(""), 400);
  const std::string first = tests::TempDir::read(dir.path(segment_name(1)));
  const std::string second = tests::TempDir::read(dir.path(segment_name(2)));
  const auto refuses = [&](const std::string& what, const std::string& bytes) {
    put(dir, segment_name(2), bytes);
    const Log log = read_log(dir.path(""));
    EXPECT_EQ(log.status, RecordStatus::corrupt) << what;
    EXPECT_TRUE(log.is_prefix()) << what;
    put(dir, segment_name(2), second);
  };
  constexpr std::size_t page = 4'096;
  refuses("zeroed page", std::string(second).replace(page, page, page, '\0'));
  refuses("swapped pages", second.substr(page, page) + second.substr(0, page));
  refuses("page of another segment", second.substr(0, page) + first.substr(page, page));
  refuses("the whole of another segment", first);
  refuses("cut", second.substr(0, 5'000));
  refuses("empty file", "");
  ASSERT_EQ(::unlink(dir.path(segment_name(2)).c_str()), 0);
  const Log log = read_log(dir.path(""));
  EXPECT_EQ(log.status, RecordStatus::corrupt);
  EXPECT_NE(log.problem.find("missing"), std::string::npos);
}

// The next segment is made once the last one has been begun.
TEST(RecordLogTest, SeesThatTheLastSegmentIsMissingByTheOneKeptReady) {
  const tests::TempDir dir;
  append(dir.path(""), 400);
  const std::uint64_t last = read_log(dir.path("")).end.segment_id;
  // As the writer's helper makes it, where it had the time.
  SegmentHeader header;
  header.segment_id = last + 1;
  header.segment_bytes = segment_bytes;
  header.crc = segment_header_crc(header);
  ASSERT_EQ(make_segment(dir.path(""), header), 0);
  ASSERT_EQ(read_log(dir.path("")).status, RecordStatus::end);
  ASSERT_EQ(::unlink(dir.path(segment_name(last)).c_str()), 0);
  const Log log = read_log(dir.path(""));
  EXPECT_EQ(log.status, RecordStatus::corrupt);
  EXPECT_NE(log.problem.find(segment_name(last) + ": the segment is missing"), std::string::npos)
      << log.problem;
}

TEST(RecordLogTest, TakesNoPartInFilesThatAreNotItsOwn) {
  const tests::TempDir dir;
  append(dir.path(""), 10);
  put(dir, "0000000003.log.new", "x");
  put(dir, "3.log", "x");
  put(dir, "notes.txt", "x");
  EXPECT_EQ(read_log(dir.path("")).payloads.size(), 10U);
}

TEST(RecordLogTest, RefusesAnotherFormatVersion) {
  const tests::TempDir dir;
  SegmentHeader header;
  header.segment_id = 1;
  header.first_number = 1;
  header.segment_bytes = segment_bytes;
  header.format_version = record_format_version + 1;
  header.crc = segment_header_crc(header);
  ASSERT_EQ(make_segment(dir.path(""), header), 0);
  const Log log = read_log(dir.path(""));
  EXPECT_EQ(log.status, RecordStatus::corrupt);
  const std::string found = "format version " + std::to_string(header.format_version);
  EXPECT_NE(log.problem.find(found), std::string::npos) << log.problem;
}

TEST(RecordLogTest, AReaderBesideAWriterSeesAPrefixAndNoDamage) {
  constexpr std::uint64_t large_segment = std::uint64_t{1} << 17;
  constexpr std::size_t record_count = 20'000;
  const tests::TempDir dir;
  std::atomic<bool> is_done{false};
  std::thread writer([&] {
    RecordWriter log({dir.path(""), "test", large_segment});
    EXPECT_EQ(log.open({}), 0);
    for (std::size_t i = 0; i < record_count; ++i) {
      const std::string payload = payload_of(i);
      while (!log.has_room(payload.size()))
        std::this_thread::yield();
      const std::array<std::string_view, 1> parts{payload};
      log.append(7, 1'000, parts);
    }
    EXPECT_EQ(log.close(), 0);
    is_done = true;
  });
  Log log;
  for (bool is_last = false; !is_last && log.status == RecordStatus::end;) {
    is_last = is_done;
    log = read_log(dir.path(""));
    EXPECT_TRUE(log.is_prefix());
  }
  writer.join();
  EXPECT_EQ(log.status, RecordStatus::end) << log.problem;
  EXPECT_EQ(log.payloads.size(), record_count);
}

}  // namespace
}  // namespace coreloop::io
