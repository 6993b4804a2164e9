// A latency histogram of an engine with its name: what summaries, .hlog and .hgrm files hold.
#pragma once

#include <string>

#include "engine/latency_histogram.hpp"

namespace coreloop::tools {

struct LatencyRow {
  std::string name;  ///< "risk, waiting", "risk, working", …
  engine::HistogramCopy histogram;
};

/// The name as a log's tag and in file names: "risk.waiting", "end_to_end".
[[nodiscard]] std::string latency_tag(const std::string& name);

}  // namespace coreloop::tools
