// JSON text as Python's json.dumps writes it, byte for byte, and unescaped again.
#include "io/codec/json_text.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/codec/checksum.hpp"
#include "tests/support/command_output.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;

std::string escaped(std::string_view text) {
  std::string out(text.size() * escaped_bytes_max, '\0');
  out.resize(static_cast<std::size_t>(escape_json(out.data(), text) - out.data()));
  return out;
}

std::string escaped_latin1(std::string_view bytes) {
  std::string out(bytes.size() * escaped_bytes_max, '\0');
  out.resize(static_cast<std::size_t>(escape_json_latin1(out.data(), bytes) - out.data()));
  return out;
}

std::string unescaped(std::string_view raw) {
  std::string out(raw.size(), '\0');
  out.resize(unescape_json(raw, out.data()));
  return out;
}

// UTF-8 by the definition of RFC 3629.
std::string utf8(std::uint32_t c) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (c < 0x80) return {byte(c)};
  if (c < 0x800) return {byte(0xC0 + c / 64), byte(0x80 + c % 64)};
  if (c < 0x10000) return {byte(0xE0 + c / 4096), byte(0x80 + c / 64 % 64), byte(0x80 + c % 64)};
  return {byte(0xF0 + c / 262'144), byte(0x80 + c / 4096 % 64), byte(0x80 + c / 64 % 64),
          byte(0x80 + c % 64)};
}

std::string crc_and_size(const std::string& text) {
  return std::to_string(crc32_of(text)) + " " + std::to_string(text.size()) + "\n";
}

std::string python(const std::string& program) {
  return tests::output_of("\"" CORELOOP_PYTHON "\" -c '" + program + "'");
}

TEST(JsonTextTest, WritesPrintableAsciiAsItIs) {
  std::string text;
  for (char c = 0x20; c < 0x7F; ++c) {
    if (c != '"' && c != '\\') text += c;
  }
  EXPECT_EQ(escaped(text), text);
  EXPECT_EQ(escaped(""), "");
}

TEST(JsonTextTest, WritesTheShortEscapesAndHexForOtherControls) {
  EXPECT_EQ(escaped("\"\\\b\f\n\r\t"), R"(\"\\\b\f\n\r\t)");
  EXPECT_EQ(escaped("/"), "/");
  EXPECT_EQ(escaped("\0\x01\x0B\x1B\x1F"s), R"(\u0000\u0001\u000b\u001b\u001f)");
}

TEST(JsonTextTest, EscapesDel) {
  EXPECT_EQ(escaped("\x7F"), R"(\u007f)");
  EXPECT_EQ(escaped_latin1("\x7F"), R"(\u007f)");
}

TEST(JsonTextTest, EscapesCodePointsOfEachLengthInLowerCaseHex) {
  EXPECT_EQ(escaped("\xC2\x80"), R"(\u0080)");
  EXPECT_EQ(escaped("\xC3\xA9"), R"(\u00e9)");
  EXPECT_EQ(escaped("\xD0\x92TC"), R"(\u0412TC)");
  EXPECT_EQ(escaped("\xDF\xBF"), R"(\u07ff)");
  EXPECT_EQ(escaped("\xE0\xA0\x80"), R"(\u0800)");
  EXPECT_EQ(escaped("\xE2\x82\xAC"), R"(\u20ac)");
  EXPECT_EQ(escaped("\xED\x9F\xBF\xEE\x80\x80"), R"(\ud7ff\ue000)");
  EXPECT_EQ(escaped("\xEF\xBF\xBF"), R"(\uffff)");
}

TEST(JsonTextTest, WritesSurrogatePairsBeyondTheFirstPlane) {
  EXPECT_EQ(escaped("\xF0\x90\x80\x80"), R"(\ud800\udc00)");
  EXPECT_EQ(escaped("\xF0\x9F\x98\x80"), R"(\ud83d\ude00)");
  EXPECT_EQ(escaped("\xF4\x8F\xBF\xBF"), R"(\udbff\udfff)");
}

TEST(JsonTextTest, WritesBytesThatAreNotUtf8AsSurrogateEscapes) {
  EXPECT_EQ(escaped("\x80"), R"(\udc80)");
  EXPECT_EQ(escaped("\xFF"), R"(\udcff)");
  EXPECT_EQ(escaped("a\xC3"), R"(a\udcc3)");
  EXPECT_EQ(escaped("\xC0\xAF"), R"(\udcc0\udcaf)");
  EXPECT_EQ(escaped("\xED\xA0\x80"), R"(\udced\udca0\udc80)");
  EXPECT_EQ(escaped("\xF4\x90\x80\x80"), R"(\udcf4\udc90\udc80\udc80)");
  EXPECT_EQ(escaped("\xF0\x9F\x98"), R"(\udcf0\udc9f\udc98)");
  EXPECT_EQ(escaped("\xE2\x82z"), R"(\udce2\udc82z)");
  EXPECT_EQ(escaped("\xF0\x9F\x98\x80\x80"), R"(\ud83d\ude00\udc80)");
}

// Long texts are looked at eight bytes at a time: each byte at each place of a word, and two of
// them.
TEST(JsonTextTest, AByteIsEscapedAlikeAtEveryPlace) {
  const std::string plain = "abcdefghijklmnopqrstuvwxyz";
  for (int c = 0; c < 256; ++c) {
    const std::string one(1, static_cast<char>(c));
    const std::string alone = escaped(one);
    for (std::size_t place = 0; place < plain.size(); ++place) {
      // Behind a lead byte letters follow, so that it stands alone.
      ASSERT_EQ(escaped(plain.substr(0, place) + one + plain.substr(place)),
                plain.substr(0, place) + alone + plain.substr(place))
          << c << " at " << place;
      ASSERT_EQ(escaped("\"" + plain.substr(0, place) + one + "\\" + plain),
                "\\\"" + plain.substr(0, place) + alone + "\\\\" + plain)
          << c << " at " << place;
    }
  }
}

TEST(JsonTextTest, EqualsJsonDumpsForEveryCodePoint) {
  std::string all;
  for (std::uint32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::array<char, 16> expected{};
    if (c >= 0x80 && c < 0x10000) {
      std::snprintf(expected.data(), expected.size(), "\\u%04x", c);
      ASSERT_EQ(escaped(utf8(c)), expected.data());
    }
    ASSERT_EQ(unescaped(escaped(utf8(c))), utf8(c)) << c;
    all += escaped(utf8(c));
  }
  EXPECT_EQ(crc_and_size(all),
            python("import json, zlib\n"
                   "text = \"\".join(json.dumps(chr(c))[1:-1] for c in range(0x110000)"
                   " if not 0xD800 <= c <= 0xDFFF)\n"
                   "print(zlib.crc32(text.encode()), len(text))"));
}

TEST(JsonTextTest, EqualsJsonDumpsWithSurrogateEscapeForAnyBytes) {
  // Every sequence of one to four bytes at the edges of UTF-8's rules.
  const std::string edges =
      "\x41\x7F\x80\x8F\x90\x9F\xA0\xBF\xC1\xC2\xDF\xE0\xE1\xED\xEF\xF0\xF1\xF4\xF5\xFF";
  std::string all;
  for (const char a : edges) {
    for (const char b : edges) {
      for (const char c : edges) {
        for (const char d : edges) {
          const std::string bytes{a, b, c, d};
          const std::string text = escaped(bytes);
          ASSERT_EQ(unescaped(text), bytes) << text;
          all += text + escaped(bytes.substr(0, 3)) + escaped(bytes.substr(0, 2));
        }
      }
    }
  }
  EXPECT_EQ(
      crc_and_size(all),
      python(
          "import itertools, json, zlib\n"
          "edges = bytes.fromhex(\"417f808f909fa0bfc1c2dfe0e1edeff0f1f4f5ff\")\n"
          "def text(b): return json.dumps(bytes(b).decode(\"utf-8\", \"surrogateescape\"))[1:-1]\n"
          "all = \"\".join(text(b) + text(b[:3]) + text(b[:2])"
          " for b in itertools.product(edges, repeat=4))\n"
          "print(zlib.crc32(all.encode()), len(all))"));
}

TEST(JsonTextTest, WritesOneLatin1CharacterAByte) {
  EXPECT_EQ(escaped_latin1("\xD0\x92\xFF\x80"), R"(\u00d0\u0092\u00ff\u0080)");
  EXPECT_EQ(escaped_latin1("a\"\\\n\0/"s), R"(a\"\\\n\u0000/)");
  std::string bytes;
  for (int c = 0; c < 256; ++c)
    bytes += static_cast<char>(c);
  EXPECT_EQ(escaped_latin1(bytes) + "\n",
            python("import json\nprint(json.dumps(bytes(range(256)).decode(\"latin-1\"))[1:-1])"));
}

TEST(JsonTextTest, NeverWritesMoreThanItsBoundAByte) {
  for (int c = 0; c < 256; ++c) {
    const std::string byte{static_cast<char>(c)};
    EXPECT_LE(escaped(byte).size(), escaped_bytes_max);
    EXPECT_LE(escaped_latin1(byte).size(), escaped_bytes_max);
  }
  EXPECT_EQ(escaped("\xFF").size(), escaped_bytes_max);
}

TEST(JsonTextTest, UndoesEveryEscape) {
  EXPECT_EQ(unescaped(R"(\"\\\/\b\f\n\r\t)"), "\"\\/\b\f\n\r\t");
  EXPECT_EQ(unescaped(R"(a\u0041\u00E9\u00e9b\u20ac)"),
            "aA\xC3\xA9\xC3\xA9"
            "b\xE2\x82\xAC");
  EXPECT_EQ(unescaped(R"(\u0000)"), "\0"s);
  EXPECT_EQ(unescaped(R"(\\u0041)"), R"(\u0041)");
  EXPECT_EQ(unescaped("no escape"), "no escape");
  EXPECT_EQ(unescaped(""), "");
}

TEST(JsonTextTest, JoinsSurrogatePairs) {
  EXPECT_EQ(unescaped(R"(\ud83d\ude00)"), "\xF0\x9F\x98\x80");
  EXPECT_EQ(unescaped(R"(\uD800\uDC00\uDBFF\uDFFF)"), "\xF0\x90\x80\x80\xF4\x8F\xBF\xBF");
  // The low half may look like an escaped byte; behind a high half it is none.
  EXPECT_EQ(unescaped(R"(\ud83d\udc80)"), "\xF0\x9F\x92\x80");
}

TEST(JsonTextTest, TurnsEscapedBytesBackIntoBytes) {
  EXPECT_EQ(unescaped(R"(\udc80\udcff)"), "\x80\xFF");
  EXPECT_EQ(unescaped(R"(a\udcc3b)"),
            "a\xC3"
            "b");
  // A text may so come together again to what is UTF-8 after all.
  EXPECT_EQ(unescaped(R"(\udcc3\udca9)"), "\xC3\xA9");
}

TEST(JsonTextTest, GivesOtherLoneSurrogatesTheirThreeBytes) {
  EXPECT_EQ(unescaped(R"(\ud800)"), "\xED\xA0\x80");
  EXPECT_EQ(unescaped(R"(\ud800x)"), "\xED\xA0\x80x");
  EXPECT_EQ(unescaped(R"(\udc00)"), "\xED\xB0\x80");
  EXPECT_EQ(unescaped(R"(\udfff)"), "\xED\xBF\xBF");
  EXPECT_EQ(unescaped(R"(\ud800\ud83d\ude00)"), "\xED\xA0\x80\xF0\x9F\x98\x80");
}

TEST(JsonTextTest, ReadsFourHexDigitsOfEitherCase) {
  std::uint32_t value = 0;
  EXPECT_TRUE(read_hex4("09aF", value));
  EXPECT_EQ(value, 0x09AFU);
  EXPECT_TRUE(read_hex4("FfFf", value));
  EXPECT_EQ(value, 0xFFFFU);
  for (const char* const text : {"12G4", "g123", "+123", " 123", "12 4", "-001", "0x12", "123"})
    EXPECT_FALSE(read_hex4(text, value)) << text;
}

TEST(JsonTextTest, AppendsTextAndIntegers) {
  std::array<char, 32> out{};
  char* end = append_text(out.data(), "n=");
  end = append_integer(end, 18'446'744'073'709'551'615U);
  EXPECT_EQ(std::string(out.data(), end), "n=18446744073709551615");
  EXPECT_EQ(append_text(out.data(), {}), out.data());  // no text at all
  EXPECT_EQ(append_integer(out.data(), 0) - out.data(), 1);
  EXPECT_EQ(out[0], '0');
}

}  // namespace
}  // namespace coreloop::io
