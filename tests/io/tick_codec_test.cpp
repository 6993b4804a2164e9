// TickCodec: the two forms of a tick, rounding and range of its numbers, and the dead-letter code
// and offset of the first fault.
#include "io/codec/tick_codec.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/payload_text.hpp"

namespace coreloop::io {
namespace {

using tests::base_quote;
using tests::base_trade;
using tests::followed_by;
using tests::MemberTexts;
using tests::object_text;
using tests::offset_of;
using tests::with;
using tests::without;

class TickCodecTest : public testing::Test {
 protected:
  TickCodec codec_;
  stages::Tick tick_{};
  std::string_view symbol_;

  // "OK", or `CODE offset`.
  std::string outcome(std::string_view payload) {
    DecodeError error;
    if (codec_.decode(payload, tick_, symbol_, error)) return "OK";
    return std::string{name_of(error.code)} + " " + std::to_string(error.offset);
  }
  std::string outcome(const MemberTexts& members) { return outcome(object_text(members)); }

  static std::string at(std::string_view code, const MemberTexts& members, std::string_view key) {
    return std::string{code} + " " + std::to_string(offset_of(object_text(members), key));
  }
  void expect_refused(const MemberTexts& base, std::string_view key, std::string_view value,
                      std::string_view code) {
    const MemberTexts members = with(base, key, value);
    EXPECT_EQ(outcome(members), at(code, members, key)) << object_text(members);
  }
};

TEST_F(TickCodecTest, ReadsAQuote) {
  ASSERT_EQ(outcome(R"({"symbol": "BTCUSDT", "bid": 94999.5, "ask": 95001.25, "bid_size": 0.5,
                        "ask_size": 0, "timestamp": "2026-01-12T10:00:00Z", "x": [1]})"),
            "OK");
  EXPECT_EQ(symbol_, "BTCUSDT");
  EXPECT_EQ(tick_.sell_reference, 9'499'950'000'000);
  EXPECT_EQ(tick_.buy_reference, 9'500'125'000'000);
}

TEST_F(TickCodecTest, ReadsALastPriceAsBothSides) {
  ASSERT_EQ(outcome(base_trade()), "OK");
  EXPECT_EQ(tick_.sell_reference, 9'500'050'000'000);
  EXPECT_EQ(tick_.buy_reference, 9'500'050'000'000);
}

TEST_F(TickCodecTest, AcceptsKeysInAnyOrderAndBidEqualToAsk) {
  MemberTexts members = with(base_quote(), "timestamp", "\"2026-01-12T10:00:00\"");
  std::sort(members.begin(), members.end());
  do
    ASSERT_EQ(outcome(members), "OK") << object_text(members);
  while (std::next_permutation(members.begin(), members.end()));
  EXPECT_EQ(outcome(with(base_quote(), "bid", "95001")), "OK");
}

TEST_F(TickCodecTest, TakesNullForNoKey) {
  for (const char* const key : {"bid_size", "ask_size", "timestamp", "price", "unknown"})
    EXPECT_EQ(outcome(with(base_quote(), key, "null")), "OK") << key;
  EXPECT_EQ(outcome(with(with(base_trade(), "bid", "null"), "ask", "null")), "OK");
  for (const char* const key : {"symbol", "bid", "ask"})
    EXPECT_EQ(outcome(with(base_quote(), key, "null")), "MISSING_KEY 0") << key;
  EXPECT_EQ(outcome(with(base_trade(), "price", "null")), "MISSING_KEY 0");
}

TEST_F(TickCodecTest, WantsOneOfTheTwoForms) {
  for (const char* const key : {"symbol", "bid", "ask"})
    EXPECT_EQ(outcome(without(base_quote(), key)), "MISSING_KEY 0") << key;
  EXPECT_EQ(outcome(without(base_trade(), "price")), "MISSING_KEY 0");
  EXPECT_EQ(outcome("{}"), "MISSING_KEY 0");
  // Both forms: the later of the values concerned, in any order.
  MemberTexts both = with(base_quote(), "price", "95000.5");
  std::sort(both.begin(), both.end());
  do {
    const std::string text = object_text(both);
    const std::uint32_t later =
        std::max({offset_of(text, "bid"), offset_of(text, "ask"), offset_of(text, "price")});
    ASSERT_EQ(outcome(text), "RANGE " + std::to_string(later)) << text;
  } while (std::next_permutation(both.begin(), both.end()));
  for (const char* const side : {"bid", "ask"}) {
    const MemberTexts mixed = with(base_trade(), side, "95000");
    EXPECT_EQ(outcome(mixed), at("RANGE", mixed, side));
  }
  const MemberTexts price_last{{"bid", "1"}, {"symbol", "\"A\""}, {"price", "1"}};
  EXPECT_EQ(outcome(price_last), at("RANGE", price_last, "price"));
}

TEST_F(TickCodecTest, RefusesACrossAtTheLaterOfBidAndAsk) {
  const MemberTexts crossed = with(base_quote(), "bid", "95002.0");
  EXPECT_EQ(outcome(crossed), at("RANGE", crossed, "ask"));
  const MemberTexts turned{{"ask", "1"}, {"bid", "2"}, {"bid_size", "1"}, {"symbol", "\"A\""}};
  EXPECT_EQ(outcome(turned), at("RANGE", turned, "bid"));
  // Compared after rounding to 8 places: 1.000000004 is 1.0, 1.000000006 is 1.00000001.
  EXPECT_EQ(outcome(with(with(base_quote(), "bid", "1.000000004"), "ask", "1")), "OK");
  const MemberTexts rounded = with(with(base_quote(), "bid", "1.000000006"), "ask", "1");
  EXPECT_EQ(outcome(rounded), at("RANGE", rounded, "ask"));
}

TEST_F(TickCodecTest, RoundsPricesHalfEvenToEightPlaces) {
  const std::vector<std::pair<std::string, std::int64_t>> prices{
      {"0.00000001", 1},
      {"0.000000015", 2},
      {"0.000000025", 2},
      {"0.0000000250000000000000000001", 3},
      {"0.00000000500001", 1},
      {"0.000000006", 1},
      {"1e-8", 1},
      {"1E+2", 10'000'000'000},
      {"95218.98463794", 9'521'898'463'794},
      {"95218.984637945", 9'521'898'463'794},
      {"95218.984637935", 9'521'898'463'794},
      {"92233720368.54775807", 9'223'372'036'854'775'807},
      {"92233720368.547758074", 9'223'372'036'854'775'807}};
  for (const auto& [text, value] : prices) {
    ASSERT_EQ(outcome(with(base_trade(), "price", text)), "OK") << text;
    EXPECT_EQ(tick_.buy_reference, value) << text;
  }
}

TEST_F(TickCodecTest, RefusesPricesThatAreNotPositiveOrDoNotFit) {
  for (const char* const value :
       {"0", "0.0", "-0", "-1", "-0.00000001", "0.000000005", "0.000000004", "5e-324", "1e-400",
        "1e308", "1e400", "-1e400", "92233720368.54775808", "92233720368.547758075",
        "92233720368.5477580750000001", "100000000000", "9223372036854775807",
        "18446744073709551616"}) {
    expect_refused(base_trade(), "price", value, "RANGE");
    expect_refused(base_quote(), "bid", value, "RANGE");
    expect_refused(base_quote(), "ask", value, "RANGE");
  }
}

TEST_F(TickCodecTest, WantsSizesThatAreNotNegativeAndFit) {
  for (const char* const key : {"bid_size", "ask_size"}) {
    for (const char* const value : {"0", "-0.0", "1e-400", "92233720368.54775807", "5"})
      EXPECT_EQ(outcome(with(base_quote(), key, value)), "OK") << value;
    for (const char* const value : {"-1", "-1e-12", "-0.000000001", "1e12", "92233720368.54775808"})
      expect_refused(base_quote(), key, value, "RANGE");
    for (const char* const value : {"\"1\"", "true", "[]", "{}"})
      expect_refused(base_quote(), key, value, "TYPE");
    // A last price may have sizes beside it: they are no part of its form.
    EXPECT_EQ(outcome(with(base_trade(), key, "1")), "OK");
  }
}

TEST_F(TickCodecTest, RefusesValuesOfAnotherType) {
  for (const char* const value : {"\"95000.0\"", "true", "false", "[1]", "{}"}) {
    expect_refused(base_trade(), "price", value, "TYPE");
    expect_refused(base_quote(), "bid", value, "TYPE");
    expect_refused(base_quote(), "ask", value, "TYPE");
  }
  for (const char* const value : {"1", "true", "[\"BTCUSDT\"]", "{}"}) {
    expect_refused(base_quote(), "symbol", value, "TYPE");
    expect_refused(base_quote(), "timestamp", value, "TYPE");
  }
}

TEST_F(TickCodecTest, RefusesContentOfSymbolAndTimestamp) {
  for (const char* const value : {"\"\"", "\"btcusdt\"", "\"BTC USDT\"", R"("BTC\u0000")"})
    expect_refused(base_trade(), "symbol", value, "SYMBOL");
  expect_refused(base_trade(), "symbol", "\"" + std::string(33, 'A') + "\"", "SYMBOL");
  EXPECT_EQ(outcome(with(base_trade(), "symbol", "\"" + std::string(32, 'A') + "\"")), "OK");
  for (const char* const value : {"\"\"", "\"now\"", "\"2026-01-12\"", "\"2262-01-01T00:00:00Z\""})
    expect_refused(base_quote(), "timestamp", value, "TIMESTAMP");
  EXPECT_EQ(outcome(with(base_quote(), "timestamp", "\"2020-01-01T00:00:00Z\"")), "OK");
}

TEST_F(TickCodecTest, RefusesAKeyThatStandsTwice) {
  for (const char* const key : {"symbol", "bid", "ask"}) {
    const MemberTexts twice = followed_by(base_quote(), key, "null");
    EXPECT_EQ(outcome(twice), at("DUPLICATE_KEY", twice, key)) << key;
  }
  for (const char* const key : {"timestamp", "bid_size", "unknown", ""}) {
    const MemberTexts twice = followed_by(followed_by(base_quote(), key, "null"), key, "null");
    EXPECT_EQ(outcome(twice), at("DUPLICATE_KEY", twice, key)) << key;
  }
  EXPECT_EQ(outcome(R"({"price":1,"\u0070rice":1,"symbol":"A"})"), "DUPLICATE_KEY 24");
}

TEST_F(TickCodecTest, LooksAtFaultsInTheirOrder) {
  // Key by key in text order, then MISSING_KEY, RANGE of the form, SYMBOL, TIMESTAMP.
  EXPECT_EQ(outcome(R"({"bid":-1,"ask":"x"})"), "RANGE 7");
  EXPECT_EQ(outcome(R"({"ask":"x","bid":-1})"), "TYPE 7");
  EXPECT_EQ(outcome(R"({"bid":2,"ask":1,"price":1})"), "MISSING_KEY 0");
  EXPECT_EQ(outcome(R"({"symbol":"x","bid":2,"timestamp":"x"})"), "MISSING_KEY 0");
  EXPECT_EQ(outcome(R"({"symbol":"x","bid":2,"ask":1,"timestamp":"x"})"), "RANGE 28");
  EXPECT_EQ(outcome(R"({"timestamp":"x","symbol":"x","bid":1,"ask":1})"), "SYMBOL 26");
  EXPECT_EQ(outcome(R"({"timestamp":"x","symbol":"X","bid":1,"ask":1})"), "TIMESTAMP 13");
}

TEST_F(TickCodecTest, LooksAtSizeEmptyUtf8AndJsonInThatOrder) {
  constexpr std::size_t size_max = std::size_t{16} * 1024;
  EXPECT_EQ(outcome(""), "EMPTY 0");
  EXPECT_EQ(outcome(" "), "EMPTY 0");
  EXPECT_EQ(outcome(std::string(size_max, ' ')), "EMPTY 0");
  EXPECT_EQ(outcome(std::string(size_max + 1, ' ')), "SIZE 0");
  EXPECT_EQ(outcome("{\"symbol\":}\x80"), "UTF8 0");
  EXPECT_EQ(outcome("[]"), "JSON 0");
  for (const char* const value : {"NaN", "01", "1.", "+1", "Infinity"})
    EXPECT_EQ(outcome(with(base_trade(), "price", value)), "JSON 0") << value;
  EXPECT_EQ(outcome(object_text(base_trade()) + "}"), "JSON 0");
}

}  // namespace
}  // namespace coreloop::io
