// Whether all that an order can lead to surely fits 64 bits, seen from how large the amounts are
// that it begins with. Sufficient, never necessary: where it says no, the fill has to be worked
// out. Nearly every order of a real account passes.
#pragma once

#include <cstdint>

#include "stages/account_book.hpp"
#include "stages/fill_model.hpp"
#include "stages/fixed_point.hpp"

namespace coreloop::stages {

/// Of the model, at most.
[[nodiscard]] constexpr Ratio slippage_max(const FillCosts& costs) noexcept {
  switch (costs.model) {
    case SlippageModel::uniform:
      return costs.max_slippage_pct;
    case SlippageModel::fixed_bps:
      return costs.slippage;
    case SlippageModel::none:
      return 0;
  }
  return scale;
}

/// What an order begins with, as RISK knows it.
struct OrderAmounts {
  Int128 notional = 0;        ///< of the whole order
  Int128 entry = 0;           ///< what of it opens, 0 <= entry <= notional
  Int128 opposite_value = 0;  ///< of what there is to close, at `reference`
  Price reference = 0;        ///< of the order's side, > 0
};

/// Whether the fill of such an order and the books behind it surely fit. `position`: what the
/// account holds of the symbol; nullptr: nothing yet.
///
/// With every amount below 2^57 (1.4 thousand million), u <= 1/2 and fees below 1:
///   price     <= 3/2 x reference + 1 < 2^58, and >= reference / 2 - 1 >= 2^24 - 1
///   quantity  <= 2^57 + notional x 1e8 / price < 2^57 + 2^60
///   notional  <= 3/2 x opposite value + entry + 2 < 2^59; the fee is less
///   realized  <= the larger of 3/2 x opposite value and cost / 1e8 < 2^58
/// and every sum of the books is one of a handful of these: below 2^62.
[[nodiscard]] inline bool has_headroom(const FillCosts& costs, const OrderAmounts& order,
                                       const Position* position, const Account& account,
                                       Money initial_balance) noexcept {
  constexpr int bits = 57;
  constexpr Price reference_min = Price{1} << 25;
  if (slippage_max(costs) > scale / 2 || order.reference < reference_min) return false;
  // Of a negative number all high bits are set here; of a folded one, those of its magnitude.
  const auto folded = [](std::int64_t value) { return value ^ (value >> 63); };
  Int128 seen = order.notional | order.entry | order.opposite_value;
  std::int64_t amounts =
      order.reference | initial_balance | folded(account.realized) | account.fees;
  if (position != nullptr) {
    seen |= position->cost >> 26;  // scale is more than 2^26
    amounts |= folded(position->quantity) | folded(position->realized_in_cycle);
  }
  return (seen >> bits) == 0 && (amounts >> bits) == 0;
}

}  // namespace coreloop::stages
