// Signals by sigtimedwait.
#include "tools/stop_signals.hpp"

#include <atomic>
#include <ctime>
#include <signal.h>

namespace coreloop::tools {
namespace {

std::atomic<bool> has_come{false};

sigset_t stop_set() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void block_stop_signals() noexcept {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
}

void unblock_stop_signals() noexcept {
  const sigset_t set = stop_set();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

void ignore_hangup() noexcept {
  signal(SIGHUP, SIG_IGN);
}

bool take_stop_signal() noexcept {
  return wait_for_stop_signal(0);
}

bool wait_for_stop_signal(int timeout_ms) noexcept {
  const sigset_t set = stop_set();
  const timespec timeout{timeout_ms / 1'000, timeout_ms % 1'000 * 1'000'000L};
  if (sigtimedwait(&set, nullptr, &timeout) <= 0) return false;
  has_come.store(true, std::memory_order_relaxed);
  return true;
}

bool is_stop_wanted() noexcept {
  sigset_t pending;
  return has_come.load(std::memory_order_relaxed) ||
         (sigpending(&pending) == 0 &&
          (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1));
}

}  // namespace coreloop::tools
