// MARK: position updates after fills and at mark timers, and the cursor over many of them.
#include "stages/mark.hpp"

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

// A fill as it comes from FILL.
Event filled(AccountId account, SymbolId symbol, Side side, Quantity quantity, Price price,
             Money fee = 0) {
  Event event = signal_of(side == Side::buy ? Action::buy : Action::sell, symbol, account);
  event.outcome = Outcome::approved;
  event.order.side = side;
  event.fill.price = price;
  event.fill.quantity = quantity;
  event.fill.fee = fee;
  event.fill.status = quantity == 0 ? FillStatus::rejected : FillStatus::filled;
  return event;
}

// Everything MARK says of one input, one event a call.
std::vector<Event> said_of(Mark& mark, Event event) {
  std::vector<Event> said;
  for (;;) {
    const engine::Progress progress = mark.on_event(event);
    said.push_back(event);
    if (progress == engine::Progress::forwarded) return said;
    EXPECT_EQ(progress, engine::Progress::more);
  }
}

TEST(MarkTest, AnInputThatTouchesNoPositionIsOneEventWithoutAnUpdate) {
  Mark mark(plain_conf());
  for (const Event& input : {last_price_of(0, 100_e8), signal_of(Action::hold, 0),
                             timer_of(TimerKind::mark, 1), timer_of(TimerKind::walk, 1),
                             command_of(CommandKind::halt), filled(0, 0, Side::buy, 0, 100_e8)}) {
    const std::vector<Event> said = said_of(mark, input);
    ASSERT_EQ(said.size(), 1U);
    EXPECT_EQ(said[0].position_side, PositionSide::none);
    EXPECT_EQ(said[0].is_first, 1);
    EXPECT_EQ(said[0].is_last, 1);
  }
}

TEST(MarkTest, AfterAFillThePositionIsTold) {
  Mark mark(plain_conf());
  said_of(mark, quote_of(2, 103_e8, 105_e8));
  const std::vector<Event> said = said_of(mark, filled(1, 2, Side::buy, 3_e8, 100_e8, 0.1_e8));
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].position_side, PositionSide::long_side);
  EXPECT_EQ(said[0].position_account, 1U);
  EXPECT_EQ(said[0].position_symbol, 2U);
  EXPECT_EQ(said[0].position.average_entry, 100_e8);
  EXPECT_EQ(said[0].position.mark, 104_e8);
  EXPECT_EQ(said[0].position.size, 300_e8);           // at cost
  EXPECT_EQ(said[0].position.unrealized_pnl, 12_e8);  // 3 x 104 - 300
  EXPECT_EQ(said[0].position.realized_pnl, 0);        // fees are not part of it
}

TEST(MarkTest, AReductionTellsWhatTheCycleHasRealized) {
  Mark mark(plain_conf());
  said_of(mark, last_price_of(0, 90_e8));
  said_of(mark, filled(0, 0, Side::sell, 4_e8, 100_e8));
  said_of(mark, filled(0, 0, Side::buy, 1_e8, 95_e8));
  const std::vector<Event> said = said_of(mark, filled(0, 0, Side::buy, 1_e8, 90_e8));
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].position_side, PositionSide::short_side);
  EXPECT_EQ(said[0].position.size, 200_e8);
  EXPECT_EQ(said[0].position.unrealized_pnl, 20_e8);  // -(2 x 90 - 200)
  EXPECT_EQ(said[0].position.realized_pnl, 15_e8);    // 5 + 10
}

TEST(MarkTest, AFullCloseIsOneUpdateOfSideClosed) {
  Mark mark(plain_conf());
  said_of(mark, last_price_of(0, 130_e8));
  said_of(mark, filled(0, 0, Side::buy, 1_e8, 100_e8));
  said_of(mark, filled(0, 0, Side::buy, 1_e8, 110_e8));
  const std::vector<Event> said = said_of(mark, filled(0, 0, Side::sell, 2_e8, 120_e8));
  ASSERT_EQ(said.size(), 1U);
  EXPECT_EQ(said[0].position_side, PositionSide::closed);
  EXPECT_EQ(said[0].position.average_entry, 105_e8);  // the cycle's last
  EXPECT_EQ(said[0].position.mark, 130_e8);
  EXPECT_EQ(said[0].position.size, 0);
  EXPECT_EQ(said[0].position.unrealized_pnl, 0);
  EXPECT_EQ(said[0].position.realized_pnl, 30_e8);  // 2 x 120 - 210
}

TEST(MarkTest, AFlipIsClosedAndThenTheNewSide) {
  Mark mark(plain_conf());
  said_of(mark, last_price_of(0, 150_e8));
  said_of(mark, filled(0, 1, Side::buy, 1_e8, 100_e8));  // of another symbol nothing is told
  said_of(mark, filled(0, 0, Side::buy, 1_e8, 100_e8));
  const std::vector<Event> said = said_of(mark, filled(0, 0, Side::sell, 3_e8, 140_e8));
  ASSERT_EQ(said.size(), 2U);
  EXPECT_EQ(said[0].position_side, PositionSide::closed);
  EXPECT_EQ(said[0].position.average_entry, 100_e8);
  EXPECT_EQ(said[0].position.realized_pnl, 40_e8);
  EXPECT_EQ(said[0].is_first, 1);
  EXPECT_EQ(said[0].is_last, 0);
  EXPECT_EQ(said[1].position_side, PositionSide::short_side);
  EXPECT_EQ(said[1].position.average_entry, 140_e8);
  EXPECT_EQ(said[1].position.size, 280_e8);
  EXPECT_EQ(said[1].position.unrealized_pnl, -20_e8);  // -(2 x 150 - 280)
  EXPECT_EQ(said[1].position.realized_pnl, 0);
  EXPECT_EQ(said[1].is_first, 0);
  EXPECT_EQ(said[1].is_last, 1);
  // The next input begins anew.
  EXPECT_EQ(said_of(mark, last_price_of(0, 1_e8)).size(), 1U);
}

TEST(MarkTest, ACommandCloseIsBookedLikeAnApproval) {
  Mark mark(plain_conf());
  said_of(mark, last_price_of(0, 100_e8));
  said_of(mark, filled(0, 0, Side::buy, 1_e8, 100_e8));
  Event close = close_command_of(0);
  close.outcome = Outcome::command_close;
  close.order.side = Side::sell;
  close.fill.price = 101_e8;
  close.fill.quantity = 1_e8;
  close.fill.status = FillStatus::filled;
  EXPECT_EQ(said_of(mark, close)[0].position_side, PositionSide::closed);
  EXPECT_EQ(mark.book().balance(0), 10'001_e8);
}

TEST(MarkTest, AMarkTimerWalksAccountsThenSymbolsAndSkipsWhatIsFlat) {
  Mark mark(plain_conf());
  for (SymbolId symbol = 0; symbol < 3; ++symbol)
    said_of(mark, last_price_of(symbol, 100_e8));
  said_of(mark, filled(2, 0, Side::buy, 1_e8, 100_e8));
  said_of(mark, filled(0, 2, Side::sell, 1_e8, 100_e8));
  said_of(mark, filled(0, 1, Side::buy, 1_e8, 100_e8));
  said_of(mark, filled(0, 0, Side::buy, 1_e8, 100_e8));
  said_of(mark, filled(2, 1, Side::buy, 1_e8, 100_e8));
  said_of(mark, filled(0, 1, Side::sell, 1_e8, 100_e8));  // flat again
  said_of(mark, last_price_of(2, 99_e8));
  const std::vector<Event> said = said_of(mark, timer_of(TimerKind::mark, 1));
  std::vector<std::pair<AccountId, SymbolId>> pairs;
  for (const Event& event : said)
    pairs.emplace_back(event.position_account, event.position_symbol);
  EXPECT_EQ(pairs, (std::vector<std::pair<AccountId, SymbolId>>{{0, 0}, {0, 2}, {2, 0}, {2, 1}}));
  EXPECT_EQ(said[1].position_side, PositionSide::short_side);
  EXPECT_EQ(said[1].position.mark, 99_e8);
  EXPECT_EQ(said[1].position.unrealized_pnl, 1_e8);
  EXPECT_EQ(said_of(mark, timer_of(TimerKind::mark, 2)).size(), said.size());
}

TEST(MarkTest, AWalkTimerMovesPricesAndSaysNothing) {
  DecisionConf conf = plain_conf();
  conf.walk = {.seed = 5, .symbol_count = 1};
  conf.walk_prices = {95'000_e8};
  Mark mark(conf);
  said_of(mark, filled(0, 0, Side::buy, 1_e8, 95'000_e8));
  EXPECT_EQ(said_of(mark, timer_of(TimerKind::walk, 1000))[0].position_side, PositionSide::none);
  const std::vector<Event> said = said_of(mark, timer_of(TimerKind::mark, 1));
  EXPECT_EQ(said[0].position.unrealized_pnl, -33.1987_e8);  // 94,966.8013: market_test.cpp
}

TEST(MarkTest, TenThousandPositionsAreToldOneAfterTheOther) {
  constexpr std::uint32_t account_count = 100;
  constexpr std::uint32_t symbol_count = 100;
  DecisionConf conf = plain_conf();
  conf.book.accounts_max = account_count;
  conf.book.positions_max = account_count * symbol_count;
  conf.symbols_max = symbol_count;
  Mark mark(conf);
  std::vector<std::pair<AccountId, SymbolId>> pairs;
  for (SymbolId symbol = 0; symbol < symbol_count; ++symbol) {
    said_of(mark, last_price_of(symbol, 100_e8));
    for (AccountId account = 0; account < account_count; ++account)
      pairs.emplace_back(account, symbol);
  }
  std::shuffle(pairs.begin(), pairs.end(), std::mt19937_64{17});
  for (const auto& [account, symbol] : pairs)
    said_of(mark, filled(account, symbol, Side::buy, 1 + symbol, 100_e8));
  const std::vector<Event> said = said_of(mark, timer_of(TimerKind::mark, 1));
  ASSERT_EQ(said.size(), 10'000U);
  std::sort(pairs.begin(), pairs.end());
  for (std::size_t i = 0; i < said.size(); ++i) {
    ASSERT_EQ(std::pair(said[i].position_account, said[i].position_symbol), pairs[i]);
    ASSERT_EQ(said[i].position_side, PositionSide::long_side);
    ASSERT_EQ(said[i].is_first, i == 0 ? 1 : 0);
    ASSERT_EQ(said[i].is_last, i == 9'999 ? 1 : 0);
  }
}

}  // namespace
}  // namespace coreloop::stages
