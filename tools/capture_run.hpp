// Running the engine over a capture file, a tape or a journal: what `engine` does with a capture
// source and what `replay run` is.
#pragma once

#include <memory>
#include <string>

#include "io/capture/capture_source.hpp"
#include "io/conf/engine_conf.hpp"
#include "tools/run_summary.hpp"

namespace coreloop::tools {

struct CaptureRunOptions {
  std::string conf_path;  ///< empty: defaults only (a tape brings its own)
  std::vector<io::ConfOverride> overrides;
  std::string capture;  ///< replaces conf input.source where not empty
  std::string journal;  ///< a directory: the same; `capture` is empty then
  std::string out;      ///< replaces conf output.sink where not empty
  std::string hlog;     ///< replaces conf latency.hlog where not empty, and a file that is there
  io::CaptureSourceOptions source;
};

/// Runs to the end of the capture or journal or to a stop signal and fills in `summary`. Every
/// problem is told on stderr. Answers an exit code: 0, 65 damaged input (what was whole has been
/// processed), 66, 70, 73, 74, 77, 78.
[[nodiscard]] int run_capture(const CaptureRunOptions& options, RunSummary& summary);

}  // namespace coreloop::tools
