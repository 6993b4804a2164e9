// Positions as the executions make them, by a second opinion: shares nothing with stages/.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

namespace coreloop::crash {

__extension__ typedef __int128 Wide;
inline constexpr std::int64_t scale = 100'000'000;

/// A decimal's text as an integer of 1e-8, what is finer cut off; false where it is none.
inline bool read_scaled(std::string_view text, std::int64_t& value) {
  const bool is_negative = text.starts_with('-');
  if (is_negative) text.remove_prefix(1);
  Wide sum = 0;
  int fraction_digits = -1;  // before the point
  for (const char letter : text) {
    if (letter == '.' && fraction_digits < 0) {
      fraction_digits = 0;
      continue;
    }
    if (letter < '0' || letter > '9') return false;
    if (fraction_digits == 8) continue;
    if (fraction_digits >= 0) ++fraction_digits;
    sum = sum * 10 + (letter - '0');
    if (sum > INT64_MAX) return false;
  }
  for (int digit = std::max(fraction_digits, 0); digit < 8; ++digit)
    sum *= 10;
  if (text.empty() || sum > INT64_MAX) return false;
  value = static_cast<std::int64_t>(is_negative ? -sum : sum);
  return true;
}

/// numerator / denominator, rounded half to even; neither is negative.
inline Wide half_even(Wide numerator, Wide denominator) {
  const Wide quotient = numerator / denominator;
  const Wide rest = numerator % denominator;
  const bool goes_up = 2 * rest > denominator || (2 * rest == denominator && quotient % 2 != 0);
  return goes_up ? quotient + 1 : quotient;
}

/// The side a position update tells.
enum class Side : std::uint8_t { none, closed, long_side, short_side };
inline constexpr std::array<std::string_view, 4> side_names = {"nothing", "CLOSED", "LONG",
                                                               "SHORT"};

/// Signed quantity at 1e-8 and its cost at 1e-16, of one account and symbol.
struct SecondPosition {
  std::int64_t quantity = 0;
  Wide cost = 0;

  /// Takes a fill of a signed quantity; answers the sides that have to be published, in order.
  std::array<Side, 2> fill(std::int64_t filled, std::int64_t price) {
    std::array<Side, 2> sides{Side::none, Side::none};
    if (quantity != 0 && filled != 0 && (quantity > 0) != (filled > 0)) {
      const std::int64_t held = std::abs(quantity);
      const std::int64_t taken = std::min(held, std::abs(filled));
      cost -= taken == held ? cost : cost * taken / held;
      const std::int64_t signed_taken = filled > 0 ? taken : -taken;
      quantity += signed_taken;
      filled -= signed_taken;
      if (quantity == 0) sides[0] = Side::closed;
    }
    quantity += filled;
    cost += Wide{std::abs(filled)} * price;
    if (quantity != 0)
      sides[sides[0] == Side::none ? 0 : 1] = quantity > 0 ? Side::long_side : Side::short_side;
    return sides;
  }
};

}  // namespace coreloop::crash
