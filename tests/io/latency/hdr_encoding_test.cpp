// The V2 encoding by its bytes, the log's lines and the percentile file by their text. That
// HdrHistogram itself reads them: tests/tools/latency_files_test.py.
#include "io/latency/hdr_encoding.hpp"

#include <memory>

#include <gtest/gtest.h>

#include "io/codec/checksum.hpp"
#include "io/latency/hdr_log.hpp"
#include "io/latency/percentile_text.hpp"

namespace coreloop::io {
namespace {

using engine::HistogramCopy;
using engine::LatencyHistogram;

HistogramCopy copy_of(const std::vector<std::uint64_t>& values) {
  const auto histogram = std::make_unique<LatencyHistogram>();
  for (const std::uint64_t value : values)
    histogram->record(value);
  HistogramCopy copy;
  histogram->copy_to(copy);
  return copy;
}

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    text += "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
    text += "0123456789abcdef"[c & 0xF];
  }
  return text;
}

// Cookie, payload bytes, offset, digits, lowest, highest = 2^36 - 1, ratio 1.0.
std::string header_of(std::string_view payload_bytes) {
  return "1c849313" + std::string{payload_bytes} + "00000000" + "00000002" + "0000000000000001" +
         "0000000fffffffff" + "3ff0000000000000";
}

TEST(HdrEncodingTest, WithoutAValueIsOneZero) {
  EXPECT_EQ(hex(hdr_encoded(HdrHistogram{HistogramCopy{}})), header_of("00000001") + "00");
}

TEST(HdrEncodingTest, RunsOfZerosAreOneNegativeNumber) {
  // 0 and 1 once, a run of 8, 10 twice: 1 -> 02, 1 -> 02, -8 -> 0f, 2 -> 04.
  EXPECT_EQ(hex(hdr_encoded(HdrHistogram(copy_of({0, 1, 10, 10})))),
            header_of("00000004") + "02020f04");
  // One zero alone is a count.
  EXPECT_EQ(hex(hdr_encoded(HdrHistogram(copy_of({1})))), header_of("00000002") + "0002");
}

TEST(HdrEncodingTest, LargeCountsTakeMoreBytes) {
  // 300 twice -> 600 -> 0x58 + 0x80, 0x04.
  EXPECT_EQ(hex(hdr_encoded(HdrHistogram(copy_of(std::vector<std::uint64_t>(300, 0))))),
            header_of("00000002") + "d804");
}

TEST(HdrEncodingTest, TextIsTheBase64OfThePackedForm) {
  const std::string text = hdr_encoded_text(HdrHistogram(copy_of({1, 2, 3})));
  EXPECT_EQ(text.substr(0, 8), "HISTFAAA");
  EXPECT_EQ(text.size() % 4, 0U);
}

TEST(HdrLogTest, LinesAreThoseOfTheFormat) {
  const std::string header = hdr_log_header(1'700'000'000'123'456'789);
  EXPECT_EQ(header,
            "#[Histogram log format version 1.3]\n"
            "#[StartTime: 1700000000.123 (seconds since epoch), 2023-11-14T22:13:20.123456Z]\n"
            "#[BaseTime: 1700000000.123 (seconds since epoch)]\n"
            "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_"
            "Histogram\"\n");
  const HistogramCopy copy = copy_of({1, 2'500});
  EXPECT_EQ(
      hdr_log_line("risk.working", {1'500'000'000, 10'002'000'000}, copy),
      "Tag=risk.working,1.500,10.002,0.002500," + hdr_encoded_text(HdrHistogram(copy)) + "\n");
}

TEST(PercentileTextTest, StepsHalveWhatIsLeft) {
  std::vector<std::uint64_t> values;
  for (std::uint64_t value = 1; value <= 10; ++value)
    values.push_back(value);
  EXPECT_EQ(percentile_text(HdrHistogram(copy_of(values))),
            "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
            "        1.00 0.000000000000          1           1.00\n"
            "        1.00 0.100000000000          1           1.11\n"
            "        2.00 0.200000000000          2           1.25\n"
            "        3.00 0.300000000000          3           1.43\n"
            "        4.00 0.400000000000          4           1.67\n"
            "        5.00 0.500000000000          5           2.00\n"
            "        6.00 0.550000000000          6           2.22\n"
            "        6.00 0.600000000000          6           2.50\n"
            "        7.00 0.650000000000          7           2.86\n"
            "        7.00 0.700000000000          7           3.33\n"
            "        8.00 0.750000000000          8           4.00\n"
            "        8.00 0.775000000000          8           4.44\n"
            "        8.00 0.800000000000          8           5.00\n"
            "        9.00 0.825000000000          9           5.71\n"
            "        9.00 0.850000000000          9           6.67\n"
            "        9.00 0.875000000000          9           8.00\n"
            "        9.00 0.887500000000          9           8.89\n"
            "        9.00 0.900000000000          9          10.00\n"
            "       10.00 0.912500000000         10          11.43\n"
            "       10.00 1.000000000000         10\n"
            "#[Mean    =         5.50, StdDeviation   =         2.87]\n"
            "#[Max     =        10.00, Total count    =           10]\n"
            "#[Buckets =           29, SubBuckets     =          256]\n");
}

TEST(PercentileTextTest, WithoutAValueHasNoLines) {
  EXPECT_EQ(percentile_text(HdrHistogram{HistogramCopy{}}),
            "       Value     Percentile TotalCount 1/(1-Percentile)\n\n"
            "#[Mean    =         0.00, StdDeviation   =         0.00]\n"
            "#[Max     =         0.00, Total count    =            0]\n"
            "#[Buckets =           29, SubBuckets     =          256]\n");
}

TEST(PackingTest, Base64IsPaddedAndOnOneLine) {
  // Vectors of RFC 4648.
  EXPECT_EQ(base64_of(""), "");
  EXPECT_EQ(base64_of("f"), "Zg==");
  EXPECT_EQ(base64_of("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_of(std::string(300, '\0')), std::string(400, 'A'));
}

TEST(PackingTest, ZlibPacksWithItsHeader) {
  EXPECT_EQ(hex(zlib_packed("")), "789c030000000001");
  EXPECT_LT(zlib_packed(std::string(10'000, 'x')).size(), 100U);
}

}  // namespace
}  // namespace coreloop::io
