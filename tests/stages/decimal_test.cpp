// Decimal text: reading keeps what lies beyond eight places, writing is plain and exact.
#include "stages/decimal.hpp"

#include <array>
#include <random>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

std::string written(std::int64_t value) {
  std::array<char, decimal_text_max> text{};
  return {text.data(), write_decimal(text.data(), value)};
}

std::string written_wide(Int128 value, unsigned places) {
  std::array<char, decimal_text_max> text{};
  return {text.data(), write_wide_decimal(text.data(), value, places)};
}

struct Reading {
  std::string_view text;
  std::int64_t floor;
  Rest rest;
};

TEST(DecimalTest, ReadsTheMagnitudeAndWhatLiesBeyondEightPlaces) {
  constexpr std::array readings{
      Reading{"0", 0, Rest::none},
      Reading{"95000", 95000_e8, Rest::none},
      Reading{"95000.5", 95000.5_e8, Rest::none},
      Reading{"0.00000001", 1, Rest::none},
      Reading{"9999999999.99999999", 9999999999.99999999_e8, Rest::none},
      Reading{"10000000000.00000001", 10000000000.00000001_e8, Rest::none},
      Reading{"1.123456780000000000000000000000", 1.12345678_e8, Rest::none},
      Reading{"1.123456784", 1.12345678_e8, Rest::below_half},
      Reading{"1.12345678000000000000000000001", 1.12345678_e8, Rest::below_half},
      Reading{"1.123456785", 1.12345678_e8, Rest::half},
      Reading{"1.1234567850000000000000000000", 1.12345678_e8, Rest::half},
      Reading{"1.1234567850000000000000000001", 1.12345678_e8, Rest::above_half},
      Reading{"1.123456786", 1.12345678_e8, Rest::above_half},
      Reading{"0.6499999999999999", 0.64999999_e8, Rest::above_half},
  };
  for (const Reading& reading : readings) {
    SCOPED_TRACE(reading.text);
    const Decimal number = read_decimal(reading.text);
    EXPECT_EQ(number.floor, reading.floor);
    EXPECT_EQ(number.rest, reading.rest);
    EXPECT_FALSE(number.is_negative);
    EXPECT_FALSE(number.is_huge);
  }
}

TEST(DecimalTest, ReadsExponents) {
  constexpr std::array readings{
      Reading{"1E+2", 100_e8, Rest::none},
      Reading{"1e2", 100_e8, Rest::none},
      Reading{"12.5e-1", 1.25_e8, Rest::none},
      Reading{"123456789012e-4", 12345678.9012_e8, Rest::none},
      Reading{"0.00000000000123e12", 1.23_e8, Rest::none},
      Reading{"1e-8", 1, Rest::none},
      Reading{"5e-9", 0, Rest::half},
      Reading{"95e-10", 0, Rest::above_half},  // 9.5e-9
      Reading{"15e-9", 1, Rest::half},         // 1.5e-8
      Reading{"1e-99999999999", 0, Rest::below_half},
      Reading{"0e99999999999", 0, Rest::none},
      Reading{"0.000e5", 0, Rest::none},
  };
  for (const Reading& reading : readings) {
    SCOPED_TRACE(reading.text);
    const Decimal number = read_decimal(reading.text);
    EXPECT_EQ(number.floor, reading.floor);
    EXPECT_EQ(number.rest, reading.rest);
    EXPECT_FALSE(number.is_huge);
  }
}

TEST(DecimalTest, ReadsLongMantissasWithExponentsThatMakeUpForThem) {
  const std::string zeros(2'000, '0');
  EXPECT_EQ(read_decimal("1" + zeros + "e-2000").floor, 1_e8);
  EXPECT_EQ(read_decimal("1" + zeros + "e-2000").rest, Rest::none);
  EXPECT_EQ(read_decimal("0." + zeros + "1e2001").floor, 1_e8);
  EXPECT_EQ(read_decimal("0." + zeros + "1e1992").rest, Rest::below_half);  // 1e-9
  EXPECT_TRUE(read_decimal("1" + zeros + "e-1000").is_huge);
}

TEST(DecimalTest, KnowsWhatDoesNotFit64Bits) {
  // 2^63 - 1 = 9223372036854775807 units of 1e-8.
  EXPECT_FALSE(read_decimal("92233720368.54775807").is_huge);
  EXPECT_EQ(read_decimal("92233720368.54775807").floor, amount_max);
  EXPECT_TRUE(read_decimal("92233720368.54775808").is_huge);
  EXPECT_TRUE(read_decimal("-92233720368.54775808").is_huge);
  EXPECT_TRUE(read_decimal("1e11").is_huge);
  EXPECT_TRUE(read_decimal("1e99999999999").is_huge);
  EXPECT_TRUE(read_decimal(std::string(400, '9')).is_huge);
  EXPECT_EQ(read_decimal("1e11").floor, amount_max);
  // The last unit is odd, so half a unit more rounds up and out.
  EXPECT_FALSE(read_decimal("92233720368.547758074").rounds_out());
  EXPECT_TRUE(read_decimal("92233720368.547758075").rounds_out());
  EXPECT_TRUE(read_decimal("1e11").rounds_out());
}

TEST(DecimalTest, CutsTowardZeroSoThatAlmostTheThresholdStaysBelowIt) {
  EXPECT_LT(read_decimal("0.6499999999999999").cut(), 0.65_e8);
  EXPECT_EQ(read_decimal("0.65").cut(), 0.65_e8);
  EXPECT_EQ(read_decimal("-1.999999999").cut(), -1.99999999_e8);
}

TEST(DecimalTest, RoundsHalfToEven) {
  EXPECT_EQ(read_decimal("0.000000005").rounded(), 0);  // 0.5 -> 0
  EXPECT_EQ(read_decimal("0.000000015").rounded(), 2);  // 1.5 -> 2
  EXPECT_EQ(read_decimal("0.000000025").rounded(), 2);  // 2.5 -> 2
  EXPECT_EQ(read_decimal("-0.000000015").rounded(), -2);
  EXPECT_EQ(read_decimal("-0.000000025").rounded(), -2);
  EXPECT_EQ(read_decimal("0.0000000050000000001").rounded(), 1);
  EXPECT_EQ(read_decimal("0.000000014999999999").rounded(), 1);
}

TEST(DecimalTest, ComparesTheTextItselfWithABound) {
  EXPECT_FALSE(read_decimal("1").is_above(1_e8));
  EXPECT_TRUE(read_decimal("1.000000000000000001").is_above(1_e8));
  EXPECT_FALSE(read_decimal("-2").is_above(0));
  EXPECT_TRUE(read_decimal("1e11").is_above(amount_max));
  EXPECT_FALSE(read_decimal("0.999999999999999999").is_at_least(1_e8));
  EXPECT_TRUE(read_decimal("1").is_at_least(1_e8));
  EXPECT_FALSE(read_decimal("-1").is_at_least(1));
  EXPECT_TRUE(read_decimal("1e-99").is_above(0));
}

TEST(DecimalTest, KnowsZeroAndTheSignOfWhatIsNot) {
  EXPECT_TRUE(read_decimal("-0.0").is_zero());
  EXPECT_FALSE(read_decimal("-0.0").is_below_zero());
  EXPECT_TRUE(read_decimal("-1e-20").is_below_zero());
  EXPECT_FALSE(read_decimal("1e-20").is_zero());
  EXPECT_EQ(read_decimal("-0.0").cut(), 0);
}

TEST(DecimalTest, KnowsWholeNumbersHoweverTheyAreWritten) {
  for (const std::string_view text : {"5.0", "1E+2", "0", "-7", "50e-1"}) {
    EXPECT_TRUE(read_decimal(text).is_integer()) << text;
  }
  for (const std::string_view text : {"5.5", "0.00000001", "1e-9", "1e-1"}) {
    EXPECT_FALSE(read_decimal(text).is_integer()) << text;
  }
}

TEST(DecimalTest, TheShortPassAndTheGeneralOneAgree) {
  std::mt19937_64 random{1};
  for (int i = 0; i < 100'000; ++i) {
    std::string text = std::to_string(random() % 10'000'000'000U);
    const std::uint64_t decimals = random() % 9;
    if (decimals > 0) text += '.';
    for (std::uint64_t d = 0; d < decimals; ++d)
      text += static_cast<char>('0' + random() % 10);
    const Decimal plain = read_decimal(text);
    const Decimal general = read_decimal(text + "e0");
    ASSERT_EQ(plain.floor, general.floor) << text;
    ASSERT_EQ(plain.rest, general.rest) << text;
  }
}

TEST(DecimalTest, WritesPlainDecimalsWithNoTrailingZeroBeyondOnePlace) {
  EXPECT_EQ(written(0), "0.0");
  EXPECT_EQ(written(1), "0.00000001");
  EXPECT_EQ(written(10), "0.0000001");
  EXPECT_EQ(written(1000_e8), "1000.0");
  EXPECT_EQ(written(0.1_e8), "0.1");
  EXPECT_EQ(written(-1.5_e8), "-1.5");
  EXPECT_EQ(written(-1), "-0.00000001");
  EXPECT_EQ(written(amount_max), "92233720368.54775807");
  EXPECT_EQ(written(amount_min), "-92233720368.54775808");
}

TEST(DecimalTest, WhatIsWrittenReadsBackAsItWas) {
  std::mt19937_64 random{2};
  for (int i = 0; i < 100'000; ++i) {
    const auto value =
        static_cast<std::int64_t>(random() >> (random() % 64)) * ((random() & 1) != 0 ? 1 : -1);
    if (value == amount_min) continue;  // its magnitude is one more than can be read
    const std::string text = written(value);
    ASSERT_TRUE(is_json_number(text)) << text;
    ASSERT_EQ(read_decimal(text).cut(), value) << text;
    ASSERT_EQ(read_decimal(text).rest, Rest::none) << text;
  }
}

TEST(DecimalTest, WritesWideValuesOfAnyPlaces) {
  EXPECT_EQ(written_wide(0, 8), "0.0");
  EXPECT_EQ(written_wide(1, 16), "0.0000000000000001");
  EXPECT_EQ(written_wide(-15, 1), "-1.5");
  EXPECT_EQ(written_wide(Int128{1'000'000'000'000'000} * 1'000'000'000'000'000, 8),
            "10000000000000000000000.0");  // 1e30 units of 1e-8 = 1e22
  // 2^127 - 1 = 170141183460469231731687303715884105727
  constexpr Int128 max = static_cast<Int128>(~UInt128{0} >> 1);
  EXPECT_EQ(written_wide(max, 8), "1701411834604692317316873037158.84105727");
  EXPECT_EQ(written_wide(-max - 1, 8), "-1701411834604692317316873037158.84105728");
  EXPECT_EQ(written_wide(max, 19), "17014118346046923173.1687303715884105727");
}

TEST(DecimalTest, KnowsJsonsNumberGrammar) {
  for (const std::string_view text : {"0", "-0", "10", "0.5", "-1.25", "1e5", "1E-5", "1.0e+10",
                                      "123456789012345678901234567890"}) {
    EXPECT_TRUE(is_json_number(text)) << text;
  }
  for (const std::string_view text :
       {"", "-", "+1", "01", "-01", ".5", "1.", "1.e5", "1e", "1e+", "0x1", "1 ", " 1", "NaN",
        "Infinity", "1,0", "1.5.5", "--1", "1e5.0"}) {
    EXPECT_FALSE(is_json_number(text)) << text;
  }
}

}  // namespace
}  // namespace coreloop::stages
