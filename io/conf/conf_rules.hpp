// Rules of single keys of the conf's table that are of no general kind: what each allows, and where
// it goes.
#pragma once

#include <cstddef>
#include <string_view>

#include "io/conf/conf_values.hpp"
#include "io/edge/sink.hpp"

namespace coreloop::io {

/// Whether `text` is `capture:FILE`.
[[nodiscard]] bool is_capture(std::string_view text);
[[nodiscard]] bool is_redis_url(std::string_view text);
/// A listener's host:port: of this machine alone, unless it is the one that may ask for a token.
[[nodiscard]] ConfRule http_listen_rule(std::size_t listener);
[[nodiscard]] ConfRule http_hosts_rule();

[[nodiscard]] ConfRule output_name_rule(OutputStream stream);
[[nodiscard]] ConfRule bases_rule();
[[nodiscard]] ConfRule streams_rule();
[[nodiscard]] ConfRule layout_rule();
[[nodiscard]] ConfRule cores_rule();
[[nodiscard]] ConfRule ring_capacity_rule();

}  // namespace coreloop::io
