// Text of a log.
#include "io/latency/hdr_log.hpp"

#include <array>
#include <cstdio>

#include "io/codec/timestamp_text.hpp"
#include "io/latency/hdr_encoding.hpp"

namespace coreloop::io {
namespace {

constexpr std::int64_t ns_per_s = 1'000'000'000;

// Seconds with three decimals, truncated.
std::string seconds_text(std::int64_t ns) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%lld.%03lld", static_cast<long long>(ns / ns_per_s),
                static_cast<long long>(ns % ns_per_s / 1'000'000));
  return text.data();
}

}  // namespace

std::string hdr_log_header(std::int64_t base_unix_ns) {
  std::array<char, timestamp_bytes> date{};
  TimestampWriter().write(date.data(), base_unix_ns);
  const std::string seconds = seconds_text(base_unix_ns) + " (seconds since epoch)";
  return std::string{hdr_log_first_line} + "\n#[StartTime: " + seconds + ", " +
         std::string{date.data(), date.size()} + "]\n#[BaseTime: " + seconds + "]\n" +
         "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_"
         "Histogram\"\n";
}

std::string hdr_log_line(std::string_view tag, const HdrLogInterval& interval,
                         const engine::HistogramCopy& histogram) {
  std::array<char, 40> max_ms{};
  std::snprintf(max_ms.data(), max_ms.size(), "%.6f",
                static_cast<double>(histogram.max_ns()) / 1e6);
  return "Tag=" + std::string{tag} + "," + seconds_text(interval.start_ns) + "," +
         seconds_text(interval.length_ns) + "," + max_ms.data() + "," +
         hdr_encoded_text(HdrHistogram(histogram)) + "\n";
}

}  // namespace coreloop::io
