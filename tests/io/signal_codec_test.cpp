// SignalCodec: every key's type, range and content, the dead-letter code and offset of the first
// fault, and what a good signal becomes.
#include "io/codec/signal_codec.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/payload_text.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;
using stages::absent_ratio;
using tests::base_signal;
using tests::followed_by;
using tests::MemberTexts;
using tests::object_text;
using tests::offset_of;
using tests::with;
using tests::without;

class SignalCodecTest : public testing::Test {
 protected:
  SignalCodec codec_;
  stages::Signal signal_{};
  SignalWords words_;

  // "OK", or `CODE offset`.
  std::string outcome(std::string_view payload) {
    DecodeError error;
    if (codec_.decode(payload, signal_, words_, error)) return "OK";
    return std::string{name_of(error.code)} + " " + std::to_string(error.offset);
  }
  std::string outcome(const MemberTexts& members) { return outcome(object_text(members)); }

  // The base signal with `key` set to `value` must be refused with `code` at that value.
  void expect_refused(std::string_view key, std::string_view value, std::string_view code) {
    const std::string text = object_text(with(base_signal(), key, value));
    EXPECT_EQ(outcome(text), std::string{code} + " " + std::to_string(offset_of(text, key)))
        << text;
  }
  void expect_accepted(std::string_view key, std::string_view value) {
    EXPECT_EQ(outcome(with(base_signal(), key, value)), "OK") << key << " " << value;
  }
};

const std::vector<std::string> required_keys{"symbol", "action", "confidence", "timestamp",
                                             "source"};
const std::vector<std::string> optional_keys{
    "meta_override", "ensemble_votes", "governer_approved", "position_size_pct", "meta_confidence",
    "consensus",     "account",        "signal_id",         "stop_loss_pct",     "max_slippage_pct",
    "ttl_ms"};

TEST_F(SignalCodecTest, ReadsEveryKey) {
  ASSERT_EQ(outcome(R"( { "symbol" : "A.B_C:D/E-9", "action": "SELL", "confidence": 0.87654321,
    "timestamp": "2026-01-12T10:00:00.5+00:00", "source": "ensemble_v5", "meta_override": true,
    "ensemble_votes": {"m": "BUY"}, "governer_approved": false, "position_size_pct": 0.05,
    "meta_confidence": [1], "consensus": "x", "account": "desk-1.A_b", "signal_id": "id-1",
    "stop_loss_pct": 0.03, "max_slippage_pct": 0.0005, "ttl_ms": 5000, "other": [{}] } )"),
            "OK");
  EXPECT_EQ(words_.symbol, "A.B_C:D/E-9");
  EXPECT_EQ(words_.account, "desk-1.A_b");
  EXPECT_EQ(words_.source, "ensemble_v5");
  EXPECT_EQ(signal_.action, stages::Action::sell);
  EXPECT_EQ(signal_.confidence, 87'654'321U);
  EXPECT_EQ(signal_.produced_unix_ns, 1'768'212'000'500'000'000);
  EXPECT_EQ(signal_.is_vetoed, 1);
  EXPECT_EQ(signal_.position_size_pct, 5'000'000U);
  EXPECT_EQ(signal_.stop_loss_pct, 3'000'000U);
  EXPECT_EQ(signal_.max_slippage_pct, 50'000U);
  EXPECT_EQ(signal_.ttl_ms, 5'000U);
  EXPECT_EQ(signal_.has_id, 1);
  EXPECT_EQ(signal_.id_hash, hash_signal_id("id-1"));
}

TEST_F(SignalCodecTest, LeavesWhatIsNotGivenAtItsDefault) {
  ASSERT_EQ(outcome(base_signal()), "OK");
  EXPECT_EQ(words_.account, "main");
  EXPECT_EQ(signal_.is_vetoed, 0);
  EXPECT_EQ(signal_.has_id, 0);
  EXPECT_EQ(signal_.ttl_ms, 0U);
  EXPECT_EQ(signal_.position_size_pct, absent_ratio);
  EXPECT_EQ(signal_.stop_loss_pct, absent_ratio);
  EXPECT_EQ(signal_.max_slippage_pct, absent_ratio);
}

TEST_F(SignalCodecTest, TakesNullOfAnOptionalKeyForNoKey) {
  MemberTexts all = base_signal();
  for (const std::string& key : optional_keys) {
    expect_accepted(key, "null");
    all.emplace_back(key, "null");
  }
  ASSERT_EQ(outcome(all), "OK");
  EXPECT_EQ(words_.account, "main");
  EXPECT_EQ(signal_.has_id, 0);
  EXPECT_EQ(signal_.is_vetoed, 0);
  EXPECT_EQ(signal_.ttl_ms, 0U);
  EXPECT_EQ(signal_.position_size_pct, absent_ratio);
  for (const std::string& key : required_keys)
    expect_refused(key, "null", "TYPE");
}

TEST_F(SignalCodecTest, AcceptsKeysInAnyOrder) {
  MemberTexts members = base_signal();
  std::sort(members.begin(), members.end());
  int orders = 0;
  do {
    ASSERT_EQ(outcome(members), "OK") << object_text(members);
    ++orders;
  } while (std::next_permutation(members.begin(), members.end()));
  EXPECT_EQ(orders, 120);
}

TEST_F(SignalCodecTest, SaysWhichRequiredKeyLacksByMissingKeyAtZero) {
  for (const std::string& key : required_keys)
    EXPECT_EQ(outcome(without(base_signal(), key)), "MISSING_KEY 0") << key;
  EXPECT_EQ(outcome("{}"), "MISSING_KEY 0");
  EXPECT_EQ(outcome(R"({"x":1})"), "MISSING_KEY 0");
}

TEST_F(SignalCodecTest, TakesAnEscapedKeyForTheKeyAndSimilarOnesForUnknown) {
  const MemberTexts rest = without(base_signal(), "symbol");
  EXPECT_EQ(outcome(followed_by(rest, R"(\u0073ymbol)", "\"BTCUSDT\"")), "OK");
  for (const char* const key : {"Symbol", "SYMBOL", "symbol ", " symbol", "", "symbo", "symbols",
                                "__proto__", R"(symbol\u0000)"}) {
    EXPECT_EQ(outcome(followed_by(rest, key, "\"BTCUSDT\"")), "MISSING_KEY 0") << key;
    EXPECT_EQ(outcome(followed_by(base_signal(), key, "\"x\"")), "OK") << key;
  }
}

TEST_F(SignalCodecTest, RefusesValuesOfAnotherType) {
  for (const char* const key :
       {"symbol", "action", "timestamp", "source", "account", "signal_id"}) {
    for (const char* const value : {"1", "true", "false", "[\"BTCUSDT\"]", "{}", "1736676000"})
      expect_refused(key, value, "TYPE");
  }
  for (const char* const key :
       {"confidence", "position_size_pct", "stop_loss_pct", "max_slippage_pct", "ttl_ms"}) {
    for (const char* const value : {"\"0.8\"", "\"\"", "true", "false", "[0.8]", "{}", "\"NaN\""})
      expect_refused(key, value, "TYPE");
  }
  for (const char* const key : {"meta_override", "governer_approved"}) {
    for (const char* const value : {"0", "1", "\"true\"", "[]", "{}"})
      expect_refused(key, value, "TYPE");
  }
  for (const char* const key : {"ensemble_votes", "meta_confidence", "consensus", "unknown"}) {
    for (const char* const value :
         {"0", "\"a\"", "true", "null", "[1,{}]", "{\"a\":1,\"a\":2}", "1e999"})
      expect_accepted(key, value);
  }
}

TEST_F(SignalCodecTest, ChecksConfidenceOnItsTextAndThenCutsIt) {
  const std::vector<std::pair<std::string, std::uint32_t>> good{
      {"0", 0},
      {"1", 100'000'000},
      {"1.0", 100'000'000},
      {"1.000000000000", 100'000'000},
      {"1e0", 100'000'000},
      {"0.1e1", 100'000'000},
      {"100e-2", 100'000'000},
      {"-0", 0},
      {"-0.0", 0},
      {"1e-400", 0},
      {"5e-324", 0},
      {"0.65", 65'000'000},
      {"0.6499999999999999", 64'999'999},
      {"0.999999999", 99'999'999},
      {"0.00000001", 1},
      {"0.000000019", 1},
      {"8E-1", 80'000'000},
      {"0." + std::string(400, '8'), 88'888'888}};
  for (const auto& [text, value] : good) {
    expect_accepted("confidence", text);
    EXPECT_EQ(signal_.confidence, value) << text;
  }
  for (const char* const text :
       {"-0.0001", "-1e-400", "1.0000001", "1.000000001", "1.00000000000000000001", "2", "1e400",
        "-1e400", "1.7976931348623157e308", "9223372036854775807", "9223372036854775808",
        "18446744073709551615", "18446744073709551616", "1e18446744073709551616", "10e-0"})
    expect_refused("confidence", text, "RANGE");
  expect_refused("confidence", "1." + std::string(399, '0') + "1", "RANGE");
  expect_refused("confidence", std::string(400, '7'), "RANGE");
}

TEST_F(SignalCodecTest, TakesSizesAboveZeroUpToOne) {
  for (const char* const text : {"1", "1e-12", "0.00000001", "1.0", "0.1"})
    expect_accepted("position_size_pct", text);
  for (const char* const text : {"0", "0.0", "-0", "0e5", "-1", "1.000000001", "1e18", "-1e-12"})
    expect_refused("position_size_pct", text, "RANGE");
  expect_accepted("position_size_pct", "1e-12");
  EXPECT_EQ(signal_.position_size_pct, 0U);  // in the range on its text, then cut
}

TEST_F(SignalCodecTest, TakesOverridesFromZeroToBelowOne) {
  for (const char* const key : {"stop_loss_pct", "max_slippage_pct"}) {
    for (const char* const text : {"0", "-0.0", "0.5", "0.99999999", "0.9999999999999999", "1e-9"})
      expect_accepted(key, text);
    for (const char* const text : {"1", "1.0", "1e0", "-0.00000001", "-1e-12", "2", "1e400"})
      expect_refused(key, text, "RANGE");
  }
  expect_accepted("stop_loss_pct", "0.999999999");
  EXPECT_EQ(signal_.stop_loss_pct, 99'999'999U);
}

TEST_F(SignalCodecTest, TakesWholeMillisecondsOfOneDayAsTtl) {
  const std::vector<std::pair<std::string, std::uint32_t>> good{
      {"1", 1},       {"86400000", 86'400'000}, {"1E+2", 100}, {"5.0", 5},
      {"5000e-3", 5}, {"8.64e7", 86'400'000},   {"0.1e1", 1},  {"100.000000000000", 100}};
  for (const auto& [text, value] : good) {
    expect_accepted("ttl_ms", text);
    EXPECT_EQ(signal_.ttl_ms, value) << text;
  }
  for (const char* const text :
       {"0", "-0", "-1", "86400001", "86400000.5", "5.5", "1e18", "2.5e0", "0.1", "1e-400", "1e400",
        "1.000000000000001", "99999999999999999999"})
    expect_refused("ttl_ms", text, "RANGE");
}

TEST_F(SignalCodecTest, CountsTheBytesOfSourceAndSignalId) {
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  for (const char* const key : {"source", "signal_id"}) {
    expect_accepted(key, quoted("a"));
    expect_accepted(key, quoted(std::string(64, 'a')));
    expect_refused(key, quoted(std::string(65, 'a')), "RANGE");
    // 16 characters of four bytes, escaped or not, are 64 bytes.
    std::string raw;
    std::string escaped;
    for (int i = 0; i < 16; ++i) {
      raw += "\xF0\x9F\x98\x80";
      escaped += R"(\ud83d\ude00)";
    }
    expect_accepted(key, quoted(raw));
    expect_accepted(key, quoted(escaped));
    expect_refused(key, quoted(raw + "a"), "RANGE");
    expect_refused(key, quoted(escaped + "a"), "RANGE");
    expect_accepted(key, R"("a\r\n\u001b[2J\u0000")");
  }
  expect_refused("source", "\"\"", "RANGE");
  expect_accepted("signal_id", "\"\"");
  EXPECT_EQ(signal_.has_id, 1);
}

TEST_F(SignalCodecTest, RefusesContentOfWordsAtTheirOpeningQuote) {
  for (const char* const text :
       {"", "btcusdt", "BTCUSDT ", " BTCUSDT", "BTC USDT", "../../etc", "\xD0\x92TCUSDT", "BTC+",
        "BTC\\n", "BTC\\u0000USDT", "BTC,X", "B\\\\C", "B\\\"", "#"})
    expect_refused("symbol", "\"" + std::string{text} + "\"", "SYMBOL");
  expect_accepted("symbol", "\"" + std::string(32, 'A') + "\"");
  expect_refused("symbol", "\"" + std::string(33, 'A') + "\"", "SYMBOL");
  for (const char* const text : {"A", "BTC/USDT", "../../ETC", "0", "._:/-", "\\u0042TC"})
    expect_accepted("symbol", "\"" + std::string{text} + "\"");
  for (const char* const text :
       {"", "buy", "Buy", "BUY ", " BUY", "BUY\\n", "BUYS", "SHORT", "BUY\\u0000"})
    expect_refused("action", "\"" + std::string{text} + "\"", "ACTION");
  for (const char* const text : {"", "yesterday", "2026-02-30T00:00:00Z", "2016-12-31T23:59:60Z",
                                 "9999-12-31T23:59:59Z", "2026-01-12T10:00:00Z\\u0000"})
    expect_refused("timestamp", "\"" + std::string{text} + "\"", "TIMESTAMP");
  for (const char* const text : {"", " ", "a b", "a/b", "a:b", "\xC3\xBC", "main\\n", "a\\u0000"})
    expect_refused("account", "\"" + std::string{text} + "\"", "ACCOUNT");
  expect_accepted("account", "\"" + std::string(32, 'a') + "\"");
  expect_refused("account", "\"" + std::string(33, 'a') + "\"", "ACCOUNT");
  expect_accepted("account", "\"aZ09._-\"");
}

TEST_F(SignalCodecTest, KnowsFourActions) {
  const std::vector<std::pair<std::string, stages::Action>> actions{
      {"BUY", stages::Action::buy},
      {"SELL", stages::Action::sell},
      {"HOLD", stages::Action::hold},
      {"CLOSE", stages::Action::close}};
  for (const auto& [text, action] : actions) {
    expect_accepted("action", "\"" + text + "\"");
    EXPECT_EQ(signal_.action, action);
  }
}

TEST_F(SignalCodecTest, RefusesAKeyThatStandsTwiceAtItsSecondValue) {
  for (const std::string& key : required_keys) {
    const std::string text = object_text(followed_by(base_signal(), key, "1"));
    EXPECT_EQ(outcome(text), "DUPLICATE_KEY " + std::to_string(offset_of(text, key))) << key;
  }
  MemberTexts nulls = followed_by(followed_by(base_signal(), "account", "null"), "account", "null");
  EXPECT_EQ(outcome(nulls),
            "DUPLICATE_KEY " + std::to_string(offset_of(object_text(nulls), "account")));
  // An unknown key, an empty one, an escaped spelling; the offset is that of the second value.
  EXPECT_EQ(outcome(R"({"x":1,"x":2})"), "DUPLICATE_KEY 11");
  EXPECT_EQ(outcome(R"({"":1,"":2})"), "DUPLICATE_KEY 9");
  EXPECT_EQ(outcome(R"({"x":1,"\u0078": 2})"), "DUPLICATE_KEY 17");
  EXPECT_EQ(outcome(R"({"\u0061":1,"a":2,"a":3})"), "DUPLICATE_KEY 16");
  // Only the top level is looked at.
  expect_accepted("x", R"({"a":1,"a":2})");
}

TEST_F(SignalCodecTest, FindsARepeatedKeyAmongMany) {
  std::string start = object_text(base_signal());
  start.pop_back();
  for (const int count : {7, 8, 9, 10, 31, 32, 33, 1'600}) {
    for (const int repeated : {0, count / 2, count - 1}) {
      std::string text = start;
      for (int i = 0; i < count; ++i)
        text += ",\"k" + std::to_string(i) + "\":0";
      EXPECT_EQ(outcome(text + "}"), "OK") << count;
      text += ",\"k" + std::to_string(repeated) + "\":";
      EXPECT_EQ(outcome(text + "1}"), "DUPLICATE_KEY " + std::to_string(text.size())) << count;
    }
  }
}

TEST_F(SignalCodecTest, GoesKeyByKeyInTextOrder) {
  // The first fault in the text counts, whatever its kind.
  EXPECT_EQ(outcome(R"({"action":1,"x":1,"x":1,"confidence":2})"), "TYPE 10");
  EXPECT_EQ(outcome(R"({"x":1,"x":1,"action":1,"confidence":2})"), "DUPLICATE_KEY 11");
  EXPECT_EQ(outcome(R"({"confidence":2,"x":1,"x":1,"action":1})"), "RANGE 14");
  // The keys' faults come before a missing key, that before the words' contents.
  EXPECT_EQ(outcome(R"({"symbol":"x","ttl_ms":0})"), "RANGE 23");
  EXPECT_EQ(outcome(R"({"symbol":"x","action":"x"})"), "MISSING_KEY 0");
}

TEST_F(SignalCodecTest, LooksAtSymbolActionTimestampAndAccountInThatOrder) {
  MemberTexts members = base_signal();
  std::reverse(members.begin(), members.end());
  members.insert(members.begin(), {"account", "\"\""});
  for (const char* const key : {"timestamp", "action", "symbol"})
    members = with(members, key, "\"\"");
  for (const auto& [key, good] : MemberTexts{{"symbol", "\"A\""},
                                             {"action", "\"BUY\""},
                                             {"timestamp", "\"1970-01-01T00:00:00\""},
                                             {"account", "\"a\""}}) {
    const std::string text = object_text(members);
    std::string code = key;
    std::transform(code.begin(), code.end(), code.begin(), ::toupper);
    EXPECT_EQ(outcome(text), code + " " + std::to_string(offset_of(text, key)));
    members = with(members, key, good);
  }
  EXPECT_EQ(outcome(members), "OK");
}

TEST_F(SignalCodecTest, LooksAtSizeEmptyUtf8AndJsonInThatOrder) {
  constexpr std::size_t size_max = std::size_t{16} * 1024;
  EXPECT_EQ(outcome(""), "EMPTY 0");
  EXPECT_EQ(outcome(" \t\r\n"), "EMPTY 0");
  EXPECT_EQ(outcome(std::string(size_max, ' ')), "EMPTY 0");
  EXPECT_EQ(outcome(std::string(size_max + 1, ' ')), "SIZE 0");
  EXPECT_EQ(outcome(std::string(size_max, '\x80')), "UTF8 0");
  EXPECT_EQ(outcome(std::string(size_max + 1, '\x80')), "SIZE 0");
  EXPECT_EQ(outcome(std::string(size_max, '[')), "JSON 0");
  EXPECT_EQ(outcome("{\"symbol\":}\x80"), "UTF8 0");
  EXPECT_EQ(outcome(" \v "), "JSON 0");
  EXPECT_EQ(outcome("\0"s), "JSON 0");
  EXPECT_EQ(outcome(R"({"x":1,"x":)"), "JSON 0");
  std::string padded = object_text(followed_by(base_signal(), "x", "\"\""));
  padded.insert(padded.size() - 2, size_max - padded.size(), 'a');
  EXPECT_EQ(outcome(padded), "OK");
  EXPECT_EQ(outcome(padded + " "), "SIZE 0");
}

TEST_F(SignalCodecTest, ForgetsTheSignalBefore) {
  ASSERT_EQ(outcome(with(with(with(base_signal(), "account", "\"a\""), "ttl_ms", "5"), "signal_id",
                         "\"i\"")),
            "OK");
  ASSERT_EQ(outcome(R"({"x":1,"governer_approved":false,"y":)"), "JSON 0");
  ASSERT_EQ(outcome(followed_by(base_signal(), "x", "1")), "OK");
  EXPECT_EQ(words_.account, "main");
  EXPECT_EQ(signal_.ttl_ms, 0U);
  EXPECT_EQ(signal_.has_id, 0);
  EXPECT_EQ(signal_.is_vetoed, 0);
  EXPECT_EQ(outcome(followed_by(base_signal(), "x", "1")), "OK");
}

TEST(SignalIdHashTest, TellsDifferentIdsApart) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> hashes;
  int count = 0;
  const auto add = [&](const std::string& id) {
    const stages::SignalIdHash hash = hash_signal_id(id);
    EXPECT_EQ(hash, hash_signal_id(std::string{id}));
    hashes.emplace(hash.high, hash.low);
    ++count;
  };
  for (std::size_t size = 0; size <= 64; ++size) {
    add(std::string(size, '\0'));
    add(std::string(size, 'a') + "b");
  }
  for (int i = 0; i < 20'000; ++i) {
    add("sig-" + std::to_string(i));
    add("00000000-0000-4000-8000-" + std::to_string(i));
  }
  EXPECT_EQ(hashes.size(), static_cast<std::size_t>(count));
}

}  // namespace
}  // namespace coreloop::io
