// Reading a conf from a file, with everything that is wrong told on stderr.
#pragma once

#include <span>
#include <string>

#include "io/conf/engine_conf.hpp"

namespace coreloop::tools {

/// Reads and checks a conf; an empty path means defaults only. 0, or an exit code (66, 77, 78)
/// after listing every problem.
[[nodiscard]] int load_conf(const std::string& path, std::span<const io::ConfOverride> overrides,
                            io::EngineConf& conf);

}  // namespace coreloop::tools
