// A named, pinned thread that turns one loop until its input has ended, and how it waits in
// between.
//
// A thread publishes all it has before it waits for anything, and wakes whoever may wait for it.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "engine/layout.hpp"
#include "engine/stage_loop.hpp"
#include "engine/waker.hpp"
#include "engine/world.hpp"

namespace coreloop::engine {

struct WaitOptions {
  WaitPolicy policy = WaitPolicy::adaptive;
  std::uint64_t spin_ns = 50'000;  ///< adaptive: this long without work before it sleeps
  bool shares_core = false;        ///< adaptive: yields its core at each turn while it spins
  std::int64_t sleep_ns_max =
      100'000'000;  ///< adaptive: a sleeper does its housekeeping at least this often
  std::int64_t world_sleep_ns =
      4'000'000;  ///< adaptive: a loop that waits for a source or sink looks again after this
};

/// Puts the calling thread's name into the system (at most 15 characters are kept) and pins it;
/// false if pinning failed.
// tidy: allow std::string because a thread is named once, when it starts
bool prepare_this_thread(const std::string& name,
                         const std::optional<std::uint32_t>& core) noexcept;

/// What a waiting thread does for a moment without giving up its core.
inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

/// What threads of one engine share while they run.
struct RunFlags {
  std::atomic<bool> stops_source{false};  ///< take no more input, finish what is there
  std::atomic<bool> aborts{false};        ///< end now, whatever is still on its way
};

/// One thread's surroundings.
struct TurnOptions {
  WaitOptions wait;
  Waker& waker;                        ///< this thread's own
  std::span<Waker* const> neighbours;  ///< of the threads that wait for what this one does
  const RunFlags& flags;
  World* world = nullptr;  ///< polled when there is nothing to do and every 64 turns, or nullptr
  std::uint64_t housekeeping_ns = 1'000'000;
};

/// Whether somebody waits for cold work: it may offer is_wanted() to say so.
template <class Housekeeping>
[[nodiscard]] bool is_wanted(const Housekeeping& housekeeping) noexcept {
  if constexpr (requires { housekeeping.is_wanted(); })
    return housekeeping.is_wanted();
  else
    return false;
}

/// Waits after a turn that did nothing (`result`): spins, yields, or sleeps until woken.
/// `idle_ticks`: time since the last work.
template <class Loop, class Housekeeping>
void wait_for_work(Loop& loop, StepResult result, const TurnOptions& options,
                   const Housekeeping& housekeeping, std::uint64_t idle_ticks,
                   std::uint64_t spin_ticks) noexcept {
  switch (options.wait.policy) {
    case WaitPolicy::spin:
      return spin_pause();
    case WaitPolicy::yield:
      return std::this_thread::yield();
    case WaitPolicy::adaptive:
      break;
  }
  if (idle_ticks < spin_ticks)
    return options.wait.shares_core ? std::this_thread::yield() : spin_pause();
  options.waker.announce();
#ifndef CORELOOP_MUTANT_NO_RECHECK
  // Work that came before the announcement woke nobody: look once more.
  if (loop.has_work() || is_wanted(housekeeping) ||
      options.flags.stops_source.load(std::memory_order_relaxed) ||
      options.flags.aborts.load(std::memory_order_relaxed)) {
    options.waker.cancel();
    return std::this_thread::yield();
  }
#endif
  loop.counters().sleeps.add(1);
  options.waker.sleep(loop.waits_for_the_world() ? options.wait.world_sleep_ns
                                                 : options.wait.sleep_ns_max);
  loop.charge_sleep(result, options.waker.since_awake_ns());
}

/// Turns `loop` until it has finished or the flags say to abort. `on_housekeeping`: cold work of
/// this thread's stages, about every housekeeping_ns, when it is wanted, and once at the end;
/// noexcept.
template <class Loop, class Housekeeping>
void turn_loop(Loop& loop, const TscClock& clock, const TurnOptions& options,
               Housekeeping&& on_housekeeping) noexcept {
  constexpr std::uint32_t turns_between_looks = 64;
  const std::uint64_t spin_ticks = clock.to_ticks(options.wait.spin_ns);
  const std::uint64_t housekeeping_ticks = clock.to_ticks(options.housekeeping_ns);
  std::uint64_t last_work_tsc = clock.now_tsc();
  std::uint64_t next_housekeeping_tsc = last_work_tsc + housekeeping_ticks;
  bool has_worked = false;
  for (std::uint32_t turns = 1; !options.flags.aborts.load(std::memory_order_relaxed); ++turns) {
    if (loop.runs_source() && options.flags.stops_source.load(std::memory_order_relaxed))
      loop.stop_source();
    const StepResult result = loop.step();
    if (result == StepResult::finished) break;
    if (result == StepResult::worked) {
      has_worked = true;
      if (options.wait.policy == WaitPolicy::adaptive) {
        for (Waker* neighbour : options.neighbours)
          neighbour->wake();
      }
      if (turns % turns_between_looks != 0) continue;
    }
    const bool has_polled = options.world != nullptr && options.world->poll();
    const std::uint64_t now = clock.now_tsc();
    if (now >= next_housekeeping_tsc || is_wanted(on_housekeeping)) {
      on_housekeeping();
      loop.counters().heartbeats.add(1);
      loop.charge_housekeeping();
      next_housekeeping_tsc = now + housekeeping_ticks;
    }
    if (result == StepResult::worked) continue;
    if (has_polled) {
      has_worked = true;
      continue;
    }
    if (has_worked) last_work_tsc = now;
    has_worked = false;
    wait_for_work(loop, result, options, on_housekeeping, now - last_work_tsc, spin_ticks);
  }
  on_housekeeping();
  // The neighbours must see that this one's ring is closed.
  for (Waker* neighbour : options.neighbours)
    neighbour->wake();
}

}  // namespace coreloop::engine
