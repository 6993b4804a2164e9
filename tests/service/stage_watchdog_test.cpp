// tools/stage_watchdog.hpp: pulses, ticks, and who is stuck.
#include "tools/stage_watchdog.hpp"

#include <array>

#include <gtest/gtest.h>

namespace coreloop::tools {
namespace {

constexpr std::int64_t second = 1'000'000'000;

TEST(StageWatchdogTest, IsDueOnceAnInterval) {
  StageWatchdog watchdog(3 * second, 0);
  std::array<std::uint64_t, 1> beats{1};
  EXPECT_FALSE(watchdog.look(3 * second - 1, beats).is_pulse_due);
  EXPECT_TRUE(watchdog.look(3 * second, beats).is_pulse_due);
  EXPECT_FALSE(watchdog.look(3 * second, beats).is_pulse_due);
  EXPECT_FALSE(watchdog.look(6 * second - 1, beats).is_pulse_due);
  EXPECT_TRUE(watchdog.look(6 * second, beats).is_pulse_due);
}

TEST(StageWatchdogTest, SaysThatAllTurnOnlyWhenEachHasBeaten) {
  StageWatchdog watchdog(second, 0);
  std::array<std::uint64_t, 3> beats{1, 1, 1};
  EXPECT_TRUE(watchdog.look(second, beats).are_all_turning);
  ++beats[0];
  ++beats[2];
  EXPECT_FALSE(watchdog.look(2 * second, beats).are_all_turning);
  for (std::uint64_t& count : beats)
    ++count;
  EXPECT_TRUE(watchdog.look(3 * second, beats).are_all_turning);
}

TEST(StageWatchdogTest, AThreadThatNeverBeganIsNotTurning) {
  StageWatchdog watchdog(second, 0);
  const std::array<std::uint64_t, 2> beats{7, 0};
  EXPECT_FALSE(watchdog.look(second, beats).are_all_turning);
}

TEST(StageWatchdogTest, NamesTheThreadThatWasSilentForFiveTicksInARow) {
  StageWatchdog watchdog(100 * second, 0);
  std::array<std::uint64_t, 2> beats{1, 1};
  EXPECT_FALSE(watchdog.look(second, beats).stuck_thread.has_value());
  for (int tick = 2; tick <= 5; ++tick) {
    ++beats[0];
    EXPECT_FALSE(watchdog.look(tick * second, beats).stuck_thread.has_value());
  }
  ++beats[0];
  EXPECT_EQ(watchdog.look(6 * second, beats).stuck_thread, 1U);
}

TEST(StageWatchdogTest, OneHeartbeatBeginsTheCountAnew) {
  StageWatchdog watchdog(100 * second, 0);
  std::array<std::uint64_t, 1> beats{1};
  int tick = 1;
  for (; tick <= 5; ++tick)
    EXPECT_FALSE(watchdog.look(tick * second, beats).stuck_thread.has_value());
  ++beats[0];
  for (; tick <= 10; ++tick)
    EXPECT_FALSE(watchdog.look(tick * second, beats).stuck_thread.has_value());
  EXPECT_EQ(watchdog.look(tick * second, beats).stuck_thread, 0U);
}

TEST(StageWatchdogTest, ALongTimeWithoutALookIsOneTick) {
  StageWatchdog watchdog(100 * second, 0);
  const std::array<std::uint64_t, 1> beats{0};
  for (int look = 1; look <= 4; ++look)
    EXPECT_FALSE(watchdog.look(look * 60 * second, beats).stuck_thread.has_value());
  EXPECT_TRUE(watchdog.look(300 * second, beats).stuck_thread.has_value());
}

}  // namespace
}  // namespace coreloop::tools
