// Tape: the sequenced input as capture lines, the conf first, and write errors that are kept.
#include "io/capture/tape.hpp"

#include <cerrno>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/memory_file.hpp"

namespace coreloop::io {
namespace {

constexpr std::int64_t log_unix_ns = 1'768'212'000'123'456'789;

RawEntry entry_of(std::string_view stream, std::span<const RawField> fields) {
  return {stream, 1'768'212'000'001, 5, 1'768'212'000'001'000'000, fields};
}

class TapeTest : public testing::Test {
 protected:
  tests::MemoryFilePair output_;
  std::shared_ptr<tests::MemoryFileContent> content_ = output_.content;
  Tape tape_{std::move(output_.file)};
  const std::vector<RawField> data_{{"trace", "t"}, {"data", "{\"a\": \"\xFF\"}"}};
};

TEST_F(TapeTest, BeginsWithTheConfAtTheFirstInputsTime) {
  tape_.set_conf(std::vector<RawField>{{"engine.seed", "7"}, {"risk.sizing", "\"kelly\""}});
  tape_.on_entry(1, log_unix_ns, entry_of("trade.signal.v5", data_));
  tape_.on_entry(2, log_unix_ns + 1, entry_of("market.tick", {}));
  ASSERT_EQ(tape_.finish(), 0);
  EXPECT_TRUE(content_->is_finished);
  EXPECT_EQ(
      content_->bytes,
      R"({"stream":"@conf","id":"1768212000123-0","ns":1768212000123456789,)"
      R"("fields":{"engine.seed":"7","risk.sizing":"\"kelly\""}})"
      "\n"
      R"({"stream":"trade.signal.v5","id":"1768212000001-5","ns":1768212000123456789,)"
      R"("fields":{"trace":"t","data":"{\"a\": \"\udcff\"}"}})"
      "\n"
      R"({"stream":"market.tick","id":"1768212000001-5","ns":1768212000123456790,"fields":{}})"
      "\n");
}

TEST_F(TapeTest, KeepsTheConfsWordsAsItsOwn) {
  {
    const std::string name = "engine.seed";
    const std::string value = "a value that is longer than what a string keeps in itself";
    tape_.set_conf(std::vector<RawField>{{name, value}});
  }
  tape_.on_timer(1, 0, {});
  ASSERT_EQ(tape_.finish(), 0);
  EXPECT_NE(content_->bytes.find(
                R"("engine.seed":"a value that is longer than what a string keeps in itself")"),
            std::string::npos);
}

TEST_F(TapeTest, WritesTimersWithKindAndDueTime) {
  tape_.on_timer(3, log_unix_ns, {0, stages::TimerKind::walk});
  tape_.on_timer(4, log_unix_ns + 1'000'000, {0, stages::TimerKind::mark});
  ASSERT_EQ(tape_.finish(), 0);
  EXPECT_EQ(content_->bytes.substr(content_->bytes.find('\n') + 1),
            R"({"stream":"@timer","id":"1768212000123-3","ns":1768212000123456789,)"
            R"("fields":{"kind":"walk","due":"1768212000123456789"}})"
            "\n"
            R"({"stream":"@timer","id":"1768212000124-4","ns":1768212000124456789,)"
            R"("fields":{"kind":"mark","due":"1768212000124456789"}})"
            "\n");
}

TEST_F(TapeTest, WritesCommandsUnderLogTimeAndSequence) {
  const std::vector<RawField> fields{{"command", "price"}, {"symbol", "X"}, {"price", "1.5"}};
  tape_.on_entry(12, log_unix_ns, entry_of("@command", fields));
  ASSERT_EQ(tape_.finish(), 0);
  EXPECT_EQ(content_->bytes.substr(content_->bytes.find('\n') + 1),
            R"({"stream":"@command","id":"1768212000123-12","ns":1768212000123456789,)"
            R"("fields":{"command":"price","symbol":"X","price":"1.5"}})"
            "\n");
}

TEST_F(TapeTest, KeepsTheFirstWriteError) {
  content_->bytes_max = 1'000;
  content_->append_error = ENOSPC;
  content_->finish_error = EIO;
  for (std::uint64_t i = 1; i <= 10'000; ++i)
    tape_.on_entry(i, log_unix_ns, entry_of("market.tick", data_));
  EXPECT_EQ(tape_.error(), ENOSPC);
  EXPECT_EQ(tape_.finish(), ENOSPC);
}

TEST_F(TapeTest, TellsAnErrorOfItsEnd) {
  content_->finish_error = EIO;
  tape_.on_timer(1, log_unix_ns, {});
  EXPECT_EQ(tape_.error(), 0);
  EXPECT_EQ(tape_.finish(), EIO);
  EXPECT_EQ(tape_.error(), EIO);
}

}  // namespace
}  // namespace coreloop::io
