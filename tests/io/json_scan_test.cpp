// JsonScan: UTF-8, the grammar of RFC 8259 to the last byte, escapes, depth, and the list of
// fields.
#include "io/codec/json_scan.hpp"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/codec/json_document.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;

constexpr std::size_t payload_bytes_max = JsonDocument::payload_bytes_max;

class JsonScanTest : public testing::Test {
 protected:
  JsonScan scan_{payload_bytes_max};

  bool accepts(std::string_view text) { return scan_.scan(text); }
  // Whether `value` is accepted as a field's value, first and last in the object.
  bool accepts_value(const std::string& value) {
    return scan_.scan("{\"x\":" + value + "}") && scan_.scan("{\"a\":1,\"x\": " + value + " }") &&
           scan_.scan("{\"x\":" + value + ",\"z\":null}");
  }
  // Whether it is accepted in any of these places.
  bool accepts_value_anywhere(const std::string& value) {
    return scan_.scan("{\"x\":" + value + "}") || scan_.scan("{\"a\":1,\"x\": " + value + " }") ||
           scan_.scan("{\"x\":[" + value + "]}") || scan_.scan("{\"x\":{\"y\":" + value + "}}");
  }
};

// Table 3-7 of the Unicode standard, "Well-Formed UTF-8 Byte Sequences".
struct Utf8Row {
  unsigned char first_min, first_max, second_min, second_max;
  std::size_t length;
};
constexpr std::array<Utf8Row, 9> utf8_rows{{{0x00, 0x7F, 0, 0, 1},
                                            {0xC2, 0xDF, 0x80, 0xBF, 2},
                                            {0xE0, 0xE0, 0xA0, 0xBF, 3},
                                            {0xE1, 0xEC, 0x80, 0xBF, 3},
                                            {0xED, 0xED, 0x80, 0x9F, 3},
                                            {0xEE, 0xEF, 0x80, 0xBF, 3},
                                            {0xF0, 0xF0, 0x90, 0xBF, 4},
                                            {0xF1, 0xF3, 0x80, 0xBF, 4},
                                            {0xF4, 0xF4, 0x80, 0x8F, 4}}};

bool is_well_formed(const std::string& bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[at + i]); };
    std::size_t length = 0;
    for (const Utf8Row& row : utf8_rows) {
      if (byte(0) < row.first_min || byte(0) > row.first_max) continue;
      if (at + row.length > bytes.size()) return false;
      if (row.length > 1 && (byte(1) < row.second_min || byte(1) > row.second_max)) return false;
      for (std::size_t i = 2; i < row.length; ++i) {
        if (byte(i) < 0x80 || byte(i) > 0xBF) return false;
      }
      length = row.length;
    }
    if (length == 0) return false;
    at += length;
  }
  return true;
}

TEST_F(JsonScanTest, KnowsUtf8AsTheUnicodeTableDefinesIt) {
  constexpr std::array<unsigned char, 28> edges{
      0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
      0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xF8, 0xFC, 0xFE, 0xFF};
  EXPECT_TRUE(is_utf8(""));
  std::string bytes(4, '\0');
  for (const unsigned char a : edges) {
    for (const unsigned char b : edges) {
      for (const unsigned char c : edges) {
        for (const unsigned char d : edges) {
          bytes = {static_cast<char>(a), static_cast<char>(b), static_cast<char>(c),
                   static_cast<char>(d)};
          for (std::size_t size = 1; size <= 4; ++size) {
            const std::string piece = bytes.substr(0, size);
            ASSERT_EQ(is_utf8(piece), is_well_formed(piece))
                << int{a} << " " << int{b} << " " << int{c} << " " << int{d} << ", " << size;
          }
        }
      }
    }
  }
}

TEST_F(JsonScanTest, TakesFourCharactersForBlanksAndNoOther) {
  EXPECT_TRUE(is_blank(""));
  EXPECT_TRUE(is_blank(" \t\r\n"));
  for (const std::string& text : {"\0"s, "\v"s, "\f"s, "\xC2\xA0"s, " a"s, "\xEF\xBB\xBF"s})
    EXPECT_FALSE(is_blank(text)) << text;
}

TEST_F(JsonScanTest, ListsTopLevelFieldsInTextOrderWithTypeTextAndOffset) {
  const std::string text = R"( { "s" : "a b" ,"n":-1.5e+3,"t":true,"f":false,"z":null ,)"
                           R"("o":{"s":[1, 2]} , "a":[ ],"":""} )";
  ASSERT_TRUE(accepts(text));
  const auto fields = scan_.fields();
  struct Row {
    std::string key, text;
    JsonType type;
  };
  const std::vector<Row> rows{
      {"s", "a b", JsonType::string},    {"n", "-1.5e+3", JsonType::number},
      {"t", "true", JsonType::boolean},  {"f", "false", JsonType::boolean},
      {"z", "null", JsonType::null},     {"o", "{\"s\":[1, 2]}", JsonType::container},
      {"a", "[ ]", JsonType::container}, {"", "", JsonType::string}};
  ASSERT_EQ(fields.size(), rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(fields[i].key, rows[i].key);
    EXPECT_EQ(fields[i].text, rows[i].text) << rows[i].key;
    EXPECT_EQ(fields[i].type, rows[i].type) << rows[i].key;
    // The offset is that of the value's first byte: a string's opening quote.
    const std::string first = rows[i].type == JsonType::string ? "\"" : rows[i].text;
    EXPECT_EQ(text.substr(fields[i].offset, first.size()), first) << rows[i].key;
  }
  EXPECT_EQ(fields[0].offset, text.find("\"a b\""));
  EXPECT_EQ(fields[7].offset, text.rfind("\"\""));
}

TEST_F(JsonScanTest, KeepsKeysThatStandTwice) {
  ASSERT_TRUE(accepts(R"({"a":1,"\u0061":2})"));
  ASSERT_EQ(scan_.fields().size(), 2U);
  EXPECT_EQ(scan_.fields()[1].key, "a");
  EXPECT_EQ(scan_.fields()[1].text, "2");
}

TEST_F(JsonScanTest, UndoesEscapesInKeysAndStrings) {
  ASSERT_TRUE(
      accepts(R"({"\u0073ymbol":"\"\\\/\b\f\n\r\t","b":"\u00e9\u20AC\ud83d\uDE00\u0000"})"));
  ASSERT_EQ(scan_.fields().size(), 2U);
  EXPECT_EQ(scan_.fields()[0].key, "symbol");
  EXPECT_EQ(scan_.fields()[0].text, "\"\\/\b\f\n\r\t");
  EXPECT_EQ(scan_.fields()[1].text, "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\0"s);
}

TEST_F(JsonScanTest, AcceptsAnyBlanksBetweenTokens) {
  EXPECT_TRUE(accepts("\n{\t\"a\"\r:\n1 ,\"b\" :[ 1\t, { \"c\" : [ ] } ] }\r\n\t "));
  EXPECT_TRUE(accepts("{}"));
  EXPECT_TRUE(accepts(" { } "));
  EXPECT_TRUE(scan_.fields().empty());
}

TEST_F(JsonScanTest, RefusesWhatIsNoObject) {
  for (const char* const text : {"",     " ",    "[]",   "[{}]", "\"a\"", "1",
                                 "null", "true", "}",    "{",    "{{}}",  "\xEF\xBB\xBF{}",
                                 "{}}",  "{}{}", "{} x", "{},",  "{}/",   "nul",
                                 "{]",   "[}"})
    EXPECT_FALSE(accepts(text)) << text;
  EXPECT_FALSE(accepts("{}\0"s));
  EXPECT_FALSE(accepts("\0{}"s));
  EXPECT_FALSE(accepts("{\0}"s));
  EXPECT_FALSE(accepts("{\"a\":1\0}"s));
}

TEST_F(JsonScanTest, RefusesMembersThatAreNotOfTheGrammar) {
  for (const char* const text :
       {R"({"a"})",         R"({"a":})",         R"({"a":1,})", R"({,})",      R"({,"a":1})",
        R"({"a":1 "b":2})", R"({"a":1,,"b":2})", R"({"a" 1})",  R"({"a"::1})", R"({:1})",
        R"({a:1})",         R"({'a':1})",        R"({1:1})",    R"({null:1})", R"({"a":1/*c*/})",
        R"({"a":1)",        R"({"a":)",          R"({"a")",     R"({"a)",      R"({"a":1,)",
        R"({"a":1;"b":2})", R"({"a"=1})",        R"({["a"]:1})"})
    EXPECT_FALSE(accepts(text)) << text;
}

TEST_F(JsonScanTest, AcceptsEveryFormOfNumber) {
  for (const char* const text :
       {"0", "-0", "-0.0", "1", "10", "1.5", "0.5", "1e5", "1E5", "1e+5", "1E-5", "0e0",
        "-1.5e-300", "1e400", "123456789012345678901234567890",
        "0.00000000000000000000000000000001"})
    EXPECT_TRUE(accepts_value(text)) << text;
}

TEST_F(JsonScanTest, RefusesTokensThatAreNoValue) {
  for (const char* const text :
       {"NaN",    "Infinity",  "-Infinity",   "nan",       "inf",       "01",       "00",    "-01",
        "+1",     ".5",        "5.",          "-",         "--1",       "1e",       "1e+",   "1.e5",
        "1.5.5",  "0x10",      "1_000",       "1,5,",      "1 2",       "tru",      "truee", "True",
        "TRUE",   "nul",       "None",        "fals",      "undefined", "'a'",      "a",     "\"",
        "\"\"\"", "\\\"a\\\"", "-a",          "1a",        "1-1",       "\xC2\xA0", "/",     "{}1",
        "[]1",    "\"a\"1",    "\"a\" \"b\"", "truefalse", "1true"})
    EXPECT_FALSE(accepts_value_anywhere(text)) << text;
}

TEST_F(JsonScanTest, RefusesBadContainersWhereverTheyStand) {
  for (const char* const text : {"[1,,2]",
                                 "[1,]",
                                 "[,1]",
                                 "[,]",
                                 "[1 2]",
                                 "[",
                                 "]",
                                 "[1",
                                 "[1}",
                                 "{]",
                                 "{\"a\":1]",
                                 "[[]",
                                 "[]]",
                                 "{\"a\"}",
                                 "{\"a\":}",
                                 "{\"a\":1,}",
                                 "{,}",
                                 "{\"a\":1 \"b\":2}",
                                 "{1:1}",
                                 "{a:1}",
                                 "[1:2]",
                                 "[\"a\":1]",
                                 "{\"a\",1}",
                                 "[{]}",
                                 "[tru]",
                                 "{\"a\":01}",
                                 "[\"\\x\"]",
                                 "{\"\\x\":1}",
                                 "[\"\t\"]",
                                 "{\"a\":\"\\ud800\"}",
                                 "{\"\\udc00\":1}"})
    EXPECT_FALSE(accepts_value_anywhere(text)) << text;
}

TEST_F(JsonScanTest, RefusesControlCharactersInStringsAndKeys) {
  for (char c = 0; c < 0x20; ++c) {
    const std::string text = "\"a"s + c + "b\"";
    EXPECT_FALSE(accepts_value_anywhere(text)) << int{c};
    EXPECT_FALSE(accepts("{" + text + ":1}")) << int{c};
  }
  EXPECT_TRUE(accepts_value("\"\x7F\""));
}

TEST_F(JsonScanTest, KnowsTheNineEscapesAndNoOther) {
  for (int c = 0x20; c < 0x7F; ++c) {
    const bool is_escape = "\"\\/bfnrt"s.find(static_cast<char>(c)) != std::string::npos;
    const std::string text = "\"\\"s + static_cast<char>(c) + "\"";
    EXPECT_EQ(accepts_value(text), is_escape) << text;
  }
  for (const char* const text : {R"("\u12G4")", R"("\u123")", R"("\u")", R"("\U0041")",
                                 R"("\u 041")", R"("\u+041")", R"("\")", R"("\u00)"})
    EXPECT_FALSE(accepts_value_anywhere(text)) << text;
  EXPECT_FALSE(accepts_value_anywhere("\"\\\0\""s));
}

TEST_F(JsonScanTest, RefusesLoneSurrogates) {
  for (const char* const text :
       {R"("\ud800")", R"("\udbff")", R"("\udc00")", R"("\udfff")", R"("\ud800\u0041")",
        R"("\ud800x")", R"("\ud800\ud800\udc00")", R"("\udc00\ud800")", R"("\ud83d\n")",
        R"("\ud800\udbff")", R"("\ud800\ue000")", R"("\ud800\")", R"("\ud800\u")"}) {
    EXPECT_FALSE(accepts_value_anywhere(text)) << text;
    EXPECT_FALSE(accepts("{"s + text + ":1}")) << text;
  }
  EXPECT_TRUE(accepts_value(R"("\ud800\udc00\udbff\udfff")"));
  EXPECT_TRUE(accepts_value(R"("\ud7ff\ue000")"));
  EXPECT_TRUE(accepts_value(R"("\\ud800")"));
}

TEST_F(JsonScanTest, AcceptsSixtyFourContainersInsideAValueAndNoMore) {
  const auto arrays = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  const auto objects = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 1; i < depth; ++i)
      text += "{\"a\":";
    return text + "{}" + std::string(depth - 1, '}');
  };
  const auto mixed = [](std::size_t pairs, const std::string& inside) {
    std::string text;
    for (std::size_t i = 0; i < pairs; ++i)
      text += "[{\"a\":";
    text += inside;
    for (std::size_t i = 0; i < pairs; ++i)
      text += "}]";
    return text;
  };
  EXPECT_TRUE(accepts_value(arrays(64)));
  EXPECT_FALSE(accepts_value_anywhere(arrays(65)));
  EXPECT_TRUE(accepts_value(objects(64)));
  EXPECT_FALSE(accepts_value_anywhere(objects(65)));
  EXPECT_TRUE(accepts_value(mixed(32, "1")));
  EXPECT_FALSE(accepts_value_anywhere(mixed(32, "[]")));
  EXPECT_FALSE(accepts_value_anywhere(arrays(1'000)));
  EXPECT_FALSE(accepts("{\"x\":" + std::string(payload_bytes_max - 5, '[')));
  // Containers side by side do not add up.
  std::string row = "[";
  for (int i = 0; i < 500; ++i)
    row += "[],{},";
  EXPECT_TRUE(accepts_value(row + arrays(63) + "]"));
  EXPECT_FALSE(accepts_value_anywhere(row + arrays(64) + "]"));
}

TEST_F(JsonScanTest, HasRoomForTheMostFieldsOfAMessage) {
  std::string text = "{";
  while (text.size() + 6 <= payload_bytes_max)
    text += "\"\":1,";
  text.back() = '}';
  ASSERT_TRUE(accepts(text));
  EXPECT_EQ(scan_.fields().size(), (payload_bytes_max - 1) / 5);
  // Cut anywhere near its end the same message is refused.
  for (std::size_t cut = 1; cut < 12; ++cut)
    EXPECT_FALSE(accepts(text.substr(0, text.size() - cut))) << cut;
}

TEST_F(JsonScanTest, HasRoomForEscapesThroughoutALongMessage) {
  std::string text = "{\"";
  std::string key;
  while (text.size() + 12 <= payload_bytes_max) {
    text += "\\n";
    key += '\n';
  }
  ASSERT_TRUE(accepts(text + "\":\"\\t\"}"));
  EXPECT_EQ(scan_.fields()[0].key, key);
  EXPECT_EQ(scan_.fields()[0].text, "\t");
}

TEST_F(JsonScanTest, ForgetsTheMessageBefore) {
  ASSERT_TRUE(accepts(R"({"\u0061":"\u0062","c":1})"));
  EXPECT_FALSE(accepts(R"({"d":1,"e")"));
  ASSERT_TRUE(accepts(R"({"\u0066":"\u0067"})"));
  ASSERT_EQ(scan_.fields().size(), 1U);
  EXPECT_EQ(scan_.fields()[0].key, "f");
  EXPECT_EQ(scan_.fields()[0].text, "g");
}

TEST_F(JsonScanTest, RefusesEveryTrueBeginningOfAMessage) {
  const std::string text =
      R"({"symbol":"BTC\u0055SDT","n":-1.5e-3,"o":{"a":[true,null,{}]},"s":"\ud83d\ude00"})";
  ASSERT_TRUE(accepts(text));
  for (std::size_t size = 0; size < text.size(); ++size)
    EXPECT_FALSE(accepts(text.substr(0, size))) << size;
}

}  // namespace
}  // namespace coreloop::io
