// The latencies of the Redis benchmark as .hgrm files, for HdrHistogram's plotFiles: all runs of a
// subject together.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/redis/workload.hpp"
#include "engine/latency_histogram.hpp"

namespace coreloop::bench {

class PercentileFiles {
 public:
  /// `prefix`: empty for no files. Creates them, `<prefix>.<load>.<subject>.hgrm`, so that a wrong
  /// name shows before the runs; exits with 73 where it cannot.
  explicit PercentileFiles(std::string prefix);

  enum class Load { ping, open_loop };

  /// Adds one run's latencies, in us.
  void add(Load load, Subject subject, const std::vector<double>& times_us);

  /// Writes them in ns; exits with 74 where it cannot.
  void write() const;

 private:
  std::string prefix_;
  std::map<std::string, std::unique_ptr<engine::LatencyHistogram>> histograms_;  ///< by file
};

}  // namespace coreloop::bench
