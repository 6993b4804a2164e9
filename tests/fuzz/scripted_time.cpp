// clock_gettime() in the place of libc's: std::chrono and libev both ask it.
#include "tests/fuzz/scripted_time.hpp"

#include <ctime>
#include <sys/syscall.h>
#include <unistd.h>

namespace coreloop::tests {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
std::int64_t passed_ns = 0;

}  // namespace

void pass_time(std::int64_t ns) noexcept {
  passed_ns += ns;
}

}  // namespace coreloop::tests

extern "C" int clock_gettime(clockid_t clock, timespec* time) noexcept {
  using coreloop::tests::ns_per_second;
  const auto result = static_cast<int>(::syscall(SYS_clock_gettime, clock, time));
  if (result != 0 || clock != CLOCK_MONOTONIC) return result;
  const std::int64_t ns = time->tv_nsec + coreloop::tests::passed_ns;
  time->tv_sec += ns / ns_per_second;
  time->tv_nsec = ns % ns_per_second;
  return 0;
}
