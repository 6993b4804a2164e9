// The JSON of what only a live engine has: its ends at Redis, whether it is ready, how fast it is,
// and what its log has complained of. Pure functions over the desk's facts.
#pragma once

#include <string>
#include <string_view>

#include "io/http/engine_desk.hpp"

namespace coreloop::io {

/// A connection in a word or two.
[[nodiscard]] std::string_view end_state(const RedisEndFacts& end) noexcept;
/// Whether signals are being taken and outcomes published: what GET /ready answers.
[[nodiscard]] bool is_ready(LifeState state, const RedisFacts& redis) noexcept;
/// GET /ready: why, or why not.
[[nodiscard]] std::string ready_json(LifeState state, const RedisFacts& redis);

/// GET /latency: ns, per stage.
[[nodiscard]] std::string latency_json(const TimingFacts& timing);
/// GET /redis: both connections, the input streams, the output streams.
[[nodiscard]] std::string redis_json(const RedisFacts& redis);
/// GET /errors: distinct warnings and errors, and dead letters by code. `views` may be incomplete:
/// no dead letters.
[[nodiscard]] std::string errors_json(const ToldErrors& told, const ViewCopies& views);

}  // namespace coreloop::io
