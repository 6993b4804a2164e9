// What a journal's last segments tell a source about what it has read.
#include "io/journal/recorded_inputs.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "io/journal/journal.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

constexpr std::int64_t now = 1'768'212'000'000'000'000;
constexpr std::uint64_t segment_bytes = 65'536;
const InputStreams streams{{"signals", StreamKind::signals}, {"ticks", StreamKind::ticks}};

class RecordedInputsTest : public testing::Test {
 protected:
  RecordedInputsTest() {
    EXPECT_EQ(writer_->open({}), 0);
    const RawField keys[] = {{"engine.seed", "1"}};
    const RawField starts[] = {{"signals", "5-1"}, {"ticks", "0-0"}, {"outputs", "0-0"}};
    EXPECT_TRUE(journal_.record_conf(now, keys));
    EXPECT_TRUE(journal_.record_start(now, starts));
  }
  void record(EntryId id, std::string_view data, std::string_view stream = "signals") {
    const RawField fields[] = {{"data", data}};
    while (!journal_.has_room()) {
    }
    journal_.on_entry(
        ++sequence_, now + 1,
        {.stream = stream, .id_ms = id.ms, .id_counter = id.counter, .fields = fields});
  }
  std::vector<InputHistory> read() {
    EXPECT_EQ(writer_->close(), 0);
    JournalContents contents;
    EXPECT_EQ(read_journal_contents(dir_.path(""), contents), "");
    last_segment_ = contents.end.segment_id;
    std::vector<InputHistory> histories = read_input_histories(dir_.path(""), contents, streams);
    for (InputHistory& history : histories)
      history.put_in_order();
    return histories;
  }
  static std::uint32_t checksum_of(std::string_view data) {
    ContentChecksum checksum;
    checksum.add_field("data", data);
    return checksum.value();
  }

  tests::TempDir dir_;
  std::unique_ptr<RecordWriter> writer_ = std::make_unique<RecordWriter>(
      RecordWriterOptions{dir_.path(""), "the build", segment_bytes, false});
  Journal journal_{*writer_};
  std::uint64_t sequence_ = 0;
  std::uint64_t last_segment_ = 0;
};

TEST_F(RecordedInputsTest, OfAWholeJournalBeginWhereItsStreamsDid) {
  record({6, 0}, "one");
  record({6, 0}, "tick", "ticks");
  record({7, 0}, "two");
  const std::vector<InputHistory> histories = read();
  EXPECT_EQ(histories[0].boundary(), (EntryId{5, 1}));
  EXPECT_EQ(histories[0].match({6, 0}, checksum_of("one")), InputHistory::Match::same);
  EXPECT_EQ(histories[0].match({6, 0}, checksum_of("tick")), InputHistory::Match::other);
  EXPECT_EQ(histories[0].highest(), (EntryId{7, 0}));
  EXPECT_EQ(histories[1].boundary(), EntryId{});
  EXPECT_EQ(histories[1].match({6, 0}, checksum_of("tick")), InputHistory::Match::same);
}

TEST_F(RecordedInputsTest, OfALongOneBeginWithTheSegmentBeforeTheLast) {
  const std::string data(1'000, 'x');
  for (std::uint64_t ms = 6; ms < 300; ++ms)
    record({ms, 0}, data);
  const std::vector<InputHistory> histories = read();
  ASSERT_GT(last_segment_, 3U);
  const EntryId boundary = histories[0].boundary();
  EXPECT_GT(boundary, (EntryId{100, 0}));
  EXPECT_EQ(boundary.counter, UINT64_MAX) << "just before an entry";
  EXPECT_EQ(histories[0].match({boundary.ms, 0}, checksum_of(data)), InputHistory::Match::none);
  EXPECT_EQ(histories[0].match({boundary.ms + 1, 0}, checksum_of(data)), InputHistory::Match::same);
  EXPECT_EQ(histories[0].highest(), (EntryId{299, 0}));
  EXPECT_EQ(histories[1].boundary(), EntryId{}) << "nothing was read of it";
}

}  // namespace
}  // namespace coreloop::io
