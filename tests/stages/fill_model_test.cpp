// The simulated answer to an order: slippage of three models, price, quantity, fee, order ids.
#include "stages/fill_model.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

constexpr OrderCause some_cause{1'700'000'000'000, 0};

FillCosts costs_of(SlippageModel model) {
  FillCosts costs;
  costs.model = model;
  return costs;
}

Order entry_of(Side side, Money notional) {
  return {.number = 1,
          .notional = notional,
          .entry_notional = notional,
          .risk_amount = 0,
          .opposite_quantity = 0,
          .fraction = 0,
          .side = side,
          .closes_whole = 0,
          .unused = 0};
}

Order closing(Quantity opposite_quantity, Money notional, Money entry_notional, bool is_whole) {
  Order order = entry_of(Side::sell, notional);
  order.entry_notional = entry_notional;
  order.opposite_quantity = opposite_quantity;
  order.closes_whole = is_whole ? 1 : 0;
  return order;
}

TEST(FillModelTest, UniformSlippageIsKeyedByTheCause) {
  // floor((mix >> 32) x 100,000 / 2^32) with mix by the formula, worked out apart:
  //   seed 1, 1700000000000-0: mix >> 32 = 1482786391 -> 34523
  //   seed 1, 1700000000000-1: mix >> 32 =  930673276 -> 21668
  //   seed 7, 1700000000000-0: mix >> 32 =  116072687 ->  2702
  FillCosts costs = costs_of(SlippageModel::uniform);
  EXPECT_EQ(slippage(costs, some_cause, absent_ratio), 0.00034523_e8);
  EXPECT_EQ(slippage(costs, {1'700'000'000'000, 1}, absent_ratio), 0.00021668_e8);
  EXPECT_EQ(slippage(costs, some_cause, absent_ratio), 0.00034523_e8);
  costs.seed = 7;
  EXPECT_EQ(slippage(costs, some_cause, absent_ratio), 0.00002702_e8);
}

TEST(FillModelTest, UniformSlippageScalesToTheSignalsLimitWhereItIsSmaller) {
  const FillCosts costs = costs_of(SlippageModel::uniform);
  // floor(1482786391 x 20,000 / 2^32) = 6904
  EXPECT_EQ(slippage(costs, some_cause, static_cast<SmallRatio>(0.0002_e8)), 0.00006904_e8);
  EXPECT_EQ(slippage(costs, some_cause, static_cast<SmallRatio>(0.5_e8)), 0.00034523_e8);
  EXPECT_EQ(slippage(costs, some_cause, 0), 0);
}

TEST(FillModelTest, UniformSlippageStaysBelowItsBoundAndFillsIt) {
  const FillCosts costs = costs_of(SlippageModel::uniform);
  Ratio least = 1_e8;
  Ratio most = 0;
  for (std::uint64_t b = 0; b < 100'000; ++b) {
    const Ratio u = slippage(costs, {1'700'000'000'000, b}, absent_ratio);
    least = std::min(least, u);
    most = std::max(most, u);
  }
  EXPECT_GE(least, 0);
  EXPECT_LT(least, 0.00001_e8);
  EXPECT_LT(most, 0.001_e8);
  EXPECT_GT(most, 0.00099_e8);
}

TEST(FillModelTest, FixedSlippageIsAtMostTheSignals) {
  const FillCosts costs = costs_of(SlippageModel::fixed_bps);
  EXPECT_EQ(slippage(costs, some_cause, absent_ratio), 0.0005_e8);  // 5 bps
  EXPECT_EQ(slippage(costs, some_cause, static_cast<SmallRatio>(0.0002_e8)), 0.0002_e8);
  EXPECT_EQ(slippage(costs, some_cause, static_cast<SmallRatio>(0.01_e8)), 0.0005_e8);
}

TEST(FillModelTest, NoSlippageIsNone) {
  const FillCosts costs = costs_of(SlippageModel::none);
  EXPECT_EQ(slippage(costs, some_cause, absent_ratio), 0);
  EXPECT_EQ(slippage(costs, some_cause, static_cast<SmallRatio>(0.1_e8)), 0);
}

TEST(FillModelTest, TheModelsHaveTheirConfNames) {
  EXPECT_EQ(name_of(SlippageModel::uniform), "uniform");
  EXPECT_EQ(name_of(SlippageModel::fixed_bps), "fixed_bps");
  EXPECT_EQ(name_of(SlippageModel::none), "none");
}

TEST(FillModelTest, AnOrderIsKeyedByItsEntryACommandByItsTimeAndSequence) {
  Event event{};
  event.kind = EventKind::signal;
  event.entry_ms = 11;
  event.entry_counter = 12;
  event.log_unix_ns = 13'999'999;
  event.sequence = 14;
  EXPECT_EQ(cause_of(event).a, 11U);
  EXPECT_EQ(cause_of(event).b, 12U);
  event.kind = EventKind::command;
  EXPECT_EQ(cause_of(event).a, 13U);  // 13.999999 ms
  EXPECT_EQ(cause_of(event).b, 14U);
}

TEST(FillModelTest, SlippageWorksAgainstTheOrderAndSoDoesRounding) {
  EXPECT_EQ(fill_price(100_e8, Side::buy, 0.0005_e8), 100.05_e8);
  EXPECT_EQ(fill_price(100_e8, Side::sell, 0.0005_e8), 99.95_e8);
  // 0.00000003 x 1.001 = 0.00000003003 and x 0.999 = 0.00000002997
  EXPECT_EQ(fill_price(3, Side::buy, 0.001_e8), 4);
  EXPECT_EQ(fill_price(3, Side::sell, 0.001_e8), 2);
  EXPECT_EQ(fill_price(3, Side::buy, 0), 3);
  EXPECT_EQ(fill_price(3, Side::sell, 0), 3);
}

TEST(FillModelTest, APriceNeverFallsBelowTheSmallestAndMayLeave64Bits) {
  EXPECT_EQ(fill_price(1, Side::sell, 0.001_e8), 1);
  EXPECT_EQ(fill_price(1, Side::sell, 1_e8), 1);
  // 9223372036854775807 x 1.00000001 = 9223372129088496175.5...
  EXPECT_EQ(fill_price(amount_max, Side::buy, 1), static_cast<Int128>(amount_max) + 92'233'720'369);
}

TEST(FillModelTest, PricesAreTheNearestUnitOnTheSafeSide) {
  std::mt19937_64 random{13};
  for (int i = 0; i < 100'000; ++i) {
    const auto reference = static_cast<Price>(1 + random() % 10'000'000'000'000);
    const auto u = static_cast<Ratio>(random() % 100'000);
    const Int128 buy = fill_price(reference, Side::buy, u);
    const Int128 exact_buy = product(reference, scale + u);
    ASSERT_TRUE(buy * scale >= exact_buy && (buy - 1) * scale < exact_buy);
    const Int128 sell = fill_price(reference, Side::sell, u);
    const Int128 exact_sell = product(reference, scale - u);
    ASSERT_TRUE(sell == 1 || (sell * scale <= exact_sell && (sell + 1) * scale > exact_sell));
  }
}

TEST(FillModelTest, QuantitiesAreCutToTheLotStep) {
  EXPECT_EQ(quantity_for(1'000_e8, 3_e8, 1), 333.33333333_e8);
  EXPECT_EQ(quantity_for(1'000_e8, 3_e8, 0.001_e8), 333.333_e8);
  EXPECT_EQ(quantity_for(1'000_e8, 3_e8, 1_e8), 333_e8);
  EXPECT_EQ(quantity_for(1'000_e8, 3_e8, 1'000_e8), 0);
  EXPECT_EQ(quantity_for(0, 3_e8, 1), 0);
}

TEST(FillModelTest, AnOrderThatClosesWholeTakesThePositionWhateverItsLots) {
  // 2.5 is no multiple of the lot of 1; of the entry of 250, 250 / 100 = 2.5 is cut to 2.
  EXPECT_EQ(fill_quantity(closing(2.5_e8, 500_e8, 250_e8, true), 100_e8, 1_e8), 4.5_e8);
  EXPECT_EQ(fill_quantity(closing(2.5_e8, 250_e8, 0, true), 100_e8, 1_e8), 2.5_e8);
  EXPECT_EQ(fill_quantity(closing(1, 0, 0, true), 100_e8, 1_e8), 1);
}

TEST(FillModelTest, APartialReductionTakesNoMoreThanThePosition) {
  EXPECT_EQ(fill_quantity(closing(2.5_e8, 150_e8, 0, false), 100_e8, 1), 1.5_e8);
  EXPECT_EQ(fill_quantity(closing(2.5_e8, 150_e8, 0, false), 100_e8, 1_e8), 1_e8);
  // Sold below the reference, N / price would be more than there is: 249 / 99 = 2.515...
  EXPECT_EQ(fill_quantity(closing(2.5_e8, 249_e8, 0, false), 99_e8, 1), 2.5_e8);
}

TEST(FillModelTest, ASimulatedFillHasNotionalAndFee) {
  Fill fill;
  ASSERT_TRUE(simulate_fill(costs_of(SlippageModel::none), entry_of(Side::buy, 1'000_e8), 3_e8,
                            0.0005_e8, 1, fill));
  // price 3 x 1.0005 = 3.0015; 1000 / 3.0015 = 333.16674995|8...
  // 333.16674995 x 3.0015 = 999.999999974925 -> 999.99999997
  // 999.99999997 x 0.0004 = 0.399999999988 -> 0.4
  EXPECT_EQ(fill.price, 3.0015_e8);
  EXPECT_EQ(fill.quantity, 333.16674995_e8);
  EXPECT_EQ(fill.notional, 999.99999997_e8);
  EXPECT_EQ(fill.fee, 0.4_e8);
  EXPECT_EQ(fill.slippage, 0.0005_e8);
  EXPECT_EQ(fill.status, FillStatus::filled);
}

TEST(FillModelTest, TheNotionalIsRoundedHalfEvenAndTheFeeUp) {
  Fill fill;
  // 1 / 0.3 = 3.33333333; x 0.3 = 0.999999999 -> 1.0
  ASSERT_TRUE(
      simulate_fill(costs_of(SlippageModel::none), entry_of(Side::buy, 1_e8), 0.3_e8, 0, 1, fill));
  EXPECT_EQ(fill.notional, 1_e8);
  EXPECT_EQ(fill.fee, 0.0004_e8);
  // 0.00000001 / 1.0 = 0.00000001; its fee of 0.000000000004 is a whole unit
  ASSERT_TRUE(
      simulate_fill(costs_of(SlippageModel::none), entry_of(Side::sell, 1), 1_e8, 0, 1, fill));
  EXPECT_EQ(fill.notional, 1);
  EXPECT_EQ(fill.fee, 1);
}

TEST(FillModelTest, AFillOfNothingIsRejectedWithItsPriceAndSlippage) {
  Fill fill;
  ASSERT_TRUE(simulate_fill(costs_of(SlippageModel::none), entry_of(Side::buy, 1'000_e8), 95'000_e8,
                            0.001_e8, 1_e8, fill));
  EXPECT_EQ(fill.status, FillStatus::rejected);
  EXPECT_EQ(fill.quantity, 0);
  EXPECT_EQ(fill.notional, 0);
  EXPECT_EQ(fill.fee, 0);
  EXPECT_EQ(fill.price, 95'095_e8);
  EXPECT_EQ(fill.slippage, 0.001_e8);
}

TEST(FillModelTest, SaysWhatDoesNotFit64Bits) {
  const FillCosts costs = costs_of(SlippageModel::none);
  Fill fill;
  // the price: amount_max x 1.001
  EXPECT_FALSE(simulate_fill(costs, entry_of(Side::buy, 1_e8), amount_max, 0.001_e8, 1, fill));
  // the quantity: 922.33720369 / 0.00000001 is 1e8 x 92,233,720,369 = 2^63 and some
  EXPECT_TRUE(simulate_fill(costs, entry_of(Side::buy, 922.33720368_e8), 1, 0, 1, fill));
  EXPECT_FALSE(simulate_fill(costs, entry_of(Side::buy, 922.33720369_e8), 1, 0, 1, fill));
  // the notional: amount_max x 2
  EXPECT_TRUE(simulate_fill(costs, closing(amount_max, 0, 0, true), 1_e8, 0, 1, fill));
  EXPECT_FALSE(simulate_fill(costs, closing(amount_max, 0, 0, true), 2_e8, 0, 1, fill));
}

TEST(FillModelTest, OrderIdsAreABijectionOfTheOrderNumber) {
  // 0x5DEECE66D x 0xDFE05BCB1365 = 1 mod 2^48
  constexpr std::uint64_t inverse = 0xDFE0'5BCB'1365U;
  constexpr std::uint64_t mask = (std::uint64_t{1} << 48) - 1;
  EXPECT_EQ(order_id_bits(1, 1), 0x0005'DEEC'E66EU);
  EXPECT_EQ(order_id_bits(2, 1), 0x000B'BDD9'CCDBU);
  std::mt19937_64 random{14};
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t number = random() & mask;
    const std::uint64_t seed = random() >> 1;
    const std::uint64_t bits = order_id_bits(number, seed);
    ASSERT_EQ(bits & ~mask, 0U);
    ASSERT_EQ(((bits - seed) * inverse) & mask, number);
  }
}

TEST(FillModelTest, AMillionOrderIdsAreUnique) {
  std::vector<std::uint64_t> ids(1'000'000);
  for (std::size_t i = 0; i < ids.size(); ++i)
    ids[i] = order_id_bits(i + 1, 1);
  std::sort(ids.begin(), ids.end());
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
}

}  // namespace
}  // namespace coreloop::stages
