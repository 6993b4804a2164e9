// Ring: typed ends, the conf's capacity as a limit below the storage, closing, and a two-thread
// stress.
#include "engine/ring.hpp"

#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace coreloop::engine {
namespace {

TEST(RingTest, LetsInAsManyMessagesAsTheConfSaysWhateverItsStorage) {
  for (const std::uint32_t capacity : {1U, 2U, 3U, 7U, 8U}) {
    Ring<int, 8> ring(capacity);
    RingWriter<int, 8> writer(ring);
    RingReader<int, 8> reader(ring);
    // Round after round, so that the indices wrap in every position.
    for (int round = 0; round < 20; ++round) {
      std::uint32_t pushed = 0;
      while (writer.try_push(round))
        ++pushed;
      EXPECT_EQ(pushed, capacity);
      EXPECT_FALSE(writer.has_room());
      int message = -1;
      std::uint32_t popped = 0;
      while (reader.try_pop(message)) {
        EXPECT_EQ(message, round);
        ++popped;
      }
      EXPECT_EQ(popped, capacity);
      EXPECT_FALSE(reader.has_message());
    }
  }
}

TEST(RingTest, KeepsOrderInBatches) {
  Ring<int, 8> ring(6);
  RingWriter<int, 8> writer(ring);
  RingReader<int, 8> reader(ring);
  const int in[] = {1, 2, 3, 4, 5, 6, 7, 8};
  EXPECT_EQ(writer.try_push(in, 4), 4U);
  EXPECT_EQ(writer.try_push(in + 4, 4), 2U);  // room for six
  int out[8] = {};
  EXPECT_EQ(reader.try_pop(out, 8), 6U);
  for (int i = 0; i < 6; ++i)
    EXPECT_EQ(out[i], i + 1);
  EXPECT_EQ(reader.try_pop(out, 8), 0U);
}

TEST(RingTest, IsFinishedOnlyWhenClosedAndEmpty) {
  Ring<int, 8> ring(4);
  RingWriter<int, 8> writer(ring);
  RingReader<int, 8> reader(ring);
  EXPECT_FALSE(reader.is_finished());
  ASSERT_TRUE(writer.try_push(1));
  writer.close();
  EXPECT_FALSE(reader.is_finished());
  int message = 0;
  ASSERT_TRUE(reader.try_pop(message));
  EXPECT_TRUE(reader.is_finished());
}

TEST(RingTest, StartsOnItsOwnPairOfCacheLines) {
  EXPECT_EQ(alignof(Ring<int, 8>), 2 * cache_line_bytes);
  EXPECT_EQ(sizeof(Ring<int, 8>) % (2 * cache_line_bytes), 0U);
}

TEST(RingDeathTest, RefusesACapacityBeyondItsStorage) {
  EXPECT_DEATH((Ring<int, 8>(9)), "lies within its storage");
  EXPECT_DEATH((Ring<int, 8>(0)), "lies within its storage");
}

// A message with its number in every word: a torn or repeated one shows.
struct Wide {
  std::uint64_t words[16];
};

TEST(RingStressTest, TwoThreadsPassEveryMessageOnceInOrderUntorn) {
#ifdef CORELOOP_SANITIZED
  constexpr std::uint64_t message_count = 200'000;
#else
  constexpr std::uint64_t message_count = 2'000'000;
#endif
  for (const std::uint32_t capacity : {2U, 16U, 64U}) {
    auto ring = std::make_unique<Ring<Wide, 64>>(capacity);
    std::thread producer([&ring] {
      RingWriter<Wide, 64> writer(*ring);
      Wide message{};
      for (std::uint64_t n = 1; n <= message_count; ++n) {
        for (std::uint64_t& word : message.words)
          word = n;
        while (!writer.try_push(message))
          std::this_thread::yield();
      }
      writer.close();
    });
    RingReader<Wide, 64> reader(*ring);
    Wide message{};
    std::uint64_t expected = 0;
    std::uint64_t wrong = 0;
    while (!reader.is_finished()) {
      if (!reader.try_pop(message)) {
        std::this_thread::yield();
        continue;
      }
      ++expected;
      for (const std::uint64_t word : message.words)
        wrong += word != expected ? 1U : 0U;
    }
    producer.join();
    EXPECT_EQ(expected, message_count);
    EXPECT_EQ(wrong, 0U);
  }
}

}  // namespace
}  // namespace coreloop::engine
