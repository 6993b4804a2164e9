// The file that holds the token of the HTTP endpoint: conf http.token_file.
#pragma once

#include <string>

#include "io/http/access_token.hpp"

namespace coreloop::tools {

/// Reads the first line of `path`, which nobody but its owner may be able to read, into `token`; 0,
/// or 77 or 78 and `problem`, without a word of what the file holds.
[[nodiscard]] int read_token_file(const std::string& path, io::AccessToken& token,
                                  std::string& problem);

/// The same; a problem is told.
[[nodiscard]] int read_token_file(const std::string& path, io::AccessToken& token);

}  // namespace coreloop::tools
