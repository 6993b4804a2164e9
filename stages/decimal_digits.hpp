// Decimal digits, eight at a time in one 64-bit word: three multiplications by constants instead
// of eight divisions, no table, no branch. Pure functions into buffers of the caller.
//
// Source of the method: P. Khuong, "How to print integers really fast (with open source AppNexus
// code!)", 2017.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace coreloop::stages {

static_assert(std::endian::native == std::endian::little, "a word's lowest byte is written first");

/// Longest text of write_integer.
inline constexpr std::size_t integer_text_max = 20;

/// Numbers below this have eight digits at most.
inline constexpr std::uint64_t eight_digits_end = 100'000'000;

/// '0' in every byte.
inline constexpr std::uint64_t eight_zeros = 0x3030'3030'3030'3030U;

/// The eight digits of `value`, 0 to 9 each, the first in the lowest byte. Requires: below
/// eight_digits_end.
[[nodiscard]] constexpr std::uint64_t eight_digits(std::uint32_t value) noexcept {
  // Two numbers of four digits, then four of two, then eight of one. 10'486 / 2^20 is 1 / 100 for
  // all below 10^4, 103 / 2^10 is 1 / 10 for all below 10^2.
  const std::uint64_t fours = value / 10'000 | static_cast<std::uint64_t>(value % 10'000) << 32;
  const std::uint64_t hundreds = (fours * 10'486) >> 20 & 0x0000'007F'0000'007FU;
  const std::uint64_t twos = hundreds | (fours - 100 * hundreds) << 16;
  const std::uint64_t tens = (twos * 103) >> 10 & 0x000F'000F'000F'000FU;
  return tens | (twos - 10 * tens) << 8;
}

/// Writes the eight digits of `value`, leading zeros too. Requires: below eight_digits_end.
inline char* write_eight_digits(char* out, std::uint32_t value) noexcept {
  const std::uint64_t text = eight_digits(value) | eight_zeros;
  std::memcpy(out, &text, sizeof(text));
  return out + sizeof(text);
}

/// Writes `value` without leading zeros; returns one past the last digit. `out` has
/// integer_text_max bytes, and those behind the last digit may be overwritten.
inline char* write_integer(char* out, std::uint64_t value) noexcept {
  const auto write_first = [&out](std::uint64_t first) {
    const std::uint64_t digits = eight_digits(static_cast<std::uint32_t>(first));
    constexpr std::uint64_t last_digit = std::uint64_t{1} << 56;  // stays, even if it is 0
    const int zero_count = std::countr_zero(digits | last_digit) / 8;
    const std::uint64_t text = (digits | eight_zeros) >> (8 * zero_count);
    std::memcpy(out, &text, sizeof(text));
    out += sizeof(text) - static_cast<std::size_t>(zero_count);
  };
  if (value < eight_digits_end) {
    write_first(value);
    return out;
  }
  const std::uint64_t upper = value / eight_digits_end;
  if (upper < eight_digits_end) {
    write_first(upper);
  } else {
    write_first(upper / eight_digits_end);
    out = write_eight_digits(out, static_cast<std::uint32_t>(upper % eight_digits_end));
  }
  return write_eight_digits(out, static_cast<std::uint32_t>(value % eight_digits_end));
}

}  // namespace coreloop::stages
