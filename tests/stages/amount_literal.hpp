// Amounts as they are written on paper: 0.65_e8 is 65,000,000 units of 1e-8. Read digit by digit at
// compile time, never through a binary floating-point number.
#pragma once

#include <cstdint>
#include <stdexcept>

namespace coreloop::stages {

/// The amount at 1e-8; a text with more than eight decimals does not compile.
template <char... text>
constexpr std::int64_t operator""_e8() {
  constexpr std::int64_t amount = [] {
    std::int64_t value = 0;
    int decimals = 0;
    bool is_behind_point = false;
    for (const char c : {text...}) {
      if (c == '\'') continue;
      if (c == '.') {
        is_behind_point = true;
        continue;
      }
      value = value * 10 + (c - '0');
      decimals += is_behind_point ? 1 : 0;
    }
    if (decimals > 8) throw std::invalid_argument("an amount has eight decimals at most");
    for (; decimals < 8; ++decimals)
      value *= 10;
    return value;
  }();
  return amount;
}

}  // namespace coreloop::stages
