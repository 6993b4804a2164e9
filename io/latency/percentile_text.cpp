// Steps of the percentiles, and their lines.
#include "io/latency/percentile_text.hpp"

#include <array>
#include <cmath>
#include <cstdio>

namespace coreloop::io {
namespace {

constexpr int steps_per_halving = 5;

template <class... Values>
void append_format(std::string& text, const char* format, Values... values) {
  std::array<char, 160> line{};
  std::snprintf(line.data(), line.size(), format, values...);
  text += line.data();
}

// The percentile that follows `level`, both in [0, 100).
double next_level(double level) {
  const double halvings = std::floor(std::log(100.0 / (100.0 - level)) / std::log(2.0)) + 1;
  return level + 100.0 / (steps_per_halving * std::exp2(halvings));
}

void append_levels(std::string& text, const HdrHistogram& histogram) {
  const auto& counts = histogram.counts();
  const std::uint64_t count = histogram.count();
  std::uint64_t seen = 0;
  double level = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    seen += counts[i];
    const double value_ns =
        static_cast<double>(HdrHistogram::Buckets::high_of(static_cast<std::uint32_t>(i)));
    const double reached = 100.0 * static_cast<double>(seen) / static_cast<double>(count);
    // One bucket may reach several levels; with the last value one of them is enough.
    for (bool goes_on = true; goes_on && reached >= level; goes_on = seen < count) {
      append_format(text, "%12.2f %2.12f %10llu %14.2f\n", value_ns, level / 100.0,
                    static_cast<unsigned long long>(seen), 1 / (1 - level / 100.0));
      level = next_level(level);
    }
    if (seen == count)
      append_format(text, "%12.2f %2.12f %10llu\n", value_ns, 1.0,
                    static_cast<unsigned long long>(seen));
  }
}

}  // namespace

std::string percentile_text(const HdrHistogram& histogram) {
  std::string text;
  append_format(text, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount",
                "1/(1-Percentile)");
  append_levels(text, histogram);
  append_format(text, "#[Mean    = %12.2f, StdDeviation   = %12.2f]\n", histogram.mean_ns(),
                histogram.deviation_ns());
  append_format(text, "#[Max     = %12.2f, Total count    = %12llu]\n",
                static_cast<double>(histogram.max_ns()),
                static_cast<unsigned long long>(histogram.count()));
  constexpr std::uint32_t sub_buckets = 2 * HdrHistogram::Buckets::sub_buckets;
  constexpr std::uint32_t buckets = HdrHistogram::Buckets::count * 2 / sub_buckets - 1;
  append_format(text, "#[Buckets = %12u, SubBuckets     = %12u]\n", buckets, sub_buckets);
  return text;
}

}  // namespace coreloop::io
