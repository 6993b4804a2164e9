// What is refused before any route sees it: bodies in any guise, foreign hosts and origins, and a
// missing token. Pure.
#pragma once

#include <optional>

#include "io/http/http_access.hpp"
#include "io/http/http_message.hpp"

namespace coreloop::io {

/// The refusal of `request`, or nothing. Commands stand in path and query: no route takes a body,
/// so that nothing of a body is ever read.
[[nodiscard]] std::optional<HttpAnswer> refusal_of(const HttpRequest& request,
                                                   const HttpAccess& access);

/// The refusal of `request` if it does not bring the token that is asked for.
[[nodiscard]] std::optional<HttpAnswer> refusal_without_token(const HttpRequest& request,
                                                              const AccessToken& token);

}  // namespace coreloop::io
