// One position: opening, adding, reducing, crossing through zero, with its cost kept exactly.
#include "stages/position.hpp"

#include <array>
#include <random>
#include <string_view>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

PositionChange fill(Position& position, Side side, Quantity quantity, Price price) {
  return apply_fill(position, {.side = side, .price = price, .quantity = quantity});
}

Position position_of(Side side, Quantity quantity, Price price) {
  Position position;
  fill(position, side, quantity, price);
  return position;
}

TEST(PositionTest, StartsFlat) {
  const Position position;
  EXPECT_FALSE(position.is_open());
  EXPECT_EQ(position.side(), PositionSide::closed);
  EXPECT_EQ(position.size(), 0);
}

TEST(PositionTest, OpeningTakesQuantityAndCostOfTheFill) {
  const Position position = position_of(Side::sell, 2.5_e8, 100.1_e8);
  EXPECT_EQ(position.quantity, -2.5_e8);
  EXPECT_EQ(position.size(), 2.5_e8);
  EXPECT_EQ(position.side(), PositionSide::short_side);
  EXPECT_EQ(position.cost, product(2.5_e8, 100.1_e8));
  EXPECT_EQ(position.size_at_cost(), 250.25_e8);  // 2.5 x 100.1
  EXPECT_EQ(position_of(Side::buy, 1, 1).side(), PositionSide::long_side);
}

TEST(PositionTest, AverageEntryAfterOneFillIsExactlyItsPrice) {
  std::mt19937_64 random{8};
  for (int i = 0; i < 100'000; ++i) {
    const auto quantity = static_cast<Quantity>(random() >> (1 + random() % 63)) | 1;
    const auto price = static_cast<Price>(random() >> (1 + random() % 63)) | 1;
    ASSERT_EQ(position_of(Side::buy, quantity, price).average_entry(), price);
  }
}

TEST(PositionTest, AverageEntryIsRoundedHalfEven) {
  Position position = position_of(Side::buy, 1, 1);
  fill(position, Side::buy, 1, 2);  // 3 / 2 = 1.5 units
  EXPECT_EQ(position.average_entry(), 2);
  position = position_of(Side::buy, 1, 2);
  fill(position, Side::buy, 1, 3);  // 5 / 2 = 2.5 units
  EXPECT_EQ(position.average_entry(), 2);
}

TEST(PositionTest, AFillOfNothingChangesNothing) {
  Position position = position_of(Side::buy, 2_e8, 100_e8);
  const PositionChange change = fill(position, Side::sell, 0, 120_e8);
  EXPECT_FALSE(change.is_reducing);
  EXPECT_FALSE(change.ended_cycle);
  EXPECT_EQ(change.realized, 0);
  EXPECT_EQ(position.quantity, 2_e8);
  EXPECT_EQ(position.cost, product(2_e8, 100_e8));
}

struct Trade {
  Side side;
  Quantity quantity;
  Price price;
};
struct PositionCase {
  std::string_view name;
  std::array<Trade, 3> trades;  // a quantity of 0: none
  Quantity quantity;
  Price average_entry;      // 0 when flat
  Money realized;           // by the last fill
  Money realized_in_cycle;  // of the open cycle; of the ended one when flat
};

// The same numbers as anywhere where positions are kept by netting at average cost.
constexpr std::array position_cases{
    // 50,000 x 1 + 30,000 x 1.001 + 20,000 x 1.002 = 100,070 for 100,000
    PositionCase{"three buys",
                 {{{Side::buy, 50'000_e8, 1_e8},
                   {Side::buy, 30'000_e8, 1.001_e8},
                   {Side::buy, 20'000_e8, 1.002_e8}}},
                 100'000_e8,
                 1.0007_e8,
                 0,
                 0},
    // 0.5 x 150 - 0.5 x 100 = 25
    PositionCase{"reduce a long",
                 {{{Side::buy, 2_e8, 100_e8}, {Side::sell, 0.5_e8, 150_e8}, {}}},
                 1.5_e8,
                 100_e8,
                 25_e8,
                 25_e8},
    // -(0.5 x 80 - 0.5 x 100) = 10
    PositionCase{"reduce a short",
                 {{{Side::sell, 2_e8, 100_e8}, {Side::buy, 0.5_e8, 80_e8}, {}}},
                 -1.5_e8,
                 100_e8,
                 10_e8,
                 10_e8},
    // (100 x 1 + 200 x 0.5) / 300 = 200 / 300; 300 x 1 - 200 = 100
    PositionCase{
        "close a long",
        {{{Side::buy, 100_e8, 1_e8}, {Side::buy, 200_e8, 0.5_e8}, {Side::sell, 300_e8, 1_e8}}},
        0,
        0,
        100_e8,
        100_e8},
    // 1 x 150 - 1 x 100 = 50, then short 1 at 150
    PositionCase{"flip to short",
                 {{{Side::buy, 1_e8, 100_e8}, {Side::sell, 2_e8, 150_e8}, {}}},
                 -1_e8,
                 150_e8,
                 50_e8,
                 0},
    // -(1 x 120 - 1 x 100) = -20, then long 2 at 120
    PositionCase{"flip to long",
                 {{{Side::sell, 1_e8, 100_e8}, {Side::buy, 3_e8, 120_e8}, {}}},
                 2_e8,
                 120_e8,
                 -20_e8,
                 0},
    // 10 + 10 in two steps: (105 - 100) x 2, (110 - 100) x 1
    PositionCase{
        "two reductions",
        {{{Side::buy, 4_e8, 100_e8}, {Side::sell, 2_e8, 105_e8}, {Side::sell, 1_e8, 110_e8}}},
        1_e8,
        100_e8,
        10_e8,
        20_e8},
    // reopening begins a new cycle
    PositionCase{
        "close and reopen",
        {{{Side::buy, 1_e8, 100_e8}, {Side::sell, 1_e8, 130_e8}, {Side::buy, 2_e8, 90_e8}}},
        2_e8,
        90_e8,
        0,
        0},
};

TEST(PositionTest, NetsAtAverageCost) {
  for (const PositionCase& row : position_cases) {
    SCOPED_TRACE(row.name);
    Position position;
    PositionChange change;
    for (const Trade& trade : row.trades) {
      if (trade.quantity != 0) change = fill(position, trade.side, trade.quantity, trade.price);
    }
    EXPECT_EQ(position.quantity, row.quantity);
    EXPECT_EQ(change.realized, row.realized);
    if (position.is_open()) {
      EXPECT_EQ(position.average_entry(), row.average_entry);
      EXPECT_EQ(position.realized_in_cycle, row.realized_in_cycle);
    } else {
      EXPECT_EQ(change.closed_realized, row.realized_in_cycle);
      EXPECT_EQ(position.cost, 0);
    }
  }
}

TEST(PositionTest, FollowsALongCycleToTheLastDigit) {
  Position position = position_of(Side::buy, 12_e8, 100_e8);
  fill(position, Side::buy, 17_e8, 99_e8);
  // cost 1200 + 1683 = 2883; 2883 / 29 = 99.413793103448...
  EXPECT_EQ(position.average_entry(), 99.4137931_e8);
  // 9 x 101 - 2883 x 9 / 29 = 909 - 894.724137931034... = 14.275862068965...
  EXPECT_EQ(fill(position, Side::sell, 9_e8, 101_e8).realized, 14.27586207_e8);
  EXPECT_EQ(position.average_entry(), 99.4137931_e8);
  // 4 x 105 - 1988.275862068965... x 4 / 20 = 420 - 397.655172413793... = 22.344827586206...
  EXPECT_EQ(fill(position, Side::sell, 4_e8, 105_e8).realized, 22.34482759_e8);
  fill(position, Side::buy, 3_e8, 103_e8);
  // (1590.620689655172... + 309) / 19 = 99.980036297640...
  EXPECT_EQ(position.average_entry(), 99.9800363_e8);
  EXPECT_EQ(position.realized_in_cycle, 36.62068966_e8);  // 14.27586207 + 22.34482759
}

TEST(PositionTest, AFlipEndsTheCycleWithItsOwnAverageAndProfit) {
  Position position = position_of(Side::buy, 2_e8, 100_e8);
  fill(position, Side::sell, 1_e8, 110_e8);
  const PositionChange change = fill(position, Side::sell, 3_e8, 120_e8);
  EXPECT_TRUE(change.is_reducing);
  EXPECT_TRUE(change.ended_cycle);
  EXPECT_EQ(change.realized, 20_e8);         // 1 x 120 - 1 x 100
  EXPECT_EQ(change.closed_realized, 30_e8);  // 10 before, 20 now
  EXPECT_EQ(change.closed_average, 100_e8);
  EXPECT_EQ(position.quantity, -2_e8);
  EXPECT_EQ(position.cost, product(2_e8, 120_e8));
  EXPECT_EQ(position.realized_in_cycle, 0);
}

TEST(PositionTest, RealizedProfitIsRoundedHalfEven) {
  // One unit of quantity: the product of a price is in units of 1e-16.
  Position position = position_of(Side::buy, 1, 1_e8);
  EXPECT_EQ(fill(position, Side::sell, 1, 1.5_e8).realized, 0);  // 0.5e-8
  position = position_of(Side::buy, 1, 1_e8);
  EXPECT_EQ(fill(position, Side::sell, 1, 2.5_e8).realized, 2);  // 1.5e-8
  position = position_of(Side::sell, 1, 1_e8);
  EXPECT_EQ(fill(position, Side::buy, 1, 3.5_e8).realized, -2);  // -2.5e-8
}

TEST(PositionTest, DustClosesWithoutAResidue) {
  Position position = position_of(Side::buy, 1, 1);  // 1e-8 at 1e-8: cost 1e-16
  EXPECT_EQ(position.cost, 1);
  EXPECT_EQ(position.value_at(1), 0);
  EXPECT_EQ(position.size_at_cost(), 0);
  EXPECT_EQ(position.average_entry(), 1);
  const PositionChange change = fill(position, Side::sell, 1, 1);
  EXPECT_TRUE(change.ended_cycle);
  EXPECT_EQ(change.realized, 0);
  EXPECT_EQ(position.cost, 0);
  EXPECT_FALSE(position.is_open());
}

TEST(PositionTest, CostIsExactSoThatAFlatPositionNeverKeepsAny) {
  std::mt19937_64 random{9};
  for (int round = 0; round < 2'000; ++round) {
    Position position;
    Int128 paid = 0;      // at 1e-16, signed: what fills cost minus what they brought in
    Int128 realized = 0;  // at 1e-8
    int close_count = 0;
    while (close_count == 0 || position.is_open()) {
      const Side side = random() % 2 == 0 ? Side::buy : Side::sell;
      const bool closes_all = random() % 4 == 0 && position.is_open();
      const Quantity quantity =
          closes_all ? position.size() : static_cast<Quantity>(1 + random() % 10'000'000'000);
      const Side actual = closes_all && position.quantity > 0 ? Side::sell
                          : closes_all                        ? Side::buy
                                                              : side;
      const auto price = static_cast<Price>(1 + random() % 10'000'000'000'000);
      const PositionChange change = fill(position, actual, quantity, price);
      paid += sign_of(actual) * product(quantity, price);
      realized += change.realized;
      close_count += change.is_reducing ? 1 : 0;
    }
    ASSERT_EQ(position.cost, 0);
    // Flat: all profit is what came in less what was paid; each close rounds by half a unit at
    // most.
    const Int128 off = 2 * (realized * scale + paid);
    ASSERT_TRUE(off <= Int128{close_count} * scale && off >= -Int128{close_count} * scale);
  }
}

TEST(PositionTest, UnrealizedProfitHasTheSideOfThePosition) {
  const Position bought = position_of(Side::buy, 5.5_e8, 200_e8);
  EXPECT_EQ(bought.unrealized_at(210_e8), 55_e8);
  EXPECT_EQ(bought.unrealized_at(190_e8), -55_e8);
  EXPECT_EQ(bought.value_at(210_e8), 1'155_e8);
  const Position sold = position_of(Side::sell, 5.5_e8, 200_e8);
  EXPECT_EQ(sold.unrealized_at(210_e8), -55_e8);
  EXPECT_EQ(sold.value_at(190_e8), 1'045_e8);
}

TEST(PositionTest, ValuationsStandAtTheLimitInsteadOfWrapping) {
  const Position bought = position_of(Side::buy, amount_max, 1_e8);
  EXPECT_EQ(bought.value_at(2_e8), amount_max);
  EXPECT_EQ(bought.unrealized_at(amount_max), amount_max);
  const Position sold = position_of(Side::sell, amount_max, 1_e8);
  EXPECT_EQ(sold.unrealized_at(amount_max), amount_min);
}

TEST(PositionTest, CostOfAPartIsItsShareCutTowardZero) {
  std::mt19937_64 random{10};
  for (int i = 0; i < 100'000; ++i) {
    Position position;
    position.quantity = static_cast<Quantity>(1 + random() % 1'000'000'000'000);
    position.cost = static_cast<Int128>(random() >> 1) * 1'000;
    const auto part = static_cast<Quantity>(random() % static_cast<std::uint64_t>(position.size()));
    // cost x part stays below 2^113 here, so that the plain formula can be computed.
    ASSERT_EQ(cost_of_part(position, part), position.cost * part / position.size());
  }
  Position whole = position_of(Side::buy, 3, 7);
  whole.cost += 1;
  EXPECT_EQ(cost_of_part(whole, 3), 22);
}

TEST(PositionTest, CostOfAPartOfTheLargestPositionDoesNotOverflow) {
  const Int128 max = amount_max;
  // q units at the highest price: the share of q - 1 is (q - 1) x price.
  Position position = position_of(Side::sell, amount_max, amount_max);
  EXPECT_EQ(cost_of_part(position, amount_max - 1), (max - 1) * max);
  // cost = m x (m - 1) + (m - 1) with m the quantity: a = m - 1, c = m - 1, and for q = m - 1
  // a x q + c x q div m = (m - 1)^2 + (m - 1)^2 div m = (m - 1)^2 + m - 2.
  position.cost = max * (max - 1) + (max - 1);
  EXPECT_EQ(cost_of_part(position, amount_max - 1), (max - 1) * (max - 1) + max - 2);
}

}  // namespace
}  // namespace coreloop::stages
