// The JSON of the GET routes: the keys of the three services that this engine replaces (the wire
// page, "HTTP"), alone or with what we say beside them. Pure functions over views.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "io/http/engine_desk.hpp"

namespace coreloop::io {

// What GET /risk and GET /execution count since their last reset.
[[nodiscard]] std::uint64_t signals_received(const OutcomesView& outcomes);
[[nodiscard]] std::uint64_t orders_filled(const OutcomesView& outcomes);

enum class KeySet : std::uint8_t {
  service,  ///< exactly those of the service whose place is taken
  engine,   ///< and what we say beside them
};

/// Alive, and no more: for whoever does not bring the token that is asked for.
[[nodiscard]] std::string liveness_json(LifeState state, std::int64_t uptime_ns);

/// GET /health: alive, and the /health keys of all three services. `views` may be incomplete:
/// zeros.
[[nodiscard]] std::string health_json(LifeState state, std::int64_t uptime_ns,
                                      const ViewCopies& views);

// GET /health of one service alone. `views` may be incomplete: zeros.
[[nodiscard]] std::string risk_health_json(std::int64_t uptime_ns, const ViewCopies& views);
[[nodiscard]] std::string execution_health_json(std::int64_t uptime_ns, const ViewCopies& views);
[[nodiscard]] std::string position_health_json(std::int64_t uptime_ns, const ViewCopies& views);

// The following require views.is_complete(). `account`: nothing for one that has no row yet.
/// GET /risk; /stats of risk safety.
[[nodiscard]] std::string risk_json(const ViewCopies& views,
                                    std::optional<stages::AccountId> account, KeySet keys);
/// GET /execution; /stats of execution.
[[nodiscard]] std::string execution_json(const ViewCopies& views, KeySet keys);
/// GET /portfolio
[[nodiscard]] std::string portfolio_json(const ViewCopies& views,
                                         std::optional<stages::AccountId> account, KeySet keys);
/// GET /positions. `seed`: conf engine.seed, of the order ids.
[[nodiscard]] std::string positions_json(const ViewCopies& views,
                                         std::optional<stages::AccountId> account,
                                         std::uint64_t seed);
/// GET /prices: symbol -> current price.
[[nodiscard]] std::string prices_json(const ViewCopies& views);

}  // namespace coreloop::io
