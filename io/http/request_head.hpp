// A request's head as text, read strictly: what could be read in two ways is not read at all. Pure.
#pragma once

#include <string_view>

#include "io/http/http_message.hpp"

namespace coreloop::io {

/// Reads a whole head, up to and with its empty line, of HTTP/1.0 or 1.1; false if it is of no such
/// form. Path and query are percent-decoded once, headers not at all. Source: RFC 9112, 3 and 5; no
/// folded lines, no bare CR or LF, no absolute targets.
[[nodiscard]] bool read_request_head(std::string_view head, HttpRequest& request);

}  // namespace coreloop::io
