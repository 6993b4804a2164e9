// Lines of the text format.
#include "io/http/metrics_text.hpp"

#include <array>

#include "io/http/json_writer.hpp"

namespace coreloop::io {
namespace {

struct LadderStep {
  std::uint64_t ns;
  std::string_view le;  ///< seconds
};

/// Fixed for ever: histograms of two versions must add up.
constexpr std::array<LadderStep, 19> latency_ladder{{{250, "2.5e-07"},
                                                     {500, "5e-07"},
                                                     {1'000, "1e-06"},
                                                     {2'500, "2.5e-06"},
                                                     {5'000, "5e-06"},
                                                     {10'000, "1e-05"},
                                                     {25'000, "2.5e-05"},
                                                     {50'000, "5e-05"},
                                                     {100'000, "0.0001"},
                                                     {250'000, "0.00025"},
                                                     {500'000, "0.0005"},
                                                     {1'000'000, "0.001"},
                                                     {2'500'000, "0.0025"},
                                                     {5'000'000, "0.005"},
                                                     {10'000'000, "0.01"},
                                                     {50'000'000, "0.05"},
                                                     {100'000'000, "0.1"},
                                                     {500'000'000, "0.5"},
                                                     {1'000'000'000, "1.0"}}};

constexpr auto ladder_ends = [] {
  std::array<std::uint64_t, latency_ladder.size()> ends{};
  for (std::size_t i = 0; i < ends.size(); ++i)
    ends[i] = latency_ladder[i].ns;
  return ends;
}();

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '"') {
      out += "\\\"";
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

}  // namespace

MetricsText& MetricsText::counter(std::string_view name, std::string_view help) {
  begin(name, help, "counter");
  return *this;
}

MetricsText& MetricsText::gauge(std::string_view name, std::string_view help) {
  begin(name, help, "gauge");
  return *this;
}

MetricsText& MetricsText::histogram(std::string_view name, std::string_view help) {
  begin(name, help, "histogram");
  return *this;
}

MetricsText& MetricsText::summary(std::string_view name, std::string_view help) {
  begin(name, help, "summary");
  return *this;
}

MetricsText& MetricsText::totals(MetricLabels labels, stages::Int128 sum, std::uint64_t count) {
  add("_sum", labels, "", amount_number(sum));
  add("_count", labels, "", std::to_string(count));
  return *this;
}

MetricsText& MetricsText::sample(MetricLabels labels, std::uint64_t value) {
  add("", labels, "", std::to_string(value));
  return *this;
}

MetricsText& MetricsText::amount(MetricLabels labels, stages::Int128 value) {
  add("", labels, "", amount_number(value));
  return *this;
}

MetricsText& MetricsText::seconds(MetricLabels labels, stages::Int128 ns) {
  add("", labels, "", seconds_number(ns));
  return *this;
}

MetricsText& MetricsText::latency(MetricLabels labels, const engine::HistogramCopy& histogram) {
  std::array<std::uint64_t, latency_ladder.size()> counts{};
  histogram.count_up_to(ladder_ends, counts);
  for (std::size_t i = 0; i < counts.size(); ++i)
    add("_bucket", labels, latency_ladder[i].le, std::to_string(counts[i]));
  add("_bucket", labels, "+Inf", std::to_string(histogram.count()));
  add("_sum", labels, "", seconds_number(static_cast<stages::Int128>(histogram.sum_ns())));
  add("_count", labels, "", std::to_string(histogram.count()));
  return *this;
}

MetricsText& MetricsText::buckets(MetricLabels labels, std::span<const std::string> upper_ends,
                                  std::span<const std::uint64_t> counts, const std::string& sum) {
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < upper_ends.size(); ++i) {
    total += counts[i];
    add("_bucket", labels, upper_ends[i], std::to_string(total));
  }
  total += counts[upper_ends.size()];
  add("_bucket", labels, "+Inf", std::to_string(total));
  add("_sum", labels, "", sum);
  add("_count", labels, "", std::to_string(total));
  return *this;
}

void MetricsText::begin(std::string_view name, std::string_view help, std::string_view type) {
  name_ = name;
  text_ += "# HELP " + name_ + " ";
  text_ += help;
  text_ += "\n# TYPE " + name_ + " ";
  text_ += type;
  text_ += '\n';
}

void MetricsText::add(std::string_view suffix, MetricLabels labels, std::string_view le,
                      std::string_view value) {
  text_ += name_;
  text_ += suffix;
  bool is_first = true;
  const auto add_label = [&](std::string_view key, std::string_view label) {
    text_ += is_first ? '{' : ',';
    is_first = false;
    text_ += key;
    text_ += "=\"";
    append_escaped(text_, label);
    text_ += '"';
  };
  for (const auto& [key, label] : labels)
    add_label(key, label);
  if (!le.empty()) add_label("le", le);
  if (!is_first) text_ += '}';
  text_ += ' ';
  text_ += value;
  text_ += '\n';
}

}  // namespace coreloop::io
