// From our buckets to their halves.
#include "io/latency/hdr_histogram.hpp"

#include <algorithm>
#include <cmath>

namespace coreloop::io {
namespace {

using Ours = engine::HistogramBuckets;
using Theirs = HdrHistogram::Buckets;
static_assert(Theirs::sub_buckets == 2 * Ours::sub_buckets);

// As HdrHistogram takes it: half of a bucket's width above its lower end.
double middle_of(std::size_t bucket) noexcept {
  const auto index = static_cast<std::uint32_t>(bucket);
  const std::uint64_t low = Theirs::low_of(index);
  return static_cast<double>(low + (Theirs::high_of(index) - low + 1) / 2);
}

}  // namespace

HdrHistogram::HdrHistogram(const engine::HistogramCopy& copy) : count_(copy.count()) {
  std::uint32_t highest = 0;
  for (std::uint32_t i = 0; i < Ours::count; ++i) {
    if (copy.bucket_count(i) != 0) highest = i;
  }
  // A copy may know a value's count before its maximum, and a maximum before its count.
  const std::uint64_t max_ns =
      count_ == 0 ? 0 : std::clamp(copy.max_ns(), Ours::low_of(highest), Ours::high_of(highest));
  counts_.resize(Theirs::index_of(max_ns) + 1);
  for (std::uint32_t i = 0; i <= highest; ++i) {
    const std::uint64_t value_ns = i == highest ? max_ns : Ours::high_of(i);
    counts_[Theirs::index_of(value_ns)] += copy.bucket_count(i);
  }
}

std::uint64_t HdrHistogram::max_ns() const noexcept {
  return count_ == 0 ? 0 : Theirs::high_of(static_cast<std::uint32_t>(counts_.size() - 1));
}

double HdrHistogram::mean_ns() const noexcept {
  if (count_ == 0) return 0;
  double sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i)
    sum += middle_of(i) * static_cast<double>(counts_[i]);
  return sum / static_cast<double>(count_);
}

double HdrHistogram::deviation_ns() const noexcept {
  if (count_ == 0) return 0;
  const double mean = mean_ns();
  double sum = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    const double deviation = middle_of(i) - mean;
    sum += deviation * deviation * static_cast<double>(counts_[i]);
  }
  return std::sqrt(sum / static_cast<double>(count_));
}

}  // namespace coreloop::io
