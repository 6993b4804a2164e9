// Scaled integers: prices, quantities, money and ratios in units of 1e-8, 64 bits wide, with
// 128-bit intermediates. Every rounding has a name: truncated (toward zero), away (from zero),
// half_even. Nothing here wraps silently: what may not fit is asked with fits() or ends at the
// limit with saturated(). No floating point anywhere.
#pragma once

#include <cstdint>
#include <limits>

namespace coreloop::stages {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UInt128;

using Price = std::int64_t;  ///< 1e-8 quote units per base unit, > 0 where there is one
using Quantity =
    std::int64_t;  ///< 1e-8 base units; signed (+ long, - short) where a position is meant
using Money = std::int64_t;  ///< 1e-8 quote units
using Ratio = std::int64_t;  ///< 1e-8; 1.0 is `scale`

inline constexpr std::int64_t scale = 100'000'000;
inline constexpr std::int64_t amount_max = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t amount_min = std::numeric_limits<std::int64_t>::min();

/// Whether `value` is an amount, that is, fits 64 bits.
[[nodiscard]] constexpr bool fits(Int128 value) noexcept {
  return value <= amount_max && value >= amount_min;
}

/// `value`, or the amount limit it has passed.
[[nodiscard]] constexpr std::int64_t saturated(Int128 value) noexcept {
  if (value > amount_max) return amount_max;
  if (value < amount_min) return amount_min;
  return static_cast<std::int64_t>(value);
}

struct Quotient {
  UInt128 whole;
  UInt128 rest;
};

/// Division of non-negative numbers, by 64-bit arithmetic where that is enough.
[[nodiscard]] constexpr Quotient divided(UInt128 dividend, UInt128 divisor) noexcept {
  if (((dividend | divisor) >> 64) == 0) {
    const auto a = static_cast<std::uint64_t>(dividend);
    const auto b = static_cast<std::uint64_t>(divisor);
    return {a / b, a % b};
  }
  const UInt128 whole = dividend / divisor;
  return {whole, dividend - whole * divisor};
}

[[nodiscard]] constexpr UInt128 magnitude(Int128 value) noexcept {
  return value < 0 ? -static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

[[nodiscard]] constexpr Int128 with_sign(UInt128 value, bool is_negative) noexcept {
  return is_negative ? -static_cast<Int128>(value) : static_cast<Int128>(value);
}

/// dividend / divisor toward zero. Requires: divisor > 0.
[[nodiscard]] constexpr Int128 truncated(Int128 dividend, Int128 divisor) noexcept {
  return with_sign(divided(magnitude(dividend), static_cast<UInt128>(divisor)).whole, dividend < 0);
}

/// dividend / divisor away from zero. Requires: divisor > 0.
[[nodiscard]] constexpr Int128 away(Int128 dividend, Int128 divisor) noexcept {
  const Quotient q = divided(magnitude(dividend), static_cast<UInt128>(divisor));
  return with_sign(q.whole + (q.rest != 0 ? 1 : 0), dividend < 0);
}

/// dividend / divisor to the nearest, ties to even. Requires: divisor > 0.
[[nodiscard]] constexpr Int128 half_even(Int128 dividend, Int128 divisor) noexcept {
  const auto d = static_cast<UInt128>(divisor);
  const UInt128 size = magnitude(dividend);
  if (((size | d * 2) >> 64) == 0) {
    const auto a = static_cast<std::uint64_t>(size);
    const auto b = static_cast<std::uint64_t>(d);
    const std::uint64_t whole = a / b;
    const std::uint64_t odd = whole & 1;  // at a tie it is what decides
    return with_sign(whole + (2 * (a - whole * b) + odd > b ? 1 : 0), dividend < 0);
  }
  const Quotient q = divided(size, d);
  const UInt128 above = q.rest * 2;
  const bool rounds_up = above > d || (above == d && (q.whole & 1) != 0);
  return with_sign(q.whole + (rounds_up ? 1 : 0), dividend < 0);
}

/// a x b at 1e-16, exact.
[[nodiscard]] constexpr Int128 product(std::int64_t a, std::int64_t b) noexcept {
  return static_cast<Int128>(a) * b;
}

/// a x b at 1e-8, toward zero; may not fit 64 bits.
[[nodiscard]] constexpr Int128 times_truncated(std::int64_t a, std::int64_t b) noexcept {
  return truncated(product(a, b), scale);
}

/// a x b at 1e-8, away from zero; may not fit 64 bits.
[[nodiscard]] constexpr Int128 times_away(std::int64_t a, std::int64_t b) noexcept {
  return away(product(a, b), scale);
}

/// a x b at 1e-8, half-even; may not fit 64 bits.
[[nodiscard]] constexpr Int128 times_half_even(std::int64_t a, std::int64_t b) noexcept {
  return half_even(product(a, b), scale);
}

/// a / b as a ratio at 1e-8, toward zero; may not fit 64 bits. Requires: b > 0.
[[nodiscard]] constexpr Int128 ratio_truncated(std::int64_t a, std::int64_t b) noexcept {
  return truncated(product(a, scale), b);
}

}  // namespace coreloop::stages
