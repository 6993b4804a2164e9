// How a thread waits: one that spins on a shared core gives it to whoever wants it.
#include "engine/stage_thread.hpp"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "engine/cpu.hpp"

namespace coreloop::engine {
namespace {

// In this many turns a thread that keeps its core has spent a part of one time slice.
constexpr int waits_max = 20'000;

struct IdleLoop {
  LoopCounters counted;
  LoopCounters& counters() { return counted; }
  [[nodiscard]] bool has_work() const { return false; }
  [[nodiscard]] bool waits_for_the_world() const { return false; }
  void charge_sleep(StepResult, std::uint64_t) {}
};

// Turns of another thread on the same core while this one waited, until there were `wanted`.
std::uint64_t other_turns_while_spinning(std::uint64_t wanted) {
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> turns{0};
  std::uint64_t counted = 0;
  const std::uint32_t core = allowed_cores().front();
  std::thread other([&] {
    EXPECT_TRUE(pin_this_thread(core));
    while (!is_over.load()) {
      turns += 1;
      std::this_thread::yield();
    }
  });
  std::thread waiter([&] {
    EXPECT_TRUE(pin_this_thread(core));
    Waker waker;
    const RunFlags flags;
    WaitOptions wait;
    wait.shares_core = true;
    const TurnOptions options{.wait = wait, .waker = waker, .neighbours = {}, .flags = flags};
    IdleLoop loop;
    constexpr auto nothing = [] {};
    while (turns.load() == 0)
      std::this_thread::yield();
    const std::uint64_t before = turns.load();
    for (int i = 0; i < waits_max && turns.load() - before < wanted; ++i)
      wait_for_work(loop, StepResult::idle, options, nothing, 0, 1);
    counted = turns.load() - before;
    EXPECT_EQ(loop.counted.sleeps.get(), 0U);
  });
  waiter.join();
  is_over = true;
  other.join();
  return counted;
}

TEST(StageThreadTest, ASpinningThreadGivesASharedCoreToWhoeverWantsIt) {
  constexpr std::uint64_t wanted = 1'000;
  EXPECT_GE(other_turns_while_spinning(wanted), wanted);
}

}  // namespace
}  // namespace coreloop::engine
