// Scaled integers: each rounding in its direction for both signs, 128-bit intermediates, no silent
// wrap.
#include "stages/fixed_point.hpp"

#include <array>
#include <random>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

struct Rounding {
  std::int64_t dividend, divisor, truncated, away, half_even;
};

TEST(FixedPointTest, EachRoundingGoesItsWayForBothSigns) {
  constexpr std::array roundings{
      Rounding{6, 3, 2, 2, 2},     Rounding{1, 3, 0, 1, 0},     Rounding{2, 3, 0, 1, 1},
      Rounding{1, 2, 0, 1, 0},     Rounding{3, 2, 1, 2, 2},     Rounding{5, 2, 2, 3, 2},
      Rounding{7, 2, 3, 4, 4},     Rounding{0, 7, 0, 0, 0},     Rounding{-6, 3, -2, -2, -2},
      Rounding{-1, 3, 0, -1, 0},   Rounding{-2, 3, 0, -1, -1},  Rounding{-1, 2, 0, -1, 0},
      Rounding{-3, 2, -1, -2, -2}, Rounding{-5, 2, -2, -3, -2}, Rounding{-7, 2, -3, -4, -4},
  };
  for (const Rounding& row : roundings) {
    SCOPED_TRACE(testing::Message() << row.dividend << " / " << row.divisor);
    EXPECT_EQ(truncated(row.dividend, row.divisor), row.truncated);
    EXPECT_EQ(away(row.dividend, row.divisor), row.away);
    EXPECT_EQ(half_even(row.dividend, row.divisor), row.half_even);
  }
}

TEST(FixedPointTest, ProductsOfTheLargestAmountsAreExact) {
  // (2^63 - 1)^2 = 85070591730234615847396907784232501249, over 1e8:
  // 850705917302346158473969077842.32501249
  constexpr Int128 whole =
      Int128{850'705'917'302'346} * 1'000'000'000'000'000 + 158'473'969'077'842;
  EXPECT_EQ(product(amount_max, amount_max), whole * scale + 32'501'249);
  EXPECT_EQ(times_truncated(amount_max, amount_max), whole);
  EXPECT_EQ(times_away(amount_max, amount_max), whole + 1);
  EXPECT_EQ(times_half_even(amount_max, amount_max), whole);
  EXPECT_EQ(times_truncated(amount_max, -amount_max), -whole);
  EXPECT_EQ(times_away(-amount_max, amount_max), -whole - 1);
}

TEST(FixedPointTest, MultipliesAmountsWithTheNamedRounding) {
  EXPECT_EQ(times_truncated(0.1_e8, 0.1_e8), 0.01_e8);
  // 1e-8 x 0.5 = 0.5e-8; 3e-8 x 0.5 = 1.5e-8; 5e-8 x 0.5 = 2.5e-8
  EXPECT_EQ(times_truncated(1, 0.5_e8), 0);
  EXPECT_EQ(times_away(1, 0.5_e8), 1);
  EXPECT_EQ(times_half_even(1, 0.5_e8), 0);
  EXPECT_EQ(times_truncated(3, 0.5_e8), 1);
  EXPECT_EQ(times_away(3, 0.5_e8), 2);
  EXPECT_EQ(times_half_even(3, 0.5_e8), 2);
  EXPECT_EQ(times_half_even(5, 0.5_e8), 2);
  EXPECT_EQ(times_truncated(-3, 0.5_e8), -1);
  EXPECT_EQ(times_away(-3, 0.5_e8), -2);
}

TEST(FixedPointTest, RatiosAreCutTowardZero) {
  EXPECT_EQ(ratio_truncated(1_e8, 3_e8), 0.33333333_e8);
  EXPECT_EQ(ratio_truncated(2, 3), 0.66666666_e8);
  EXPECT_EQ(ratio_truncated(-2, 3), -0.66666666_e8);
  EXPECT_EQ(ratio_truncated(amount_max, amount_max), scale);
  // A quotient may leave 64 bits: (2^63 - 1) / 1 at 1e-8.
  EXPECT_EQ(ratio_truncated(amount_max, 1), static_cast<Int128>(amount_max) * scale);
}

TEST(FixedPointTest, KnowsWhatFitsAndWhereSaturationEnds) {
  const Int128 max = amount_max;
  const Int128 min = amount_min;
  EXPECT_TRUE(fits(max));
  EXPECT_FALSE(fits(max + 1));
  EXPECT_TRUE(fits(min));
  EXPECT_FALSE(fits(min - 1));
  EXPECT_EQ(saturated(max + 1), amount_max);
  EXPECT_EQ(saturated(min - 1), amount_min);
  EXPECT_EQ(saturated(max), amount_max);
  EXPECT_EQ(saturated(-7), -7);
}

TEST(FixedPointTest, TheMagnitudeOfTheLowestValueIsKnown) {
  EXPECT_EQ(magnitude(amount_min), UInt128{1} << 63);
  EXPECT_EQ(magnitude(-1), 1U);
  const Int128 lowest = static_cast<Int128>(UInt128{1} << 127);
  EXPECT_EQ(magnitude(lowest), UInt128{1} << 127);
}

TEST(FixedPointTest, DivisionIsExactWhetherTheNumbersAreWideOrNot) {
  std::mt19937_64 random{3};
  for (int i = 0; i < 100'000; ++i) {
    const UInt128 wide = (static_cast<UInt128>(random()) << 64) | random();
    const UInt128 dividend = wide >> (random() % 128);
    const UInt128 divisor =
        (((static_cast<UInt128>(random()) << 64) | random()) >> (random() % 128)) | 1;
    const Quotient q = divided(dividend, divisor);
    ASSERT_TRUE(q.rest < divisor);
    ASSERT_TRUE(q.whole * divisor + q.rest == dividend);
  }
}

TEST(FixedPointTest, HalfEvenIsTheNearestAndTiesAreEven) {
  std::mt19937_64 random{4};
  for (int i = 0; i < 100'000; ++i) {
    const auto dividend = static_cast<std::int64_t>(random()) >> (random() % 60);
    const auto divisor = static_cast<std::int64_t>(1 + random() % 1'000);
    const Int128 quotient = half_even(dividend, divisor);
    const Int128 twice_off = 2 * (quotient * divisor - dividend);
    ASSERT_TRUE(twice_off <= divisor && twice_off >= -divisor) << dividend << " / " << divisor;
    if (twice_off == divisor || twice_off == -divisor) {
      ASSERT_EQ(quotient % 2, 0) << dividend << " / " << divisor;
    }
  }
}

// Around 2^64, where 64 bits no longer do, and for the widest divisors.
TEST(FixedPointTest, HalfEvenIsTheNearestWhetherTheNumbersAreWideOrNot) {
  std::mt19937_64 random{5};
  int ties = 0;
  for (int i = 0; i < 200'000; ++i) {
    const auto divisor = static_cast<Int128>(1 + (random() >> (1 + random() % 63)));
    const Int128 near = static_cast<Int128>(UINT64_MAX) + 1 -
                        static_cast<Int128>(random() % 4'096) +
                        static_cast<Int128>(random() % 4'096);
    const Int128 tie = divisor * static_cast<Int128>(random() >> 34) + divisor / 2;
    const Int128 size = random() % 2 == 0 ? near : tie;
    const Int128 dividend = random() % 2 == 0 ? size : -size;
    const Int128 quotient = half_even(dividend, divisor);
    const Int128 twice_off = 2 * (quotient * divisor - dividend);
    ASSERT_TRUE(twice_off <= divisor && twice_off >= -divisor) << "draw " << i;
    if (twice_off == divisor || twice_off == -divisor) {
      ASSERT_TRUE(quotient % 2 == 0) << "draw " << i;
      ++ties;
    }
  }
  EXPECT_GT(ties, 10'000);
}

}  // namespace
}  // namespace coreloop::stages
