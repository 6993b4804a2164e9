// tools/clock_watch.hpp: steps, and what is none.
#include "tools/clock_watch.hpp"

#include <gtest/gtest.h>

#include "tests/support/scripted_clock.hpp"

namespace coreloop::tools {
namespace {

constexpr std::int64_t second = 1'000'000'000;

class ClockWatchTest : public testing::Test {
 protected:
  void pass(std::int64_t ns) {
    clock_.now_unix_ns += ns;
    clock_.now_monotonic_ns += ns;
  }

  tests::ScriptedClock clock_;
  ClockWatch watch_{clock_};
};

TEST_F(ClockWatchTest, SeesNoneWhereBothClocksGoOn) {
  pass(1'000 * second);
  EXPECT_EQ(watch_.look(), 0);
  EXPECT_EQ(watch_.step_count(), 0U);
}

TEST_F(ClockWatchTest, TellsHowFarAndWhichWay) {
  pass(second);
  clock_.now_unix_ns += 3'600 * second;
  EXPECT_EQ(watch_.look(), 3'600 * second);
  pass(second);
  clock_.now_unix_ns -= 7'200 * second;
  EXPECT_EQ(watch_.look(), -7'200 * second);
  EXPECT_EQ(watch_.look(), 0);
  EXPECT_EQ(watch_.step_count(), 2U);
}

TEST_F(ClockWatchTest, CountsFiveSecondsAndNoLess) {
  clock_.now_unix_ns += 5 * second - 1;
  EXPECT_EQ(watch_.look(), 0);
  clock_.now_unix_ns += 5 * second;
  EXPECT_EQ(watch_.look(), 5 * second);
}

TEST_F(ClockWatchTest, SeesNoneInASlowCorrection) {
  for (int i = 0; i < 100; ++i) {
    pass(second);
    clock_.now_unix_ns += second / 10;
    EXPECT_EQ(watch_.look(), 0);
  }
}

/// Stands still for ten seconds between its first two readings.
class HaltedClock final : public io::Clock {
 public:
  [[nodiscard]] std::int64_t unix_ns() const noexcept override {
    if (!has_halted_) now_ns_ += 10 * second;
    has_halted_ = true;
    return now_ns_;
  }
  [[nodiscard]] std::int64_t monotonic_ns() const noexcept override { return now_ns_; }
  void halt_next_time() { has_halted_ = false; }

 private:
  mutable std::int64_t now_ns_ = 0;
  mutable bool has_halted_ = true;
};

TEST(ClockWatchHaltTest, SeesNoneInAProcessThatWasStoppedWhileItLooked) {
  HaltedClock clock;
  ClockWatch watch(clock);
  clock.halt_next_time();
  EXPECT_EQ(watch.look(), 0);
  EXPECT_EQ(watch.look(), 0);
}

}  // namespace
}  // namespace coreloop::tools
