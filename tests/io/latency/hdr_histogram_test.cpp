// Conversion to HdrHistogram's buckets: what stays exact, and how much the rest may differ.
#include "io/latency/hdr_histogram.hpp"

#include <cmath>
#include <memory>
#include <random>

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

using engine::HistogramCopy;
using engine::LatencyHistogram;

std::unique_ptr<HistogramCopy> copy_of(const std::vector<std::uint64_t>& values) {
  const auto histogram = std::make_unique<LatencyHistogram>();
  for (const std::uint64_t value : values)
    histogram->record(value);
  auto copy = std::make_unique<HistogramCopy>();
  histogram->copy_to(*copy);
  return copy;
}

std::vector<std::uint64_t> random_values(std::uint64_t seed, int count) {
  std::mt19937_64 random(seed);
  std::vector<std::uint64_t> values;
  for (int i = 0; i < count; ++i)
    values.push_back(random() >> (30 + random() % 34));
  return values;
}

std::uint64_t percentile_of(const HdrHistogram& histogram, std::uint32_t per_100k) {
  const std::uint64_t rank =
      std::max<std::uint64_t>((histogram.count() * per_100k + 99'999) / 100'000, 1);
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < histogram.counts().size(); ++i) {
    seen += histogram.counts()[i];
    if (seen >= rank) return HdrHistogram::Buckets::high_of(static_cast<std::uint32_t>(i));
  }
  return 0;
}

TEST(HdrHistogramTest, PercentilesAreThoseOfOurOwnBelowTheHighestBucket) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto copy = copy_of(random_values(seed, 20'000));
    const HdrHistogram histogram(*copy);
    EXPECT_EQ(histogram.count(), copy->count());
    for (const std::uint32_t per_100k : {1U, 50'000U, 90'000U, 99'000U, 99'900U})
      EXPECT_EQ(percentile_of(histogram, per_100k), copy->percentile_ns(per_100k)) << per_100k;
  }
}

TEST(HdrHistogramTest, MaximumIsAtMostAHundredAndTwentyEighthAbove) {
  for (const std::uint64_t max_ns : {0U, 1U, 127U, 128U, 129U, 255U, 256U, 1'000U, 4'294'967U}) {
    const auto copy = copy_of({0, max_ns});
    const std::uint64_t told = HdrHistogram(*copy).max_ns();
    EXPECT_GE(told, max_ns);
    EXPECT_LE(told, max_ns + max_ns / 128) << max_ns;
  }
}

TEST(HdrHistogramTest, MeanIsWithinASixtyFourth) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const auto copy = copy_of(random_values(seed, 5'000));
    const double mean = static_cast<double>(copy->sum_ns()) / static_cast<double>(copy->count());
    EXPECT_NEAR(HdrHistogram(*copy).mean_ns(), mean, mean / 64) << seed;
  }
}

TEST(HdrHistogramTest, SmallValuesAreExact) {
  const auto copy = copy_of({0, 1, 2, 3, 100, 127});
  const HdrHistogram histogram(*copy);
  for (const std::size_t value : {0U, 1U, 2U, 3U, 100U, 127U})
    EXPECT_EQ(histogram.counts()[value], 1U) << value;
  EXPECT_DOUBLE_EQ(histogram.mean_ns(), 233.0 / 6);
  // (0^2 + 1 + 4 + 9 + 10,000 + 16,129) / 6 - mean^2
  EXPECT_NEAR(histogram.deviation_ns(), std::sqrt(26'143.0 / 6 - 233.0 / 6 * 233.0 / 6), 1e-9);
}

TEST(HdrHistogramTest, WithoutAValueEverythingIsZero) {
  const HdrHistogram histogram{HistogramCopy{}};
  EXPECT_EQ(histogram.count(), 0U);
  EXPECT_EQ(histogram.counts(), std::vector<std::uint64_t>{0});
  EXPECT_EQ(histogram.max_ns(), 0U);
  EXPECT_EQ(histogram.mean_ns(), 0);
  EXPECT_EQ(histogram.deviation_ns(), 0);
}

TEST(HdrHistogramTest, LongerThanItHoldsIsTheLongest) {
  const HdrHistogram histogram(*copy_of({5, std::uint64_t{1} << 40}));
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.max_ns(), HdrHistogram::highest_ns);
}

}  // namespace
}  // namespace coreloop::io
