// One position: what an account holds of a symbol, by netting at average cost, with its cost kept
// exactly. The arithmetic of opening, adding, reducing and crossing through zero stands here and
// nowhere else. Source of the formulas: the semantics page, "Mark".
#pragma once

#include <cstdint>

#include "stages/event.hpp"
#include "stages/fixed_point.hpp"

namespace coreloop::stages {

/// A fill as books see it.
struct BookFill {
  AccountId account = 0;
  SymbolId symbol = 0;
  Side side = Side::buy;
  Price price = 0;        ///< > 0
  Quantity quantity = 0;  ///< >= 0; 0 changes nothing
  Money fee = 0;          ///< >= 0
  std::int64_t log_unix_ns = 0;
  std::uint64_t order_number = 0;
};

struct Position {
  Int128 cost = 0;                  ///< of the open quantity, at 1e-16, >= 0, exact
  Quantity quantity = 0;            ///< + long, - short
  Money realized_in_cycle = 0;      ///< since the position was last flat, before fees
  std::int64_t opened_unix_ns = 0;  ///< log time of the fill that began the cycle
  std::uint64_t opening_order = 0;  ///< number of the order that began the cycle
  AccountId account = 0;
  SymbolId symbol = 0;
  std::uint32_t next_in_account = no_id;  ///< the account's pair with the next higher symbol id
  std::uint32_t unused = 0;

  [[nodiscard]] bool is_open() const noexcept { return quantity != 0; }
  [[nodiscard]] Quantity size() const noexcept { return quantity < 0 ? -quantity : quantity; }
  [[nodiscard]] PositionSide side() const noexcept {
    if (quantity == 0) return PositionSide::closed;
    return quantity > 0 ? PositionSide::long_side : PositionSide::short_side;
  }
  /// cost / quantity, half-even; after one fill exactly its price. Requires: is_open().
  [[nodiscard]] Price average_entry() const noexcept {
    return static_cast<Price>(half_even(cost, size()));
  }
  /// cost, half-even.
  [[nodiscard]] Money size_at_cost() const noexcept { return saturated(half_even(cost, scale)); }
  /// |quantity| x mark, half-even.
  [[nodiscard]] Money value_at(Price mark) const noexcept {
    return saturated(times_half_even(size(), mark));
  }
  /// side x (quantity x mark - cost), half-even.
  [[nodiscard]] Money unrealized_at(Price mark) const noexcept {
    const Int128 gain = product(size(), mark) - cost;
    return saturated(half_even(quantity < 0 ? -gain : gain, scale));
  }
};

/// What a fill did to a position.
struct PositionChange {
  Int128 realized = 0;  ///< profit of the closed part at 1e-8, half-even; 0 if nothing was closed
  Price closed_average = 0;         ///< average entry of the cycle that ended, when ended_cycle
  Int128 closed_realized = 0;       ///< realized in the cycle that ended, when ended_cycle
  std::int64_t closed_held_ns = 0;  ///< how long the cycle that ended lasted, when ended_cycle
  bool is_reducing = false;         ///< some quantity was closed
  bool ended_cycle = false;  ///< the position became flat, perhaps to open again the other way
};

/// The cost of `reduced` out of `position`, at 1e-16: all of it for the whole quantity, else a x q
/// + c x q div quantity with a = cost div quantity and c = cost mod quantity, which no intermediate
/// of 128 bits overflows.
[[nodiscard]] inline Int128 cost_of_part(const Position& position, Quantity reduced) noexcept {
  const Quantity quantity = position.size();
  if (reduced == quantity) return position.cost;
  const Quotient average =
      divided(static_cast<UInt128>(position.cost), static_cast<UInt128>(quantity));
  const auto q = static_cast<UInt128>(reduced);
  return static_cast<Int128>(average.whole * q +
                             divided(average.rest * q, static_cast<UInt128>(quantity)).whole);
}

/// Applies `fill` to `position`. Quantity and cycle profit must fit (AccountBook::would_fit).
inline PositionChange apply_fill(Position& position, const BookFill& fill) noexcept {
  PositionChange change;
  Quantity rest = fill.quantity;
  const std::int64_t direction = sign_of(fill.side);
  if (position.is_open() && (position.quantity > 0) != (direction > 0)) {
    const Quantity reduced = rest < position.size() ? rest : position.size();
    const Int128 part = cost_of_part(position, reduced);
    const Int128 gain = product(reduced, fill.price) - part;
    change.is_reducing = reduced != 0;
    change.ended_cycle = reduced == position.size();
    change.realized = half_even(position.quantity > 0 ? gain : -gain, scale);
    if (change.ended_cycle) change.closed_average = position.average_entry();
    position.realized_in_cycle = saturated(position.realized_in_cycle + change.realized);
    position.cost -= part;
    position.quantity += direction * reduced;
    rest -= reduced;
    if (change.ended_cycle) {
      change.closed_realized = position.realized_in_cycle;
      change.closed_held_ns = fill.log_unix_ns - position.opened_unix_ns;
      position.realized_in_cycle = 0;
    }
  }
  if (!position.is_open()) {
    position.opened_unix_ns = fill.log_unix_ns;
    position.opening_order = fill.order_number;
  }
  position.quantity += direction * rest;
  position.cost += product(rest, fill.price);
  return change;
}

}  // namespace coreloop::stages
