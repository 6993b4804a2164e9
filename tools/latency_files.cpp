// Names and files of latencies.
#include "tools/latency_files.hpp"

#include <cstring>
#include <memory>

#include "io/edge/file.hpp"
#include "io/latency/percentile_text.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"

namespace coreloop::tools {

std::string latency_tag(const std::string& name) {
  std::string tag;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == ',')
      tag += '.';
    else if (name[i] != ' ')
      tag += name[i];
    else if (i == 0 || name[i - 1] != ',')
      tag += '_';
  }
  return tag;
}

int write_hgrm_files(const std::string& prefix, const std::vector<LatencyRow>& rows) {
  for (const LatencyRow& row : rows) {
    const std::string path = prefix + "." + latency_tag(row.name) + ".hgrm";
    std::unique_ptr<io::File> file;
    const int exit_code = open_output(path, file);
    if (exit_code != exit_ok) return exit_code;
    const int append_error = file->append(io::percentile_text(io::HdrHistogram(row.histogram)));
    const int finish_error = file->finish();
    const int error = append_error != 0 ? append_error : finish_error;
    if (error != 0) return complain("output", path + ": " + std::strerror(error), exit_io);
  }
  return exit_ok;
}

}  // namespace coreloop::tools
