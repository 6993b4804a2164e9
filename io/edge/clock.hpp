// The Clock seam: what time it is, from the system or from a test. Only the edges look at it; every
// decision uses the log time that INGRESS stamps.
#pragma once

#include <cstdint>

namespace coreloop::io {

class Clock {
 public:
  virtual ~Clock() = default;
  /// Wall clock, ns since the Unix epoch.
  [[nodiscard]] virtual std::int64_t unix_ns() const noexcept = 0;
  /// Never goes back; only differences mean anything.
  [[nodiscard]] virtual std::int64_t monotonic_ns() const noexcept = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] std::int64_t unix_ns() const noexcept override;
  [[nodiscard]] std::int64_t monotonic_ns() const noexcept override;
};

}  // namespace coreloop::io
