// Running the engine between real Redis streams: connect, look at the streams, run until a stop
// signal or a fault, drain, publish what is left.
#pragma once

#include <cstdint>

#include "io/conf/engine_conf.hpp"
#include "tools/run_summary.hpp"

namespace coreloop::tools {

enum class LiveRun : std::uint8_t {
  until_stopped,
  until_recovered,  ///< until what the journal holds is decided again and published: no new input
};

/// Runs with conf input.source and output.sink = "redis" and fills in `summary`. Every event worth
/// knowing is told on stderr. Answers an exit code: 0 after a stop signal, or once recovered; 65 an
/// input stream went back; 69 no Redis in time; 70, 73, 74; 75 somebody else writes to an output
/// stream; 77 login or permission; 78.
[[nodiscard]] int run_live(const io::EngineConf& conf, LiveRun kind, RunSummary& summary);

}  // namespace coreloop::tools
