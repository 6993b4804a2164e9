// The event loop of an edge: timers, descriptors, hooks, and that no wake-up gets lost.
#include "io/redis/event_loop.hpp"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

TEST(EventLoopTest, RunsATimerOnceAndNotBeforeItsTime) {
  EventLoop loop;
  int runs = 0;
  EventLoop::Timer timer(loop, [&] { ++runs; });
  const auto begin = std::chrono::steady_clock::now();
  timer.start(20 * ns_per_ms);
  EXPECT_FALSE(loop.poll());
  while (runs == 0)
    loop.wait(1'000 * ns_per_ms);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds{19});
  EXPECT_FALSE(timer.is_running());
  loop.wait(30 * ns_per_ms);
  EXPECT_EQ(runs, 1);
}

TEST(EventLoopTest, WhatEndsASleepIsAttendedToAwake) {
  EventLoop loop;
  constexpr auto work = std::chrono::milliseconds{20};
  EventLoop::Timer timer(loop, [&] { std::this_thread::sleep_for(work); });
  timer.start(40 * ns_per_ms);
  const auto begin = std::chrono::steady_clock::now();
  loop.wait(1'000 * ns_per_ms);
  const std::chrono::nanoseconds awake{loop.since_awake_ns()};
  const auto all = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(awake, work);
  EXPECT_GE(all - awake, std::chrono::milliseconds{39}) << "all of it would be nothing slept";
}

TEST(EventLoopTest, StopsATimer) {
  EventLoop loop;
  int runs = 0;
  EventLoop::Timer timer(loop, [&] { ++runs; });
  timer.start(5 * ns_per_ms);
  timer.stop();
  loop.wait(20 * ns_per_ms);
  EXPECT_EQ(runs, 0);
}

TEST(EventLoopTest, TellsWhenADescriptorCanBeRead) {
  int ends[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  EventLoop loop;
  char byte = 0;
  {
    EventLoop::FdWatch watch(loop, ends[0], EventLoop::FdWatch::For::reading,
                             [&] { ASSERT_EQ(::read(ends[0], &byte, 1), 1); });
    watch.start();
    EXPECT_FALSE(loop.poll());
    ASSERT_EQ(::write(ends[1], "x", 1), 1);
    EXPECT_TRUE(loop.poll());
    EXPECT_EQ(byte, 'x');
    watch.stop();
    ASSERT_EQ(::write(ends[1], "y", 1), 1);
    EXPECT_FALSE(loop.poll());
  }
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST(EventLoopTest, RunsHooksBeforeEachLookOutside) {
  EventLoop loop;
  int runs = 0;
  EventLoop::Hook hook(loop, [&] { ++runs; });
  loop.poll();
  loop.poll();
  EXPECT_EQ(runs, 2);
}

// A wake between announce() and sleep() must end the sleep: none of many rounds may sit out its
// time.
TEST(EventLoopTest, LosesNoWakeUp) {
  EventLoop loop;
  std::atomic<int> round{0};
  constexpr int rounds = 3'000;
  std::thread waker([&] {
    for (int i = 1; i <= rounds; ++i) {
      round.store(i, std::memory_order_relaxed);
      loop.wake();
      while (round.load(std::memory_order_acquire) != -i)
        std::this_thread::yield();
    }
  });
  int long_sleeps = 0;
  for (int i = 1; i <= rounds; ++i) {
    while (round.load(std::memory_order_relaxed) != i) {
      loop.announce();
      if (round.load(std::memory_order_relaxed) == i) {
        loop.cancel();
        break;
      }
      const auto begin = std::chrono::steady_clock::now();
      loop.sleep(2'000 * ns_per_ms);
      if (std::chrono::steady_clock::now() - begin > std::chrono::milliseconds{1'900})
        ++long_sleeps;
    }
    round.store(-i, std::memory_order_release);
  }
  waker.join();
  EXPECT_EQ(long_sleeps, 0);
}

}  // namespace
}  // namespace coreloop::io
