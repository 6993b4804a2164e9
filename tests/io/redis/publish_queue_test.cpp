// The queue of outputs: order, groups, room, and what it keeps of the confirmed.
#include "io/redis/publish_queue.hpp"

#include <cstring>
#include <string>

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

constexpr std::size_t entry_bytes_max = 100;

void push(PublishQueue& queue, std::uint64_t number, const std::string& text) {
  ASSERT_TRUE(queue.has_room(1, entry_bytes_max));
  std::memcpy(queue.begin_entry(entry_bytes_max), text.data(), text.size());
  queue.end_entry(OutputStream::approvals, {1, number}, number, text.size());
}

std::string text_of(std::uint64_t number) {
  return "entry " + std::to_string(number) + std::string(number % 60, '.');
}

TEST(PublishQueueTest, KeepsOrderAndBytesAroundTheEndOfItsMemory) {
  PublishQueue queue(1'024, 64);
  std::uint64_t confirmed = 0;
  for (std::uint64_t number = 0; number < 10'000; ++number) {
    while (!queue.has_room(1, entry_bytes_max)) {
      ASSERT_EQ(queue.command(confirmed), text_of(confirmed));
      queue.acknowledge(++confirmed);
    }
    push(queue, number, text_of(number));
    queue.end_group();
    ASSERT_EQ(queue.command(number), text_of(number));
    ASSERT_EQ(queue.command(queue.oldest()), text_of(queue.oldest()));
  }
  EXPECT_GT(confirmed, 9'900U);
}

TEST(PublishQueueTest, HasNoRoomBesideWhatIsNotConfirmed) {
  PublishQueue queue(1'024, 64);
  std::uint64_t count = 0;
  while (queue.has_room(1, entry_bytes_max))
    push(queue, count++, std::string(100, 'x'));
  EXPECT_GE(count, 8U);
  EXPECT_EQ(queue.oldest(), 0U);
  queue.end_group();
  queue.acknowledge(count);
  EXPECT_TRUE(queue.has_room(3, entry_bytes_max));
}

TEST(PublishQueueTest, HasNoMoreEntriesThanItsCapacity) {
  PublishQueue queue(65'536, 4);
  for (std::uint64_t number = 0; number < 4; ++number)
    push(queue, number, "x");
  EXPECT_FALSE(queue.has_room(1, entry_bytes_max));
  queue.end_group();
  queue.acknowledge(1);
  EXPECT_TRUE(queue.has_room(1, entry_bytes_max));
  EXPECT_FALSE(queue.has_room(2, entry_bytes_max));
}

TEST(PublishQueueTest, KeepsTheConfirmedAsLongAsThereIsRoom) {
  PublishQueue queue(4'096, 64);
  for (std::uint64_t number = 0; number < 20; ++number) {
    push(queue, number, text_of(number));
    queue.end_group();
    queue.acknowledge(number + 1);
  }
  EXPECT_EQ(queue.oldest(), 0U);
  queue.acknowledge(5);  // Redis has lost what came after
  EXPECT_EQ(queue.command(5), text_of(5));
}

TEST(PublishQueueTest, EndsGroupsOnlyWhereToldTo) {
  PublishQueue queue(4'096, 64);
  push(queue, 0, "a");
  push(queue, 1, "b");
  EXPECT_EQ(queue.group_end(), 0U);
  queue.end_group();
  EXPECT_EQ(queue.group_end(), 2U);
  EXPECT_FALSE(queue.at(0).ends_group);
  EXPECT_TRUE(queue.at(1).ends_group);
  queue.end_group();  // nothing new: no empty group
  EXPECT_EQ(queue.group_end(), 2U);
}

}  // namespace
}  // namespace coreloop::io
