// CaptureSource over plain and gzip files: every whole entry in order, broken lines counted and
// passed over, damage told, the range of times, and the pace.
#include "io/capture/capture_source.hpp"

#include <algorithm>
#include <cerrno>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/command_output.hpp"
#include "tests/support/scripted_clock.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

using namespace std::string_literals;

static_assert(Source<CaptureSource>);

std::string line_at(std::int64_t unix_ns, const std::string& data) {
  return R"({"stream":"s","id":"1-0","ns":)" + std::to_string(unix_ns) + R"(,"fields":{"data":")" +
         data + "\"}}\n";
}

class CaptureSourceTest : public testing::Test {
 protected:
  tests::TempDir dir_;

  static std::unique_ptr<CaptureSource> open(const std::string& path,
                                             CaptureSourceOptions options = {}) {
    int error = 0;
    auto reader = GzipReader::open(path, error);
    EXPECT_EQ(error, 0) << path;
    return std::make_unique<CaptureSource>(std::move(reader), options);
  }
  std::unique_ptr<CaptureSource> source_of(const std::string& text,
                                           CaptureSourceOptions options = {}) {
    return open(dir_.write("capture.ndjson", text), options);
  }
  // Compresses `text`; answers the path.
  std::string gzip(const std::string& name, const std::string& text) {
    int error = 0;
    const auto file = create_output_file(dir_.path(name), error);
    EXPECT_EQ(file->append(text), 0);
    EXPECT_EQ(file->finish(), 0);
    return dir_.path(name);
  }
  // The `data` of all entries up to the end.
  static std::vector<std::string> rest_of(CaptureSource& source) {
    std::vector<std::string> rest;
    RawEntry entry;
    while (source.peek(entry) == SourceStatus::entry) {
      rest.emplace_back(entry.fields.empty() ? "" : entry.fields[0].value);
      source.consume();
    }
    EXPECT_EQ(source.peek(entry), SourceStatus::end);
    return rest;
  }
};

// Some 5 MB of lines of very different lengths, so that buffer ends fall anywhere.
std::string many_lines(std::vector<std::string>& data) {
  std::string text;
  std::uint64_t random = 1;
  for (int i = 0; text.size() < 5'000'000; ++i) {
    random = random * 6'364'136'223'846'793'005U + 1;
    const std::size_t size = random >> 33 & (i % 100 == 0 ? 0x1FFFF : 0x3F);
    data.push_back(std::to_string(i) + std::string(size, static_cast<char>('a' + i % 26)));
    text += line_at(i, data.back());
  }
  return text;
}

TEST_F(CaptureSourceTest, GivesTheSameEntryUntilItIsConsumed) {
  const auto source = source_of(line_at(5, "a") + line_at(6, "b"));
  RawEntry entry;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(source->peek(entry), SourceStatus::entry);
    EXPECT_EQ(entry.stream, "s");
    EXPECT_EQ(entry.receive_unix_ns, 5);
    EXPECT_EQ(entry.fields[0].value, "a");
  }
  source->consume();
  ASSERT_EQ(source->peek(entry), SourceStatus::entry);
  EXPECT_EQ(entry.fields[0].value, "b");
  source->consume();
  EXPECT_EQ(source->peek(entry), SourceStatus::end);
  EXPECT_EQ(source->peek(entry), SourceStatus::end);
  EXPECT_EQ(source->damage(), "");
  EXPECT_EQ(source->line_count(), 2U);
  EXPECT_EQ(source->progress_per_mille(), 1'000U);
}

TEST_F(CaptureSourceTest, ReadsPlainAndGzipFilesAlike) {
  std::vector<std::string> data;
  const std::string text = many_lines(data);
  EXPECT_TRUE(rest_of(*source_of(text)) == data);
  const std::string path = gzip("capture.ndjson.gz", text);
  EXPECT_EQ(tests::TempDir::read(path).substr(0, 2), "\x1F\x8B");
  EXPECT_LT(tests::TempDir::read(path).size(), text.size() / 2);
  const auto source = open(path);
  EXPECT_TRUE(rest_of(*source) == data);
  EXPECT_EQ(source->damage(), "");
  EXPECT_EQ(source->broken_line_count(), 0U);
  // The content tells what a file is, not its name.
  EXPECT_TRUE(rest_of(*open(dir_.write("plain.gz", text))) == data);
}

TEST_F(CaptureSourceTest, ReadsSeveralGzipMembersAsOneFile) {
  const std::string first = tests::TempDir::read(gzip("a.gz", line_at(1, "a")));
  const std::string second = tests::TempDir::read(gzip("b.gz", line_at(2, "b")));
  const auto source = open(dir_.write("both.gz", first + second));
  EXPECT_EQ(rest_of(*source), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(source->damage(), "");
}

TEST_F(CaptureSourceTest, EndsAtOnceInAnEmptyFile) {
  for (const std::string& text : {""s, "\n"s, "\n \n\t\r\n"s}) {
    const auto source = source_of(text);
    EXPECT_TRUE(rest_of(*source).empty());
    EXPECT_EQ(source->broken_line_count(), 0U);
    EXPECT_EQ(source->damage(), "");
  }
  EXPECT_TRUE(rest_of(*open(gzip("empty.gz", ""))).empty());
}

TEST_F(CaptureSourceTest, ReadsALastLineWithoutNewline) {
  std::string text = line_at(1, "a") + line_at(2, "b");
  text.pop_back();
  const auto source = source_of(text);
  EXPECT_EQ(rest_of(*source), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(source->damage(), "");
  EXPECT_EQ(source->broken_line_count(), 0U);
}

TEST_F(CaptureSourceTest, ReadsLinesThatEndInCarriageReturnAndNewline) {
  std::string text = line_at(1, "a");
  text.insert(text.size() - 1, "\r");
  const auto source = source_of(text + "\r\n" + text);
  EXPECT_EQ(rest_of(*source), (std::vector<std::string>{"a", "a"}));
  EXPECT_EQ(source->broken_line_count(), 0U);
}

TEST_F(CaptureSourceTest, ReadsALineOfThreeMegabytes) {
  const std::string big(3'000'000, 'x');
  for (const bool is_last : {false, true}) {
    std::string text = line_at(1, "a") + line_at(2, big);
    if (is_last)
      text.pop_back();
    else
      text += line_at(3, "b");
    const std::vector<std::string> data = rest_of(*source_of(text));
    ASSERT_EQ(data.size(), is_last ? 2U : 3U);
    EXPECT_EQ(data[0], "a");
    EXPECT_TRUE(data[1] == big);
  }
}

TEST_F(CaptureSourceTest, CountsBrokenLinesByNumberAndGoesOn) {
  const auto source = source_of("{\n" + line_at(1, "a") + "\n" + "null\n" + line_at(2, "b") +
                                R"({"stream":"s","id":"x","fields":{}})" + "\n" + line_at(3, "c") +
                                "\0\n"s + "\x80\n" + line_at(4, "d") + "{\"stream\":");
  EXPECT_EQ(rest_of(*source), (std::vector<std::string>{"a", "b", "c", "d"}));
  EXPECT_EQ(source->broken_line_count(), 6U);
  ASSERT_EQ(source->broken_lines().size(), 6U);
  std::vector<std::uint64_t> numbers;
  for (const BrokenLine& line : source->broken_lines()) {
    numbers.push_back(line.number);
    EXPECT_NE(line.problem, "");
  }
  EXPECT_EQ(numbers, (std::vector<std::uint64_t>{1, 4, 6, 8, 9, 11}));
  EXPECT_NE(source->broken_lines()[2].problem.find("`id`"), std::string::npos);
  EXPECT_EQ(source->line_count(), 11U);
  EXPECT_EQ(source->damage(), "");
}

TEST_F(CaptureSourceTest, KeepsTheFirstTenBrokenLinesAndCountsAll) {
  std::string text;
  for (int i = 0; i < 25; ++i)
    text += "broken\n" + line_at(i, "x");
  const auto source = source_of(text);
  EXPECT_EQ(rest_of(*source).size(), 25U);
  EXPECT_EQ(source->broken_line_count(), 25U);
  ASSERT_EQ(source->broken_lines().size(), 10U);
  EXPECT_EQ(source->broken_lines()[9].number, 19U);
}

TEST_F(CaptureSourceTest, PassesOverEntriesOutsideItsTimes) {
  std::string text;
  for (const int at : {5, 10, 30, 19, 20, 15, 9})
    text += line_at(at, std::to_string(at));
  CaptureSourceOptions options;
  options.from_unix_ns = 10;
  EXPECT_EQ(rest_of(*source_of(text, options)),
            (std::vector<std::string>{"10", "30", "19", "20", "15"}));
  options.to_unix_ns = 20;
  const auto source = source_of(text + "broken\n", options);
  EXPECT_EQ(rest_of(*source), (std::vector<std::string>{"10", "19", "15"}));
  EXPECT_EQ(source->broken_line_count(), 1U);
  options.from_unix_ns = 20;
  EXPECT_TRUE(rest_of(*source_of(text, options)).empty());
}

TEST_F(CaptureSourceTest, SaysWhetherTheFileBeginsWithConf) {
  const std::string conf =
      R"({"stream":"@conf","id":"1-0","ns":1,"fields":{"risk.sizing":"\"kelly\""}})"
      "\n";
  CaptureSourceOptions options;
  options.from_unix_ns = 10;  // a tape's conf counts whatever its time
  const auto tape = source_of(conf + line_at(5, "a") + line_at(15, "b"), options);
  RawEntry entry;
  ASSERT_TRUE(tape->begins_with_conf(entry));
  EXPECT_EQ(entry.fields[0].name, "risk.sizing");
  EXPECT_EQ(entry.fields[0].value, "\"kelly\"");
  ASSERT_EQ(tape->peek(entry), SourceStatus::entry);  // it has not been consumed
  EXPECT_EQ(entry.stream, "@conf");
  tape->consume();
  EXPECT_EQ(rest_of(*tape), (std::vector<std::string>{"b"}));

  const auto capture = source_of(line_at(5, "a") + conf);
  EXPECT_FALSE(capture->begins_with_conf(entry));
  ASSERT_EQ(capture->peek(entry), SourceStatus::entry);
  EXPECT_EQ(entry.fields[0].value, "a");
  EXPECT_FALSE(source_of("")->begins_with_conf(entry));
}

// Python's zlib says how many whole lines a cut file still holds.
TEST_F(CaptureSourceTest, GivesEverythingWholeOfATruncatedGzipFileAndSaysSo) {
  std::vector<std::string> data;
  const std::string bytes = tests::TempDir::read(gzip("whole.gz", many_lines(data)));
  std::vector<std::size_t> cuts{bytes.size() - 1,
                                bytes.size() - 4,
                                bytes.size() - 8,
                                bytes.size() - 9,
                                bytes.size() / 2,
                                bytes.size() / 3,
                                20,
                                11};
  for (std::size_t i = 1; i <= 20; ++i)
    cuts.push_back(bytes.size() * i / 21);
  std::string sizes;
  for (const std::size_t cut : cuts)
    sizes += " " + std::to_string(cut);
  std::istringstream counts(
      tests::output_of("\"" CORELOOP_PYTHON "\" -c 'import sys, zlib\n"
                       "data = open(sys.argv[1], \"rb\").read()\n"
                       "for size in map(int, sys.argv[2:]):\n"
                       "    print(zlib.decompressobj(31).decompress(data[:size]).count(10))' \"" +
                       dir_.path("whole.gz") + "\"" + sizes));
  for (const std::size_t cut : cuts) {
    std::size_t whole_lines = 0;
    ASSERT_TRUE(counts >> whole_lines);
    const auto source = open(dir_.write("cut.gz", bytes.substr(0, cut)));
    const std::vector<std::string> given = rest_of(*source);
    EXPECT_EQ(given.size(), whole_lines) << "cut at " << cut;
    EXPECT_TRUE(std::equal(given.begin(), given.end(), data.begin())) << cut;
    EXPECT_NE(source->damage(), "") << cut;
    EXPECT_EQ(source->broken_line_count(), 0U) << cut;
  }
}

TEST_F(CaptureSourceTest, SaysInWhichLineATruncatedFileEnds) {
  std::vector<std::string> data;
  const std::string bytes = tests::TempDir::read(gzip("whole.gz", many_lines(data)));
  const auto source = open(dir_.write("cut.gz", bytes.substr(0, bytes.size() / 2)));
  const std::size_t given = rest_of(*source).size();
  EXPECT_NE(source->damage().find("line " + std::to_string(given + 1)), std::string::npos)
      << source->damage();
}

TEST_F(CaptureSourceTest, SaysThatAGzipFileIsCorrupt) {
  std::vector<std::string> data;
  std::string bytes = tests::TempDir::read(gzip("whole.gz", many_lines(data)));
  for (const std::size_t at : {bytes.size() / 2, bytes.size() - 6}) {
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
    const auto source = open(dir_.write("corrupt.gz", bytes));
    rest_of(*source);
    EXPECT_NE(source->damage(), "") << at;
    bytes[at] = static_cast<char>(bytes[at] ^ 0x55);
  }
}

// The lines all stand whole before the checksum that does not agree.
TEST_F(CaptureSourceTest, GivesTheLinesBeforeAWrongGzipChecksum) {
  std::string bytes = tests::TempDir::read(gzip("small.gz", line_at(1, "a") + line_at(2, "b")));
  bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 0x55);
  const auto source = open(dir_.write("corrupt.gz", bytes));
  EXPECT_EQ(rest_of(*source), (std::vector<std::string>{"a", "b"}));
  EXPECT_NE(source->damage(), "");
}

TEST_F(CaptureSourceTest, SaysWhyAFileCannotBeOpened) {
  int error = 0;
  EXPECT_EQ(GzipReader::open(dir_.path("missing"), error), nullptr);
  EXPECT_EQ(error, ENOENT);
  EXPECT_EQ(GzipReader::open(dir_.path(""), error), nullptr);
  EXPECT_EQ(error, EISDIR);
}

TEST_F(CaptureSourceTest, KeepsTheRecordedPace) {
  constexpr std::int64_t start = 1'768'212'000'000'000'000;
  const std::string text = line_at(start, "a") + line_at(start + 1'000'000'000, "b") +
                           line_at(start + 500'000'000, "early") +
                           line_at(start + 3'000'000'000, "c");
  for (const std::uint32_t speed : {1U, 10U}) {
    tests::ScriptedClock clock;
    clock.now_monotonic_ns = 77;
    const auto source = source_of(text, {.speed = speed, .clock = &clock});
    RawEntry entry;
    const auto gives_at = [&](std::int64_t after_ns) {
      clock.now_monotonic_ns = 77 + after_ns / speed;
      return source->peek(entry) == SourceStatus::entry;
    };
    EXPECT_TRUE(gives_at(0));  // the first entry sets the pace
    source->consume();
    EXPECT_FALSE(gives_at(0));
    EXPECT_FALSE(gives_at(999'999'990));
    EXPECT_TRUE(gives_at(1'000'000'000));
    EXPECT_EQ(entry.fields[0].value, "b");
    source->consume();
    EXPECT_TRUE(gives_at(1'000'000'000));  // overdue
    EXPECT_EQ(entry.fields[0].value, "early");
    source->consume();
    EXPECT_FALSE(gives_at(2'999'999'990));
    EXPECT_TRUE(gives_at(3'500'000'000));
    source->consume();
    EXPECT_EQ(source->peek(entry), SourceStatus::end);
  }
}

TEST_F(CaptureSourceTest, NeedsNoClockAtFullSpeed) {
  EXPECT_EQ(rest_of(*source_of(line_at(1, "a") + line_at(1'000'000'000'000, "b"))).size(), 2U);
}

}  // namespace
}  // namespace coreloop::io
