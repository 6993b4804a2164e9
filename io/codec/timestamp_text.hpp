// UTC timestamps as text, both ways. No time zones, no locale, no allocation.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace coreloop::io {

/// Reads `YYYY-MM-DDTHH:MM:SS`, up to nine decimals, then `Z`, `+00:00` or nothing; years 1970 to
/// 2261, no second 60. Answers false for anything else.
[[nodiscard]] bool read_timestamp(std::string_view text, std::int64_t& unix_ns) noexcept;

/// Bytes of a written timestamp: `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
inline constexpr std::size_t timestamp_bytes = 27;

/// Writes timestamps of 1970 to 2262, truncated to microseconds; remembers the last second's text.
/// One thread.
class TimestampWriter {
 public:
  /// `out` has timestamp_bytes bytes; returns one past the last written. Requires: unix_ns >= 0.
  char* write(char* out, std::int64_t unix_ns) noexcept;

 private:
  void set_second(std::int64_t second) noexcept;

  std::int64_t second_ = -1;
  std::array<char, 20> until_dot_{};  ///< `YYYY-MM-DDTHH:MM:SS.` of second_
};

}  // namespace coreloop::io
