// CaptureSink and the files under it: entries as lines of their streams, the checksum of all lines,
// and write errors that are kept and told.
#include "io/capture/capture_sink.hpp"

#include <cerrno>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "io/capture/gzip_file.hpp"
#include "tests/support/memory_file.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

static_assert(Sink<CaptureSink>);

const OutputStreamNames names{"out.safe", "out.rejected", "out.res", "out.update", "out.dlq"};

void write(CaptureSink& sink, OutputStream stream, std::uint64_t number, std::string_view data) {
  const std::array<OutputField, 2> fields{{{"data", data}, {"seq", "9"}}};
  sink.write({.stream = stream,
              .id_ms = 1'768'212'000'123,
              .id_number = number,
              .log_unix_ns = 1'768'212'000'123'456'789,
              .fields = fields});
}

std::string line(const std::string& stream, int number, const std::string& data) {
  return R"({"stream":")" + stream + R"(","id":"1768212000123-)" + std::to_string(number) +
         R"(","ns":1768212000123456789,"fields":{"data":")" + data + R"(","seq":"9"}})" + "\n";
}

TEST(CaptureSinkTest, WritesEachEntryUnderItsStreamsName) {
  tests::MemoryFilePair output;
  CaptureSink sink(std::move(output.file), names);
  ASSERT_TRUE(sink.has_room());
  std::string expected;
  for (std::size_t i = 0; i < output_stream_count; ++i) {
    write(sink, static_cast<OutputStream>(i), i + 1, R"({"a": 1})");
    expected += line(names[i], static_cast<int>(i) + 1, R"({\"a\": 1})");
  }
  EXPECT_EQ(sink.entry_count(), output_stream_count);
  ASSERT_EQ(sink.finish(), 0);
  EXPECT_EQ(output.content->bytes, expected);
  EXPECT_TRUE(output.content->is_finished);
  Sha256 sha;
  sha.add(expected);
  EXPECT_EQ(sink.sha256(), sha.hex());
}

TEST(CaptureSinkTest, TakesTheSameChecksumWithoutAFile) {
  tests::MemoryFilePair output;
  CaptureSink with_file(std::move(output.file), names);
  CaptureSink without_file(nullptr, names);
  for (std::uint64_t i = 1; i <= 5'000; ++i) {
    const std::string data(static_cast<std::size_t>(i % 700), 'd');
    write(with_file, OutputStream::executions, i, data);
    write(without_file, OutputStream::executions, i, data);
  }
  EXPECT_EQ(with_file.finish(), 0);
  EXPECT_EQ(without_file.finish(), 0);
  EXPECT_EQ(with_file.sha256(), without_file.sha256());
  Sha256 sha;
  sha.add(output.content->bytes);
  EXPECT_EQ(with_file.sha256(), sha.hex());
}

TEST(CaptureSinkTest, KeepsTheFirstWriteErrorAndHasNoRoomAfterIt) {
  tests::MemoryFilePair output;
  output.content->bytes_max = 100'000;
  output.content->append_error = ENOSPC;
  output.content->finish_error = EIO;
  CaptureSink sink(std::move(output.file), names);
  std::uint64_t number = 0;
  while (sink.has_room() && number < 100'000)
    write(sink, OutputStream::approvals, ++number, "data");
  EXPECT_EQ(sink.error(), ENOSPC);
  EXPECT_LT(number, 100'000U);
  const int append_count = output.content->append_count;
  for (int i = 0; i < 10'000; ++i)
    write(sink, OutputStream::approvals, ++number, "data");
  EXPECT_EQ(output.content->append_count, append_count);  // nothing is written behind a hole
  EXPECT_EQ(sink.finish(), ENOSPC);
  EXPECT_EQ(sink.error(), ENOSPC);
}

TEST(CaptureSinkTest, TellsAnErrorOfTheLastWriteAndOfTheEnd) {
  tests::MemoryFilePair full;
  full.content->bytes_max = 10;
  full.content->append_error = EDQUOT;
  CaptureSink last(std::move(full.file), names);
  write(last, OutputStream::approvals, 1, "data");
  EXPECT_EQ(last.error(), 0);  // still in the buffer
  EXPECT_EQ(last.finish(), EDQUOT);

  tests::MemoryFilePair failing;
  failing.content->finish_error = EIO;
  CaptureSink end(std::move(failing.file), names);
  write(end, OutputStream::approvals, 1, "data");
  EXPECT_EQ(end.finish(), EIO);
  EXPECT_EQ(end.error(), EIO);
}

TEST(OutputFileTest, WritesPlainAndGzipFilesThatReadBack) {
  const tests::TempDir dir;
  for (const char* const name : {"out.ndjson", "out.ndjson.gz"}) {
    int error = 0;
    auto file = create_output_file(dir.path(name), error);
    ASSERT_NE(file, nullptr);
    EXPECT_EQ(file->append("first\n"), 0);
    EXPECT_EQ(file->sync(), 0);
    EXPECT_EQ(file->append(""), 0);
    EXPECT_EQ(file->append(std::string(1'000'000, 'x')), 0);
    EXPECT_EQ(file->finish(), 0);
    auto reader = GzipReader::open(dir.path(name), error);
    ASSERT_NE(reader, nullptr);
    std::string bytes(2'000'000, '\0');
    std::size_t size = 0;
    while (const std::size_t got = reader->read({bytes.data() + size, bytes.size() - size}))
      size += got;
    bytes.resize(size);
    EXPECT_TRUE(bytes == "first\n" + std::string(1'000'000, 'x'));
    EXPECT_EQ(reader->damage(), "");
    EXPECT_EQ(reader->progress_per_mille(), 1'000U);
  }
}

TEST(OutputFileTest, TruncatesAnExistingFile) {
  const tests::TempDir dir;
  const std::string path = dir.write("out", std::string(1'000, 'x'));
  int error = 0;
  auto file = SystemFile::create(path, error);
  ASSERT_NE(file, nullptr);
  EXPECT_EQ(file->append("new"), 0);
  EXPECT_EQ(file->finish(), 0);
  EXPECT_EQ(tests::TempDir::read(path), "new");
}

TEST(OutputFileTest, SaysWhyItCannotBeCreated) {
  const tests::TempDir dir;
  for (const char* const name : {"no/such/folder", "no/such/folder.gz"}) {
    int error = 0;
    EXPECT_EQ(create_output_file(dir.path(name), error), nullptr);
    EXPECT_EQ(error, ENOENT) << name;
  }
  int error = 0;
  EXPECT_EQ(create_output_file(dir.path(""), error), nullptr);
  EXPECT_EQ(error, EISDIR);
}

TEST(OutputFileTest, TellsAFullDisk) {
  const tests::TempDir dir;
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  int error = 0;
  auto plain = SystemFile::create("/dev/full", error);
  ASSERT_NE(plain, nullptr);
  EXPECT_EQ(plain->append("data"), ENOSPC);
  std::filesystem::create_symlink("/dev/full", dir.path("full.gz"));
  auto gzip = create_output_file(dir.path("full.gz"), error);
  ASSERT_NE(gzip, nullptr);
  std::string noise;
  for (std::uint32_t i = 0, random = 1; i < 4'000'000; ++i) {
    random = random * 1'664'525 + 1'013'904'223;
    noise += static_cast<char>(random >> 24);
  }
  EXPECT_EQ(gzip->append(noise), ENOSPC);
  EXPECT_NE(gzip->finish(), 0);
  auto sink = CaptureSink(SystemFile::create("/dev/full", error), names);
  write(sink, OutputStream::approvals, 1, "data");
  EXPECT_EQ(sink.finish(), ENOSPC);
}

}  // namespace
}  // namespace coreloop::io
