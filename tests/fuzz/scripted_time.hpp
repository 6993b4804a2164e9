// The process's monotonic clock, which an input can put forward: what a program does when time
// passes, without waiting for it. Goes on as it otherwise would; the time of day is left alone.
#pragma once

#include <cstdint>

namespace coreloop::tests {

/// Lets `ns` pass.
void pass_time(std::int64_t ns) noexcept;

/// The same in tenths of a second, with `then()` after each.
template <class Then>
void pass_tenths(int count, Then&& then) {
  for (int i = 0; i < count; ++i) {
    pass_time(100'000'000);
    then();
  }
}

}  // namespace coreloop::tests
