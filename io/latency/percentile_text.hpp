// The text of a .hgrm file: HdrHistogram's percentile distribution, which its plotFiles page and
// wrk2's readers understand.
#pragma once

#include <string>

#include "io/latency/hdr_histogram.hpp"

namespace coreloop::io {

/// Values in ns by percentile, five steps to each halving of what is left to 100 %. Without a value
/// only head and foot. Source: AbstractHistogram.outputPercentileDistribution.
[[nodiscard]] std::string percentile_text(const HdrHistogram& histogram);

}  // namespace coreloop::io
