// Text between two threads: room, texts that never wrap, positions that do.
#include "stages/text_ring.hpp"

#include <atomic>
#include <deque>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace coreloop::stages {
namespace {

struct Written {
  std::uint32_t position = 0;
  std::string text;
};

Written write(TextRing& ring, const std::string& text) {
  std::memcpy(ring.claim(), text.data(), text.size());
  return {ring.commit(static_cast<std::uint32_t>(text.size())), text};
}

std::uint32_t size_of(const Written& written) {
  return static_cast<std::uint32_t>(written.text.size());
}

TEST(TextRingTest, GivesBackWhatWasWritten) {
  TextRing ring(10);
  ASSERT_TRUE(ring.has_room());
  const Written hello = write(ring, "hello");
  EXPECT_EQ(ring.text(hello.position, 5), "hello");
}

TEST(TextRingTest, HasRoomAgainOnlyWhenTheReaderHasGivenBack) {
  TextRing ring(10);  // 1,024 bytes: two texts at the most
  const Written first = write(ring, "x");
  EXPECT_FALSE(ring.has_room());  // 1,023 bytes free
  ring.release(first.position, 1);
  EXPECT_TRUE(ring.has_room());
}

TEST(TextRingTest, AnEmptyTextTakesNoRoom) {
  TextRing ring(10);
  const Written nothing = write(ring, "");
  EXPECT_TRUE(ring.has_room());
  EXPECT_EQ(ring.text(nothing.position, 0), "");
}

TEST(TextRingTest, TheLongestTextFitsWhereverTheWriterStands) {
  TextRing ring(10);
  const std::string longest(TextRing::text_bytes_max, 'z');
  for (std::uint32_t lead = 1; lead <= TextRing::text_bytes_max; ++lead) {
    ASSERT_TRUE(ring.has_room());
    const Written before = write(ring, std::string(lead, 'a'));
    ring.release(before.position, lead);
    ASSERT_TRUE(ring.has_room());
    const Written after = write(ring, longest);
    ASSERT_EQ(ring.text(after.position, TextRing::text_bytes_max), longest);
    ring.release(after.position, TextRing::text_bytes_max);
  }
}

TEST(TextRingTest, TextsStayIntactUntilTheyAreGivenBack) {
  TextRing ring(12);
  std::deque<Written> kept;
  std::mt19937_64 random{6};
  for (int i = 0; i < 50'000; ++i) {
    if (ring.has_room() && random() % 3 != 0) {
      const std::size_t size = random() % (TextRing::text_bytes_max + 1);
      kept.push_back(write(ring, std::string(size, static_cast<char>('a' + i % 26))));
    } else if (!kept.empty()) {
      ASSERT_EQ(ring.text(kept.front().position, size_of(kept.front())), kept.front().text);
      ring.release(kept.front().position, size_of(kept.front()));
      kept.pop_front();
    }
  }
}

TEST(TextRingTest, PositionsPassTwoToThe32) {
  TextRing ring(10);
  // 512 bytes at a time: 2^23 texts are 2^32 bytes.
  std::uint32_t previous = 0;
  bool has_wrapped = false;
  for (std::uint32_t i = 0; i < (1U << 23) + 4; ++i) {
    if (!ring.has_room()) FAIL() << "at text " << i;
    std::memcpy(ring.claim(), &i, sizeof i);
    const std::uint32_t position = ring.commit(TextRing::text_bytes_max);
    std::uint32_t found = 0;
    std::memcpy(&found, ring.text(position, sizeof found).data(), sizeof found);
    if (found != i) FAIL() << "at text " << i;
    has_wrapped |= position < previous;
    previous = position;
    ring.release(position, TextRing::text_bytes_max);
  }
  EXPECT_TRUE(has_wrapped);
}

TEST(TextRingTest, AReaderOnAnotherThreadSeesWholeTexts) {
  constexpr std::uint32_t text_count = 20'000;
  TextRing ring(12);
  std::vector<std::uint32_t> positions(text_count);
  std::atomic<std::uint32_t> written_count{0};
  const auto size_at = [](std::uint32_t i) { return 1 + i * 7 % TextRing::text_bytes_max; };
  std::thread writer([&] {
    for (std::uint32_t i = 0; i < text_count; ++i) {
      while (!ring.has_room())
        std::this_thread::yield();
      std::memset(ring.claim(), static_cast<int>('a' + i % 26), size_at(i));
      positions[i] = ring.commit(size_at(i));
      written_count.store(i + 1, std::memory_order_release);
    }
  });
  std::uint32_t broken_count = 0;
  for (std::uint32_t i = 0; i < text_count; ++i) {
    while (written_count.load(std::memory_order_acquire) <= i)
      std::this_thread::yield();
    const std::string_view text = ring.text(positions[i], size_at(i));
    const bool is_whole = text.find_first_not_of(static_cast<char>('a' + i % 26)) == text.npos;
    broken_count += is_whole ? 0 : 1;
    ring.release(positions[i], size_at(i));
  }
  writer.join();
  EXPECT_EQ(broken_count, 0U);
}

}  // namespace
}  // namespace coreloop::stages
