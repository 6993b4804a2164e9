// Revaluation of open positions and the watch over peaks.
#include "stages/valuation.hpp"

namespace coreloop::stages {

void PeakTracker::keep_worst() noexcept {
  if (trough == peak) return;
  // (worst_peak - worst_trough) / worst_peak < (peak - trough) / peak. Peaks are below 2^77 (16,384
  // positions of 64 bits), so the product may need more than 128 bits: compare in units of 1e-8
  // when they are that large.
  const Int128 limit = static_cast<Int128>(1) << 62;
  if (peak < limit && worst_peak < limit && trough > -limit && worst_trough > -limit) {
    if ((worst_peak - worst_trough) * peak >= (peak - trough) * worst_peak) return;
  } else if (truncated((worst_peak - worst_trough) * scale, worst_peak) >=
             truncated((peak - trough) * scale, peak)) {
    return;
  }
  worst_peak = peak;
  worst_trough = trough;
}

Int128 PeakTracker::worst_drawdown() const noexcept {
  PeakTracker closed = *this;
  closed.keep_worst();
  return truncated((closed.worst_peak - closed.worst_trough) * scale, closed.worst_peak);
}

Valuation::Valuation(const AccountBook& book, std::uint32_t symbols_max, DrawdownBasis basis)
    : book_(book),
      basis_(basis),
      rows_(book.limits().positions_max),
      accounts_(book.limits().accounts_max),
      first_holder_(symbols_max, no_id) {
  touched_.reserve(book.limits().accounts_max);
}

void Valuation::open_account(AccountId account) noexcept {
  AccountValue& value = accounts_[account];
  if (value.is_open) return;
  value.is_open = true;
  value.measured = book_.limits().initial_balance;
  value.peak.start(value.measured);
  total_ += value.measured;
  if (total_peak_.peak == 0)
    total_peak_.start(value.measured);
  else
    total_peak_.deposit(value.measured);
}

// Into the loop over holders, and not called by it.
[[gnu::always_inline]] inline void Valuation::revalue(std::uint32_t index, Price mark) noexcept {
  const Position& position = book_.position(index);
  AccountValue& account = accounts_[position.account];
  Row& row = rows_[index];
  const Money value = position.value_at(mark);
  const Money unrealized = position.unrealized_at(mark);
  account.exposure += static_cast<Int128>(value) - row.value;
  account.unrealized += static_cast<Int128>(unrealized) - row.unrealized;
  row.value = value;
  row.unrealized = unrealized;
  if (account.is_touched) return;
  account.is_touched = true;
  touched_.push_back(position.account);  // within the reserved capacity: one entry an account
}

void Valuation::refresh_symbol(SymbolId symbol, Price mark) noexcept {
  for (std::uint32_t i = first_holder_[symbol]; i != no_id; i = rows_[i].next_holder)
    revalue(i, mark);
}

void Valuation::refresh_position(std::uint32_t index, Price mark) noexcept {
  const Position& position = book_.position(index);
  if (position.is_open() != rows_[index].is_listed) {
    if (position.is_open())
      list(index, position.symbol);
    else
      unlist(index, position.symbol);
  }
  revalue(index, mark);
}

void Valuation::look_at_peaks() noexcept {
  if (touched_.empty()) return;
  for (const AccountId id : touched_) {
    AccountValue& account = accounts_[id];
    const Int128 now = measured(id);
    account.peak.look(now);
    total_ += now - account.measured;
    account.measured = now;
    account.is_touched = false;
  }
  touched_.clear();
  total_peak_.look(total_);
}

void Valuation::list(std::uint32_t index, SymbolId symbol) noexcept {
  Row& row = rows_[index];
  row.previous_holder = no_id;
  row.next_holder = first_holder_[symbol];
  if (row.next_holder != no_id) rows_[row.next_holder].previous_holder = index;
  first_holder_[symbol] = index;
  row.is_listed = true;
}

void Valuation::unlist(std::uint32_t index, SymbolId symbol) noexcept {
  Row& row = rows_[index];
  if (row.previous_holder != no_id)
    rows_[row.previous_holder].next_holder = row.next_holder;
  else
    first_holder_[symbol] = row.next_holder;
  if (row.next_holder != no_id) rows_[row.next_holder].previous_holder = row.previous_holder;
  row.is_listed = false;
}

}  // namespace coreloop::stages
