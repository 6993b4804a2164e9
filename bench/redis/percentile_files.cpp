// Names, histograms and text of the files.
#include "bench/redis/percentile_files.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "io/edge/file.hpp"
#include "io/latency/percentile_text.hpp"

namespace coreloop::bench {
namespace {

constexpr int exit_cannot_create = 73;
constexpr int exit_io = 74;

[[noreturn]] void refuse(const std::string& path, int error, int exit_code) {
  std::fprintf(stderr, "redis_bench: %s: %s\n", path.c_str(), std::strerror(error));
  std::exit(exit_code);
}

std::unique_ptr<io::SystemFile> create(const std::string& path) {
  int error = 0;
  auto file = io::SystemFile::create(path, error);
  if (file == nullptr) refuse(path, error, exit_cannot_create);
  return file;
}

std::string file_of(const std::string& prefix, PercentileFiles::Load load, Subject subject) {
  return prefix + (load == PercentileFiles::Load::ping ? ".ping" : ".open_loop") +
         (subject == Subject::engine ? ".engine" : ".relay") + ".hgrm";
}

}  // namespace

PercentileFiles::PercentileFiles(std::string prefix) : prefix_(std::move(prefix)) {
  if (prefix_.empty()) return;
  for (const Load load : {Load::ping, Load::open_loop}) {
    for (const Subject subject : {Subject::engine, Subject::relay}) {
      const std::string path = file_of(prefix_, load, subject);
      create(path);
      histograms_[path] = std::make_unique<engine::LatencyHistogram>();
    }
  }
}

void PercentileFiles::add(Load load, Subject subject, const std::vector<double>& times_us) {
  if (prefix_.empty()) return;
  engine::LatencyHistogram& histogram = *histograms_.at(file_of(prefix_, load, subject));
  for (const double time_us : times_us)
    histogram.record(static_cast<std::uint64_t>(std::llround(std::max(time_us, 0.0) * 1e3)));
}

void PercentileFiles::write() const {
  for (const auto& [path, histogram] : histograms_) {
    engine::HistogramCopy copy;
    histogram->copy_to(copy);
    const auto file = create(path);
    const int append_error = file->append(io::percentile_text(io::HdrHistogram(copy)));
    const int finish_error = file->finish();
    const int error = append_error != 0 ? append_error : finish_error;
    if (error != 0) refuse(path, error, exit_io);
  }
}

}  // namespace coreloop::bench
