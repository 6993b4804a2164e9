// What the GET routes answer: views of the desk as JSON, the scrape, and the pages about the routes
// themselves. Any thread.
#pragma once

#include <string_view>

#include "io/http/route.hpp"

namespace coreloop::io {

/// 503 with a hint to come again soon.
[[nodiscard]] HttpAnswer busy(std::string_view detail);

// Our own.
[[nodiscard]] HttpAnswer show_health(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_ready(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_metrics(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_latency(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_risk(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_execution(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_portfolio(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_redis(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_errors(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_history(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_live(const ViewRequest& request);

// Of the services, with their keys alone.
[[nodiscard]] HttpAnswer show_risk_health(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_risk_stats(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_execution_health(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_execution_stats(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_position_health(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_position_portfolio(const ViewRequest& request);

// The same everywhere.
[[nodiscard]] HttpAnswer show_positions(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_prices(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_docs(const ViewRequest& request);
[[nodiscard]] HttpAnswer show_openapi(const ViewRequest& request);

}  // namespace coreloop::io
