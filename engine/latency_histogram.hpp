// A latency histogram: log-linear buckets from 1 ns to more than 60 s, each at most 1/64 (1.6 %)
// wide, one writer, any number of readers, who never stop it.
//
//   value 0..63: one bucket a ns; then 64 buckets for each doubling, up to 2^36 ns (68.7 s). Larger
//   values stand in the last.
//
// The writer adds with plain stores (no other thread writes these words); a reader copies the
// counts and may see a value counted a moment before another that came earlier. Source of the
// scheme: HdrHistogram (Tene), with 2^6 sub-buckets.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>
#include <span>

namespace coreloop::engine {

/// Bucket arithmetic shared by the live histogram, its copies and the files they are written to.
template <std::uint32_t bits>
struct LogLinearBuckets {
  static constexpr std::uint32_t sub_bucket_bits = bits;
  static constexpr std::uint32_t sub_buckets = 1U << sub_bucket_bits;
  static constexpr std::uint32_t value_bits_max = 36;
  static constexpr std::uint32_t count = (value_bits_max - sub_bucket_bits + 1) * sub_buckets;

  [[nodiscard]] static constexpr std::uint32_t index_of(std::uint64_t value) noexcept {
    if (value < sub_buckets) return static_cast<std::uint32_t>(value);
    const auto width = static_cast<std::uint32_t>(std::bit_width(value));
    if (width > value_bits_max) return count - 1;
    const std::uint32_t shift = width - sub_bucket_bits - 1;
    return (shift + 1) * sub_buckets + static_cast<std::uint32_t>((value >> shift) - sub_buckets);
  }
  /// Smallest value of a bucket.
  [[nodiscard]] static constexpr std::uint64_t low_of(std::uint32_t index) noexcept {
    if (index < sub_buckets) return index;
    const std::uint32_t shift = index / sub_buckets - 1;
    return static_cast<std::uint64_t>(index % sub_buckets + sub_buckets) << shift;
  }
  /// Largest value of a bucket.
  [[nodiscard]] static constexpr std::uint64_t high_of(std::uint32_t index) noexcept {
    if (index < sub_buckets) return index;
    return low_of(index) + (std::uint64_t{1} << (index / sub_buckets - 1)) - 1;
  }
};

using HistogramBuckets = LogLinearBuckets<6>;

static_assert(HistogramBuckets::index_of(63) == 63 && HistogramBuckets::index_of(64) == 64);
static_assert(HistogramBuckets::low_of(HistogramBuckets::index_of(1'000'000)) <= 1'000'000);

/// A copy of a histogram, or a sum of several: what readers work with. Cold.
class HistogramCopy {
 public:
  /// Adds everything of `other`.
  void merge(const HistogramCopy& other) noexcept;

  /// What has been recorded since `earlier`, a copy of the same histogram. Its max_ns() is exact
  /// where it is the largest value so far, else the upper end of a bucket.
  [[nodiscard]] HistogramCopy since(const HistogramCopy& earlier) const noexcept;

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
  /// ns, truncated; 0 without a value.
  [[nodiscard]] std::uint64_t mean_ns() const noexcept {
    return count_ == 0 ? 0 : sum_ns_ / count_;
  }
  [[nodiscard]] std::uint64_t max_ns() const noexcept { return max_ns_; }
  [[nodiscard]] std::uint64_t sum_ns() const noexcept { return sum_ns_; }
  /// The value at or below which `per_100k` of 100,000 values lie (99.9 % = 99,900): a bucket's
  /// upper end, at most max_ns(). 0 without a value.
  [[nodiscard]] std::uint64_t percentile_ns(std::uint32_t per_100k) const noexcept;
  /// How many values lie at or below each of `ends_ns`, to the bucket's precision, in one pass.
  /// `ends_ns` ascend; `counts` has room for as many.
  void count_up_to(std::span<const std::uint64_t> ends_ns,
                   std::span<std::uint64_t> counts) const noexcept;
  [[nodiscard]] std::uint64_t bucket_count(std::uint32_t index) const noexcept {
    return counts_[index];
  }

 private:
  friend class LatencyHistogram;
  std::array<std::uint64_t, HistogramBuckets::count> counts_{};
  std::uint64_t count_ = 0;
  std::uint64_t sum_ns_ = 0;
  std::uint64_t max_ns_ = 0;
};

/// The live histogram of one thread.
class LatencyHistogram {
 public:
  /// Thread: the writer.
  void record(std::uint64_t ns) noexcept {
    add(counts_[HistogramBuckets::index_of(ns)], 1);
    add(sum_ns_, ns);
    if (ns > max_ns_.load(std::memory_order_relaxed)) max_ns_.store(ns, std::memory_order_relaxed);
  }

  /// A copy of what has been recorded. Any thread; never stops the writer.
  void copy_to(HistogramCopy& copy) const noexcept;

 private:
  // One writer: no read-modify-write instruction is needed.
  static void add(std::atomic<std::uint64_t>& word, std::uint64_t value) noexcept {
    word.store(word.load(std::memory_order_relaxed) + value, std::memory_order_relaxed);
  }

  std::array<std::atomic<std::uint64_t>, HistogramBuckets::count> counts_{};
  std::atomic<std::uint64_t> sum_ns_{0};
  std::atomic<std::uint64_t> max_ns_{0};
};

}  // namespace coreloop::engine
