// Rules of single keys of the conf's table that are of no general kind: what each allows, and where
// it goes.
#pragma once

#include <string_view>

#include "io/conf/conf_values.hpp"
#include "io/edge/sink.hpp"

namespace coreloop::io {

/// Whether `text` is `capture:FILE`.
[[nodiscard]] bool is_capture(std::string_view text);
[[nodiscard]] bool is_redis_url(std::string_view text);
/// Whether `text` is host:port of this machine alone, or empty.
[[nodiscard]] bool is_http_listen(std::string_view text);

[[nodiscard]] ConfRule output_name_rule(OutputStream stream);
[[nodiscard]] ConfRule bases_rule();
[[nodiscard]] ConfRule streams_rule();
[[nodiscard]] ConfRule layout_rule();
[[nodiscard]] ConfRule cores_rule();
[[nodiscard]] ConfRule spin_rule();
[[nodiscard]] ConfRule ring_capacity_rule();

}  // namespace coreloop::io
