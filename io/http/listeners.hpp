// The listeners there can be: our own, and one in the place of each of the three services, which
// answers exactly as that did (the wire page, "HTTP").
#pragma once

#include <array>

#include "io/http/listen_address.hpp"
#include "io/http/route.hpp"

namespace coreloop::io {

/// In the order of listener_keys.
[[nodiscard]] const std::array<Listener, listener_count>& listeners();

}  // namespace coreloop::io
