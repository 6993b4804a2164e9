// The books' rows and sums; the arithmetic of one position is in position.hpp.
#include "stages/account_book.hpp"

#include "engine/check.hpp"
#include "stages/random_mix.hpp"

namespace coreloop::stages {

AccountBook::AccountBook(const BookLimits& limits)
    : limits_(limits), accounts_(limits.accounts_max), positions_(limits.positions_max) {
  std::size_t slots = 16;
  while (slots < 2 * static_cast<std::size_t>(limits.positions_max))
    slots *= 2;
  slots_.assign(slots, no_id);
}

std::size_t AccountBook::slot_of(AccountId account, SymbolId symbol) const noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::uint64_t hash = ((static_cast<std::uint64_t>(account) << 32) | symbol) * 0x9E3779B97F4A7C15U;
  std::size_t slot = (hash >> 32) & mask;
  while (slots_[slot] != no_id) {
    const Position& position = positions_[slots_[slot]];
    if (position.account == account && position.symbol == symbol) break;
    slot = (slot + 1) & mask;
  }
  return slot;
}

BookChange AccountBook::apply(const BookFill& fill) noexcept {
  if (fill.quantity == 0) return {};
  std::uint32_t index = find(fill.account, fill.symbol);
  if (index == no_id) index = add_position(fill.account, fill.symbol);
  Position& position = positions_[index];
  Account& account = accounts_[fill.account];
  const bool was_open = position.is_open();
  const PositionChange change = apply_fill(position, fill);
  account.realized += static_cast<Money>(change.realized);
  account.fees += fill.fee;
  account.open_position_count += static_cast<std::uint32_t>(position.is_open());
  account.open_position_count -= static_cast<std::uint32_t>(was_open);
  if (change.is_reducing) account.closes.add(static_cast<Money>(change.realized));
  return {change, index};
}

bool AccountBook::would_fit(const BookFill& fill) const noexcept {
  const std::uint32_t index = find(fill.account, fill.symbol);
  if (index == no_id && !has_free_row()) return false;
  Position position = index == no_id ? Position{} : positions_[index];
  const Int128 quantity = static_cast<Int128>(position.quantity) +
                          sign_of(fill.side) * static_cast<Int128>(fill.quantity);
  if (!fits(quantity) || quantity == amount_min) return false;  // a size is its magnitude
  const Money realized_before = position.realized_in_cycle;
  const PositionChange change = apply_fill(position, fill);
  const Account& account = accounts_[fill.account];
  const Int128 realized = account.realized + change.realized;
  const Int128 fees = static_cast<Int128>(account.fees) + fill.fee;
  return fits(change.realized) && fits(realized_before + change.realized) && fits(realized) &&
         fits(fees) && fits(limits_.initial_balance + realized - fees) &&
         fits(half_even(position.cost, scale));
}

std::uint32_t AccountBook::add_position(AccountId account, SymbolId symbol) noexcept {
  CHECK(position_count_ < limits_.positions_max, "RISK lets no order pass that has no row");
  const std::uint32_t index = position_count_++;
  slots_[slot_of(account, symbol)] = index;
  Position& position = positions_[index];
  position.account = account;
  position.symbol = symbol;
  // Kept in symbol order, so that a mark timer walks it as it stands. Pairs are new rarely.
  std::uint32_t* link = &accounts_[account].first_position;
  while (*link != no_id && positions_[*link].symbol < symbol)
    link = &positions_[*link].next_in_account;
  position.next_in_account = *link;
  *link = index;
  return index;
}

std::uint64_t AccountBook::hash() const noexcept {
  std::uint64_t hash = 0;
  const auto add = [&hash](std::uint64_t word) { hash = splitmix64(hash ^ word); };
  for (std::uint32_t i = 0; i < position_count_; ++i) {
    const Position& position = positions_[i];
    add((static_cast<std::uint64_t>(position.account) << 32) | position.symbol);
    add(static_cast<std::uint64_t>(position.quantity));
    add(static_cast<std::uint64_t>(position.cost));
    add(static_cast<std::uint64_t>(position.cost >> 64));
    add(static_cast<std::uint64_t>(position.realized_in_cycle));
  }
  for (const Account& account : accounts_) {
    add(static_cast<std::uint64_t>(account.realized));
    add(static_cast<std::uint64_t>(account.fees));
    add(account.open_position_count);
    add(static_cast<std::uint64_t>(account.closes.win_rate()));
  }
  return hash;
}

}  // namespace coreloop::stages
