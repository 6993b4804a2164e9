// How many commands a second are taken, on a clock of the test's own.
#include "io/http/command_rate.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

constexpr std::int64_t ms = 1'000'000;

int taken(CommandRate& rate, int asked, std::int64_t now_ns) {
  int count = 0;
  for (int i = 0; i < asked; ++i)
    count += rate.take(now_ns) ? 1 : 0;
  return count;
}

TEST(CommandRateTest, TakesASecondsWorthAtOnceAndNoMore) {
  CommandRate rate(10);
  EXPECT_EQ(taken(rate, 50, 0), 10);
  EXPECT_EQ(taken(rate, 50, 99 * ms), 0);
}

TEST(CommandRateTest, TakesOneMoreEachTimeItsShareIsOver) {
  CommandRate rate(10);
  EXPECT_EQ(taken(rate, 50, 0), 10);
  for (int i = 1; i <= 20; ++i)
    EXPECT_EQ(taken(rate, 50, i * 100 * ms), 1) << i;
}

TEST(CommandRateTest, APauseGivesOneSecondsWorthBack) {
  CommandRate rate(10);
  EXPECT_EQ(taken(rate, 50, 0), 10);
  EXPECT_EQ(taken(rate, 50, 3'600'000 * ms), 10);
}

TEST(CommandRateTest, ZeroIsAnyNumber) {
  CommandRate rate(0);
  EXPECT_EQ(taken(rate, 100'000, 0), 100'000);
}

}  // namespace
}  // namespace coreloop::io
