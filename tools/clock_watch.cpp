// Two clocks, compared.
#include "tools/clock_watch.hpp"

namespace coreloop::tools {

// A process that was stopped between the two readings would see a step that is none.
void ClockWatch::look_ahead() noexcept {
  constexpr std::int64_t reading_ns_max = 1'000'000'000;
  std::int64_t before_ns = 0;
  std::int64_t after_ns = 0;
  do {
    before_ns = clock_.monotonic_ns();
    ahead_ns_ = clock_.unix_ns() - before_ns;
    after_ns = clock_.monotonic_ns();
  } while (after_ns - before_ns > reading_ns_max);
}

std::int64_t ClockWatch::look() noexcept {
  const std::int64_t ahead_before_ns = ahead_ns_;
  look_ahead();
  const std::int64_t step_ns = ahead_ns_ - ahead_before_ns;
  if (step_ns > -step_ns_min && step_ns < step_ns_min) return 0;
  ++step_count_;
  return step_ns;
}

}  // namespace coreloop::tools
