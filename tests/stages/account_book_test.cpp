// The books: balances, bounded tables, what would fit, equal hashes, positions in symbol order.
#include "stages/account_book.hpp"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

constexpr BookLimits small_limits{
    .accounts_max = 3, .positions_max = 4, .initial_balance = 10'000_e8};

BookFill bought(SymbolId symbol, Quantity quantity, Price price, Money fee = 0) {
  return {.symbol = symbol, .side = Side::buy, .price = price, .quantity = quantity, .fee = fee};
}
BookFill sold(SymbolId symbol, Quantity quantity, Price price, Money fee = 0) {
  return {.symbol = symbol, .side = Side::sell, .price = price, .quantity = quantity, .fee = fee};
}
BookFill of_account(AccountId account, BookFill fill) {
  fill.account = account;
  return fill;
}

TEST(AccountBookTest, StartsWithTheInitialBalanceAndNothingElse) {
  const AccountBook book(small_limits);
  EXPECT_EQ(book.balance(2), 10'000_e8);
  EXPECT_EQ(book.position_count(), 0U);
  EXPECT_EQ(book.find(0, 0), no_id);
  EXPECT_EQ(book.account(0).first_position, no_id);
  EXPECT_EQ(book.account(0).open_position_count, 0U);
}

TEST(AccountBookTest, BalanceIsInitialPlusRealizedLessFees) {
  AccountBook book(small_limits);
  book.apply(bought(0, 2_e8, 100_e8, 0.08_e8));
  EXPECT_EQ(book.balance(0), 9'999.92_e8);
  book.apply(sold(0, 1_e8, 130_e8, 0.052_e8));
  // 10,000 + (130 - 100) - 0.08 - 0.052
  EXPECT_EQ(book.balance(0), 10'029.868_e8);
  EXPECT_EQ(book.account(0).realized, 30_e8);
  EXPECT_EQ(book.account(0).fees, 0.132_e8);
  EXPECT_EQ(book.balance(1), 10'000_e8);
}

TEST(AccountBookTest, AnswersWhichRowChangedAndHow) {
  AccountBook book(small_limits);
  const BookChange opened = book.apply(bought(3, 2_e8, 100_e8));
  EXPECT_EQ(opened.position_index, book.find(0, 3));
  EXPECT_FALSE(opened.position.is_reducing);
  const BookChange flipped = book.apply(sold(3, 3_e8, 90_e8));
  EXPECT_EQ(flipped.position_index, opened.position_index);
  EXPECT_TRUE(flipped.position.ended_cycle);
  EXPECT_EQ(flipped.position.realized, -20_e8);
  EXPECT_EQ(book.position(opened.position_index).quantity, -1_e8);
}

TEST(AccountBookTest, AFillOfNothingTakesNoRow) {
  AccountBook book(small_limits);
  EXPECT_EQ(book.apply(bought(0, 0, 100_e8, 1_e8)).position_index, no_id);
  EXPECT_EQ(book.position_count(), 0U);
  EXPECT_EQ(book.balance(0), 10'000_e8);
}

TEST(AccountBookTest, CountsOpenPositionsPerAccount) {
  AccountBook book(small_limits);
  book.apply(bought(0, 1_e8, 100_e8));
  book.apply(sold(1, 1_e8, 100_e8));
  book.apply(of_account(1, bought(0, 1_e8, 100_e8)));
  EXPECT_EQ(book.account(0).open_position_count, 2U);
  EXPECT_EQ(book.account(1).open_position_count, 1U);
  book.apply(sold(0, 2_e8, 100_e8));  // a flip stays open
  EXPECT_EQ(book.account(0).open_position_count, 2U);
  book.apply(bought(0, 1_e8, 100_e8));
  EXPECT_EQ(book.account(0).open_position_count, 1U);
}

TEST(AccountBookTest, EveryReducingFillIsOneCloseAFlipToo) {
  AccountBook book(small_limits);
  book.apply(bought(0, 2_e8, 100_e8));
  book.apply(bought(0, 2_e8, 100_e8));
  EXPECT_EQ(book.account(0).closes.close_count(), 0U);
  book.apply(sold(0, 1_e8, 110_e8));
  book.apply(sold(0, 5_e8, 90_e8));
  EXPECT_EQ(book.account(0).closes.close_count(), 2U);
  EXPECT_EQ(book.account(0).closes.win_count(), 1U);
  EXPECT_EQ(book.account(0).closes.loss_count(), 1U);
}

TEST(AccountBookTest, AFullTableHasRoomForPairsItKnowsOnly) {
  AccountBook book(small_limits);
  for (SymbolId symbol = 0; symbol < 4; ++symbol)
    book.apply(bought(symbol, 1_e8, 100_e8));
  EXPECT_TRUE(book.has_room(0, 3));
  EXPECT_TRUE(book.would_fit(bought(3, 1_e8, 100_e8)));
  EXPECT_FALSE(book.has_room(0, 4));
  EXPECT_FALSE(book.has_room(1, 0));
  EXPECT_FALSE(book.would_fit(bought(4, 1_e8, 100_e8)));
  // A pair once traded keeps its row, flat or not.
  book.apply(sold(3, 1_e8, 100_e8));
  EXPECT_FALSE(book.has_room(0, 4));
  EXPECT_TRUE(book.has_room(0, 3));
}

TEST(AccountBookTest, ListsAnAccountsPairsBySymbolIdHoweverTheyWereOpened) {
  AccountBook book({.accounts_max = 2, .positions_max = 16, .initial_balance = 1_e8});
  for (const SymbolId symbol : {5U, 1U, 7U, 0U, 3U})
    book.apply(bought(symbol, 1, 1_e8));
  book.apply(of_account(1, bought(2, 1, 1_e8)));
  std::vector<SymbolId> symbols;
  for (std::uint32_t i = book.account(0).first_position; i != no_id;
       i = book.position(i).next_in_account) {
    EXPECT_EQ(book.position(i).account, 0U);
    symbols.push_back(book.position(i).symbol);
  }
  EXPECT_EQ(symbols, (std::vector<SymbolId>{0, 1, 3, 5, 7}));
  EXPECT_EQ(book.position(book.account(1).first_position).symbol, 2U);
}

TEST(AccountBookTest, FindsEveryRowOfAFullTable) {
  AccountBook book({.accounts_max = 50, .positions_max = 2'500, .initial_balance = 1_e8});
  for (AccountId account = 0; account < 50; ++account) {
    for (SymbolId symbol = 0; symbol < 50; ++symbol) {
      book.apply(of_account(account, bought(symbol, 1 + account * 100 + symbol, 1)));
    }
  }
  for (AccountId account = 0; account < 50; ++account) {
    for (SymbolId symbol = 0; symbol < 50; ++symbol) {
      const std::uint32_t index = book.find(account, symbol);
      ASSERT_NE(index, no_id);
      ASSERT_EQ(book.position(index).quantity, 1 + account * 100 + symbol);
    }
  }
  EXPECT_EQ(book.find(0, 50), no_id);
}

// In the tests of what would fit, 1 unit is 1e-8; amount_max units at a price of 1e-8 cost
// amount_max units of 1e-16, next to nothing.
constexpr Price least_price = 1;

TEST(AccountBookTest, RefusesAQuantityBeyond64Bits) {
  AccountBook book(small_limits);
  EXPECT_TRUE(book.would_fit(bought(0, amount_max, least_price)));
  book.apply(bought(0, amount_max, least_price));
  EXPECT_FALSE(book.would_fit(bought(0, 1, least_price)));
  EXPECT_TRUE(book.would_fit(sold(0, amount_max, least_price)));
  book.apply(sold(1, amount_max, least_price));
  EXPECT_FALSE(book.would_fit(sold(1, 2, least_price)));
}

TEST(AccountBookTest, RefusesACostBeyond64Bits) {
  const AccountBook book(small_limits);
  // amount_max x 1.0 = amount_max; amount_max x 1.00000001 is 922.3... more.
  EXPECT_TRUE(book.would_fit(bought(0, amount_max, 1_e8)));
  EXPECT_FALSE(book.would_fit(bought(0, amount_max, 1.00000001_e8)));
  EXPECT_FALSE(book.would_fit(sold(0, amount_max, amount_max)));
}

TEST(AccountBookTest, RefusesACostThatGrowsBeyond64BitsByAdding) {
  AccountBook book(small_limits);
  book.apply(bought(0, amount_max - 1, 1_e8));
  EXPECT_TRUE(book.would_fit(bought(0, 1, 1_e8)));   // cost amount_max
  EXPECT_FALSE(book.would_fit(bought(0, 1, 2_e8)));  // cost amount_max + 1
}

TEST(AccountBookTest, RefusesARealizedProfitBeyond64Bits) {
  AccountBook book(small_limits);
  book.apply(bought(0, amount_max, least_price));
  // Sold at 1.00000001: amount_max x (1.00000001 - 0.00000001) = amount_max. The balance would be
  // amount_max + 10,000, so the fee must take 10,000 of it.
  EXPECT_TRUE(book.would_fit(sold(0, amount_max, 1_e8 + 1, 10'000_e8)));
  EXPECT_FALSE(book.would_fit(sold(0, amount_max, 1_e8 + 2, amount_max)));
}

TEST(AccountBookTest, RefusesAnAccountsProfitBeyond64BitsWhereItsCycleAndBalanceWouldFit) {
  AccountBook book(small_limits);
  // h = (2^63 - 2) / 2 realized in a first cycle; h + 2 in a second one would make 2^63.
  constexpr Quantity half = amount_max / 2;
  book.apply(bought(0, half, least_price));
  book.apply(sold(0, half, 1_e8 + 1));
  EXPECT_EQ(book.account(0).realized, half);
  book.apply(bought(0, amount_max, least_price));
  EXPECT_TRUE(book.would_fit(sold(0, half + 1, 1_e8 + 1, 20'000_e8)));
  EXPECT_FALSE(book.would_fit(sold(0, half + 2, 1_e8 + 1, 20'000_e8)));
}

TEST(AccountBookTest, RefusesABalanceBeyond64Bits) {
  AccountBook book(small_limits);
  book.apply(bought(0, amount_max, least_price));
  // As above; one unit of fee less leaves a balance of amount_max + 1.
  EXPECT_FALSE(book.would_fit(sold(0, amount_max, 1_e8 + 1, 10'000_e8 - 1)));
}

TEST(AccountBookTest, RefusesABalanceBelow64Bits) {
  AccountBook book(small_limits);
  book.apply(sold(0, amount_max, least_price));
  // Bought back at 1.00000001: realized -amount_max; 10,000 - amount_max - fee >= -2^63 holds up to
  // a fee of 10,000 and one unit.
  EXPECT_TRUE(book.would_fit(bought(0, amount_max, 1_e8 + 1, 10'000_e8 + 1)));
  EXPECT_FALSE(book.would_fit(bought(0, amount_max, 1_e8 + 1, 10'000_e8 + 2)));
}

TEST(AccountBookTest, RefusesACycleProfitBeyond64BitsWhereTheAccountsWouldFit) {
  AccountBook book(small_limits);
  // A loss of 20,000 in symbol 1: 200 x (0 - 100), but for a price of 1e-8.
  book.apply(bought(1, 200_e8, 100_e8 + 1));
  book.apply(sold(1, 200_e8, 1));
  EXPECT_EQ(book.account(0).realized, -20'000_e8);
  // Half of amount_max sold at +1.0 realizes h; the rest r = h + 1 realizes r at +1.0 and
  // r + r x 1e-8 = r + 461.2 at +1.00000001: the cycle leaves 64 bits, the account does not.
  constexpr Quantity half = amount_max / 2;
  book.apply(bought(0, amount_max, least_price));
  book.apply(sold(0, half, 1_e8 + 1));
  EXPECT_TRUE(book.would_fit(sold(0, amount_max - half, 1_e8 + 1)));
  EXPECT_FALSE(book.would_fit(sold(0, amount_max - half, 1_e8 + 2)));
}

TEST(AccountBookTest, RefusesFeesBeyond64Bits) {
  AccountBook book(small_limits);
  EXPECT_TRUE(book.would_fit(bought(0, 1, 1_e8, amount_max)));
  book.apply(bought(0, 1, 1_e8, amount_max));
  EXPECT_TRUE(book.would_fit(bought(0, 1, 1_e8, 0)));
  EXPECT_FALSE(book.would_fit(bought(0, 1, 1_e8, 1)));
}

TEST(AccountBookTest, AskingWhatWouldFitChangesNothing) {
  AccountBook book(small_limits);
  book.apply(bought(0, 1_e8, 100_e8));
  const std::uint64_t before = book.hash();
  EXPECT_TRUE(book.would_fit(sold(0, 2_e8, 90_e8, 1_e8)));
  EXPECT_TRUE(book.would_fit(bought(1, 2_e8, 90_e8, 1_e8)));
  EXPECT_EQ(book.hash(), before);
}

TEST(AccountBookTest, TwoBooksFedTheSameFillsHashTheSameAndOneUnitMakesThemDiffer) {
  const BookLimits limits{.accounts_max = 8, .positions_max = 64, .initial_balance = 10'000_e8};
  AccountBook one(limits);
  AccountBook two(limits);
  std::mt19937_64 random{11};
  for (int i = 0; i < 5'000; ++i) {
    const BookFill fill{.account = static_cast<AccountId>(random() % 8),
                        .symbol = static_cast<SymbolId>(random() % 8),
                        .side = random() % 2 == 0 ? Side::buy : Side::sell,
                        .price = static_cast<Price>(1 + random() % 1'000'000'000'000),
                        .quantity = static_cast<Quantity>(random() % 1'000'000'000),
                        .fee = static_cast<Money>(random() % 1'000)};
    one.apply(fill);
    ASSERT_TRUE(fill.quantity == 0 || one.hash() != two.hash());
    two.apply(fill);
    ASSERT_EQ(one.hash(), two.hash());
  }
  for (const BookFill& last : {bought(0, 2, 1_e8, 1), bought(0, 1, 2_e8, 1), bought(0, 1, 1_e8, 2),
                               bought(1, 1, 1_e8, 1), sold(0, 1, 1_e8, 1)}) {
    AccountBook other = two;
    AccountBook same = one;
    same.apply(bought(0, 1, 1_e8, 1));
    other.apply(last);
    EXPECT_NE(same.hash(), other.hash());
  }
}

TEST(AccountBookTest, MoneyReconcilesOverRandomFills) {
  AccountBook book({.accounts_max = 4, .positions_max = 16, .initial_balance = 10'000_e8});
  std::vector<Int128> realized(4), fees(4);
  std::vector<Int128> quantities(16);
  std::mt19937_64 random{12};
  for (int i = 0; i < 20'000; ++i) {
    const BookFill fill{.account = static_cast<AccountId>(random() % 4),
                        .symbol = static_cast<SymbolId>(random() % 4),
                        .side = random() % 2 == 0 ? Side::buy : Side::sell,
                        .price = static_cast<Price>(1 + random() % 1'000'000'000'000),
                        .quantity = static_cast<Quantity>(random() % 1'000'000'000),
                        .fee = static_cast<Money>(random() % 1'000)};
    realized[fill.account] += book.apply(fill).position.realized;
    if (fill.quantity != 0) fees[fill.account] += fill.fee;
    quantities[fill.account * 4 + fill.symbol] += sign_of(fill.side) * fill.quantity;
  }
  for (AccountId account = 0; account < 4; ++account) {
    EXPECT_EQ(book.balance(account), 10'000_e8 + realized[account] - fees[account]);
    for (SymbolId symbol = 0; symbol < 4; ++symbol) {
      EXPECT_EQ(book.position(book.find(account, symbol)).quantity,
                quantities[account * 4 + symbol]);
    }
  }
}

}  // namespace
}  // namespace coreloop::stages
