// What is refused before any route sees it: bodies in any guise, foreign hosts and origins. Pure.
#pragma once

#include <optional>

#include "io/http/http_message.hpp"

namespace coreloop::io {

/// The refusal of `request`, or nothing. Commands stand in path and query: no route takes a body,
/// so that nothing of a body is ever read.
[[nodiscard]] std::optional<HttpAnswer> refusal_of(const HttpRequest& request);

}  // namespace coreloop::io
