// The journal: inputs of every kind come back as they were, in order, as a tape would hold them;
// and what is no input of ours is refused.
#include "io/journal/journal.hpp"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "io/journal/journal_source.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

std::string line_of(const RawEntry& entry) {
  std::string line{entry.stream};
  line += " " + std::to_string(entry.id_ms) + "-" + std::to_string(entry.id_counter) + " at " +
          std::to_string(entry.receive_unix_ns);
  for (const RawField& field : entry.fields)
    line += " " + std::string{field.name} + "=" + std::string{field.value};
  return line;
}

struct Reading {
  std::vector<std::string> lines;
  std::string problem;
};

Reading read_journal(const std::string& directory) {
  Reading reading;
  RecordReader reader(directory);
  EXPECT_TRUE(reader.open());
  JournalSource source(reader);
  RawEntry entry;
  while (source.peek(entry) == SourceStatus::entry) {
    reading.lines.push_back(line_of(entry));
    source.consume();
  }
  reading.problem = source.problem();
  return reading;
}

class JournalTest : public testing::Test {
 protected:
  JournalTest() { EXPECT_EQ(writer_.open({}), 0); }

  tests::TempDir dir_;
  RecordWriter writer_{{dir_.path(""), "test", 65'536, false}};
  Journal journal_{writer_};
};

TEST_F(JournalTest, GivesBackEveryKindOfInputAsATapeWould) {
  const RawField keys[] = {{"engine.seed", "1"}, {"risk.sizing", "\"kelly\""}};
  ASSERT_TRUE(journal_.record_conf(5'000'000, keys));
  const RawField ids[] = {{"trade.signal.v5", "7-1"}};
  ASSERT_TRUE(journal_.record_start(5'000'000, ids));
  const RawField fields[] = {{"data", std::string_view{"{\0\xFF}", 4}}, {"", ""}};
  const RawEntry signal{.stream = "trade.signal.v5",
                        .id_ms = 17,
                        .id_counter = 3,
                        .receive_unix_ns = 1,
                        .fields = fields};
  journal_.on_entry(1, 20'000'000, signal);
  journal_.on_timer(2, 30'000'000'000, {1, stages::TimerKind::mark});
  journal_.on_timer(3, 35'000'000'000, {7, stages::TimerKind::walk});
  const RawField command[] = {{"kind", "halt"}};
  journal_.on_entry(4, 36'000'000'000, {.stream = "@command", .fields = command});
  journal_.on_entry(5, 36'000'000'001, {.stream = "market.tick", .id_ms = 9, .fields = {}});
  ASSERT_EQ(writer_.close(), 0);

  const Reading reading = read_journal(dir_.path(""));
  EXPECT_EQ(reading.problem, "");
  const std::vector<std::string> wanted{
      "@conf 5-0 at 5000000 engine.seed=1 risk.sizing=\"kelly\"",
      "trade.signal.v5 17-3 at 20000000 data=" + std::string("{\0\xFF}", 4) + " =",
      "@timer 30000-2 at 30000000000 kind=mark due=30000000000",
      "@timer 35000-3 at 35000000000 kind=walk due=35000000000",
      "@command 36000-4 at 36000000000 kind=halt",
      "market.tick 9-0 at 36000000001"};
  EXPECT_EQ(reading.lines, wanted);
}

TEST_F(JournalTest, ShowsASkippedEntryWithoutItsFields) {
  const RawField fields[] = {{"data", "{}"}};
  for (std::uint64_t sequence = 1; sequence <= 2; ++sequence) {
    journal_.on_entry(
        sequence, 5,
        {.stream = "a", .id_ms = 7, .id_counter = sequence, .fields = fields, .is_cut = false});
  }
  const std::string long_payload(2 * Journal::whole_record_bytes_max, 'x');
  const RawField long_fields[] = {{"data", long_payload}};
  journal_.on_entry(3, 5, {.stream = "a", .id_ms = 8, .fields = long_fields});
  ASSERT_TRUE(journal_.record_skip(5, 2, "a reason"));
  ASSERT_EQ(writer_.close(), 0);
  EXPECT_EQ(read_journal(dir_.path("")).lines.size(), 3U) << "the record of a skip is no input";
  RecordReader reader(dir_.path(""));
  ASSERT_TRUE(reader.open());
  JournalSource source(reader, 0, {{2, "a reason"}, {3, "another"}});
  RawEntry entry;
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    ASSERT_EQ(source.peek(entry), SourceStatus::entry);
    EXPECT_EQ(entry.fields.size(), sequence == 1 ? 1U : 0U);
    EXPECT_FALSE(entry.is_cut);
    source.consume();
  }
  EXPECT_EQ(source.peek(entry), SourceStatus::end);
}

TEST_F(JournalTest, KnowsTheSizeOfARecordBeforeItIsMade) {
  const RawField fields[] = {{"data", "0123456789"}, {"", "x"}};
  InputRecordParts parts;
  for (const std::size_t count : {0U, 1U, 2U}) {
    const RawEntry entry{.stream = "market.tick", .fields = {fields, count}};
    static_cast<void>(parts.input(7, entry));
    EXPECT_EQ(input_record_bytes(entry), parts.size());
  }
  ASSERT_EQ(writer_.close(), 0);
}

TEST_F(JournalTest, SaysWhenAnInputIsNotWhereItBelongs) {
  journal_.on_entry(1, 1, {.stream = "a", .fields = {}});
  journal_.on_entry(3, 2, {.stream = "a", .fields = {}});
  ASSERT_EQ(writer_.close(), 0);
  const Reading reading = read_journal(dir_.path(""));
  EXPECT_EQ(reading.lines.size(), 1U);
  EXPECT_NE(reading.problem.find("input 3 where 2 belongs"), std::string::npos) << reading.problem;
}

// A record whose checksum is right and whose content is not: another program, or another version.
TEST_F(JournalTest, RefusesRecordsOfNoKnownForm) {
  // Sequence 1 of the stream "a"; id, index and the number of its fields are 0.
  const std::string whole = std::string{"\1\0\0\0\0\0\0\0\1\0\0\0a", 13} + std::string(28, '\0');
  InputRecord input;
  EXPECT_TRUE(read_input_record({3, 1, 0, whole}, input));
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_FALSE(read_input_record({3, 1, 0, std::string_view{whole}.substr(0, size)}, input))
        << size;
  EXPECT_FALSE(read_input_record({3, 1, 0, whole + "x"}, input));
  EXPECT_FALSE(read_input_record({9, 1, 0, whole}, input));
  EXPECT_FALSE(read_input_record({4, 1, 0, std::string_view{"\1\0\0\0\0\0\0\0\2", 9}}, input));
  // Lengths that promise more than there is.
  EXPECT_FALSE(read_input_record({1, 1, 0, std::string_view{"\xFF\xFF\xFF\xFF", 4}}, input));
  EXPECT_FALSE(
      read_input_record({1, 1, 0, std::string_view{"\1\0\0\0\xFF\xFF\xFF\xFFx", 9}}, input));
}

// Ends of segments take numbers, too: they must not be taken for inputs, or outputs would go out
// before their inputs are on the disk.
TEST(SafeSequenceTest, CountsInputsAloneThroughSegmentsAndStarts) {
  const tests::TempDir dir;
  const RawField fields[] = {{"data", "a signal of some length, so that segments are full soon"}};
  const RawEntry signal{.stream = "signals", .fields = fields};
  LogPosition end;
  std::uint64_t sequence = 0;
  for (int start = 0; start < 3; ++start) {
    RecordWriter writer({dir.path(""), "test", 65'536, true});
    ASSERT_EQ(writer.open(end), 0);
    Journal journal(writer, start == 0 ? 2 : end.next_number - 1 - sequence);
    if (start == 0) {
      ASSERT_TRUE(journal.record_conf(1, fields));
      ASSERT_TRUE(journal.record_start(1, fields));
    }
    EXPECT_EQ(journal.safe_sequence(), sequence);
    const std::uint64_t first_segment = writer.segment_id();
    while (writer.segment_id() < first_segment + 3) {
      while (!journal.has_room())
        std::this_thread::yield();
      journal.on_entry(++sequence, 2, signal);
      ASSERT_LE(journal.safe_sequence(), sequence);
    }
    journal.make_safe();
    while (journal.safe_sequence() < sequence)
      std::this_thread::yield();
    EXPECT_EQ(journal.safe_sequence(), sequence);
    ASSERT_EQ(writer.close(), 0);
    RecordReader reader(dir.path(""));
    ASSERT_TRUE(reader.open());
    Record record;
    while (reader.next(record) == RecordStatus::record) {
    }
    end = reader.end();
  }
}

}  // namespace
}  // namespace coreloop::io
