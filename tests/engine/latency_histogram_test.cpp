// LatencyHistogram: bucket bounds, percentiles against the sorted values, merging, the 2 % promise.
#include "engine/latency_histogram.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace coreloop::engine {
namespace {

TEST(HistogramBucketsTest, CoverEveryValueWithoutGapOrOverlap) {
  for (std::uint32_t i = 1; i < HistogramBuckets::count; ++i) {
    ASSERT_EQ(HistogramBuckets::low_of(i), HistogramBuckets::high_of(i - 1) + 1) << i;
    ASSERT_EQ(HistogramBuckets::index_of(HistogramBuckets::low_of(i)), i);
    ASSERT_EQ(HistogramBuckets::index_of(HistogramBuckets::high_of(i)), i);
  }
}

TEST(HistogramBucketsTest, AreAtMostTwoPercentWideUpToSixtySeconds) {
  constexpr std::uint64_t sixty_seconds = 60'000'000'000;
  EXPECT_LT(HistogramBuckets::index_of(sixty_seconds), HistogramBuckets::count - 1);
  for (std::uint32_t i = 0; HistogramBuckets::low_of(i) <= sixty_seconds; ++i) {
    const std::uint64_t low = HistogramBuckets::low_of(i);
    ASSERT_LE((HistogramBuckets::high_of(i) - low) * 50, std::max<std::uint64_t>(low, 1)) << low;
  }
}

TEST(HistogramBucketsTest, PutWhatIsTooLargeIntoTheLastBucket) {
  EXPECT_EQ(HistogramBuckets::index_of(~std::uint64_t{0}), HistogramBuckets::count - 1);
}

TEST(LatencyHistogramTest, PercentilesAreWithinTwoPercentOfTheSortedValues) {
  std::mt19937_64 random(42);
  std::vector<std::uint64_t> values;
  const auto histogram = std::make_unique<LatencyHistogram>();
  for (int i = 0; i < 100'000; ++i) {
    const std::uint64_t value = (random() >> 40) * ((random() % 7) + 1);
    values.push_back(value);
    histogram->record(value);
  }
  std::sort(values.begin(), values.end());
  const auto copy = std::make_unique<HistogramCopy>();
  histogram->copy_to(*copy);
  EXPECT_EQ(copy->count(), values.size());
  EXPECT_EQ(copy->max_ns(), values.back());
  for (const std::uint32_t per_100k : {1U, 1'000U, 50'000U, 90'000U, 99'000U, 99'900U, 100'000U}) {
    const std::size_t rank =
        std::max<std::size_t>((values.size() * per_100k + 99'999) / 100'000, 1);
    const std::uint64_t truth = values[rank - 1];
    const std::uint64_t told = copy->percentile_ns(per_100k);
    EXPECT_GE(told, truth) << per_100k;
    EXPECT_LE(told, truth + truth / 50 + 1) << per_100k;
  }
}

TEST(LatencyHistogramTest, TheDifferenceOfTwoCopiesIsWhatCameBetween) {
  const auto histogram = std::make_unique<LatencyHistogram>();
  const auto first = std::make_unique<HistogramCopy>();
  const auto second = std::make_unique<HistogramCopy>();
  histogram->record(1'000);
  histogram->record(70);
  histogram->copy_to(*first);
  histogram->record(70);
  histogram->record(500);
  histogram->copy_to(*second);
  const HistogramCopy between = second->since(*first);
  EXPECT_EQ(between.count(), 2U);
  EXPECT_EQ(between.sum_ns(), 570U);
  EXPECT_EQ(between.bucket_count(HistogramBuckets::index_of(70)), 1U);
  // 500 was not the largest so far: the end of its bucket.
  EXPECT_EQ(between.max_ns(), HistogramBuckets::high_of(HistogramBuckets::index_of(500)));
  histogram->record(2'001);
  histogram->copy_to(*first);
  EXPECT_EQ(first->since(*second).max_ns(), 2'001U);
  EXPECT_EQ(first->since(*first).count(), 0U);
  EXPECT_EQ(first->since(*first).max_ns(), 0U);
}

TEST(LatencyHistogramTest, AnEmptyOneAnswersZero) {
  const auto copy = std::make_unique<HistogramCopy>();
  EXPECT_EQ(copy->count(), 0U);
  EXPECT_EQ(copy->mean_ns(), 0U);
  EXPECT_EQ(copy->percentile_ns(50'000), 0U);
}

TEST(LatencyHistogramTest, MergingEqualsRecordingTogether) {
  const auto a = std::make_unique<LatencyHistogram>();
  const auto b = std::make_unique<LatencyHistogram>();
  const auto both = std::make_unique<LatencyHistogram>();
  for (std::uint64_t n = 1; n < 5'000; ++n) {
    (n % 3 == 0 ? a : b)->record(n * n);
    both->record(n * n);
  }
  const auto merged = std::make_unique<HistogramCopy>();
  const auto part = std::make_unique<HistogramCopy>();
  const auto expected = std::make_unique<HistogramCopy>();
  a->copy_to(*merged);
  b->copy_to(*part);
  both->copy_to(*expected);
  merged->merge(*part);
  EXPECT_EQ(merged->count(), expected->count());
  EXPECT_EQ(merged->sum_ns(), expected->sum_ns());
  EXPECT_EQ(merged->max_ns(), expected->max_ns());
  for (std::uint32_t i = 0; i < HistogramBuckets::count; ++i) {
    ASSERT_EQ(merged->bucket_count(i), expected->bucket_count(i));
  }
}

TEST(LatencyHistogramTest, CountsUpToEachOfSeveralBounds) {
  const auto histogram = std::make_unique<LatencyHistogram>();
  for (const std::uint64_t ns : {10U, 20U, 30U, 1'000U, 1'000'000U})
    histogram->record(ns);
  const auto copy = std::make_unique<HistogramCopy>();
  histogram->copy_to(*copy);
  constexpr std::array<std::uint64_t, 5> ends{9, 30, 2'000, 100'000'000, UINT64_MAX};
  std::array<std::uint64_t, 5> counts{};
  copy->count_up_to(ends, counts);
  EXPECT_EQ(counts, (std::array<std::uint64_t, 5>{0, 3, 4, 5, 5}));
  HistogramCopy{}.count_up_to(ends, counts);
  EXPECT_EQ(counts, (std::array<std::uint64_t, 5>{}));
}

}  // namespace
}  // namespace coreloop::engine
