// A Clock that stands still until a test moves it.
#pragma once

#include <cstdint>

#include "io/edge/clock.hpp"

namespace coreloop::tests {

class ScriptedClock final : public io::Clock {
 public:
  std::int64_t now_unix_ns = 0;
  std::int64_t now_monotonic_ns = 0;

  [[nodiscard]] std::int64_t unix_ns() const noexcept override { return now_unix_ns; }
  [[nodiscard]] std::int64_t monotonic_ns() const noexcept override { return now_monotonic_ns; }
};

}  // namespace coreloop::tests
