// JsonDocument: what simdjson takes is what the scanner takes, over many mutated messages; and
// strictness in every corner, used or not.
#include "io/codec/json_document.hpp"

#include <array>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/payload_text.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;
using stages::DeadLetterCode;
using tests::base_signal;
using tests::followed_by;
using tests::object_text;

// The outcome of parse(): OK or the code's name.
std::string outcome(JsonDocument& document, std::string_view payload) {
  DeadLetterCode error{};
  return document.parse(payload, error) ? "OK" : std::string{name_of(error)};
}

class JsonDocumentTest : public testing::Test {
 protected:
  JsonDocument document_;

  // Expects `code` on every way that may take the message.
  void expect_refused(const std::string& payload, const std::string& code) {
    EXPECT_EQ(outcome(document_, payload), code) << payload;
    EXPECT_FALSE(document_.parse_by_simdjson(payload)) << payload;
    DeadLetterCode error{};
    EXPECT_FALSE(document_.parse_by_scan(payload, error)) << payload;
    EXPECT_EQ(name_of(error), code) << payload;
  }
  void expect_accepted(const std::string& payload) {
    EXPECT_EQ(outcome(document_, payload), "OK") << payload;
  }
};

TEST_F(JsonDocumentTest, LeavesAnOrdinarySignalToSimdjson) {
  const std::string text = object_text(base_signal());
  ASSERT_TRUE(document_.parse_by_simdjson(text));
  ASSERT_EQ(document_.fields().size(), 5U);
  EXPECT_EQ(document_.fields()[2].key, "confidence");
  EXPECT_EQ(document_.fields()[2].text, "0.8");
  EXPECT_EQ(document_.fields()[2].offset, text.find("0.8"));
}

TEST_F(JsonDocumentTest, RefusesGarbageInUnusedFieldsFirstAndLast) {
  for (const char* const value : {"[1,,2]",
                                  "[1,]",
                                  "[1 2]",
                                  "[",
                                  "{\"a\"}",
                                  "{\"a\":1,}",
                                  "{\"a\":1 \"b\":2}",
                                  "{,}",
                                  "tru",
                                  "True",
                                  "None",
                                  "NaN",
                                  "Infinity",
                                  "-Infinity",
                                  "01",
                                  "+1",
                                  ".5",
                                  "5.",
                                  "1e",
                                  "0x10",
                                  "1_000",
                                  "1,5",
                                  "'a'",
                                  "[NaN]",
                                  "[01]",
                                  "[tru]",
                                  "{\"a\":.5}",
                                  "{a:1}",
                                  "{\"a\":[1,,2]}",
                                  "[\"\\x41\"]",
                                  "\"\\x41\"",
                                  "\"\\u12G4\"",
                                  "\"\t\"",
                                  "\"\n\"",
                                  "[\"\t\"]",
                                  "[1]]",
                                  "{}}",
                                  "[nulL]",
                                  "[1;2]",
                                  "[falsee]",
                                  "[1.]",
                                  "[-]",
                                  "{\"a\":-}",
                                  "/**/1",
                                  "1//",
                                  "[1}",
                                  "{\"a\":1]"}) {
    expect_refused(object_text(followed_by(base_signal(), "x", value)), "JSON");
    auto first = base_signal();
    first.insert(first.begin(), {"x", value});
    expect_refused(object_text(first), "JSON");
  }
}

// A string value that is looked at but not consumed reads to simdjson like a key.
TEST_F(JsonDocumentTest, RefusesAColonBehindAStringValue) {
  for (const char* const text :
       {R"({"x":"a":1})", R"({"x":"a":1}})", R"({"x":"a":{}})", R"({"x":"a":{},"y":1}})",
        R"({"x":"a":"b","c":1}})", R"({"symbol":"BTC":1,"action":"BUY"},"d":2})",
        R"({"x":{"y":"a":1}})", R"({"x":{"y":"a":1}}})", R"({"x":["a":1]})", R"({"x":["a":1]]})",
        R"({"x":1:2})", R"({"x":true:2})", R"({"x":[]:2})"})
    expect_refused(text, "JSON");
}

TEST_F(JsonDocumentTest, RefusesBytesBehindTheObject) {
  const std::string text = object_text(base_signal());
  for (const std::string& tail : {"}"s, "]"s, "{}"s, " x"s, "1"s, ","s, "\0"s, " \0"s, "\""s,
                                  "\"\""s, "null"s, "/"s, ":"s, "\n{}"s, "\x7F"s, "\v"s})
    expect_refused(text + tail, "JSON");
  expect_accepted(text + " \r\n\t");
}

TEST_F(JsonDocumentTest, RefusesAByteOrderMarkAndOtherBytesBeforeTheObject) {
  const std::string text = object_text(base_signal());
  for (const std::string& head : {"\xEF\xBB\xBF"s, "\0"s, ","s, "["s, "x"s, "\v"s, "\xC2\xA0"s})
    expect_refused(head + text, "JSON");
  expect_accepted("\t\n\r " + text);
}

TEST_F(JsonDocumentTest, RefusesWhatIsNoObject) {
  for (const char* const text : {"[]", "1", "\"a\"", "null", "true", "{", "}", "{]", "{}{}", "x"})
    expect_refused(text, "JSON");
  expect_refused("\0"s, "JSON");
  expect_accepted("{}");
}

TEST_F(JsonDocumentTest, TellsUtf8FromJsonByTheBytesAlone) {
  const std::string text = object_text(base_signal());
  for (const std::string& bytes : {"\x80"s, "\xC0\xAF"s, "\xED\xA0\x80"s, "\xF4\x90\x80\x80"s,
                                   "\xF0\x9F\x98"s, "\xFF"s, "\xC3"s}) {
    expect_refused(text + bytes, "UTF8");
    expect_refused(bytes + text, "UTF8");
    expect_refused("{\"symbol\":}" + bytes, "UTF8");
    expect_refused(object_text(followed_by(base_signal(), "x", "\"" + bytes + "\"")), "UTF8");
    expect_refused(object_text(followed_by(base_signal(), "x" + bytes, "1")), "UTF8");
    expect_refused(object_text(followed_by(base_signal(), "x", bytes)), "UTF8");
  }
  expect_accepted(object_text(followed_by(base_signal(), "\xD0\xBA", "\"\xF0\x9F\x98\x80\x7F\"")));
}

TEST_F(JsonDocumentTest, RefusesLoneSurrogatesInKeysAndValuesAtAnyDepth) {
  for (const std::string& text : {R"(\ud800)"s, R"(\udc00)"s, R"(\ud800\u0041)"s, R"(\udfff)"s}) {
    const std::string quoted = "\"" + text + "\"";
    for (const std::string& value :
         {quoted, "[" + quoted + "]", "{\"a\":" + quoted + "}", "{" + quoted + ":1}"})
      expect_refused(object_text(followed_by(base_signal(), "x", value)), "JSON");
    expect_refused(object_text(followed_by(base_signal(), text, "1")), "JSON");
  }
  expect_accepted(
      object_text(followed_by(base_signal(), R"(\ud83d\ude00)", R"(["\ud83d\ude00"])")));
}

TEST_F(JsonDocumentTest, AcceptsDepthSixtyFourAndRefusesSixtyFive) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const std::string good = object_text(followed_by(base_signal(), "x", nested(64)));
  expect_accepted(good);
  EXPECT_TRUE(document_.parse_by_simdjson(good));
  expect_refused(object_text(followed_by(base_signal(), "x", nested(65))), "JSON");
  expect_refused(object_text(followed_by(base_signal(), "x", nested(7'000))), "JSON");
  expect_refused("{\"x\":" + std::string(16'000, '['), "JSON");
}

TEST_F(JsonDocumentTest, UndoesEscapesOfKeysAndValues) {
  ASSERT_EQ(outcome(document_, R"({"\u0073ymbol":"\u0042TC\nx","p":"a"})"), "OK");
  ASSERT_EQ(document_.fields().size(), 2U);
  EXPECT_EQ(document_.fields()[0].key, "symbol");
  EXPECT_EQ(document_.fields()[0].text, "BTC\nx");
  EXPECT_EQ(document_.fields()[0].offset, 15U);
}

TEST_F(JsonDocumentTest, KeepsKeysThatStandTwice) {
  for (const char* const text : {R"({"a":1,"b":2,"a":3})", R"({"a":1,"b":2,"\u0061":3})"}) {
    ASSERT_EQ(outcome(document_, text), "OK");
    ASSERT_EQ(document_.fields().size(), 3U);
    EXPECT_EQ(document_.fields()[0].key, document_.fields()[2].key);
    EXPECT_EQ(document_.fields()[2].text, "3");
  }
}

TEST_F(JsonDocumentTest, ReadsAsManyKeysAsAMessageHolds) {
  std::string text = "{";
  for (int i = 0; i < 1'600; ++i)
    text += "\"k" + std::to_string(i) + "\":0,";
  text += "\"last\":1}";
  ASSERT_LE(text.size(), JsonDocument::payload_bytes_max);
  ASSERT_EQ(outcome(document_, text), "OK");
  ASSERT_EQ(document_.fields().size(), 1'601U);
  EXPECT_EQ(document_.fields()[1'600].key, "last");
}

TEST_F(JsonDocumentTest, ReadsAMessageOfTheLargestSize) {
  std::string text = "{\"x\":\"";
  text += std::string(JsonDocument::payload_bytes_max - text.size() - 2, 'a') + "\"}";
  ASSERT_EQ(text.size(), std::size_t{16} * 1024);
  ASSERT_EQ(outcome(document_, text), "OK");
  EXPECT_EQ(document_.fields()[0].text.size(), text.size() - 8);
}

// json_scan.hpp promises a container's whole text, json_document.hpp the same list on both ways.
TEST_F(JsonDocumentTest, GivesAContainersWholeTextOnBothWays) {
  const std::string text = R"({"x":{"a":[1, 2]},"y":[ 3 ]})";
  DeadLetterCode error{};
  ASSERT_TRUE(document_.parse_by_scan(text, error));
  EXPECT_EQ(document_.fields()[0].text, R"({"a":[1, 2]})");
  EXPECT_EQ(document_.fields()[1].text, "[ 3 ]");
  ASSERT_TRUE(document_.parse_by_simdjson(text));
  EXPECT_EQ(document_.fields()[0].text, R"({"a":[1, 2]})");
  EXPECT_EQ(document_.fields()[1].text, "[ 3 ]");
}

// Messages and pieces out of which mutated ones are made.
const std::vector<std::string>& seeds() {
  static const std::vector<std::string> texts{
      object_text(base_signal()),
      object_text(tests::base_quote()),
      R"({"symbol": "ETHUSDT", "action": "SELL", "confidence": 1, "timestamp": )"
      R"("2026-01-12T10:00:00.123456", "source": "x", "ensemble_votes": {"a": "BUY", "b": )"
      R"({"c": [1.5, -2e3, true, null, "d"]}}, "meta_override": false})",
      R"({"a":[[],{},[{}],{"b":[]}],"c":"","d":null,"e":-0.0,"f":[1,2,3],"g":{"h":{"i":{}}}})",
      R"( { "x" : [ 1 , 2 ] , "y" : { "z" : "\u0041\n" } } )",
      R"({"k1":1,"k2":12,"k3":1.25,"k4":1e5,"k5":"é😀","k6":true,"k7":false,"k8":null})"};
  return texts;
}

constexpr std::array<std::string_view, 40> pieces{
    "{",      "}",         "[",       "]",        ",",
    ":",      "\"",        "\\",      " ",        "\n",
    "\t",     "0",         "1",       "-",        "+",
    ".",      "e",         "null",    "true",     "false",
    "NaN",    "\"a\"",     "\"\"",    "{}",       "[]",
    "\"x\":", ",\"y\":1",  "\\u0041", "\\ud800",  "\\ud83d\\ude00",
    "\x7F",   "\x01",      "\x80",    "\xC3\xA9", "\xEF\xBB\xBF",
    "[1,2]",  "{\"a\":1}", "1e400",   "[[",       "]]"};

class Mutator {
 public:
  std::string next() {
    const auto& texts = seeds();
    std::string text = texts[below(texts.size())];
    for (std::size_t changes = 1 + below(3); changes != 0; --changes)
      change(text);
    return text;
  }

 private:
  std::size_t below(std::size_t bound) { return random_() % bound; }

  void change(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = std::min(text.size() - at, 1 + below(6));
    switch (below(7)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
        break;
      case 1:
        text.erase(at, length);
        break;
      case 2:
        text.insert(at, pieces[below(pieces.size())]);
        break;
      case 3:
        text.replace(at, length, pieces[below(pieces.size())]);
        break;
      case 4:
        text.insert(below(text.size() + 1), text.substr(at, 4 * length));
        break;
      case 5:
        text.replace(at, 0, 1 + below(3), " \t\n\r"[below(4)]);
        break;
      case 6:
        if (below(4) == 0) text.resize(at);
        if (at < text.size() && text[at] >= '0' && text[at] <= '9')
          text[at] = static_cast<char>('0' + below(10));
        break;
    }
  }

  std::mt19937_64 random_{20'260'112};
};

// Containers' texts are compared above.
bool is_same(const JsonField& fast, const JsonField& slow) {
  return fast.key == slow.key && fast.type == slow.type && fast.offset == slow.offset &&
         (fast.type == JsonType::container || fast.text == slow.text);
}

TEST_F(JsonDocumentTest, AgreesWithTheScannerWhereverSimdjsonAccepts) {
  constexpr int message_count = 200'000;
  JsonDocument slow;
  Mutator mutator;
  int fast_count = 0;
  int refused_count = 0;
  for (int i = 0; i < message_count; ++i) {
    const std::string payload = mutator.next();
    DeadLetterCode error{};
    const bool is_accepted = slow.parse_by_scan(payload, error);
    refused_count += is_accepted ? 0 : 1;
    if (!document_.parse_by_simdjson(payload)) continue;
    ++fast_count;
    ASSERT_TRUE(is_accepted) << "only simdjson takes " << payload;
    ASSERT_EQ(document_.fields().size(), slow.fields().size()) << payload;
    for (std::size_t field = 0; field < slow.fields().size(); ++field) {
      ASSERT_TRUE(is_same(document_.fields()[field], slow.fields()[field]))
          << "field " << field << " of " << payload;
    }
  }
  // Both outcomes must have been met often, or nothing has been compared.
  EXPECT_GT(fast_count, message_count / 10);
  EXPECT_GT(refused_count, message_count / 10);
}

}  // namespace
}  // namespace coreloop::io
