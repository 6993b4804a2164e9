// Running the engine over a capture file: what `engine` does with a capture source and what `replay
// run` is.
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
  std::string out;      ///< replaces conf output.sink where not empty
  io::CaptureSourceOptions source;
};

/// Runs to the end of the capture or to a stop signal and fills in `summary`. Every problem is told
/// on stderr. Answers an exit code: 0, 65 damaged input (what was whole has been processed), 66,
/// 70, 73, 74, 77, 78.
[[nodiscard]] int run_capture(const CaptureRunOptions& options, RunSummary& summary);

/// Reads a whole file into `text`; 0 or an exit code, after a message.
[[nodiscard]] int read_file(const std::string& path, std::string& text);

/// Reads and checks a conf; 0 or an exit code, after listing every problem on stderr.
[[nodiscard]] int load_conf(const std::string& path, std::span<const io::ConfOverride> overrides,
                            io::EngineConf& conf);

}  // namespace coreloop::tools
