// The books: cash, profit, fees and positions of every account. One class, two instances: RISK
// decides by its own, MARK publishes from its own; both are fed the same fills, so their hashes
// agree whenever both have finished the same input. Bounded tables, allocated at start. One thread
// each.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/close_history.hpp"
#include "stages/position.hpp"

namespace coreloop::stages {

struct BookLimits {
  std::uint32_t accounts_max = 1'024;      ///< conf: accounts.accounts_max
  std::uint32_t positions_max = 16'384;    ///< conf: accounts.positions_max; pairs ever traded
  Money initial_balance = 10'000 * scale;  ///< conf: accounts.initial_balance, > 0
};

struct Account {
  Money realized = 0;  ///< all closed profit, before fees
  Money fees = 0;
  std::uint32_t open_position_count = 0;
  std::uint32_t first_position = no_id;  ///< its pair with the lowest symbol id
  std::uint64_t unused = 0;
  CloseHistory closes;
};

/// What a fill did, for those who publish or decide by it.
struct BookChange {
  PositionChange position;
  std::uint32_t position_index = no_id;  ///< the pair; no_id when the quantity was 0
};

class AccountBook {
 public:
  /// Allocates; call before the threads start.
  explicit AccountBook(const BookLimits& limits);

  /// Books `fill`. Requires: would_fit(fill). A quantity of 0 changes nothing.
  BookChange apply(const BookFill& fill) noexcept;

  /// Whether the pair has or can get a row and every amount the fill leaves behind fits 64 bits.
  [[nodiscard]] bool would_fit(const BookFill& fill) const noexcept;

  /// Whether there is room for one more pair.
  [[nodiscard]] bool has_free_row() const noexcept {
    return position_count_ < limits_.positions_max;
  }
  /// Whether (account, symbol) has a row or there is room for one.
  [[nodiscard]] bool has_room(AccountId account, SymbolId symbol) const noexcept {
    return has_free_row() || find(account, symbol) != no_id;
  }

  /// Row of (account, symbol), or no_id if never traded.
  [[nodiscard]] std::uint32_t find(AccountId account, SymbolId symbol) const noexcept {
    return slots_[slot_of(account, symbol)];
  }

  [[nodiscard]] const Position& position(std::uint32_t index) const noexcept {
    return positions_[index];
  }
  [[nodiscard]] const Account& account(AccountId id) const noexcept { return accounts_[id]; }
  [[nodiscard]] const BookLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] std::uint32_t position_count() const noexcept { return position_count_; }

  /// Initial balance + realized profit - fees.
  [[nodiscard]] Money balance(AccountId id) const noexcept {
    return limits_.initial_balance + accounts_[id].realized - accounts_[id].fees;
  }

  /// A hash of everything above, the same for equal books. Cold.
  [[nodiscard]] std::uint64_t hash() const noexcept;

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.rows(accounts_);
    visitor.value(position_count_);
    visitor.rows(positions_, position_count_);
    visitor.rows(slots_);
  }

 private:
  std::uint32_t add_position(AccountId account, SymbolId symbol) noexcept;
  [[nodiscard]] std::size_t slot_of(AccountId account, SymbolId symbol) const noexcept;

  BookLimits limits_;
  std::vector<Account> accounts_;
  std::vector<Position> positions_;
  std::uint32_t position_count_ = 0;
  std::vector<std::uint32_t> slots_;  ///< open addressing by (account, symbol), at most half full
};

}  // namespace coreloop::stages
