// What a journal is said to hold before it is taken up, and what cannot be taken up.
#include "io/journal/journal_contents.hpp"

#include <gtest/gtest.h>

#include "io/journal/journal.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

constexpr std::int64_t now = 1'768'212'000'000'000'000;

class JournalContentsTest : public testing::Test {
 protected:
  JournalContentsTest() { EXPECT_EQ(writer_.open({}), 0); }

  void begin() {
    const RawField keys[] = {{"engine.seed", "1"}};
    const RawField starts[] = {{"signals", "5-1 16"}, {"outputs", "0-0"}};
    ASSERT_TRUE(journal_.record_conf(now, keys));
    ASSERT_TRUE(journal_.record_start(now, starts));
  }
  void record(std::uint64_t sequence, std::uint64_t id_ms, std::string_view stream = "signals") {
    const RawField fields[] = {{"data", "{}"}};
    journal_.on_entry(sequence, now + 1,
                      {.stream = stream,
                       .id_ms = id_ms,
                       .id_counter = 2,
                       .fields = fields,
                       .stream_index = 16 + sequence});
  }
  std::string read() {
    EXPECT_EQ(writer_.close(), 0);
    return read_journal_contents(dir_.path(""), contents_);
  }

  tests::TempDir dir_;
  RecordWriter writer_{{dir_.path(""), "the build", 65'536, false}};
  Journal journal_{writer_};
  JournalContents contents_;
};

TEST_F(JournalContentsTest, AreWhereStreamsBeganAndEnded) {
  begin();
  record(1, 7);
  record(2, 9);
  journal_.on_timer(3, now + 2, {1, stages::TimerKind::mark});
  record(4, 0, "@command");
  ASSERT_EQ(read(), "");
  EXPECT_EQ(contents_.conf,
            (std::vector<std::pair<std::string, std::string>>{{"engine.seed", "1"}}));
  EXPECT_EQ(contents_.starts.at("signals"), (EntryId{5, 1}));
  EXPECT_EQ(contents_.cursors.at("signals"), (StreamPlace{{9, 2}, 18}));
  EXPECT_EQ(contents_.cursors.count("@command"), 0U);
  EXPECT_EQ(contents_.last_sequence, 4U);
  EXPECT_EQ(contents_.end.next_number, 7U);
  EXPECT_EQ(contents_.build, "the build");
}

TEST_F(JournalContentsTest, OfNoInputsEndWhereStreamsBegan) {
  begin();
  ASSERT_EQ(read(), "");
  EXPECT_EQ(contents_.cursors.at("signals"), (StreamPlace{{5, 1}, 16}));
  EXPECT_EQ(contents_.last_sequence, 0U);
}

TEST_F(JournalContentsTest, KnowWhatIsToBeSkipped) {
  begin();
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence)
    record(sequence, 6 + sequence);
  ASSERT_TRUE(journal_.record_skip(now + 1, 1, "first"));
  ASSERT_TRUE(journal_.record_skip(now + 1, 3, "last"));
  ASSERT_TRUE(journal_.record_skip(now + 1, 1, ""));  // taken back
  record(4, 10);
  ASSERT_EQ(read(), "");
  EXPECT_EQ(contents_.skipped, (SkippedInputs{{3, "last"}}));
  EXPECT_EQ(contents_.last_sequence, 4U);
  EXPECT_EQ(contents_.last_log_unix_ns, now + 1);
}

TEST_F(JournalContentsTest, OfASkipOfWhatIsNotThereAreWrong) {
  begin();
  record(1, 7);
  ASSERT_TRUE(journal_.record_skip(now + 1, 2, "not there yet"));
  EXPECT_NE(read().find("record 4 is whole, but not what belongs there"), std::string::npos);
}

// Killed between the two records of a beginning.
TEST_F(JournalContentsTest, OfAConfAloneAreNoBeginningYet) {
  const RawField keys[] = {{"engine.seed", "1"}};
  ASSERT_TRUE(journal_.record_conf(now, keys));
  ASSERT_EQ(read(), "");
  EXPECT_EQ(contents_.conf.size(), 1U);
  EXPECT_TRUE(contents_.starts.empty());
}

TEST_F(JournalContentsTest, OfNothingAreNone) {
  ASSERT_EQ(read(), "");
  EXPECT_TRUE(contents_.conf.empty());
}

TEST_F(JournalContentsTest, AreRefusedWhereAnInputComesBeforeTheBeginning) {
  record(1, 7);
  EXPECT_NE(read().find("record 1 "), std::string::npos);
}

TEST_F(JournalContentsTest, AreRefusedWhereAnInputIsMissing) {
  begin();
  record(2, 7);
  EXPECT_NE(read().find("record 3 "), std::string::npos);
}

TEST_F(JournalContentsTest, AreRefusedWhereAJournalBeginsTwice) {
  begin();
  begin();
  EXPECT_NE(read().find("record 3 "), std::string::npos);
}

TEST_F(JournalContentsTest, AreRefusedWhereAStartIsNoId) {
  const RawField keys[] = {{"engine.seed", "1"}};
  const RawField starts[] = {{"signals", "soon"}};
  ASSERT_TRUE(journal_.record_conf(now, keys));
  ASSERT_TRUE(journal_.record_start(now, starts));
  EXPECT_NE(read().find("record 2 "), std::string::npos);
}

}  // namespace
}  // namespace coreloop::io
