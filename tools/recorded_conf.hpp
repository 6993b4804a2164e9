// The conf that a tape or a journal brings along: its `@conf` entry holds the keys that decided the
// outputs of the run. Each function answers an exit code, 0 or one that has been explained on
// stderr.
#pragma once

#include <string_view>
#include <vector>

#include "io/conf/engine_conf.hpp"
#include "io/edge/source.hpp"

namespace coreloop::tools {

/// Fills a key that must be given and is not looked at.
extern const io::ConfOverride any_source;

/// The conf of `entry` over the defaults; 0 or 65.
[[nodiscard]] int read_recorded_conf(const io::RawEntry& entry, io::EngineConf& conf);

/// The decision keys of `conf` give way to those of `entry`, which `what` ("a tape") brings; 64
/// where one of `overrides` wants another, 65.
[[nodiscard]] int take_recorded_conf(std::string_view what, const io::RawEntry& entry,
                                     const std::vector<io::ConfOverride>& overrides,
                                     io::EngineConf& conf);

}  // namespace coreloop::tools
