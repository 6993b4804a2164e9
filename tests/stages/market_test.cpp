// Current prices: references and mark, which price counts, conf prices and their walk.
#include "stages/market.hpp"

#include <gtest/gtest.h>

#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

Event at(Event event, std::int64_t log_unix_ns) {
  event.log_unix_ns = log_unix_ns;
  return event;
}

Market quiet_market() {
  return Market(4, {}, {});
}

TEST(MarketTest, ASymbolHasNoPriceUntilOneIsSet) {
  Market market = quiet_market();
  EXPECT_FALSE(market.price(0).is_set());
  market.set_last(0, 95000_e8, 7);
  EXPECT_TRUE(market.price(0).is_set());
  EXPECT_FALSE(market.price(1).is_set());
}

TEST(MarketTest, BuysAtTheAskSellsAtTheBidValuesInTheMiddle) {
  Market market = quiet_market();
  market.set_quote(0, 95000_e8, 95001_e8, 7);
  EXPECT_EQ(market.price(0).reference(Side::buy), 95001_e8);
  EXPECT_EQ(market.price(0).reference(Side::sell), 95000_e8);
  EXPECT_EQ(market.price(0).mark, 95000.5_e8);
  EXPECT_EQ(market.price(0).set_unix_ns, 7);
}

TEST(MarketTest, TheMiddleIsRoundedHalfEven) {
  Market market = quiet_market();
  market.set_quote(0, 1, 2, 0);  // 1.5e-8
  EXPECT_EQ(market.price(0).mark, 2);
  market.set_quote(0, 2, 3, 0);  // 2.5e-8
  EXPECT_EQ(market.price(0).mark, 2);
  market.set_quote(0, 3, 4, 0);  // 3.5e-8
  EXPECT_EQ(market.price(0).mark, 4);
}

TEST(MarketTest, TheMiddleOfTheLargestPricesDoesNotOverflow) {
  Market market = quiet_market();
  market.set_quote(0, amount_max - 2, amount_max, 0);
  EXPECT_EQ(market.price(0).mark, amount_max - 1);
}

TEST(MarketTest, TheLaterOfQuoteAndLastPriceReplacesTheOther) {
  Market market = quiet_market();
  market.set_quote(0, 100_e8, 102_e8, 1);
  market.set_last(0, 99_e8, 2);
  EXPECT_EQ(market.price(0).reference(Side::buy), 99_e8);
  EXPECT_EQ(market.price(0).reference(Side::sell), 99_e8);
  EXPECT_EQ(market.price(0).mark, 99_e8);
  EXPECT_EQ(market.price(0).set_unix_ns, 2);
  market.set_quote(0, 100_e8, 102_e8, 3);
  EXPECT_EQ(market.price(0).reference(Side::buy), 102_e8);
  EXPECT_EQ(market.price(0).mark, 101_e8);
  EXPECT_EQ(market.price(0).set_unix_ns, 3);
}

TEST(MarketTest, TicksAndPriceCommandsSetPricesAndNothingElseDoes) {
  Market market = quiet_market();
  EXPECT_TRUE(market.apply(at(quote_of(1, 10_e8, 12_e8), 5)));
  EXPECT_EQ(market.price(1).mark, 11_e8);
  EXPECT_EQ(market.price(1).set_unix_ns, 5);
  EXPECT_TRUE(market.apply(at(price_command_of(1, 13_e8), 6)));
  EXPECT_EQ(market.price(1).reference(Side::sell), 13_e8);
  EXPECT_EQ(market.price(1).set_unix_ns, 6);
  EXPECT_FALSE(market.apply(at(price_command_of(no_id, 14_e8), 7)));
  EXPECT_FALSE(market.apply(at(signal_of(Action::buy, 1), 8)));
  EXPECT_FALSE(market.apply(at(input_of(EventKind::dead_letter), 8)));
  EXPECT_FALSE(market.apply(at(timer_of(TimerKind::mark, 3), 9)));
  EXPECT_FALSE(market.apply(at(close_command_of(1), 9)));
  EXPECT_FALSE(market.apply(at(command_of(CommandKind::halt), 9)));
  EXPECT_EQ(market.price(1).mark, 13_e8);
  EXPECT_EQ(market.price(1).set_unix_ns, 6);
}

TEST(MarketTest, ConfPricesCountAsSetAtTheFirstInputsLogTimeWhateverItIs) {
  Market market(4, {.seed = 1, .symbol_count = 2}, {95000_e8, 3400_e8});
  EXPECT_TRUE(market.price(0).is_set());
  EXPECT_EQ(market.price(1).mark, 3400_e8);
  EXPECT_FALSE(market.apply(at(input_of(EventKind::dead_letter), 77)));
  EXPECT_EQ(market.price(0).set_unix_ns, 77);
  EXPECT_EQ(market.price(1).set_unix_ns, 77);
  market.apply(at(input_of(EventKind::dead_letter), 78));
  EXPECT_EQ(market.price(0).set_unix_ns, 77);
}

TEST(MarketTest, AWalkTimerMovesEachPriceByItsOwnKeyedStep) {
  // seed 5, k = 1000: s = floor((mix(k, symbol) >> 32) x 200,000 / 2^32) - 100,000 in units of
  // 1e-8:
  //   symbol 0: floor(1397033692 x 200000 / 2^32) = 65054, s = -34946
  //   symbol 1: floor(2865475635 x 200000 / 2^32) = 133434, s = 33434
  // 95000 x (1 - 0.00034946) = 95000 - 33.1987 = 94966.8013
  // 3400 x (1 + 0.00033434) = 3400 + 1.136756 = 3401.136756
  Market market(4, {.seed = 5, .symbol_count = 2}, {95000_e8, 3400_e8});
  market.set_last(2, 680_e8, 1);
  EXPECT_TRUE(market.apply(at(timer_of(TimerKind::walk, 1000), 9)));
  EXPECT_EQ(market.price(0).mark, 94966.8013_e8);
  EXPECT_EQ(market.price(0).reference(Side::buy), 94966.8013_e8);
  EXPECT_EQ(market.price(1).mark, 3401.136756_e8);
  EXPECT_EQ(market.price(1).set_unix_ns, 9);
  EXPECT_EQ(market.price(2).mark, 680_e8);
  EXPECT_EQ(market.walking_symbol_count(), 2U);
  // k = 1001: symbol 0: floor(4268011817 x 200000 / 2^32) = 198744, s = 98744
  // 94966.8013 x 1.00098744 = 94966.8013 + 93.77401827... = 95060.57531827...
  //   94966.8013 x 0.00098744 = 93.774018275672 -> 95060.575318275672 -> 95060.57531828
  market.apply(at(timer_of(TimerKind::walk, 1001), 10));
  EXPECT_EQ(market.price(0).mark, 95060.57531828_e8);
}

TEST(MarketTest, StepsStayWithinATenthOfAPercent) {
  for (std::int64_t k = 0; k < 10'000; ++k) {
    Market market(1, {.seed = 9, .symbol_count = 1}, {1'000_e8});
    market.apply(at(timer_of(TimerKind::walk, k), 1));
    ASSERT_GE(market.price(0).mark, 999_e8);
    ASSERT_LT(market.price(0).mark, 1'001_e8);
  }
}

TEST(MarketTest, AWalkNeverFallsBelowTheSmallestPriceAndNeverLeaves64Bits) {
  // seed 5, k = 1000: down; k = 1001: up (see above). 1e-8 x 0.99965054 rounds back to 1e-8.
  Market low(1, {.seed = 5, .symbol_count = 1}, {1});
  low.apply(at(timer_of(TimerKind::walk, 1000), 1));
  EXPECT_EQ(low.price(0).mark, 1);
  Market high(1, {.seed = 5, .symbol_count = 1}, {amount_max - 1'000});
  high.apply(at(timer_of(TimerKind::walk, 1001), 1));
  EXPECT_EQ(high.price(0).mark, amount_max - 1'000);  // the step is not taken
}

TEST(MarketTest, AWalkGoesOnFromTheMiddleOfAQuote) {
  // As above: 95000 x (1 - 0.00034946) = 94966.8013.
  Market market(1, {.seed = 5, .symbol_count = 1}, {1_e8});
  market.set_quote(0, 94999_e8, 95001_e8, 1);
  market.apply(at(timer_of(TimerKind::walk, 1000), 2));
  EXPECT_EQ(market.price(0).reference(Side::sell), 94966.8013_e8);
}

}  // namespace
}  // namespace coreloop::stages
