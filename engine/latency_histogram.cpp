// Copies, sums and percentiles of histograms.
#include "engine/latency_histogram.hpp"

#include <algorithm>

namespace coreloop::engine {

void LatencyHistogram::copy_to(HistogramCopy& copy) const noexcept {
  copy.count_ = 0;
  for (std::uint32_t i = 0; i < HistogramBuckets::count; ++i) {
    copy.counts_[i] = counts_[i].load(std::memory_order_relaxed);
    copy.count_ += copy.counts_[i];
  }
  copy.sum_ns_ = sum_ns_.load(std::memory_order_relaxed);
  copy.max_ns_ = max_ns_.load(std::memory_order_relaxed);
}

void HistogramCopy::merge(const HistogramCopy& other) noexcept {
  for (std::uint32_t i = 0; i < HistogramBuckets::count; ++i)
    counts_[i] += other.counts_[i];
  count_ += other.count_;
  sum_ns_ += other.sum_ns_;
  max_ns_ = std::max(max_ns_, other.max_ns_);
}

HistogramCopy HistogramCopy::since(const HistogramCopy& earlier) const noexcept {
  HistogramCopy difference;
  std::uint32_t highest = 0;
  for (std::uint32_t i = 0; i < HistogramBuckets::count; ++i) {
    difference.counts_[i] = counts_[i] - earlier.counts_[i];
    difference.count_ += difference.counts_[i];
    if (difference.counts_[i] != 0) highest = i;
  }
  difference.sum_ns_ = sum_ns_ - earlier.sum_ns_;
  if (difference.count_ == 0) return difference;
  difference.max_ns_ =
      max_ns_ > earlier.max_ns_ ? max_ns_ : std::min(HistogramBuckets::high_of(highest), max_ns_);
  return difference;
}

std::uint64_t HistogramCopy::percentile_ns(std::uint32_t per_100k) const noexcept {
  if (count_ == 0) return 0;
  __extension__ typedef unsigned __int128 Wide;
  // The rank of the wanted value, 1-based, rounded up.
  auto rank = static_cast<std::uint64_t>((static_cast<Wide>(count_) * per_100k + 99'999) / 100'000);
  rank = std::clamp<std::uint64_t>(rank, 1, count_);
  std::uint64_t seen = 0;
  for (std::uint32_t i = 0; i < HistogramBuckets::count; ++i) {
    seen += counts_[i];
    if (seen >= rank) return std::min(HistogramBuckets::high_of(i), max_ns_);
  }
  return max_ns_;
}

void HistogramCopy::count_up_to(std::span<const std::uint64_t> ends_ns,
                                std::span<std::uint64_t> counts) const noexcept {
  std::uint64_t seen = 0;
  std::uint32_t bucket = 0;
  for (std::size_t i = 0; i < ends_ns.size(); ++i) {
    for (; seen < count_ && HistogramBuckets::high_of(bucket) <= ends_ns[i]; ++bucket)
      seen += counts_[bucket];
    counts[i] = seen;
  }
}

}  // namespace coreloop::engine
