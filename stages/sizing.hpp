// How large an entry is: the four sizing models, each a pure function of balance, signal and the
// account's closes. Source of the formulas: the semantics page, "Sizing". f is the fraction shown
// on the approval, N the notional.
#pragma once

#include <algorithm>

#include "stages/close_history.hpp"
#include "stages/event.hpp"
#include "stages/fixed_point.hpp"
#include "stages/risk_limits.hpp"

namespace coreloop::stages {

struct Size {
  Ratio fraction = 0;  ///< f, in [0, cap]
  Money notional = 0;  ///< N, >= 0
};

/// balance x ratio, truncated; 0 when the balance is not positive. Requires: 0 <= ratio <= 1.
[[nodiscard]] inline Money share_of_balance(Money balance, Ratio ratio) noexcept {
  return balance <= 0 ? 0 : static_cast<Money>(times_truncated(balance, ratio));
}

/// kelly_fraction x (p - (1 - p) / b), each product and quotient truncated; b = 0 gives 0.
[[nodiscard]] inline Int128 kelly_fraction_of(Ratio kelly_fraction, Ratio p, Ratio b) noexcept {
  if (b == 0) return 0;
  const Int128 t = ratio_truncated(scale - p, b);
  return truncated((p - t) * kelly_fraction, scale);
}

/// tracked_kelly uses the account's own record once it has this many closes with a win and a loss
/// among them.
inline constexpr std::uint32_t tracked_closes_min = 20;

/// f of `tracked_kelly` before cap and floor.
[[nodiscard]] inline Int128 tracked_fraction(const SizingLimits& limits, Ratio confidence,
                                             const CloseHistory& closes) noexcept {
  const bool has_record = closes.close_count() >= tracked_closes_min && closes.win_count() > 0 &&
                          closes.loss_count() > 0;
  if (!has_record) return kelly_fraction_of(limits.kelly_fraction, confidence, limits.payoff_ratio);
  const auto p = static_cast<Ratio>(ratio_truncated(closes.win_count(), closes.close_count()));
  const Ratio b = saturated(ratio_truncated(closes.mean_win(), closes.mean_loss()));
  return kelly_fraction_of(limits.kelly_fraction, p, b);
}

/// Size of an entry. `position_size_pct`: the signal's own cap, or absent_ratio.
[[nodiscard]] inline Size entry_size(const SizingLimits& limits, Money balance, Ratio confidence,
                                     SmallRatio position_size_pct,
                                     const CloseHistory& closes) noexcept {
  const Ratio cap = std::min<Ratio>(limits.max_position_size_pct, position_size_pct);
  Int128 fraction = 0;
  switch (limits.sizing) {
    case SizingModel::kelly:
      fraction = kelly_fraction_of(limits.kelly_fraction, confidence, limits.payoff_ratio);
      break;
    case SizingModel::fixed_fraction:
      fraction = limits.fixed_fraction;
      break;
    case SizingModel::tracked_kelly:
      fraction =
          std::max<Int128>(tracked_fraction(limits, confidence, closes), limits.tracked_floor_pct);
      break;
    case SizingModel::fixed_notional: {
      const Money notional = std::min(limits.fixed_notional, share_of_balance(balance, cap));
      return {balance <= 0 ? 0 : static_cast<Ratio>(ratio_truncated(notional, balance)), notional};
    }
  }
  const auto clamped = static_cast<Ratio>(std::clamp<Int128>(fraction, 0, cap));
  return {clamped, share_of_balance(balance, clamped)};
}

}  // namespace coreloop::stages
