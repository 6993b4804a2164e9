// Copies on request: made when asked for and only then, never torn, and the owner never waits.
#include "engine/requested_view.hpp"

#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

namespace coreloop::engine {
namespace {

TEST(RequestedViewTest, CopiesNothingWhileNobodyAsks) {
  RequestedView<int> view(0);
  int fills = 0;
  for (int i = 0; i < 10; ++i)
    view.serve([&](int&) { ++fills; });
  EXPECT_EQ(fills, 0);
  EXPECT_EQ(view.fill_count(), 0U);
}

TEST(RequestedViewTest, AnswersEachRequestOnce) {
  RequestedView<int> view(0);
  view.ask();
  view.ask();  // still open: the same request
  EXPECT_FALSE(view.is_filled());
  view.serve([](int& value) { value = 7; });
  EXPECT_TRUE(view.is_filled());
  EXPECT_EQ(view.view(), 7);
  view.serve([](int& value) { value = 8; });
  EXPECT_EQ(view.view(), 7) << "nobody asked again";
  EXPECT_EQ(view.fill_count(), 1U);
}

TEST(RequestedViewTest, ShowsNoTornCopyToAReaderOnAnotherThread) {
  using Words = std::array<std::uint64_t, 512>;
  RequestedView<Words> view(Words{});
  std::atomic<bool> ends{false};
  std::thread owner([&] {
    std::uint64_t state = 0;
    while (!ends.load(std::memory_order_relaxed)) {
      ++state;
      view.serve([&](Words& words) { words.fill(state); });
    }
  });
  std::uint64_t last = 0;
  for (int i = 0; i < 2'000; ++i) {
    view.ask();
    while (!view.is_filled())
      std::this_thread::yield();
    const Words& words = view.view();
    for (const std::uint64_t word : words)
      ASSERT_EQ(word, words.front());
    ASSERT_GT(words.front(), last) << "newer than the request before";
    last = words.front();
  }
  ends = true;
  owner.join();
}

}  // namespace
}  // namespace coreloop::engine
