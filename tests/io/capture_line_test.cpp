// Capture lines, both ways: what is read, what is refused and why, the exact bytes written, and
// that any bytes come back as they were.
#include "io/capture/capture_line.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/codec/json_text.hpp"
#include "tests/support/memory_file.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;

class CaptureLineReaderTest : public testing::Test {
 protected:
  CaptureLineReader reader_;
  std::string buffer_;
  RawEntry entry_;

  // Whatever stands behind a line is not looked at.
  bool read(std::string_view line, const std::string& behind = "\n{\"stream\":\"behind\"}") {
    buffer_ = std::string{line} + behind + std::string(CaptureLineReader::padding_bytes, '"');
    return reader_.read({buffer_.data(), line.size()}, entry_);
  }
  bool read_fields(const std::string& fields) {
    return read(R"({"stream":"s","id":"1-0","fields":)" + fields + "}");
  }
  void expect_refused(const std::string& line, const std::string& problem) {
    EXPECT_FALSE(read(line)) << line;
    EXPECT_NE(std::string{reader_.problem()}.find(problem), std::string::npos)
        << line << ": " << reader_.problem();
  }
};

TEST_F(CaptureLineReaderTest, ReadsALine) {
  ASSERT_TRUE(read(R"({"stream":"market.tick","id":"1723161255088-0","ns":1723161255088169167,)"
                   R"("fields":{"data":"{\"symbol\": \"BTCUSDT\"}","x":""}})"));
  EXPECT_EQ(entry_.stream, "market.tick");
  EXPECT_EQ(entry_.id_ms, 1'723'161'255'088U);
  EXPECT_EQ(entry_.id_counter, 0U);
  EXPECT_EQ(entry_.receive_unix_ns, 1'723'161'255'088'169'167);
  ASSERT_EQ(entry_.fields.size(), 2U);
  EXPECT_EQ(entry_.fields[0].name, "data");
  EXPECT_EQ(entry_.fields[0].value, R"({"symbol": "BTCUSDT"})");
  EXPECT_EQ(entry_.fields[1].name, "x");
  EXPECT_EQ(entry_.fields[1].value, "");
}

TEST_F(CaptureLineReaderTest, AcceptsBlanksAnyOrderAndFurtherKeys) {
  ASSERT_TRUE(
      read("\t{ \"fields\" : { \"b\" : \"1\" , \"a\" : \"2\" } , \"note\" : [1, {\"a\": null}] ,"
           " \"id\" : \"5-7\" , \"stream\" : \"s\" }\r"));
  EXPECT_EQ(entry_.stream, "s");
  EXPECT_EQ(entry_.id_ms, 5U);
  EXPECT_EQ(entry_.id_counter, 7U);
  ASSERT_EQ(entry_.fields.size(), 2U);
  EXPECT_EQ(entry_.fields[0].name, "b");
  EXPECT_EQ(entry_.fields[1].value, "2");
}

TEST_F(CaptureLineReaderTest, CountsTheIdsMillisecondsWhereThereIsNoNs) {
  ASSERT_TRUE(read(R"({"stream":"s","id":"1723161255088-3","fields":{}})"));
  EXPECT_EQ(entry_.receive_unix_ns, 1'723'161'255'088'000'000);
  EXPECT_TRUE(entry_.fields.empty());
  ASSERT_TRUE(read(R"({"stream":"s","id":"0-1","fields":{}})"));
  EXPECT_EQ(entry_.receive_unix_ns, 0);
  // The highest id has no time of its own.
  const std::string id = R"({"stream":"s","id":"18446744073709551615-1","fields":{})";
  EXPECT_FALSE(read(id + "}"));
  ASSERT_TRUE(read(id + R"(,"ns":1768212000128000000})"));
  EXPECT_EQ(entry_.id_ms, 18'446'744'073'709'551'615U);
  EXPECT_EQ(entry_.id_counter, 1U);
  EXPECT_EQ(entry_.receive_unix_ns, 1'768'212'000'128'000'000);
}

TEST_F(CaptureLineReaderTest, KeepsFieldsInOrderAndThoseThatStandTwice) {
  ASSERT_TRUE(read_fields(R"({"data":"1","data":"2","":"","data":"3"})"));
  ASSERT_EQ(entry_.fields.size(), 4U);
  EXPECT_EQ(entry_.fields[0].value, "1");
  EXPECT_EQ(entry_.fields[1].value, "2");
  EXPECT_EQ(entry_.fields[2].name, "");
  EXPECT_EQ(entry_.fields[3].value, "3");
  std::string many = "{\"f0\":\"0\"";
  for (int i = 1; i < 1'000; ++i)
    many += ",\"f" + std::to_string(i) + "\":\"" + std::to_string(i) + "\"";
  ASSERT_TRUE(read_fields(many + "}"));
  ASSERT_EQ(entry_.fields.size(), 1'000U);
  EXPECT_EQ(entry_.fields[999].name, "f999");
  EXPECT_EQ(entry_.fields[999].value, "999");
}

TEST_F(CaptureLineReaderTest, ReadsEscapesAndBytesThatAreNotUtf8) {
  ASSERT_TRUE(read_fields(
      R"({"\udcff\u0000\udcfe":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00\udc80","\u0064ata":"é"})"));
  EXPECT_EQ(entry_.fields[0].name, "\xFF\0\xFE"s);
  EXPECT_EQ(entry_.fields[0].value, "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80\x80");
  EXPECT_EQ(entry_.fields[1].name, "data");
  EXPECT_EQ(entry_.fields[1].value, "\xC3\xA9");
  ASSERT_TRUE(read(R"({"stream":"a\"\u0412","id":"\u0031-0","fields":{}})"));
  EXPECT_EQ(entry_.stream, "a\"\xD0\x92");
  EXPECT_EQ(entry_.id_ms, 1U);
}

// Strings are looked at eight bytes at a time: an escape and the end at each place of a word.
TEST_F(CaptureLineReaderTest, ReadsAnEscapeAtEveryPlace) {
  const std::string plain = "0123456789abcdefghijklm";
  const std::vector<std::pair<std::string, std::string>> escapes{
      {R"(\")", "\""},    {R"(\\)", "\\"},       {R"(\n)", "\n"},
      {R"(\u0041)", "A"}, {R"(\udcff)", "\xFF"}, {R"(\ud83d\ude00)", "\xF0\x9F\x98\x80"}};
  for (std::size_t before = 0; before < plain.size(); ++before) {
    for (std::size_t behind = 0; behind < plain.size(); ++behind) {
      for (const auto& [escape, text] : escapes) {
        const std::string head = plain.substr(0, before);
        const std::string tail = plain.substr(0, behind);
        ASSERT_TRUE(read_fields("{\"" + head + escape + tail + "\":\"" + tail + escape + head +
                                escape + "\",\"" + tail + "\":\"" + head + "\"}"));
        ASSERT_EQ(entry_.fields.size(), 2U);
        ASSERT_EQ(entry_.fields[0].name, head + text + tail);
        ASSERT_EQ(entry_.fields[0].value, tail + text + head + text);
        ASSERT_EQ(entry_.fields[1].name, tail);
        ASSERT_EQ(entry_.fields[1].value, head);
        ASSERT_FALSE(read_fields("{\"" + head + "\\ud800" + tail + "\":\"\"}"));
      }
    }
  }
}

TEST_F(CaptureLineReaderTest, ReadsAKeyWhateverItsSpelling) {
  EXPECT_TRUE(read(R"({"\u0073tream":"s","id":"1-0","fields":{}})")) << reader_.problem();
}

TEST_F(CaptureLineReaderTest, RefusesSurrogatesThatStandForNoByte) {
  for (const char* const text :
       {R"(\ud800)", R"(\udbffx)", R"(\udc00)", R"(\udc7f)", R"(\udd00)", R"(\udfff)",
        R"(\ud800\u0041)", R"(\ud800\ud800)", R"(\ud800\n)"}) {
    expect_refused(R"({"stream":"s","id":"1-0","fields":{"data":")" + std::string{text} + "\"}}",
                   "fields");
    expect_refused(R"({"stream":"s","id":"1-0","fields":{")" + std::string{text} + "\":\"\"}}",
                   "fields");
    expect_refused(R"({"stream":")" + std::string{text} + R"(","id":"1-0","fields":{}})", "stream");
  }
}

TEST_F(CaptureLineReaderTest, RefusesLinesThatAreNoObject) {
  for (const char* const line :
       {"", " ", "x", "[]", "\"a\"", "1", "null", "{", "}", "{]", "[{}]", "# a comment",
        R"({"stream":"s","id":"1-0","fields":{})", R"({"stream":"s" "id":"1-0","fields":{}})",
        R"({"stream":"s",,"id":"1-0","fields":{}})", R"({stream:"s","id":"1-0","fields":{}})"})
    EXPECT_FALSE(read(line)) << line;
  for (const char* const tail : {"}", " x", "{}", ",", "1", "null"})
    EXPECT_FALSE(read(R"({"stream":"s","id":"1-0","fields":{}})"s + tail)) << tail;
  EXPECT_FALSE(read(R"({"stream":"s","id":"1-0","fields":{}})"s + "\0"s));
  EXPECT_FALSE(read("\0"s));
  // A line is JSON, and so UTF-8.
  EXPECT_FALSE(read("{\"stream\":\"s\",\"id\":\"1-0\",\"fields\":{\"data\":\"\x80\"}}"));
  EXPECT_FALSE(read("{\"stream\":\"s\",\"id\":\"1-0\",\"fields\":{\"data\":\"\t\"}}"));
}

TEST_F(CaptureLineReaderTest, RefusesLinesWithGarbageInFurtherKeys) {
  for (const char* const value :
       {"[1,,2]", "tru", "01", "[1 2]", "{\"a\"}", "NaN", "'a'", "\"a\":1", "1:2", "[\"a\":1]"}) {
    EXPECT_FALSE(read(R"({"x":)"s + value + R"(,"stream":"s","id":"1-0","fields":{}})")) << value;
    EXPECT_FALSE(read(R"({"stream":"s","id":"1-0","fields":{},"x":)"s + value + "}")) << value;
  }
}

TEST_F(CaptureLineReaderTest, SaysWhichPartIsMissingTwiceOrOfAnotherType) {
  expect_refused(R"({"id":"1-0","fields":{}})", "`stream`");
  expect_refused(R"({"stream":"s","fields":{}})", "`id`");
  expect_refused(R"({"stream":"s","id":"1-0"})", "`fields`");
  expect_refused("{}", "missing");
  expect_refused(R"({"stream":"s","stream":"s","id":"1-0","fields":{}})", "`stream`");
  expect_refused(R"({"stream":"s","id":"1-0","id":"1-0","fields":{}})", "`id`");
  expect_refused(R"({"stream":"s","id":"1-0","ns":1,"ns":1,"fields":{}})", "`ns`");
  expect_refused(R"({"stream":"s","id":"1-0","fields":{},"fields":{}})", "`fields`");
  expect_refused(R"({"stream":1,"id":"1-0","fields":{}})", "`stream`");
  expect_refused(R"({"stream":null,"id":"1-0","fields":{}})", "`stream`");
  expect_refused(R"({"stream":"s","id":1,"fields":{}})", "`id`");
  for (const char* const fields : {"[]", "null", "\"a\"", R"({"a":1})", R"({"a":null})",
                                   R"({"a":{}})", R"({"a":["b"]})", R"({"a":true})"})
    expect_refused(R"({"stream":"s","id":"1-0","fields":)"s + fields + "}", "`fields`");
}

TEST_F(CaptureLineReaderTest, RefusesIdsThatAreNotTwoNumbers) {
  for (const char* const id : {"",
                               "-",
                               "1",
                               "1-",
                               "-1",
                               "a-1",
                               "1-a",
                               "1-2-3",
                               "1.0-0",
                               " 1-0",
                               "1-0 ",
                               "1 -0",
                               "1- 0",
                               "+1-0",
                               "1-+0",
                               "-1-0",
                               "1--1",
                               "0x1-0",
                               "18446744073709551616-0",
                               "0-18446744073709551616",
                               "1_0-0"})
    expect_refused(R"({"stream":"s","ns":1,"fields":{},"id":")"s + id + "\"}", "`id`");
}

TEST_F(CaptureLineReaderTest, RefusesAnNsThatIsNoWholeNumberOfSixtyFourBits) {
  for (const char* const ns :
       {"-1", "1.0", "1e3", "9223372036854775808", "\"1\"", "null", "true", "[1]", "{}"})
    expect_refused(R"({"stream":"s","id":"1-0","fields":{},"ns":)"s + ns + "}", "`ns`");
  ASSERT_TRUE(read(R"({"stream":"s","id":"1-0","fields":{},"ns":9223372036854775807})"));
  EXPECT_EQ(entry_.receive_unix_ns, 9'223'372'036'854'775'807);
}

TEST_F(CaptureLineReaderTest, RefusesEveryTrueBeginningOfALine) {
  const std::string line =
      R"({"stream":"s\n","id":"1-0","ns":12,"fields":{"a\\":"b\ud83d\ude00","c":"\""}})";
  ASSERT_TRUE(read(line));
  for (std::size_t size = 0; size < line.size(); ++size)
    EXPECT_FALSE(read(line.substr(0, size), line.substr(size))) << size;
}

TEST_F(CaptureLineReaderTest, ReadsLongAndShortLinesInTurn) {
  std::string value;
  for (int i = 0; i < 500'000; ++i)
    value += R"(\udcff)";
  ASSERT_TRUE(read_fields("{\"data\":\"" + value + "\"}"));
  EXPECT_EQ(entry_.fields[0].value, std::string(500'000, '\xFF'));
  ASSERT_TRUE(read_fields(R"({"data":"x"})"));
  EXPECT_EQ(entry_.fields[0].value, "x");
  ASSERT_TRUE(read_fields("{\"data\":\"" + std::string(2'000'000, 'y') + "\"}"));
  EXPECT_EQ(entry_.fields[0].value, std::string(2'000'000, 'y'));
}

class CaptureLineWriterTest : public testing::Test {
 protected:
  static std::string written(std::string_view stream, const std::vector<RawField>& fields) {
    tests::MemoryFilePair output;
    CaptureLineWriter writer(std::move(output.file));
    writer.write(stream, 1, 2, 3, fields);
    EXPECT_EQ(writer.finish(), 0);
    EXPECT_TRUE(output.content->is_finished);
    return output.content->bytes;
  }
  static std::string escaped(std::string_view text) {
    std::string out(text.size() * escaped_bytes_max, '\0');
    out.resize(static_cast<std::size_t>(escape_json(out.data(), text) - out.data()));
    return out;
  }
};

TEST_F(CaptureLineWriterTest, WritesALineWithoutBlanksBetweenTokens) {
  tests::MemoryFilePair output;
  CaptureLineWriter writer(std::move(output.file));
  writer.write(
      "trade.signal.safe", 1'768'212'000'123, 7, 1'768'212'000'123'456'789,
      std::vector<RawField>{{"data", R"({"symbol": "BTCUSDT"})"}, {"seq", "12"}, {"a", ""}});
  writer.write("s", UINT64_MAX, UINT64_MAX, INT64_MAX, {});
  EXPECT_EQ(writer.line_count(), 2U);
  ASSERT_EQ(writer.finish(), 0);
  EXPECT_EQ(output.content->bytes,
            R"({"stream":"trade.signal.safe","id":"1768212000123-7","ns":1768212000123456789,)"
            R"("fields":{"data":"{\"symbol\": \"BTCUSDT\"}","seq":"12","a":""}})"
            "\n"
            R"({"stream":"s","id":"18446744073709551615-18446744073709551615",)"
            R"("ns":9223372036854775807,"fields":{}})"
            "\n");
}

TEST_F(CaptureLineWriterTest, EscapesNamesAndValuesAsJsonDumpsDoes) {
  EXPECT_EQ(written("s\"\xC3\xA9", {{"\xFF\0"s, "\"\\\x80\x7F\n\xF0\x9F\x98\x80"}, {"a", "/"}}),
            R"({"stream":"s\"\u00e9","id":"1-2","ns":3,"fields":)"
            R"({"\udcff\u0000":"\"\\\udc80\u007f\n\ud83d\ude00","a":"/"}})"
            "\n");
}

TEST_F(CaptureLineWriterTest, TakesTheSha256OfAllLines) {
  CaptureLineWriter writer(nullptr);
  writer.write("s", 1, 2, 3, std::vector<RawField>{{"a", "b"}});
  ASSERT_EQ(writer.finish(), 0);
  // hashlib.sha256 of `{"stream":"s","id":"1-2","ns":3,"fields":{"a":"b"}}` and a newline.
  EXPECT_EQ(writer.sha256(), "61f852b2b6b19d009bf3995c0242e18d174d5560709482d9c1ad6331893f5484");
}

TEST_F(CaptureLineWriterTest, WritesLongValuesAsOnePiece) {
  // UTF-8 sequences and stray bytes at every place around the sizes a buffer may have.
  for (const std::size_t size : {std::size_t{4'096}, std::size_t{8'192}, std::size_t{262'144}}) {
    for (const std::string& inside :
         {"\xC3\xA9"s, "\xE2\x82\xAC"s, "\xF0\x9F\x98\x80"s, "\x80\x80\x80\x80\x80"s,
          "\xF0\x9F\x98"s, "\xF0\x9F\x98\x80\x80"s, "\xE2\x82\xAC\x80\x80"s,
          "\xC3\xA9\x80\x80\x80"s}) {
      for (std::size_t before = size - 8; before <= size + 1; ++before) {
        const std::string value = std::string(before, 'a') + inside + "b" + inside;
        const std::string expected =
            R"({"stream":"s","id":"1-2","ns":3,"fields":{"data":")" + escaped(value) + "\"}}\n";
        EXPECT_TRUE(written("s", {{"data", value}}) == expected)
            << "value: " << before << " times a, then " << escaped(inside);
      }
    }
  }
}

TEST_F(CaptureLineWriterTest, WritesWhatTheReaderGivesBack) {
  std::mt19937_64 random(7);
  CaptureLineReader reader;
  for (int i = 0; i < 2'000; ++i) {
    std::vector<std::string> words(2 + random() % 6);
    for (std::string& word : words) {
      for (std::size_t size = random() % 40; word.size() < size;)
        word += static_cast<char>(random() % (random() % 2 == 0 ? 256 : 128));
    }
    std::vector<RawField> fields;
    for (std::size_t word = 1; word + 1 < words.size(); word += 2)
      fields.push_back({words[word], words[word + 1]});
    std::string line = written(words[0], fields);
    line.pop_back();
    const std::size_t size = line.size();
    line += std::string(CaptureLineReader::padding_bytes, ' ');
    RawEntry entry;
    ASSERT_TRUE(reader.read({line.data(), size}, entry)) << line << reader.problem();
    EXPECT_EQ(entry.stream, words[0]);
    EXPECT_EQ(entry.id_ms, 1U);
    EXPECT_EQ(entry.id_counter, 2U);
    EXPECT_EQ(entry.receive_unix_ns, 3);
    ASSERT_EQ(entry.fields.size(), fields.size());
    for (std::size_t field = 0; field < fields.size(); ++field) {
      EXPECT_EQ(entry.fields[field].name, fields[field].name);
      EXPECT_EQ(entry.fields[field].value, fields[field].value);
    }
  }
}

}  // namespace
}  // namespace coreloop::io
