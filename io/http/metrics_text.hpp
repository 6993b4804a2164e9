// Prometheus' text format, version 0.0.4: families with HELP and TYPE, their samples behind them.
// Knows no metric by name.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "engine/latency_histogram.hpp"
#include "stages/fixed_point.hpp"

namespace coreloop::io {

using MetricLabels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class MetricsText {
 public:
  // Each begins a family; its samples must follow before the next one begins.
  MetricsText& counter(std::string_view name, std::string_view help);
  MetricsText& gauge(std::string_view name, std::string_view help);
  MetricsText& histogram(std::string_view name, std::string_view help);
  MetricsText& summary(std::string_view name, std::string_view help);

  /// A sample of the family that has begun.
  MetricsText& sample(MetricLabels labels, std::uint64_t value);
  MetricsText& amount(MetricLabels labels, stages::Int128 value);  ///< at 1e-8
  MetricsText& seconds(MetricLabels labels, stages::Int128 ns);
  /// The buckets of latency_ladder, sum and count, in seconds.
  MetricsText& latency(MetricLabels labels, const engine::HistogramCopy& histogram);
  /// Buckets with given upper ends. `counts`: one a bucket and one for all above.
  MetricsText& buckets(MetricLabels labels, std::span<const std::string> upper_ends,
                       std::span<const std::uint64_t> counts, const std::string& sum);

  /// A summary's two samples; it has no quantiles.
  MetricsText& totals(MetricLabels labels, stages::Int128 sum, std::uint64_t count);

  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  void begin(std::string_view name, std::string_view help, std::string_view type);
  void add(std::string_view suffix, MetricLabels labels, std::string_view le,
           std::string_view value);

  std::string name_;
  std::string text_;
};

}  // namespace coreloop::io
