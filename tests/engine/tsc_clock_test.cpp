// TscClock: its rate against the monotonic clock, conversions, and what a backward step counts as.
#include "engine/tsc_clock.hpp"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace coreloop::engine {
namespace {

TEST(TscClockTest, AgreesWithTheMonotonicClockWithinOnePercent) {
  const TscClock clock = TscClock::calibrated();
  const auto before = std::chrono::steady_clock::now();
  const std::uint64_t before_tsc = clock.now_tsc();
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const std::uint64_t ticks = clock.now_tsc() - before_tsc;
  const auto elapsed = std::chrono::steady_clock::now() - before;
  const double truth =
      static_cast<double>(std::chrono::duration_cast<std::chrono::nanoseconds>(elapsed).count());
  EXPECT_NEAR(static_cast<double>(clock.to_ns(ticks)) / truth, 1.0, 0.01);
}

TEST(TscClockTest, CountsNanosecondsUntilItIsCalibrated) {
  const TscClock clock;
  EXPECT_FALSE(clock.uses_tsc());
  EXPECT_EQ(clock.to_ns(1'234'567'890'123), 1'234'567'890'123U);
  EXPECT_EQ(clock.to_ticks(55), 55U);
}

TEST(TscClockTest, ConvertsBackAndForthOverHours) {
  const TscClock clock = TscClock::calibrated();
  for (const std::uint64_t ns :
       {1'000ULL, 1'000'000'000ULL, 60'000'000'000ULL, 36'000'000'000'000ULL}) {
    const std::uint64_t back = clock.to_ns(clock.to_ticks(ns));
    EXPECT_LE(back, ns);
    EXPECT_GE(back + 3 + ns / 1'000'000, ns);
  }
}

TEST(TscClockTest, ACounterThatWentBackCountsAsZero) {
  const TscClock clock = TscClock::calibrated();
  const std::uint64_t earlier = 100;
  EXPECT_EQ(clock.to_ns(earlier - 200), 0U);
}

}  // namespace
}  // namespace coreloop::engine
