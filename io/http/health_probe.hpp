// The other side of the endpoint: one GET, for health checks on machines without curl. Any thread.
#pragma once

#include <string>

namespace coreloop::io {

struct HealthFinding {
  bool is_healthy = false;  ///< 200
  std::string text;         ///< the answer's body, or what went wrong; one line
};

/// Whether `url` can be asked: http://host[:port][/path].
[[nodiscard]] bool is_health_url(const std::string& url);

/// Asks `url`, at most three seconds. Requires: is_health_url(url).
[[nodiscard]] HealthFinding probe_health(const std::string& url);

}  // namespace coreloop::io
