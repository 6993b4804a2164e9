// Who may ask a listener: what its guards go by. Set at the start, then read by any thread.
#pragma once

#include <string>
#include <vector>

#include "io/http/access_token.hpp"

namespace coreloop::io {

/// Without any of it: this machine alone, without a token.
struct HttpAccess {
  AccessToken token = {};               ///< asked for on all but open routes
  std::vector<std::string> hosts = {};  ///< names that Host may hold beside those of this machine
  bool answers_to_addresses = false;    ///< Host may hold any address: others can reach us
};

}  // namespace coreloop::io
