// The simulated market's answer to an order: price, quantity, notional and fee, as a pure function
// of the order, the reference price and the cause of the order. What is unrealistic is confessed
// here: every order fills at once and whole, at the touch plus a slippage, whatever its size; there
// is no queue, no book depth, no latency, no partial fill. Source of the formulas: the semantics
// page, "Fill".
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

#include "stages/event.hpp"
#include "stages/fixed_point.hpp"
#include "stages/random_mix.hpp"

namespace coreloop::stages {

enum class SlippageModel : std::uint8_t { uniform, fixed_bps, none };

struct FillCosts {
  SlippageModel model = SlippageModel::uniform;
  Ratio max_slippage_pct = scale / 1000;  ///< upper bound of `uniform`
  Ratio slippage = 5 * scale / 10'000;    ///< of `fixed_bps`: slippage_bps x 1e-4
  Ratio taker_fee_pct = 4 * scale / 10'000;
  std::uint64_t seed = 1;
};

[[nodiscard]] constexpr std::string_view name_of(SlippageModel model) noexcept {
  switch (model) {
    case SlippageModel::uniform:
      return "uniform";
    case SlippageModel::fixed_bps:
      return "fixed_bps";
    case SlippageModel::none:
      return "none";
  }
  return "";
}

/// What the randomness of an order is keyed by: the causing entry's id, or log ms and sequence of a
/// command.
struct OrderCause {
  std::uint64_t a = 0;
  std::uint64_t b = 0;
};

[[nodiscard]] inline OrderCause cause_of(const Event& event) noexcept {
  if (event.kind == EventKind::command) {
    return {static_cast<std::uint64_t>(event.log_unix_ns / ns_per_ms), event.sequence};
  }
  return {event.entry_ms, event.entry_counter};
}

/// u of the model for this cause. `signal_limit`: the signal's max_slippage_pct, or absent_ratio.
[[nodiscard]] inline Ratio slippage(const FillCosts& costs, OrderCause cause,
                                    SmallRatio signal_limit) noexcept {
  switch (costs.model) {
    case SlippageModel::uniform:
      return random_below(random_mix(costs.seed, cause.a, cause.b),
                          std::min<Ratio>(costs.max_slippage_pct, signal_limit));
    case SlippageModel::fixed_bps:
      return std::min<Ratio>(costs.slippage, signal_limit);
    case SlippageModel::none:
      return 0;
  }
  return 0;
}

/// reference x (1 + u) away from zero for a buy, x (1 - u) toward zero for a sell, at least 1e-8;
/// may not fit 64 bits.
[[nodiscard]] inline Int128 fill_price(Price reference, Side side, Ratio u) noexcept {
  const Int128 price =
      side == Side::buy ? times_away(reference, scale + u) : times_truncated(reference, scale - u);
  return std::max<Int128>(price, 1);
}

/// notional / price down to a multiple of the lot step; may not fit 64 bits. Requires: lot_step >
/// 0.
[[nodiscard]] inline Int128 quantity_for(Money notional, Price price, Quantity lot_step) noexcept {
  const Int128 quantity = ratio_truncated(notional, price);
  return lot_step == 1 ? quantity : truncated(quantity, lot_step) * lot_step;
}

/// Quantity an order fills at `price`; may not fit 64 bits.
[[nodiscard]] inline Int128 fill_quantity(const Order& order, Price price,
                                          Quantity lot_step) noexcept {
  if (order.closes_whole != 0) {
    return order.opposite_quantity + quantity_for(order.entry_notional, price, lot_step);
  }
  const Int128 quantity = quantity_for(order.notional, price, lot_step);
  return order.opposite_quantity != 0 ? std::min<Int128>(quantity, order.opposite_quantity)
                                      : quantity;
}

/// The answer to `order`; answers false when an amount does not fit 64 bits (RISK refuses such an
/// order: OVERFLOW).
[[nodiscard]] inline bool simulate_fill(const FillCosts& costs, const Order& order, Price reference,
                                        Ratio u, Quantity lot_step, Fill& out) noexcept {
  const Int128 price = fill_price(reference, order.side, u);
  if (!fits(price)) return false;
  const Int128 quantity = fill_quantity(order, static_cast<Price>(price), lot_step);
  if (!fits(quantity)) return false;
  const Int128 notional =
      times_half_even(static_cast<Quantity>(quantity), static_cast<Price>(price));
  if (!fits(notional)) return false;
  const Int128 fee = times_away(static_cast<Money>(notional), costs.taker_fee_pct);
  out = {.price = static_cast<Price>(price),
         .quantity = static_cast<Quantity>(quantity),
         .notional = static_cast<Money>(notional),
         .fee = static_cast<Money>(fee),
         .slippage = static_cast<SmallRatio>(u),
         .status = quantity == 0 ? FillStatus::rejected : FillStatus::filled,
         .unused = {}};
  return true;
}

/// order_id: the order number through the 48-bit bijection (n x 0x5DEECE66D + seed) mod 2^48.
[[nodiscard]] constexpr std::uint64_t order_id_bits(std::uint64_t number,
                                                    std::uint64_t seed) noexcept {
  return (number * 0x5DEECE66DU + seed) & ((std::uint64_t{1} << 48) - 1);
}

}  // namespace coreloop::stages
