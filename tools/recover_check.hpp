// `engine --recover-check DIR`: what a start with this journal would come to, without Redis and
// HTTP, and without changing a byte of it.
#pragma once

#include <string>

namespace coreloop::tools {

/// Reads the journal in `directory`, replays it as a start does, and prints what would be
/// recovered. 0, or 65 with file and offset, 66 no journal there, 70, 77, explained on stderr. Of a
/// journal that an engine is writing, what is there when it begins is checked.
[[nodiscard]] int check_recovery(const std::string& directory);

}  // namespace coreloop::tools
