// Waker: no wake-up is ever lost. Two threads pass a token to and fro, each asleep until the
// other's turn, for as many rounds as time allows; a lost wake-up would leave both asleep until the
// long timeout, which is counted as a failure. The program waker_mutant is this file without the
// second look for work; a test wants it to fail.
#include "engine/waker.hpp"

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include <gtest/gtest.h>

#include "engine/stage_thread.hpp"

namespace coreloop::engine {
namespace {

constexpr std::int64_t timeout_ns = 2'000'000'000;

// A few hundred ns at random, so that a wake meets every moment of the other side's way into sleep.
class Jitter {
 public:
  explicit Jitter(std::uint64_t seed) : state_(seed * 2 + 1) {}
  std::uint32_t next() {
    state_ = state_ * 6364136223846793005U + 1442695040888963407U;
    return static_cast<std::uint32_t>(state_ >> 56);
  }
  void pause() {
    for (std::uint32_t left = next(); left != 0; --left)
      spin_pause();
  }

 private:
  std::uint64_t state_;
};

// Sleeps until `word` is `wanted`; answers whether it took so long that a wake-up must have been
// lost.
bool wait_for(const std::atomic<std::uint64_t>& word, std::uint64_t wanted, Waker& own,
              Jitter& jitter) {
  for (std::uint32_t looks = jitter.next(); looks != 0; --looks) {
    if (word.load(std::memory_order_acquire) == wanted) return false;
    spin_pause();
  }
  while (word.load(std::memory_order_acquire) != wanted) {
    jitter.pause();  // the moment in which a wake finds nobody announced
    own.announce();
#ifndef CORELOOP_MUTANT_NO_RECHECK
    if (word.load(std::memory_order_acquire) == wanted) {
      own.cancel();
      return false;
    }
#endif
    const auto before = std::chrono::steady_clock::now();
    own.sleep(timeout_ns);
    const auto slept = std::chrono::steady_clock::now() - before;
    if (slept > std::chrono::nanoseconds(timeout_ns * 9 / 10)) return true;
  }
  return false;
}

int seconds_to_try() {
  const char* const text = std::getenv("CORELOOP_WAKER_SECONDS");
  return text == nullptr ? 3 : std::atoi(text);
}

TEST(WakerStressTest, NoWakeUpIsLost) {
  Waker wakers[2];
  std::atomic<std::uint64_t> turn{0};  // even: the first thread's, odd: the second's
  std::atomic<bool> is_over{false};
  std::atomic<std::uint64_t> lost{0};
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds_to_try());
  const auto play = [&](std::uint64_t side) {
    Jitter jitter(side);
    for (std::uint64_t n = side; !is_over.load(); n += 2) {
      if (wait_for(turn, n, wakers[side], jitter)) {
        lost += 1;
        is_over = true;
      }
      if (std::chrono::steady_clock::now() > end) is_over = true;
      jitter.pause();
      turn.store(n + 1, std::memory_order_release);
      wakers[1 - side].wake();
    }
  };
  std::thread other(play, 1);
  play(0);
  wakers[1].wake();
  other.join();
  EXPECT_EQ(lost.load(), 0U);
  EXPECT_GT(turn.load(), 1'000U);
}

TEST(WakerTest, AWakeBeforeTheSleepIsNotSleptThrough) {
  Waker waker;
  waker.announce();
  waker.wake();
  const auto before = std::chrono::steady_clock::now();
  waker.sleep(timeout_ns);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(1));
  EXPECT_EQ(waker.wake_call_count(), 1U);
}

TEST(WakerTest, SleepsNoLongerThanItsTimeout) {
  Waker waker;
  waker.announce();
  const auto before = std::chrono::steady_clock::now();
  waker.sleep(20'000'000);
  const auto slept = std::chrono::steady_clock::now() - before;
  EXPECT_GE(slept, std::chrono::milliseconds(19));
  EXPECT_LT(slept, std::chrono::seconds(1));
}

TEST(WakerTest, WakingOneThatIsAwakeCostsNoSystemCall) {
  Waker waker;
  for (int i = 0; i < 1'000; ++i)
    waker.wake();
  EXPECT_EQ(waker.wake_call_count(), 0U);
}

}  // namespace
}  // namespace coreloop::engine
