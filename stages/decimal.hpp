// Decimal text to scaled integers and back, exactly: never through a binary floating-point number.
// Reading keeps what lies beyond eight places as a Rest, so that a caller can cut, round half-even,
// or compare the text itself with a bound before either. Pure functions, no allocation.
#pragma once

#include <cstdint>
#include <string_view>

#include "stages/fixed_point.hpp"

namespace coreloop::stages {

/// What the text has beyond eight decimal places, against half a unit of the eighth.
enum class Rest : std::uint8_t { none, below_half, half, above_half };

/// A number read from its text: (-1)^is_negative x (floor + rest) at 1e-8.
struct Decimal {
  std::int64_t floor = 0;  ///< magnitude cut to eight places; amount_max when is_huge
  Rest rest = Rest::none;
  bool is_negative = false;
  bool is_huge = false;  ///< the magnitude does not fit 64 bits at 1e-8

  [[nodiscard]] bool is_zero() const noexcept { return floor == 0 && rest == Rest::none; }
  [[nodiscard]] bool is_below_zero() const noexcept { return is_negative && !is_zero(); }
  /// Whether the text's value is above `bound`, at 1e-8. Requires: bound >= 0.
  [[nodiscard]] bool is_above(std::int64_t bound) const noexcept {
    if (is_negative) return false;
    return is_huge || floor > bound || (floor == bound && rest != Rest::none);
  }
  /// Whether the text's value is `bound` or above. Requires: bound > 0.
  [[nodiscard]] bool is_at_least(std::int64_t bound) const noexcept {
    return !is_negative && (is_huge || floor >= bound);
  }
  /// A whole number. Meaningless when is_huge.
  [[nodiscard]] bool is_integer() const noexcept {
    return rest == Rest::none && floor % scale == 0;
  }
  /// The value cut to eight places, sign kept.
  [[nodiscard]] std::int64_t cut() const noexcept { return is_negative ? -floor : floor; }
  /// The value rounded half-even to eight places; amount_max may have become too small: see
  /// rounds_out().
  [[nodiscard]] std::int64_t rounded() const noexcept;
  /// Whether rounding leaves 64 bits.
  [[nodiscard]] bool rounds_out() const noexcept {
    return is_huge || (floor == amount_max && rounds_up());
  }

 private:
  [[nodiscard]] bool rounds_up() const noexcept {
    return rest == Rest::above_half || (rest == Rest::half && (floor & 1) != 0);
  }
};

inline std::int64_t Decimal::rounded() const noexcept {
  const std::int64_t value = floor + (rounds_up() && floor != amount_max ? 1 : 0);
  return is_negative ? -value : value;
}

/// Reads a JSON number. Requires: `text` matches JSON's number grammar (checked by the caller).
[[nodiscard]] Decimal read_decimal(std::string_view text) noexcept;

/// Whether `text` is a number of JSON's grammar, whole.
[[nodiscard]] bool is_json_number(std::string_view text) noexcept;

/// Longest text write_decimal and write_wide_decimal produce.
inline constexpr std::size_t decimal_text_max = 48;

/// Writes `value` at 1e-8 as a plain decimal with no trailing zeros beyond one place ("1000.0",
/// "0.1"). `out` has decimal_text_max bytes, all of which may be written to; returns one past the
/// last of the text.
char* write_decimal(char* out, std::int64_t value) noexcept;

/// The same for a value of `places` decimal places that may be wider than 64 bits. Cold.
char* write_wide_decimal(char* out, Int128 value, unsigned places) noexcept;

}  // namespace coreloop::stages
