// The four sizing models: their arithmetic, clamps and floors.
#include "stages/sizing.hpp"

#include <array>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

const CloseHistory no_closes;

SizingLimits limits_of(SizingModel model) {
  SizingLimits limits;
  limits.sizing = model;
  return limits;
}

Size size_of(const SizingLimits& limits, Money balance, Ratio confidence,
             SmallRatio own_cap = absent_ratio, const CloseHistory& closes = no_closes) {
  return entry_size(limits, balance, confidence, own_cap, closes);
}

CloseHistory closes_of(int win_count, Money win, int loss_count, Money loss) {
  CloseHistory closes;
  for (int i = 0; i < win_count; ++i)
    closes.add(win);
  for (int i = 0; i < loss_count; ++i)
    closes.add(-loss);
  return closes;
}

struct KellyRow {
  Ratio confidence, fraction;
  Money notional;  // of a balance of 10,000
};

TEST(SizingTest, KellyBetsAQuarterOfTheEdgeAndNeverMoreThanTheCap) {
  constexpr std::array rows{
      // t = 0.35 / 1.5 = 0.23333333, 0.25 x (0.65 - 0.23333333) = 0.1041666675: the cap
      KellyRow{0.65_e8, 0.1_e8, 1'000_e8},
      // t = 0.24, 0.25 x 0.40 = 0.10: the cap itself
      KellyRow{0.64_e8, 0.1_e8, 1'000_e8},
      // t = 0.24666666, 0.25 x 0.38333334 = 0.095833335
      KellyRow{0.63_e8, 0.09583333_e8, 958.3333_e8},
      // t = 0.33333333, 0.25 x 0.16666667 = 0.0416666675
      KellyRow{0.5_e8, 0.04166666_e8, 416.6666_e8},
      // t = 0.4: no edge
      KellyRow{0.4_e8, 0, 0},
      // t = 0.46666666, below zero
      KellyRow{0.3_e8, 0, 0},
      KellyRow{0, 0, 0},
      KellyRow{1_e8, 0.1_e8, 1'000_e8},
  };
  for (const KellyRow& row : rows) {
    SCOPED_TRACE(row.confidence);
    const Size size = size_of(limits_of(SizingModel::kelly), 10'000_e8, row.confidence);
    EXPECT_EQ(size.fraction, row.fraction);
    EXPECT_EQ(size.notional, row.notional);
  }
}

TEST(SizingTest, WithTheDefaultsTheCapBindsForEveryConfidenceFrom64Percent) {
  for (Ratio confidence = 0.64_e8; confidence <= 1_e8; confidence += 12'345) {
    ASSERT_EQ(size_of(limits_of(SizingModel::kelly), 10'000_e8, confidence).fraction, 0.1_e8);
  }
}

TEST(SizingTest, KellyWithoutAPayoffBetsNothing) {
  SizingLimits limits = limits_of(SizingModel::kelly);
  limits.payoff_ratio = 0;
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.99_e8).fraction, 0);
  EXPECT_EQ(kelly_fraction_of(0.25_e8, 0.99_e8, 0), 0);
}

TEST(SizingTest, KellyCutsEachStepTowardZero) {
  // t = 0.4 / 0.7 = 0.57142857|1, p - t = 0.02857143, x 0.25 = 0.00714285|75
  EXPECT_EQ(kelly_fraction_of(0.25_e8, 0.6_e8, 0.7_e8), 0.00714285_e8);
  // t = 0.46666666|6, p - t = -0.16666666, x 0.25 = -0.04166666|5: toward zero
  EXPECT_EQ(kelly_fraction_of(0.25_e8, 0.3_e8, 1.5_e8), -0.04166666_e8);
}

TEST(SizingTest, TheSignalsOwnCapCountsWhereItIsSmaller) {
  for (const SizingModel model : {SizingModel::kelly, SizingModel::fixed_fraction,
                                  SizingModel::fixed_notional, SizingModel::tracked_kelly}) {
    const SizingLimits limits = limits_of(model);
    // 0.5 % of 10,000; each model would bet more.
    const Size small = size_of(limits, 10'000_e8, 0.9_e8, static_cast<SmallRatio>(0.005_e8));
    EXPECT_EQ(small.fraction, 0.005_e8);
    EXPECT_EQ(small.notional, 50_e8);
    const Size none = size_of(limits, 10'000_e8, 0.9_e8, 0);
    EXPECT_EQ(none.fraction, 0);
    EXPECT_EQ(none.notional, 0);
    const Size large = size_of(limits, 10'000_e8, 0.9_e8, static_cast<SmallRatio>(0.5_e8));
    EXPECT_LE(large.fraction, 0.1_e8);
  }
}

TEST(SizingTest, ABalanceThatIsNotPositiveBetsNothing) {
  for (const SizingModel model : {SizingModel::kelly, SizingModel::fixed_fraction,
                                  SizingModel::fixed_notional, SizingModel::tracked_kelly}) {
    for (const Money balance : {Money{0}, -1_e8, amount_min}) {
      EXPECT_EQ(size_of(limits_of(model), balance, 0.9_e8).notional, 0);
    }
  }
  EXPECT_EQ(size_of(limits_of(SizingModel::fixed_notional), -5_e8, 0.9_e8).fraction, 0);
  EXPECT_EQ(share_of_balance(0, 0.5_e8), 0);
}

TEST(SizingTest, TheNotionalIsCutToTheUnit) {
  // 0.00000019 x 0.1 = 0.000000019
  EXPECT_EQ(size_of(limits_of(SizingModel::kelly), 19, 0.9_e8).notional, 1);
  EXPECT_EQ(size_of(limits_of(SizingModel::kelly), 9, 0.9_e8).notional, 0);
  // 9223372036854775807 x 0.1, cut
  EXPECT_EQ(size_of(limits_of(SizingModel::kelly), amount_max, 0.9_e8).notional,
            922'337'203'685'477'580);
}

TEST(SizingTest, FixedFractionIsClampedToTheCap) {
  SizingLimits limits = limits_of(SizingModel::fixed_fraction);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.7_e8).fraction, 0.05_e8);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.7_e8).notional, 500_e8);
  limits.fixed_fraction = 0.2_e8;
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.7_e8).fraction, 0.1_e8);
}

TEST(SizingTest, FixedNotionalShowsTheFractionThatItIs) {
  const SizingLimits limits = limits_of(SizingModel::fixed_notional);
  const Size plain = size_of(limits, 10'000_e8, 0.7_e8);
  EXPECT_EQ(plain.notional, 500_e8);
  EXPECT_EQ(plain.fraction, 0.05_e8);
  const Size odd = size_of(limits, 7'000_e8, 0.7_e8);
  EXPECT_EQ(odd.notional, 500_e8);
  EXPECT_EQ(odd.fraction, 0.07142857_e8);  // 500 / 7000, cut
  const Size capped = size_of(limits, 3'000_e8, 0.7_e8);
  EXPECT_EQ(capped.notional, 300_e8);  // 10 % of 3,000
  EXPECT_EQ(capped.fraction, 0.1_e8);
}

TEST(SizingTest, TrackedKellyIsKellyUntilThereAreTwentyClosesOfBothKinds) {
  const SizingLimits limits = limits_of(SizingModel::tracked_kelly);
  const Ratio as_kelly = 0.04166666_e8;  // of 0.5, see above
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.5_e8).fraction, as_kelly);
  const CloseHistory nineteen = closes_of(10, 3_e8, 9, 1_e8);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.5_e8, absent_ratio, nineteen).fraction, as_kelly);
  const CloseHistory only_wins = closes_of(30, 3_e8, 0, 0);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.5_e8, absent_ratio, only_wins).fraction, as_kelly);
  const CloseHistory only_losses = closes_of(0, 0, 30, 3_e8);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.5_e8, absent_ratio, only_losses).fraction, as_kelly);
}

TEST(SizingTest, TrackedKellyUsesTheAccountsOwnRecord) {
  const SizingLimits limits = limits_of(SizingModel::tracked_kelly);
  // p = 12 / 20 = 0.6, b = 30 / 20 = 1.5, t = 0.4 / 1.5 = 0.26666666,
  // 0.25 x 0.33333334 = 0.083333335
  const CloseHistory closes = closes_of(12, 30_e8, 8, 20_e8);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.99_e8, absent_ratio, closes).fraction, 0.08333333_e8);
  // p = 7 / 21 = 0.33333333, b = 4, t = 0.66666667 / 4 = 0.16666666|75,
  // 0.25 x (0.33333333 - 0.16666666) = 0.25 x 0.16666667 = 0.0416666675
  const CloseHistory thirds = closes_of(7, 4_e8, 14, 1_e8);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.99_e8, absent_ratio, thirds).fraction, 0.04166666_e8);
}

TEST(SizingTest, TrackedKellyFormsThePayoffOfTwoCutMeans) {
  const SizingLimits limits = limits_of(SizingModel::tracked_kelly);
  // Nine wins of 1 unit and ten of 2: mean 29 / 19 = 1. A loss of 3: b = 1 / 3 = 0.33333333.
  // p = 19 / 20 = 0.95, t = 0.05 / 0.33333333 = 0.15000000|15, 0.25 x 0.8 = 0.2 under a wide cap
  CloseHistory closes = closes_of(9, 1, 1, 3);
  for (int i = 0; i < 10; ++i)
    closes.add(2);
  SizingLimits wide = limits;
  wide.max_position_size_pct = 1_e8;
  EXPECT_EQ(size_of(wide, 10'000_e8, 0.5_e8, absent_ratio, closes).fraction, 0.2_e8);
}

TEST(SizingTest, TrackedKellyNeverFallsBelowItsFloorNorAboveTheCap) {
  SizingLimits limits = limits_of(SizingModel::tracked_kelly);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.3_e8).fraction, 0.01_e8);  // before the 20 closes too
  const CloseHistory bad = closes_of(2, 1_e8, 18, 5_e8);
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.9_e8, absent_ratio, bad).fraction, 0.01_e8);
  limits.max_position_size_pct = 0.005_e8;  // the cap comes after the floor
  EXPECT_EQ(size_of(limits, 10'000_e8, 0.9_e8, absent_ratio, bad).fraction, 0.005_e8);
}

TEST(SizingTest, APayoffThatIsCutToZeroBetsTheFloor) {
  // b = 0.00000001 / 1.00000001, cut: 0
  const CloseHistory closes = closes_of(19, 1, 1, 1.00000001_e8);
  EXPECT_EQ(tracked_fraction(limits_of(SizingModel::tracked_kelly), 0.9_e8, closes), 0);
  EXPECT_EQ(size_of(limits_of(SizingModel::tracked_kelly), 10'000_e8, 0.9_e8, absent_ratio, closes)
                .fraction,
            0.01_e8);
}

TEST(SizingTest, APayoffBeyond64BitsStandsAtTheLimit) {
  // t = 0.05 / 9.2e10, cut: 0; f = 0.25 x 0.95
  const CloseHistory closes = closes_of(19, amount_max, 1, 1);
  EXPECT_EQ(tracked_fraction(limits_of(SizingModel::tracked_kelly), 0.5_e8, closes), 0.2375_e8);
}

}  // namespace
}  // namespace coreloop::stages
