// Idempotency keys: what is known of them, and that they need bounded memory.
#include "io/http/command_memory.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

using Recall = CommandMemory::Recall;

TEST(CommandMemoryTest, TellsTheFirstAnswerAgain) {
  CommandMemory memory;
  EXPECT_EQ(memory.look_up("key", "halt").recall, Recall::fresh);
  EXPECT_EQ(memory.look_up("key", "halt").recall, Recall::pending);
  memory.settle("key", HttpAnswer{200, json_type, "{}"});
  for (int i = 0; i < 2; ++i) {
    const CommandMemory::Found found = memory.look_up("key", "halt");
    EXPECT_EQ(found.recall, Recall::answered);
    EXPECT_EQ(found.answer.status, 200);
    EXPECT_EQ(found.answer.body, "{}");
  }
}

TEST(CommandMemoryTest, AKeyIsOfOneCommand) {
  CommandMemory memory;
  static_cast<void>(memory.look_up("key", "halt"));
  EXPECT_EQ(memory.look_up("key", "resume").recall, Recall::other);
  memory.settle("key", HttpAnswer{});
  EXPECT_EQ(memory.look_up("key", "resume").recall, Recall::other);
  EXPECT_EQ(memory.look_up("other key", "resume").recall, Recall::fresh);
}

TEST(CommandMemoryTest, ForgetsWhatDidNotHappen) {
  CommandMemory memory;
  static_cast<void>(memory.look_up("key", "halt"));
  memory.settle("key", std::nullopt);
  EXPECT_EQ(memory.look_up("key", "resume").recall, Recall::fresh);
}

TEST(CommandMemoryTest, ForgetsTheOldestKeysFirst) {
  CommandMemory memory(3);
  for (const char* const key : {"1", "2", "3"}) {
    static_cast<void>(memory.look_up(key, "halt"));
    memory.settle(key, HttpAnswer{});
  }
  EXPECT_EQ(memory.look_up("4", "halt").recall, Recall::fresh);
  EXPECT_EQ(memory.look_up("2", "halt").recall, Recall::answered);
  EXPECT_EQ(memory.look_up("1", "halt").recall, Recall::fresh);
  EXPECT_EQ(memory.look_up("2", "halt").recall, Recall::fresh);
  memory.settle("3", HttpAnswer{});  // forgotten since
  EXPECT_EQ(memory.look_up("4", "halt").recall, Recall::pending);
}

// A key that is forgotten and comes again must not be forgotten again on the old one's account.
TEST(CommandMemoryTest, AKeyThatComesAgainIsYoung) {
  CommandMemory memory(2);
  static_cast<void>(memory.look_up("1", "halt"));
  static_cast<void>(memory.look_up("2", "halt"));
  memory.settle("1", std::nullopt);
  EXPECT_EQ(memory.look_up("1", "halt").recall, Recall::fresh);
  EXPECT_EQ(memory.look_up("3", "halt").recall, Recall::fresh);
  EXPECT_EQ(memory.look_up("1", "halt").recall, Recall::pending);
}

}  // namespace
}  // namespace coreloop::io
