// What this build is.
#pragma once

#include <string>

namespace coreloop::tools {

/// The parts of it that metrics show.
struct BuildWords {
  std::string version;
  std::string revision;
  std::string compiler;
};
[[nodiscard]] BuildWords build_words();

/// Program version, git revision, compiler and library versions, one a line.
[[nodiscard]] std::string version_text();

}  // namespace coreloop::tools
