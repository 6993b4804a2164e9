// What positions are worth, kept up to date piece by piece, against recomputation from scratch; and
// peaks, looked at once per input.
#include "stages/valuation.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "tests/stages/amount_literal.hpp"

namespace coreloop::stages {
namespace {

constexpr std::uint32_t account_count = 4;
constexpr std::uint32_t symbol_count = 5;

// Books, prices and their valuation, fed as RISK feeds them.
struct Desk {
  explicit Desk(DrawdownBasis basis = DrawdownBasis::equity, std::uint32_t opened = 1)
      : book({.accounts_max = account_count, .positions_max = 32, .initial_balance = 10'000_e8}),
        market(symbol_count, {}, {}),
        valuation(book, symbol_count, basis) {
    for (AccountId account = 0; account < opened; ++account)
      valuation.open_account(account);
  }

  // Moves a price without a look at the peaks.
  void move(SymbolId symbol, Price price) {
    market.set_last(symbol, price, 0);
    valuation.refresh_symbol(symbol, price);
  }
  void tick(SymbolId symbol, Price price) {
    move(symbol, price);
    valuation.look_at_peaks();
  }
  void fill(AccountId account, SymbolId symbol, Side side, Quantity quantity, Price price,
            Money fee = 0) {
    const BookChange change = book.apply({account, symbol, side, price, quantity, fee});
    if (change.position_index == no_id) return;
    valuation.refresh_position(change.position_index, market.price(symbol).mark);
    valuation.look_at_peaks();
  }

  AccountBook book;
  Market market;
  Valuation valuation;
};

TEST(ValuationTest, AnAccountWithoutPositionsIsWorthItsBalance) {
  const Desk desk;
  EXPECT_EQ(desk.valuation.equity(0), 10'000_e8);
  EXPECT_EQ(desk.valuation.exposure(0), 0);
  EXPECT_EQ(desk.valuation.unrealized(0), 0);
  EXPECT_EQ(desk.valuation.drawdown(0), 0);
  EXPECT_EQ(desk.valuation.peak(0).peak, 10'000_e8);
  EXPECT_EQ(desk.valuation.position_value(no_id), 0);
}

TEST(ValuationTest, ATickRevaluesItsHoldersOnly) {
  Desk desk(DrawdownBasis::equity, 2);
  desk.tick(0, 100_e8);
  desk.tick(1, 50_e8);
  desk.fill(0, 0, Side::buy, 3_e8, 100_e8);
  desk.fill(0, 1, Side::sell, 2_e8, 50_e8);
  desk.fill(1, 0, Side::sell, 1_e8, 100_e8);
  desk.tick(0, 110_e8);
  EXPECT_EQ(desk.valuation.exposure(0), 430_e8);    // 3 x 110 + 2 x 50
  EXPECT_EQ(desk.valuation.unrealized(0), 30_e8);   // 3 x 10
  EXPECT_EQ(desk.valuation.unrealized(1), -10_e8);  // -1 x 10
  EXPECT_EQ(desk.valuation.equity(0), 10'030_e8);
  EXPECT_EQ(desk.valuation.position_value(desk.book.find(0, 1)), 100_e8);
}

TEST(ValuationTest, DrawdownIsMeasuredFromTheHighestEquity) {
  Desk desk;
  desk.tick(0, 100_e8);
  desk.fill(0, 0, Side::buy, 10_e8, 100_e8);
  desk.tick(0, 300_e8);
  EXPECT_EQ(desk.valuation.peak(0).peak, 12'000_e8);
  desk.tick(0, 50_e8);
  // (12,000 - 9,500) / 12,000 = 0.208333...
  EXPECT_EQ(desk.valuation.drawdown(0), 0.20833333_e8);
  EXPECT_TRUE(desk.valuation.is_drawdown_above(0, 0.20833333_e8));
  EXPECT_FALSE(desk.valuation.is_drawdown_above(0, 0.20833334_e8));
  EXPECT_EQ(desk.valuation.peak(0).worst_drawdown(), 0.20833333_e8);
}

TEST(ValuationTest, DrawdownIsComparedWithoutDividing) {
  Desk desk;
  desk.tick(0, 1'000_e8);
  desk.fill(0, 0, Side::buy, 10_e8, 1'000_e8);
  desk.tick(0, 850_e8);  // equity 8,500: 15 % exactly
  EXPECT_FALSE(desk.valuation.is_drawdown_above(0, 0.15_e8));
  // One unit of price less: 8,499.9999999 is (10,000 - x) / 10,000 = 0.15000000001, shown as 0.15.
  desk.tick(0, 849.99999999_e8);
  EXPECT_TRUE(desk.valuation.is_drawdown_above(0, 0.15_e8));
  EXPECT_EQ(desk.valuation.drawdown(0), 0.15_e8);
}

TEST(ValuationTest, AnInputThatMovesSeveralPricesHasItsPeakLookedAtOnce) {
  Desk desk;
  desk.tick(0, 100_e8);
  desk.tick(1, 100_e8);
  desk.fill(0, 0, Side::buy, 10_e8, 100_e8);
  desk.fill(0, 1, Side::buy, 10_e8, 100_e8);
  // Symbol 0 rises by 20, symbol 1 falls by 30: between the two the equity would be 10,200.
  desk.move(0, 120_e8);
  desk.move(1, 70_e8);
  desk.valuation.look_at_peaks();
  EXPECT_EQ(desk.valuation.equity(0), 9'900_e8);
  EXPECT_EQ(desk.valuation.peak(0).peak, 10'000_e8);
  EXPECT_EQ(desk.valuation.drawdown(0), 0.01_e8);
  EXPECT_EQ(desk.valuation.total_peak().peak, 10'000_e8);
}

TEST(ValuationTest, OnTheBasisOfTheBalanceOnlyWhatIsRealizedCounts) {
  Desk desk(DrawdownBasis::balance);
  desk.tick(0, 100_e8);
  desk.fill(0, 0, Side::buy, 10_e8, 100_e8);
  desk.tick(0, 500_e8);
  EXPECT_EQ(desk.valuation.peak(0).peak, 10'000_e8);
  desk.tick(0, 10_e8);
  EXPECT_EQ(desk.valuation.drawdown(0), 0);
  desk.fill(0, 0, Side::sell, 10_e8, 10_e8);
  EXPECT_EQ(desk.valuation.drawdown(0), 0.09_e8);  // 900 of 10,000
}

TEST(ValuationTest, AFeeIsAFallToo) {
  Desk desk;
  desk.tick(0, 100_e8);
  desk.fill(0, 0, Side::buy, 10_e8, 100_e8, 1_e8);
  EXPECT_EQ(desk.valuation.drawdown(0), 0.0001_e8);
  EXPECT_EQ(desk.valuation.peak(0).peak, 10'000_e8);
}

TEST(ValuationTest, AnAccountThatJoinsIsNeitherARiseNorAFallOfTheTotal) {
  Desk desk;
  desk.tick(0, 100_e8);
  desk.fill(0, 0, Side::buy, 10_e8, 100_e8);
  desk.tick(0, 50_e8);  // total 9,500 of a peak of 10,000
  EXPECT_EQ(desk.valuation.total_peak().worst_drawdown(), 0.05_e8);
  desk.valuation.open_account(1);
  EXPECT_EQ(desk.valuation.total_peak().peak, 20'000_e8);
  EXPECT_EQ(desk.valuation.total_peak().worst_drawdown(), 0.05_e8);
  desk.valuation.open_account(1);
  EXPECT_EQ(desk.valuation.total_peak().peak, 20'000_e8);
  desk.tick(0, 40_e8);  // 19,400 of 20,000 is 3 %; the deepest stays
  EXPECT_EQ(desk.valuation.total_peak().worst_drawdown(), 0.05_e8);
  desk.fill(1, 0, Side::buy, 100_e8, 40_e8);
  desk.tick(0, 20_e8);  // 10,000 - 800 + 10,000 - 2,000 = 17,200 of 20,000
  EXPECT_EQ(desk.valuation.total_peak().worst_drawdown(), 0.14_e8);
}

TEST(ValuationTest, ValuesBeyond64BitsStandAtTheLimitAndTheirSumsDoNotWrap) {
  Desk desk;
  for (SymbolId symbol = 0; symbol < 2; ++symbol) {
    desk.tick(symbol, 1);
    desk.fill(0, symbol, Side::buy, amount_max, 1);
    desk.tick(symbol, amount_max);
  }
  const Int128 max = amount_max;
  EXPECT_EQ(desk.valuation.exposure(0), 2 * max);
  EXPECT_EQ(desk.valuation.unrealized(0), 2 * max);
  EXPECT_EQ(desk.valuation.equity(0), 10'000_e8 + 2 * max);
  EXPECT_EQ(desk.valuation.peak(0).peak, 10'000_e8 + 2 * max);
  desk.tick(0, 1);
  // max / (10,000 + 2 x max), cut
  EXPECT_EQ(desk.valuation.drawdown(0), 0.49999997_e8);
}

TEST(ValuationTest, AgreesWithRecomputationFromScratchOverRandomFillsAndTicks) {
  for (const DrawdownBasis basis : {DrawdownBasis::equity, DrawdownBasis::balance}) {
    Desk desk(basis, account_count);
    std::array<Int128, account_count> peaks;
    peaks.fill(10'000_e8);
    Int128 total_peak = Int128{10'000_e8} * account_count;
    std::mt19937_64 random{16};
    const auto any_price = [&random] { return static_cast<Price>(1 + random() % 500_e8); };
    for (SymbolId symbol = 0; symbol < symbol_count; ++symbol)
      desk.tick(symbol, any_price());
    for (int i = 0; i < 20'000; ++i) {
      const auto symbol = static_cast<SymbolId>(random() % symbol_count);
      const auto account = static_cast<AccountId>(random() % account_count);
      const std::uint32_t index = desk.book.find(account, symbol);
      if (random() % 2 == 0) {
        desk.tick(symbol, any_price());
      } else if (random() % 3 == 0 && index != no_id) {  // flat, or open the other way
        const Position position = desk.book.position(index);
        const Quantity rest = random() % 2 == 0 ? 0 : static_cast<Quantity>(random() % 10_e8);
        desk.fill(account, symbol, position.quantity > 0 ? Side::sell : Side::buy,
                  position.size() + rest, any_price(), 7);
      } else {
        desk.fill(account, symbol, random() % 2 == 0 ? Side::buy : Side::sell,
                  static_cast<Quantity>(random() % 10_e8), any_price(), 7);
      }
      Int128 total = 0;
      for (AccountId a = 0; a < account_count; ++a) {
        Int128 exposure = 0, unrealized = 0;
        for (std::uint32_t p = 0; p < desk.book.position_count(); ++p) {
          const Position& position = desk.book.position(p);
          if (position.account != a) continue;
          const Price mark = desk.market.price(position.symbol).mark;
          exposure += position.value_at(mark);
          unrealized += position.unrealized_at(mark);
        }
        const Int128 equity = desk.book.balance(a) + unrealized;
        const Int128 x = basis == DrawdownBasis::equity ? equity : Int128{desk.book.balance(a)};
        peaks[a] = std::max(peaks[a], x);
        total += x;
        ASSERT_EQ(desk.valuation.exposure(a), exposure);
        ASSERT_EQ(desk.valuation.unrealized(a), unrealized);
        ASSERT_EQ(desk.valuation.equity(a), equity);
        ASSERT_EQ(desk.valuation.peak(a).peak, peaks[a]);
        ASSERT_EQ(desk.valuation.drawdown(a), truncated((peaks[a] - x) * scale, peaks[a]));
      }
      total_peak = std::max(total_peak, total);
      ASSERT_EQ(desk.valuation.total_peak().peak, total_peak);
    }
  }
}

TEST(PeakTrackerTest, KeepsTheDeepestFallAcrossPeaks) {
  PeakTracker tracker;
  tracker.start(100);
  for (const int value : {110, 99, 88, 95, 115, 115, 114, 200, 190})
    tracker.look(value);
  EXPECT_EQ(tracker.peak, 200);
  EXPECT_EQ(tracker.trough, 190);
  EXPECT_EQ(tracker.worst_drawdown(), 0.2_e8);  // 110 to 88; the open one is 5 %
  tracker.look(100);
  EXPECT_EQ(tracker.worst_drawdown(), 0.5_e8);  // 200 to 100, still open
}

TEST(PeakTrackerTest, WithoutAFallThereIsNone) {
  PeakTracker tracker;
  tracker.start(100);
  EXPECT_EQ(tracker.worst_drawdown(), 0);
  tracker.look(150);
  EXPECT_EQ(tracker.worst_drawdown(), 0);
}

TEST(PeakTrackerTest, ComparesFallsBeyond64BitsToo) {
  const Int128 large = Int128{1} << 76;
  PeakTracker tracker;
  tracker.start(large);
  tracker.look(large / 2);  // 50 %
  tracker.look(large * 2);
  tracker.look(large * 2 - large / 4);  // 12.5 %
  tracker.look(large * 3);
  EXPECT_EQ(tracker.worst_drawdown(), 0.5_e8);
  tracker.look(-large * 3);  // below zero: 200 %
  EXPECT_EQ(tracker.worst_drawdown(), 2_e8);
}

}  // namespace
}  // namespace coreloop::stages
