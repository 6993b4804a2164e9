// GzipReader: the same bytes whatever the size of the caller's buffer, of whole, cut and damaged
// files; Python's zlib says how many bytes a cut file still holds.
#include "io/capture/gzip_file.hpp"

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/command_output.hpp"
#include "tests/support/temp_dir.hpp"

namespace coreloop::io {
namespace {

constexpr std::size_t buffer_sizes[] = {1, 2, 7, 258, 4'096, 1U << 20};

class GzipReaderTest : public testing::Test {
 protected:
  tests::TempDir dir_;

  struct Content {
    std::string bytes;
    std::string damage;
  };

  static Content read(const std::string& path, std::size_t buffer_bytes) {
    int error = 0;
    const auto reader = GzipReader::open(path, error);
    if (reader == nullptr) return {"", "not opened"};
    Content content;
    std::string buffer(buffer_bytes, '\0');
    while (const std::size_t got = reader->read(buffer))
      content.bytes.append(buffer, 0, got);
    content.damage = reader->damage();
    return content;
  }
  // The bytes of a gzip file of `text`.
  std::string compressed(const std::string& text) const {
    int error = 0;
    const auto file = create_output_file(dir_.path("whole.gz"), error);
    EXPECT_EQ(file->append(text), 0);
    EXPECT_EQ(file->finish(), 0);
    return tests::TempDir::read(dir_.path("whole.gz"));
  }
  // One byte over and over, and bytes without any order: very many and very few bytes an input
  // byte.
  static std::vector<std::string> texts() {
    std::string noise;
    for (std::uint32_t i = 0, random = 1; i < 50'000; ++i) {
      random = random * 1'664'525 + 1'013'904'223;
      noise += static_cast<char>(random >> 24);
    }
    return {"", "a", std::string(50'000, 'a'), noise,
            noise.substr(0, 1'000) + std::string(20'000, 'b')};
  }
};

TEST_F(GzipReaderTest, GivesTheSameBytesWhateverTheBuffer) {
  for (const std::string& text : texts()) {
    const std::string plain = dir_.write("plain", text);
    const std::string gzip = dir_.write("file.gz", compressed(text));
    const std::string twice = dir_.write("twice.gz", compressed(text) + compressed(text));
    for (const std::size_t size : buffer_sizes) {
      SCOPED_TRACE(size);
      EXPECT_TRUE(read(plain, size).bytes == text);
      const Content content = read(gzip, size);
      EXPECT_TRUE(content.bytes == text);
      EXPECT_EQ(content.damage, "");
      EXPECT_TRUE(read(twice, size).bytes == text + text);
    }
  }
}

TEST_F(GzipReaderTest, GivesAllThatACutFileHoldsWhateverTheBuffer) {
  for (const std::string& text : texts()) {
    const std::string bytes = compressed(text);
    std::vector<std::size_t> cuts{bytes.size() - 1, bytes.size() - 4, bytes.size() - 7,
                                  bytes.size() - 8, bytes.size() - 9, bytes.size() / 2};
    std::erase_if(cuts, [](std::size_t cut) { return cut < 3; });
    std::string sizes;
    for (const std::size_t cut : cuts)
      sizes += " " + std::to_string(cut);
    std::istringstream counts(
        tests::output_of("\"" CORELOOP_PYTHON "\" -c 'import sys, zlib\n"
                         "data = open(sys.argv[1], \"rb\").read()\n"
                         "for size in map(int, sys.argv[2:]):\n"
                         "    print(len(zlib.decompressobj(31).decompress(data[:size])))' \"" +
                         dir_.path("whole.gz") + "\"" + sizes));
    for (const std::size_t cut : cuts) {
      std::size_t count = 0;
      ASSERT_TRUE(counts >> count);
      const std::string path = dir_.write("cut.gz", bytes.substr(0, cut));
      for (const std::size_t size : buffer_sizes) {
        const Content content = read(path, size);
        EXPECT_EQ(content.bytes.size(), count)
            << "cut at " << cut << " of " << bytes.size() << ", read " << size << " at a time";
        EXPECT_TRUE(content.bytes == text.substr(0, content.bytes.size()));
        EXPECT_NE(content.damage, "") << cut << " " << size;
      }
    }
  }
}

TEST_F(GzipReaderTest, GivesWhatComesBeforeADamageAndSaysSo) {
  for (const std::string& text : texts()) {
    std::string bytes = compressed(text);
    bytes[bytes.size() - 6] = static_cast<char>(bytes[bytes.size() - 6] ^ 0x55);  // the CRC-32
    const std::string path = dir_.write("damaged.gz", bytes);
    for (const std::size_t size : buffer_sizes) {
      const Content content = read(path, size);
      EXPECT_TRUE(content.bytes == text) << size;
      EXPECT_NE(content.damage, "") << size;
    }
  }
}

TEST_F(GzipReaderTest, ReadsFilesThatOnlyBeginLikeGzipAsTheyAre) {
  for (const std::string& text :
       {std::string{"\x1F"}, std::string{"\x1F\x1F\x8B"}, std::string{"\x8B\x1F"}}) {
    const Content content = read(dir_.write("plain", text), 100);
    EXPECT_EQ(content.bytes, text);
    EXPECT_EQ(content.damage, "");
  }
  EXPECT_NE(read(dir_.write("cut.gz", "\x1F\x8B"), 100).damage, "");
  EXPECT_NE(read(dir_.write("cut.gz", "\x1F\x8B\x08"), 100).damage, "");
  EXPECT_NE(read(dir_.write("bad.gz", "\x1F\x8B no gzip at all"), 100).damage, "");
}

}  // namespace
}  // namespace coreloop::io
