// The last signal ids: what is remembered, what is forgotten, against a deque and a set.
#include "stages/dedup_window.hpp"

#include <deque>
#include <random>
#include <set>
#include <utility>

#include <gtest/gtest.h>

namespace coreloop::stages {
namespace {

// The window as the semantics page says it, slowly.
class SlowWindow {
 public:
  explicit SlowWindow(std::size_t capacity) : capacity_(capacity) {}

  bool seen_before(const SignalIdHash& id) {
    const std::pair key{id.high, id.low};
    if (known_.count(key) != 0) return true;
    known_.insert(key);
    order_.push_back(key);
    if (order_.size() > capacity_) {
      known_.erase(order_.front());
      order_.pop_front();
    }
    return false;
  }

 private:
  std::size_t capacity_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> known_;
  std::deque<std::pair<std::uint64_t, std::uint64_t>> order_;
};

constexpr SignalIdHash id_of(std::uint64_t number) {
  return {.high = number, .low = number * 0x9E3779B97F4A7C15U};
}

TEST(DedupWindowTest, KnowsARepeat) {
  DedupWindow window(4);
  EXPECT_FALSE(window.seen_before(id_of(1)));
  EXPECT_TRUE(window.seen_before(id_of(1)));
  EXPECT_FALSE(window.seen_before(id_of(2)));
  EXPECT_TRUE(window.seen_before(id_of(1)));
}

TEST(DedupWindowTest, ForgetsTheOldestAndARepeatDoesNotRenewItsPlace) {
  DedupWindow window(2);
  EXPECT_FALSE(window.seen_before(id_of(1)));
  EXPECT_FALSE(window.seen_before(id_of(2)));
  EXPECT_TRUE(window.seen_before(id_of(1)));
  EXPECT_FALSE(window.seen_before(id_of(3)));  // 1 goes: it came first
  EXPECT_TRUE(window.seen_before(id_of(2)));
  EXPECT_FALSE(window.seen_before(id_of(1)));
  EXPECT_FALSE(window.seen_before(id_of(2)));
}

TEST(DedupWindowTest, AWindowOfNoneRemembersNothing) {
  DedupWindow window(0);
  EXPECT_FALSE(window.seen_before(id_of(1)));
  EXPECT_FALSE(window.seen_before(id_of(1)));
}

TEST(DedupWindowTest, AWindowOfOneKnowsOnlyTheLast) {
  DedupWindow window(1);
  EXPECT_FALSE(window.seen_before(id_of(1)));
  EXPECT_TRUE(window.seen_before(id_of(1)));
  EXPECT_FALSE(window.seen_before(id_of(2)));
  EXPECT_FALSE(window.seen_before(id_of(1)));
}

TEST(DedupWindowTest, BothHalvesOfTheHashCount) {
  DedupWindow window(4);
  EXPECT_FALSE(window.seen_before({.high = 1, .low = 7}));
  EXPECT_FALSE(window.seen_before({.high = 2, .low = 7}));
  EXPECT_FALSE(window.seen_before({.high = 1, .low = 8}));
  EXPECT_TRUE(window.seen_before({.high = 2, .low = 7}));
  EXPECT_FALSE(window.seen_before({}));
  EXPECT_TRUE(window.seen_before({}));
}

TEST(DedupWindowTest, AgreesWithADequeAndASetOverRandomIds) {
  for (const std::uint32_t capacity : {1U, 2U, 3U, 5U, 7U, 8U, 9U, 16U, 33U, 100U, 1'000U}) {
    DedupWindow window(capacity);
    SlowWindow expected(capacity);
    std::mt19937_64 random{capacity};
    for (int i = 0; i < 20'000; ++i) {
      const SignalIdHash id = id_of(random() % (2 * capacity + 2));
      ASSERT_EQ(window.seen_before(id), expected.seen_before(id)) << capacity << ", id " << i;
    }
  }
}

TEST(DedupWindowTest, AgreesWithThemWhenManyIdsWantTheSameSlot) {
  for (const std::uint32_t capacity : {2U, 3U, 8U, 20U, 64U}) {
    DedupWindow window(capacity);
    SlowWindow expected(capacity);
    std::mt19937_64 random{capacity};
    for (int i = 0; i < 20'000; ++i) {
      // Low words of few values, among them the last slot of any table: runs that go round its end.
      const std::uint64_t low = ~std::uint64_t{0} - random() % 3;
      const SignalIdHash id{.high = random() % (capacity + 2), .low = low};
      ASSERT_EQ(window.seen_before(id), expected.seen_before(id)) << capacity << ", id " << i;
    }
  }
}

}  // namespace
}  // namespace coreloop::stages
