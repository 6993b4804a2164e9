// `engine --doctor CONF`: everything that a run with a conf will depend on, looked at before it
// starts. Changes nothing, in Redis nor on the disk.
#pragma once

#include "io/conf/engine_conf.hpp"

namespace coreloop::tools {

/// Prints the table of findings on stdout. Answers 0 where a run would start, else the exit code
/// it would end with: that of the first failure.
[[nodiscard]] int examine(const io::EngineConf& conf);

}  // namespace coreloop::tools
