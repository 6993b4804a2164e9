// The tables.
#include "io/http/listeners.hpp"

#include "io/http/documents.hpp"
#include "io/http/route_views.hpp"

namespace coreloop::io {
namespace {

constexpr std::array engine_routes{
    Route{.path = "/", .view = show_live, .is_open = true},
    Route{.path = "/health", .view = show_health, .is_open = true},
    Route{.path = "/ready", .view = show_ready, .is_open = true},
    Route{.path = "/metrics", .view = show_metrics},
    Route{.path = "/latency", .view = show_latency},
    Route{.path = "/risk", .parameter = Parameter::account, .view = show_risk},
    Route{.path = "/execution", .view = show_execution},
    Route{.path = "/portfolio", .parameter = Parameter::account, .view = show_portfolio},
    Route{.path = "/positions", .parameter = Parameter::account, .view = show_positions},
    Route{.path = "/prices", .view = show_prices},
    Route{.path = "/redis", .view = show_redis},
    Route{.path = "/errors", .view = show_errors},
    Route{.path = "/history", .parameter = Parameter::account, .view = show_history},
    Route{.path = "/prices/{symbol}", .parameter = Parameter::price, .command = "price"},
    Route{.path = "/close/{symbol}", .parameter = Parameter::account, .command = "close"},
    Route{.path = "/halt", .command = "halt"},
    Route{.path = "/resume", .command = "resume"},
    Route{.path = "/reset", .parameter = Parameter::service, .command = "reset"},
    Route{.path = "/docs", .view = show_docs, .is_open = true},
    Route{.path = "/openapi.json", .view = show_openapi, .is_open = true}};

constexpr std::array risk_routes{
    Route{.path = "/health", .view = show_risk_health},
    Route{.path = "/stats", .parameter = Parameter::account, .view = show_risk_stats},
    Route{.path = "/reset", .command = "reset", .service = "risk"},
    Route{.path = "/docs", .view = show_docs},
    Route{.path = "/openapi.json", .view = show_openapi}};

constexpr std::array execution_routes{
    Route{.path = "/health", .view = show_execution_health},
    Route{.path = "/stats", .view = show_execution_stats},
    Route{.path = "/prices", .view = show_prices},
    Route{.path = "/prices/{symbol}", .parameter = Parameter::price, .command = "price"},
    Route{.path = "/reset", .command = "reset", .service = "execution"},
    Route{.path = "/docs", .view = show_docs},
    Route{.path = "/openapi.json", .view = show_openapi}};

constexpr std::array position_routes{
    Route{.path = "/health", .view = show_position_health},
    Route{.path = "/portfolio", .parameter = Parameter::account, .view = show_position_portfolio},
    Route{.path = "/positions", .parameter = Parameter::account, .view = show_positions},
    Route{.path = "/prices", .view = show_prices},
    Route{.path = "/prices/{symbol}", .parameter = Parameter::price, .command = "price"},
    Route{.path = "/close/{symbol}",
          .parameter = Parameter::account,
          .command = "close",
          .result = position_close_answer},
    Route{.path = "/docs", .view = show_docs},
    Route{.path = "/openapi.json", .view = show_openapi}};

}  // namespace

const std::array<Listener, listener_count>& listeners() {
  static const std::array<Listener, listener_count> all{{
      {.name = "", .routes = engine_routes, .openapi = engine_openapi, .thread_count = 4},
      {.name = "risk safety", .routes = risk_routes, .openapi = risk_openapi},
      {.name = "execution", .routes = execution_routes, .openapi = execution_openapi},
      {.name = "position monitor", .routes = position_routes, .openapi = position_openapi},
  }};
  return all;
}

}  // namespace coreloop::io
