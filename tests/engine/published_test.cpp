// Published: readers get whole copies, never stop the writer, and see nothing before the first.
#include "engine/published.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace coreloop::engine {
namespace {

struct Picture {
  std::uint64_t words[40];
  std::uint32_t tail;
};

Picture picture_of(std::uint64_t n) {
  Picture picture{};
  for (std::uint64_t& word : picture.words)
    word = n;
  picture.tail = static_cast<std::uint32_t>(n);
  return picture;
}

TEST(PublishedTest, ShowsNothingBeforeTheFirstCopy) {
  const Published<Picture> published;
  Picture picture = picture_of(7);
  EXPECT_FALSE(published.read(picture));
  EXPECT_EQ(picture.words[0], 7U);
}

TEST(PublishedTest, ShowsTheLastCopy) {
  Published<Picture> published;
  published.publish(picture_of(1));
  published.publish(picture_of(2));
  Picture picture{};
  ASSERT_TRUE(published.read(picture));
  EXPECT_EQ(picture.words[39], 2U);
  EXPECT_EQ(picture.tail, 2U);
}

TEST(PublishedStressTest, ReadersNeverSeeATornOrOlderCopy) {
#ifdef CORELOOP_SANITIZED
  constexpr std::uint64_t copies = 20'000;
#else
  constexpr std::uint64_t copies = 300'000;
#endif
  constexpr std::uint64_t burst = copies / 1'000;
  Published<Picture> published;
  std::atomic<bool> is_done{false};
  std::atomic<std::uint64_t> faults{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      Picture picture{};
      std::uint64_t last = 0;
      // The last look begins after the last copy, and so must show it: a writer in full flow may
      // get in between all others.
      for (bool is_last_look = false; !is_last_look;) {
        is_last_look = is_done.load();
        if (!published.read(picture)) continue;
        for (const std::uint64_t word : picture.words)
          faults += word != picture.words[0] ? 1U : 0U;
        faults += picture.words[0] < last ? 1U : 0U;
        last = picture.words[0];
      }
      faults += last != copies ? 1U : 0U;
    });
  }
  for (std::uint64_t n = 1; n <= copies; ++n) {
    published.publish(picture_of(n));
    if (n % burst == 0) std::this_thread::yield();  // where there are fewer cores than threads
  }
  is_done = true;
  for (std::thread& reader : readers)
    reader.join();
  EXPECT_EQ(faults.load(), 0U);
}

}  // namespace
}  // namespace coreloop::engine
