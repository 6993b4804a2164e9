// The one place where a thread sleeps, and how its neighbours wake it. What it sleeps in is a
// futex, or, for a thread at the edge of the engine, whatever the World of engine/world.hpp brings
// along.
//
// No wake-up can be lost. The sleeper says that it is about to sleep, then looks for work once
// more, and only then sleeps; the waker makes its work visible first and then looks whether anybody
// sleeps. A full barrier stands between the two steps on both sides, so at least one of them sees
// the other:
//
//   sleeper:  announce;      BARRIER;  work?       yes: cancel   no: sleep
//   waker:    publish work;  BARRIER;  announced?  yes: wake
#pragma once

#include <atomic>
#include <cstdint>

#include "engine/cache_line.hpp"

namespace coreloop::engine {

class alignas(cache_line_bytes) Waker {
 public:
  Waker() = default;
  // tidy: allow virtual because no waker dies while a thread runs
  virtual ~Waker() = default;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;

  /// Announces that the owner is about to sleep. It must look for work after this and then call
  /// cancel() or sleep().
  void announce() noexcept { state_.exchange(sleeping, std::memory_order_seq_cst); }

  /// There is work after all. Thread: the owner.
  void cancel() noexcept { state_.store(awake, std::memory_order_relaxed); }

  /// Sleeps until woken or until `timeout_ns` has passed. Requires: announce(). Thread: the owner.
  void sleep(std::int64_t timeout_ns) noexcept;

  /// Time since the last sleep ended, in ns: what woke a World is attended to before sleep()
  /// returns. Thread: the owner.
  [[nodiscard]] std::uint64_t since_awake_ns() const noexcept;

  /// Wakes the owner if it has announced sleep. What it is to find must be stored before. Any
  /// thread. Cost: a full barrier; a system call only if the owner sleeps.
  void wake() noexcept {
    full_barrier();
    if (state_.load(std::memory_order_relaxed) == sleeping) wake_sleeper();
  }

  /// Times a wake() had to call the kernel. Relaxed; any thread.
  [[nodiscard]] std::uint64_t wake_call_count() const noexcept {
    return wake_calls_.load(std::memory_order_relaxed);
  }

 protected:
  /// Blocks until unblock() or until `timeout_ns` has passed; may return early. An unblock() since
  /// announce() must end it at once. Calls note_awake() as soon as it runs again. Thread: the
  /// owner.
  // tidy: allow virtual because a thread that calls it has nothing else to do
  virtual void block(std::int64_t timeout_ns) noexcept;
  /// Ends the owner's block(), the present one or the next. Any thread.
  virtual void unblock() noexcept;  // tidy: allow virtual because it costs a system call anyway
  void note_awake() noexcept;

 private:
  static constexpr std::uint32_t awake = 0;
  static constexpr std::uint32_t sleeping = 1;

  static void full_barrier() noexcept;
  void wake_sleeper() noexcept;

  std::atomic<std::uint32_t> state_{awake};
  std::atomic<std::uint64_t> wake_calls_{0};
  std::uint64_t awake_ns_ = 0;  ///< of the monotonic clock; the owner's
};

inline void Waker::full_barrier() noexcept {
#ifdef CORELOOP_TSAN
  // ThreadSanitizer knows no fences; a locked instruction is one on every machine it runs on.
  std::atomic<std::uint32_t> word{0};
  word.exchange(1, std::memory_order_seq_cst);
#else
  std::atomic_thread_fence(std::memory_order_seq_cst);
#endif
}

}  // namespace coreloop::engine
