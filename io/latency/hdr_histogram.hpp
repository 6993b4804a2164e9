// Latencies in the buckets of HdrHistogram (Tene) with 2 significant digits and values up to
// 2^36 - 1 ns: the form in which .hlog and .hgrm files hold them. Cold.
//
// Its buckets are the halves of ours. Each of our counts stands in the half that holds our bucket's
// upper end, so that a percentile read from the files is the one our own JSON says; those of the
// highest bucket stand where the largest value lies. What that costs: the mean is taken from the
// middle of halves, at most 1/64 (1.6 %) beside the true one, and the maximum is the end of a half,
// at most 1/128 (0.8 %) above the true one. A value above 2^36 - 1 ns (68.7 s) counts as that.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/latency_histogram.hpp"

namespace coreloop::io {

class HdrHistogram {
 public:
  using Buckets = engine::LogLinearBuckets<7>;  ///< two digits: 256 values one by one, then halved
  static constexpr std::int32_t significant_digits = 2;
  static constexpr std::uint64_t highest_ns = (std::uint64_t{1} << Buckets::value_bits_max) - 1;

  explicit HdrHistogram(const engine::HistogramCopy& copy);

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// Counts by bucket, up to the highest that is not empty; one 0 without a value.
  [[nodiscard]] const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }
  /// Upper end of the highest bucket that is not empty; 0 without a value.
  [[nodiscard]] std::uint64_t max_ns() const noexcept;
  /// Of the buckets' middles; 0 without a value.
  [[nodiscard]] double mean_ns() const noexcept;
  /// Standard deviation of the buckets' middles; 0 without a value.
  [[nodiscard]] double deviation_ns() const noexcept;

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
};

static_assert(HdrHistogram::Buckets::index_of(HdrHistogram::highest_ns) + 1 ==
              HdrHistogram::Buckets::count);

}  // namespace coreloop::io
