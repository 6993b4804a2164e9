// Digits by multiplication: every pair of four digits, every length, nothing beyond its room.
#include "stages/decimal_digits.hpp"

#include <array>
#include <cstdint>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace coreloop::stages {
namespace {

constexpr char untouched = '#';

std::string written(std::uint64_t value) {
  std::array<char, integer_text_max + 8> room{};
  room.fill(untouched);
  const std::string text(room.data(), write_integer(room.data(), value));
  for (std::size_t i = integer_text_max; i < room.size(); ++i)
    EXPECT_EQ(room[i], untouched) << value;
  return text;
}

std::string eight_written(std::uint32_t value) {
  std::array<char, 8> room{};
  return {room.data(), write_eight_digits(room.data(), value)};
}

TEST(DecimalDigitsTest, WritesEightDigitsOfEveryFour) {
  for (std::uint32_t four = 0; four < 10'000; ++four) {
    const std::string digits = std::to_string(10'000 + four).substr(1);
    ASSERT_EQ(eight_written(four), "0000" + digits);
    ASSERT_EQ(eight_written(four * 10'000), digits + "0000");
    ASSERT_EQ(eight_written(four * 10'000 + 9'999 - four),
              digits + std::to_string(10'000 + 9'999 - four).substr(1));
  }
}

TEST(DecimalDigitsTest, WritesIntegersOfEveryLength) {
  EXPECT_EQ(written(0), "0");
  std::uint64_t power = 1;
  for (std::size_t length = 1; length <= integer_text_max; ++length, power *= 10) {
    for (const std::uint64_t value : {power - 1, power, power + 1, 2 * power, 9 * power - 1})
      EXPECT_EQ(written(value), std::to_string(value));
  }
  EXPECT_EQ(written(~std::uint64_t{0}), "18446744073709551615");
}

TEST(DecimalDigitsTest, WritesAnyInteger) {
  std::mt19937_64 random{3};
  for (int i = 0; i < 200'000; ++i) {
    const std::uint64_t value = random() >> (random() % 64);
    ASSERT_EQ(written(value), std::to_string(value));
  }
}

}  // namespace
}  // namespace coreloop::stages
