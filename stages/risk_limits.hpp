// Every number and switch by which RISK decides, under the names its users know from the conf: one
// word from conf key to field to reason. Validated once by the conf reader, then const. Ratios and
// money at 1e-8.
#pragma once

#include <cstdint>

#include "stages/event.hpp"
#include "stages/fixed_point.hpp"
#include "stages/valuation.hpp"

namespace coreloop::stages {

enum class SizingModel : std::uint8_t { kelly, fixed_fraction, fixed_notional, tracked_kelly };

/// What a BUY against a short, or a SELL against a long, does.
enum class OnOpposite : std::uint8_t {
  close,    ///< closes the position whole and opens nothing
  reverse,  ///< closes it and opens the sized notional the other way
  net,      ///< is netted against it
};

struct SizingLimits {
  SizingModel sizing = SizingModel::kelly;
  Ratio kelly_fraction = scale / 4;
  Ratio payoff_ratio = 3 * scale / 2;
  Ratio fixed_fraction = scale / 20;
  Money fixed_notional = 500 * scale;
  Ratio tracked_floor_pct = scale / 100;
  Ratio max_position_size_pct = scale / 10;
};

struct RiskLimits {
  SizingLimits sizing;
  Ratio stop_loss_pct = scale / 50;
  OnOpposite on_opposite = OnOpposite::close;
  bool emergency_stop = false;
  bool drawdown_latch = false;
  bool clip_to_exposure = false;
  DrawdownBasis drawdown_basis = DrawdownBasis::equity;
  Ratio min_confidence_threshold = 65 * scale / 100;
  std::int64_t max_signal_age_ms = 0;  ///< 0: off
  std::int64_t max_price_age_ms = 0;   ///< 0: off
  Ratio max_drawdown_pct = 15 * scale / 100;
  std::int64_t max_daily_trades = 20;
  std::int64_t cooldown_after_loss_minutes = 60;
  Ratio max_total_exposure_pct = scale / 2;
  Ratio max_symbol_exposure_pct = scale;
  Money max_order_notional = 0;         ///< 0: off
  std::int64_t max_open_positions = 0;  ///< 0: off
  std::int64_t order_rate_max = 0;      ///< per second; 0: off
  Money min_order_notional = 0;         ///< 0: off
  std::uint32_t dedup_window = 65'536;  ///< ids remembered; 0: none
};

/// A signal is also stale when its timestamp lies this far ahead of the log time.
inline constexpr std::int64_t future_tolerance_ns = 5 * ns_per_second;

}  // namespace coreloop::stages
