// What this build is.
#pragma once

#include <string>

namespace coreloop::tools {

/// Program version, git revision, compiler and library versions, one a line.
[[nodiscard]] std::string version_text();

}  // namespace coreloop::tools
