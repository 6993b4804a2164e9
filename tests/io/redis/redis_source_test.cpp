// What RedisSource makes of answers that no honest server gives; over a real socket.
#include "io/redis/redis_source.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/fuzz/scripted_server.hpp"
#include "tests/support/scripted_clock.hpp"

namespace coreloop::io {
namespace {

constexpr const char* master = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// One stream of XREAD's answer, with one entry.
std::string read_answer(const std::string& name, const std::string& id) {
  return "*2\r\n" + bulk(name) + "*1\r\n*2\r\n" + bulk(id) + "*2\r\n" + bulk("data") + bulk("{}");
}

std::string info_answer(const std::string& length, const std::string& entries_added) {
  return "*8\r\n" + bulk("length") + length + "\r\n" + bulk("last-generated-id") + bulk("9-1") +
         bulk("entries-added") + entries_added + "\r\n" + bulk("recorded-first-entry-id") +
         bulk("8-1");
}

class RedisSourceTest : public testing::Test {
 protected:
  tests::ScriptedServer server_;
  tests::ScriptedClock clock_;
  EventLoop loop_;
  std::vector<std::string> notices_;
  RedisSource source_{loop_, options()};

  RedisSourceOptions options() {
    RedisSourceOptions options;
    options.session.name = "reader";
    options.session.address = server_.address();
    options.session.notice = [this](bool, const std::string& text) { notices_.push_back(text); };
    options.streams = {{"ticks", StreamKind::ticks}, {"signals", StreamKind::signals}};
    options.start = "0";
    options.clock = &clock_;
    return options;
  }

  void begin() {
    source_.open();
    server_.settle(loop_);
    answer(master);
  }
  void answer(const std::string& bytes) {
    server_.send(bytes);
    server_.settle(loop_);
  }
  [[nodiscard]] bool has_noticed(const std::string& text) const {
    for (const std::string& notice : notices_) {
      if (notice.find(text) != notice.npos) return true;
    }
    return false;
  }
  std::vector<std::string> take_all() {
    std::vector<std::string> ids;
    RawEntry entry;
    while (source_.peek(entry) == SourceStatus::entry) {
      ids.push_back(std::string{entry.stream} + " " +
                    EntryId{entry.id_ms, entry.id_counter}.text());
      source_.consume();
    }
    return ids;
  }
};

TEST_F(RedisSourceTest, TakesEntriesOfSeveralStreams) {
  begin();
  const std::string info = info_answer(":2", ":2");
  answer(info + info + "*2\r\n" + read_answer("ticks", "5-1") + read_answer("signals", "5-0"));
  EXPECT_EQ(take_all(), (std::vector<std::string>{"ticks 5-1", "signals 5-0"}));
}

TEST_F(RedisSourceTest, AStreamNamedTwiceInOneAnswerGivesNothingTwice) {
  begin();
  const std::string info = info_answer(":2", ":2");
  answer(info + info + "*2\r\n" + read_answer("ticks", "5-1") + read_answer("ticks", "5-1"));
  EXPECT_TRUE(take_all().empty());
  EXPECT_TRUE(has_noticed("XREAD answers what is no stream entry"));
  EXPECT_EQ(source_.counters(0).entries.get(), 0U);
}

TEST_F(RedisSourceTest, NilInEitherFormIsNoEntries) {
  begin();
  notices_.clear();
  const std::string info = info_answer(":2", ":2");
  answer(info + info + "*-1\r\n");
  answer("$-1\r\n");
  answer("*1\r\n" + read_answer("ticks", "5-1"));
  EXPECT_EQ(take_all(), std::vector<std::string>{"ticks 5-1"});
  EXPECT_TRUE(notices_.empty()) << notices_.front();
}

TEST_F(RedisSourceTest, CountsThatCannotBeMissNothing) {
  for (const auto& [length, added] : std::vector<std::pair<std::string, std::string>>{
           {":3", ":2"}, {":-1", ":2"}, {":1", ":-2"}, {"+x", ":2"}, {":1", "+x"}}) {
    notices_.clear();
    RedisSource source(loop_, options());
    source.open();
    server_.settle(loop_);
    answer(master);
    answer(info_answer(length, added));
    EXPECT_TRUE(has_noticed("XINFO STREAM makes no sense")) << length << " of " << added;
    EXPECT_EQ(source.counters(0).trimmed.get(), 0U);
    source.close();
    server_.reset();
  }
}

}  // namespace
}  // namespace coreloop::io
