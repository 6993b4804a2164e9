// TscClock: its rate against the monotonic clock, conversions, and what a backward step counts as.
#include "engine/tsc_clock.hpp"

#include <chrono>
#include <thread>

#include <gtest/gtest.h>

namespace coreloop::engine {
namespace {

// Both clocks at one moment: read again where something came in between.
struct Moment {
  std::uint64_t tsc;
  std::chrono::steady_clock::time_point time;
};

Moment moment_of(const TscClock& clock) {
  for (;;) {
    const auto before = std::chrono::steady_clock::now();
    const std::uint64_t tsc = clock.now_tsc();
    const auto after = std::chrono::steady_clock::now();
    if (after - before < std::chrono::microseconds(100)) return {tsc, after};
  }
}

TEST(TscClockTest, AgreesWithTheMonotonicClockWithinOnePercent) {
  const TscClock clock = TscClock::calibrated();
  const Moment before = moment_of(clock);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  const Moment after = moment_of(clock);
  const double truth = std::chrono::duration<double, std::nano>(after.time - before.time).count();
  EXPECT_NEAR(static_cast<double>(clock.to_ns(after.tsc - before.tsc)) / truth, 1.0, 0.01);
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
