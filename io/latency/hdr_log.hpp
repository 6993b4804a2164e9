// The lines of a .hlog file: HdrHistogram's log format 1.3, as its HistogramLogReader reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/latency_histogram.hpp"

namespace coreloop::io {

/// What every log begins with.
inline constexpr std::string_view hdr_log_first_line = "#[Histogram log format version 1.3]";

/// The lines before the first interval: a log that goes on behind another begins with them too.
/// Intervals count from `base_unix_ns`.
[[nodiscard]] std::string hdr_log_header(std::int64_t base_unix_ns);

/// When an interval began, since the header's base, and how long it took.
struct HdrLogInterval {
  std::int64_t start_ns = 0;
  std::int64_t length_ns = 0;
};

/// One line: seconds, the largest value in ms, and all values in ns. `tag`: without commas, blanks
/// and line breaks.
[[nodiscard]] std::string hdr_log_line(std::string_view tag, const HdrLogInterval& interval,
                                       const engine::HistogramCopy& histogram);

}  // namespace coreloop::io
