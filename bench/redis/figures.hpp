// What redis_bench prints: a line a figure, `name ratio least most  words`, for tools/bench to
// read. What begins with # is for people.
#pragma once

#include <string>
#include <vector>

#include "bench/redis/workload.hpp"

namespace coreloop::bench {

/// Median, least and most of `values`, and `words`.
void print_figure(const char* name, const std::vector<double>& values, const std::string& words);

/// One value a pair of runs: of the subject, and of what it is compared with.
struct Pairs {
  std::vector<double> subject;
  std::vector<double> yardstick;

  [[nodiscard]] std::vector<double> ratios() const;
};

/// The ratios of the pairs; both medians stand in the words. `subject`, `yardstick`: what they are
/// called.
void print_ratio(const char* name, const Pairs& pairs, const char* subject, const char* yardstick,
                 const char* unit);

/// # p50 to max of `times_us`.
void print_percentiles(const char* load, const char* subject, const std::vector<double>& times_us);

}  // namespace coreloop::bench
