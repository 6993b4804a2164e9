// printf, flushed, so that progress shows.
#include "bench/redis/figures.hpp"

#include <cstdio>

namespace coreloop::bench {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 100 ? "%.2f" : "%.1f", value);
  return text;
}

}  // namespace

void print_figure(const char* name, const std::vector<double>& values, const std::string& words) {
  std::printf("%s %.6g %.6g %.6g  %s\n", name, percentile(values, 0.5), percentile(values, 0),
              percentile(values, 1), words.c_str());
  std::fflush(stdout);
}

std::vector<double> Pairs::ratios() const {
  std::vector<double> made;
  for (std::size_t i = 0; i < subject.size() && i < yardstick.size(); ++i)
    made.push_back(subject[i] / yardstick[i]);
  return made;
}

void print_ratio(const char* name, const Pairs& pairs, const char* subject, const char* yardstick,
                 const char* unit) {
  print_figure(name, pairs.ratios(),
               std::string{subject} + " " + number(percentile(pairs.subject, 0.5)) + " " + unit +
                   ", " + yardstick + " " + number(percentile(pairs.yardstick, 0.5)) + " " + unit);
}

void print_percentiles(const char* load, const char* subject, const std::vector<double>& times_us) {
  std::printf("# %s, %s, us: p50 %.1f, p90 %.1f, p99 %.1f, p99.9 %.1f, max %.1f of %zu\n", load,
              subject, percentile(times_us, 0.5), percentile(times_us, 0.9),
              percentile(times_us, 0.99), percentile(times_us, 0.999), percentile(times_us, 1),
              times_us.size());
  std::fflush(stdout);
}

}  // namespace coreloop::bench
