// Eight bytes of text looked at in one word. Little-endian, as every machine this is built for.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace coreloop::io {

[[nodiscard]] constexpr std::uint64_t every_byte(unsigned char c) noexcept {
  return 0x0101010101010101U * c;
}

/// High bits of bytes of `word` below `c`, or zero where `c` is 1. The lowest one is right, those
/// above it may not be: a byte that is below lends from the next.
template <unsigned char c>
[[nodiscard]] constexpr std::uint64_t bytes_below(std::uint64_t word) noexcept {
  static_assert(c <= 0x80);
  return (word - every_byte(c)) & ~word & every_byte(0x80);
}

/// The same of bytes that are `c`.
template <unsigned char c>
[[nodiscard]] constexpr std::uint64_t bytes_equal(std::uint64_t word) noexcept {
  return bytes_below<1>(word ^ every_byte(c));
}

/// How many bytes come before the lowest one found; 8 if none was.
[[nodiscard]] constexpr std::size_t bytes_before(std::uint64_t found) noexcept {
  return static_cast<std::size_t>(std::countr_zero(found)) / 8;
}

[[nodiscard]] inline std::uint64_t load_word(const void* bytes) noexcept {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

inline void store_word(void* bytes, std::uint64_t word) noexcept {
  std::memcpy(bytes, &word, sizeof word);
}

}  // namespace coreloop::io
