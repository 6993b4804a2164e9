// That an order which passes has_headroom never overflows when it is worked out, and that ordinary
// ones pass.
#include "stages/headroom.hpp"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

constexpr Money ample = (Money{1} << 57) - 1;  // the largest amount that passes

/// Amounts of every size, those at the limits often.
class Amounts {
 public:
  std::int64_t draw() {
    switch (random_() % 4) {
      case 0:
        return ample;
      case 1:
        return ample - static_cast<std::int64_t>(random_() % 1'000);
      case 2:
        return ample + 1 + static_cast<std::int64_t>(random_() % 1'000);
      default:
        return static_cast<std::int64_t>(random_() >> (1 + random_() % 62));
    }
  }
  std::int64_t positive() { return std::max<std::int64_t>(draw(), 1); }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

 private:
  std::mt19937_64 random_{20'261'124};
};

/// A book of one account with whatever amounts can be had of it.
AccountBook drawn_book(Amounts& amounts) {
  AccountBook book({.accounts_max = 1, .positions_max = 2, .initial_balance = amounts.positive()});
  const std::uint64_t fills = amounts.below(5);
  for (std::uint64_t i = 0; i < fills; ++i) {
    const BookFill fill{.symbol = static_cast<SymbolId>(amounts.below(2)),
                        .side = amounts.below(2) == 0 ? Side::buy : Side::sell,
                        .price = amounts.positive(),
                        .quantity = amounts.draw(),
                        .fee = amounts.below(2) == 0 ? 0 : amounts.draw()};
    if (book.would_fit(fill)) book.apply(fill);
  }
  return book;
}

Account account_of(Money realized, Money fees) {
  Account account;
  account.realized = realized;
  account.fees = fees;
  return account;
}

struct DrawnOrder {
  OrderAmounts amounts;
  Order order;
};

/// As RISK makes it, against `position` or beside it.
DrawnOrder drawn_order(Amounts& amounts, const Position* position) {
  DrawnOrder drawn;
  Order& order = drawn.order;
  order = {};
  OrderAmounts& seen = drawn.amounts;
  order.side = amounts.below(2) == 0 ? Side::buy : Side::sell;
  seen.reference = amounts.below(4) == 0 ? (Price{1} << 25) : amounts.positive();
  const Money size = amounts.draw();
  seen.notional = seen.entry = size;
  if (position != nullptr && position->is_open() &&
      (position->quantity > 0) != (order.side == Side::buy)) {
    order.opposite_quantity = position->size();
    seen.opposite_value = times_half_even(position->size(), seen.reference);
    switch (amounts.below(3)) {
      case 0:
        seen.notional = seen.opposite_value;
        seen.entry = 0;
        break;
      case 1:
        seen.notional = seen.opposite_value + size;
        break;
      default:
        seen.entry = std::max<Int128>(size - seen.opposite_value, 0);
    }
  }
  order.notional = saturated(seen.notional);
  order.entry_notional = saturated(seen.entry);
  order.closes_whole = static_cast<std::uint8_t>(order.opposite_quantity != 0 &&
                                                 seen.notional >= seen.opposite_value);
  return drawn;
}

bool would_fit(const AccountBook& book, const FillCosts& costs, const DrawnOrder& drawn, Ratio u) {
  if (!fits(drawn.amounts.notional) || !fits(drawn.amounts.opposite_value)) return false;
  Fill fill;
  if (!simulate_fill(costs, drawn.order, drawn.amounts.reference, u, 1, fill)) return false;
  return book.would_fit(
      {.side = drawn.order.side, .price = fill.price, .quantity = fill.quantity, .fee = fill.fee});
}

TEST(HeadroomTest, WhatPassesNeverOverflows) {
  Amounts amounts;
  const FillCosts costs{.max_slippage_pct = scale / 2, .taker_fee_pct = scale - 1};
  int passed = 0;
  int passed_against = 0;
  int overflowed = 0;
  for (int i = 0; i < 400'000; ++i) {
    const AccountBook book = drawn_book(amounts);
    const std::uint32_t index = book.find(0, 0);
    const Position* const position = index == no_id ? nullptr : &book.position(index);
    const DrawnOrder drawn = drawn_order(amounts, position);
    const bool fits_once = would_fit(book, costs, drawn, 0);
    const bool fits_at_worst = would_fit(book, costs, drawn, costs.max_slippage_pct);
    overflowed += fits_once && fits_at_worst ? 0 : 1;
    if (!has_headroom(costs, drawn.amounts, position, book.account(0),
                      book.limits().initial_balance))
      continue;
    ++passed;
    passed_against += drawn.order.opposite_quantity != 0 ? 1 : 0;
    ASSERT_TRUE(fits_once && fits_at_worst) << "draw " << i;
  }
  // All three kinds came, so that the above says something.
  EXPECT_GT(passed, 10'000);
  EXPECT_GT(passed_against, 100);
  EXPECT_GT(overflowed, 10'000);
}

TEST(HeadroomTest, OrdinaryOrdersPass) {
  const FillCosts costs;
  Position position;
  position.quantity = -2'000'000_e8;
  position.cost = product(2'000'000_e8, 100_e8);
  const Account account = account_of(-900'000'000_e8, 30'000'000_e8);
  const OrderAmounts order{200'000'000_e8, 1'000_e8, 200'000'000_e8, 100_e8};
  EXPECT_TRUE(has_headroom(costs, order, &position, account, 1'000'000'000_e8));
  EXPECT_TRUE(has_headroom(costs, {1_e8, 1_e8, 0, 0.34_e8}, nullptr, {}, 1_e8));
}

TEST(HeadroomTest, EachAmountIsLookedAt) {
  const FillCosts costs;
  const Position flat;
  const auto passes = [&](const OrderAmounts& order, const Position& position = {},
                          const Account& account = {}, Money initial_balance = 1) {
    return has_headroom(costs, order, &position, account, initial_balance);
  };
  const OrderAmounts small{1, 1, 1, Price{1} << 25};
  ASSERT_TRUE(passes(small));
  EXPECT_TRUE(passes({ample, ample, ample, ample}));
  EXPECT_FALSE(passes({ample + 1, 1, 1, small.reference}));
  EXPECT_FALSE(passes({1, ample + 1, 1, small.reference}));
  EXPECT_FALSE(passes({1, 1, ample + 1, small.reference}));
  EXPECT_FALSE(passes({Int128{1} << 100, 1, 1, small.reference}));
  EXPECT_FALSE(passes({1, 1, 1, ample + 1}));
  EXPECT_FALSE(passes({1, 1, 1, small.reference - 1}));
  Position position;
  position.quantity = -ample - 1;  // folded, the limit itself
  EXPECT_TRUE(passes(small, position));
  position.quantity = -ample - 2;
  EXPECT_FALSE(passes(small, position));
  position.quantity = ample + 1;
  EXPECT_FALSE(passes(small, position));
  position = {};
  position.cost = (Int128{1} << 83) - 1;
  EXPECT_TRUE(passes(small, position));
  position.cost += 1;
  EXPECT_FALSE(passes(small, position));
  position = {};
  position.realized_in_cycle = -ample - 2;
  EXPECT_FALSE(passes(small, position));
  EXPECT_FALSE(passes(small, flat, account_of(-ample - 2, 0)));
  EXPECT_FALSE(passes(small, flat, account_of(ample + 1, 0)));
  EXPECT_FALSE(passes(small, flat, account_of(0, ample + 1)));
  EXPECT_FALSE(passes(small, flat, {}, ample + 1));
  for (const FillCosts& dear :
       {FillCosts{.max_slippage_pct = scale / 2 + 1},
        FillCosts{.model = SlippageModel::fixed_bps, .slippage = scale / 2 + 1}}) {
    EXPECT_FALSE(has_headroom(dear, small, nullptr, {}, 1));
  }
  EXPECT_TRUE(has_headroom({.model = SlippageModel::none, .max_slippage_pct = scale}, small,
                           nullptr, {}, 1));
}

}  // namespace
}  // namespace coreloop::stages
