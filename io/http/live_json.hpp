// The JSON of what only a live engine has: its ends at Redis, and what its log has complained of.
// Pure functions over the desk's facts.
#pragma once

#include <string>

#include "io/http/engine_desk.hpp"

namespace coreloop::io {

/// GET /redis: both connections, the input streams, the output streams.
[[nodiscard]] std::string redis_json(const RedisFacts& redis);
/// GET /errors: distinct warnings and errors, and dead letters by code. `views` may be incomplete:
/// no dead letters.
[[nodiscard]] std::string errors_json(const ToldErrors& told, const ViewCopies& views);

}  // namespace coreloop::io
