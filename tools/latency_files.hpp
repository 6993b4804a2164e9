// A run's latencies as .hgrm files.
#pragma once

#include <string>
#include <vector>

#include "tools/latency_rows.hpp"

namespace coreloop::tools {

/// Writes one file a row, `<prefix>.<tag>.hgrm`; 0, or 73 or 74 after the first that could not be
/// created or written has been told on stderr.
[[nodiscard]] int write_hgrm_files(const std::string& prefix, const std::vector<LatencyRow>& rows);

}  // namespace coreloop::tools
