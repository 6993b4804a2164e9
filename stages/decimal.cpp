// Decimal text: the reader's two passes (a short one for ordinary numbers, a general one) and the
// writers.
#include "stages/decimal.hpp"

#include <array>
#include <bit>
#include <cstring>

#include "engine/check.hpp"
#include "stages/decimal_digits.hpp"

namespace coreloop::stages {
namespace {

constexpr int places = 8;

constexpr std::array<std::uint64_t, 20> powers_of_ten = [] {
  std::array<std::uint64_t, 20> powers{};
  std::uint64_t power = 1;
  for (auto& entry : powers) {
    entry = power;
    power *= 10;
  }
  return powers;
}();

constexpr bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

// The exponent's value, clamped where no 64-bit amount can be told apart any more.
std::int64_t exponent_of(const char* p, const char* end) noexcept {
  bool is_negative = false;
  if (p != end && (*p == '+' || *p == '-')) is_negative = *p++ == '-';
  std::int64_t exponent = 0;
  for (; p != end; ++p) {
    if (exponent < 100'000'000) exponent = exponent * 10 + (*p - '0');
  }
  return is_negative ? -exponent : exponent;
}

Rest rest_after(int first_dropped, bool has_more) noexcept {
  if (first_dropped > 5 || (first_dropped == 5 && has_more)) return Rest::above_half;
  if (first_dropped == 5) return Rest::half;
  return first_dropped != 0 || has_more ? Rest::below_half : Rest::none;
}

// Any JSON number: digits are taken by weight, the weight of the first being 10^(point - 1).
Decimal read_general(const char* p, const char* end, bool is_negative) noexcept {
  const char* const begin = p;
  const char* dot = nullptr;
  const char* digits_end = p;
  for (; digits_end != end && (is_digit(*digits_end) || *digits_end == '.'); ++digits_end) {
    if (*digits_end == '.') dot = digits_end;
  }
  const std::int64_t exponent = digits_end == end ? 0 : exponent_of(digits_end + 1, end);
  std::int64_t weight = (dot != nullptr ? dot : digits_end) - begin + exponent + places;

  Decimal result{.is_negative = is_negative};
  UInt128 value = 0;
  int first_dropped = 0;
  bool has_more = false;
  for (p = begin; p != digits_end; ++p) {
    if (*p == '.') continue;
    const int digit = *p - '0';
    --weight;  // now the power of ten of this digit, in units of 1e-8
    if (weight >= 0) {
      value = value * 10 + static_cast<unsigned>(digit);
      if (value > static_cast<UInt128>(amount_max)) result.is_huge = true;
      if (result.is_huge) value = 0;
    } else if (weight == -1) {
      first_dropped = digit;
    } else {
      has_more |= digit != 0;
    }
  }
  for (; weight > 0 && value != 0 && !result.is_huge; --weight) {
    value *= 10;
    result.is_huge = value > static_cast<UInt128>(amount_max);
  }
  result.floor = result.is_huge ? amount_max : static_cast<std::int64_t>(value);
  result.rest = result.is_huge ? Rest::none : rest_after(first_dropped, has_more);
  return result;
}

char* write_digits(char* out, UInt128 value) noexcept {
  std::array<char, 40> digits{};
  char* p = digits.data() + digits.size();
  do {
    *--p = static_cast<char>('0' + static_cast<int>(value % 10));
    value /= 10;
  } while (value != 0);
  const auto count = static_cast<std::size_t>(digits.data() + digits.size() - p);
  std::memcpy(out, p, count);
  return out + count;
}

}  // namespace

Decimal read_decimal(std::string_view text) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
  const bool is_negative = p != end && *p == '-';
  if (is_negative) ++p;
  // Ordinary numbers: at most ten whole digits and eight decimals fit 64 bits without a look at
  // each step.
  const char* const begin = p;
  std::uint64_t value = 0;
  while (p != end && is_digit(*p))
    value = value * 10 + static_cast<unsigned>(*p++ - '0');
  if (p - begin > 10) return read_general(begin, end, is_negative);
  int decimals = 0;
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    while (p != end && is_digit(*p) && p - fraction < places) {
      value = value * 10 + static_cast<unsigned>(*p++ - '0');
    }
    decimals = static_cast<int>(p - fraction);
  }
  if (p != end) return read_general(begin, end, is_negative);
  value *= powers_of_ten[static_cast<std::size_t>(places - decimals)];
  return {.floor = static_cast<std::int64_t>(value), .is_negative = is_negative};
}

bool is_json_number(std::string_view text) noexcept {
  const char* p = text.data();
  const char* const end = p + text.size();
  if (p != end && *p == '-') ++p;
  if (p == end || !is_digit(*p)) return false;
  if (*p++ != '0') {
    while (p != end && is_digit(*p))
      ++p;
  }
  if (p != end && *p == '.') {
    const char* const fraction = ++p;
    while (p != end && is_digit(*p))
      ++p;
    if (p == fraction) return false;
  }
  if (p != end && (*p == 'e' || *p == 'E')) {
    ++p;
    if (p != end && (*p == '+' || *p == '-')) ++p;
    const char* const digits = p;
    while (p != end && is_digit(*p))
      ++p;
    if (p == digits) return false;
  }
  return p == end;
}

char* write_decimal(char* out, std::int64_t value) noexcept {
  auto rest = static_cast<std::uint64_t>(value);
  if (value < 0) {
    *out++ = '-';
    rest = 0 - rest;
  }
  constexpr auto unit = static_cast<std::uint64_t>(scale);
  static_assert(unit == eight_digits_end);
  out = write_integer(out, rest / unit);
  *out++ = '.';
  const std::uint64_t digits = eight_digits(static_cast<std::uint32_t>(rest % unit));
  const std::uint64_t text = digits | eight_zeros;
  std::memcpy(out, &text, sizeof(text));
  // Zeros at the end stand in the highest bytes; the first digit stays, even if it is 0.
  return out + sizeof(text) - std::countl_zero(digits | 1) / 8;
}

char* write_wide_decimal(char* out, Int128 value, unsigned decimal_places) noexcept {
  CHECK(decimal_places > 0 && decimal_places < powers_of_ten.size(), "places of a wide decimal");
  UInt128 rest = magnitude(value);
  if (value < 0) *out++ = '-';
  const UInt128 unit = powers_of_ten[decimal_places];
  out = write_digits(out, rest / unit);
  *out++ = '.';
  auto fraction = static_cast<std::uint64_t>(rest % unit);
  for (unsigned i = decimal_places; i-- > 0;) {
    out[i] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  out += decimal_places;
  while (out[-1] == '0' && out[-2] != '.')
    --out;
  return out;
}

}  // namespace coreloop::stages
