// Sleeping, and sleeping on a futex.
#include "engine/waker.hpp"

#include <climits>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coreloop::engine {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

long futex(std::atomic<std::uint32_t>& word, int operation, std::uint32_t value,
           const timespec* timeout) noexcept {
  static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
  return ::syscall(SYS_futex, reinterpret_cast<std::uint32_t*>(&word), operation, value, timeout,
                   nullptr, 0);
}

std::uint64_t monotonic_ns() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * ns_per_second +
         static_cast<std::uint64_t>(now.tv_nsec);
}

}  // namespace

void Waker::sleep(std::int64_t timeout_ns) noexcept {
  block(timeout_ns);
  state_.store(awake, std::memory_order_relaxed);
}

void Waker::block(std::int64_t timeout_ns) noexcept {
  const timespec timeout{static_cast<std::time_t>(timeout_ns / ns_per_second),
                         static_cast<long>(timeout_ns % ns_per_second)};
  // Returns at once if a waker has already set the word back; a spurious return is a look for work
  // too many.
  futex(state_, FUTEX_WAIT_PRIVATE, sleeping, &timeout);
  note_awake();
}

void Waker::note_awake() noexcept {
  awake_ns_ = monotonic_ns();
}

std::uint64_t Waker::since_awake_ns() const noexcept {
  return monotonic_ns() - awake_ns_;
}

void Waker::unblock() noexcept {
  futex(state_, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr);
}

void Waker::wake_sleeper() noexcept {
  if (state_.exchange(awake, std::memory_order_seq_cst) != sleeping) return;
  wake_calls_.fetch_add(1, std::memory_order_relaxed);
  unblock();
}

}  // namespace coreloop::engine
