// What RISK's positions are worth at the current marks: unrealized profit, exposure, equity, peak
// and drawdown per account, kept up to date position by position, so that a tick costs only the
// positions held in its symbol and a decision costs no walk at all. Sums are 128-bit: they cannot
// overflow. Bounded, allocated at start; RISK's thread only.
//
// A peak is looked at once after every input that can change it: the caller brings every position
// up first (refresh_symbol, refresh_position) and then says look_at_peaks().
#pragma once

#include <cstdint>
#include <vector>

#include "stages/account_book.hpp"
#include "stages/market.hpp"

namespace coreloop::stages {

/// What peak and drawdown are measured on.
enum class DrawdownBasis : std::uint8_t { equity, balance };

/// Highest value so far and the deepest fall below one.
struct PeakTracker {
  Int128 peak = 0;
  Int128 trough = 0;      ///< lowest since `peak`
  Int128 worst_peak = 1;  ///< the finished fall that was deepest, as peak and trough
  Int128 worst_trough = 1;

  void start(Int128 value) noexcept {
    peak = trough = value;
    worst_peak = worst_trough = 1;
  }
  void look(Int128 value) noexcept {
    if (value > peak) {
      keep_worst();
      peak = trough = value;
    } else if (value < trough) {
      trough = value;
    }
  }
  /// A new account's initial balance joins a sum: no rise, no fall.
  void deposit(Int128 amount) noexcept {
    keep_worst();
    peak += amount;
    trough = peak;
  }
  /// Deepest (peak - trough) / peak so far, truncated, at 1e-8.
  [[nodiscard]] Int128 worst_drawdown() const noexcept;

 private:
  void keep_worst() noexcept;
};

class Valuation {
 public:
  /// `book` is read only and must outlive this.
  Valuation(const AccountBook& book, std::uint32_t symbols_max, DrawdownBasis basis);
  Valuation(const Valuation&) = delete;  // a copy would go on watching the first one's book
  Valuation& operator=(const Valuation&) = delete;

  /// An account takes part from its first input on. Idempotent.
  void open_account(AccountId account) noexcept;

  /// The mark of `symbol` changed: revalues its holders. Cost: per holder.
  void refresh_symbol(SymbolId symbol, Price mark) noexcept;
  /// The position at `index` changed by a fill.
  void refresh_position(std::uint32_t index, Price mark) noexcept;
  /// Looks once at the peak of each account revalued since the last call.
  void look_at_peaks() noexcept;

  [[nodiscard]] Int128 exposure(AccountId account) const noexcept {
    return accounts_[account].exposure;
  }
  [[nodiscard]] Int128 unrealized(AccountId account) const noexcept {
    return accounts_[account].unrealized;
  }
  [[nodiscard]] Int128 equity(AccountId account) const noexcept {
    return book_.balance(account) + accounts_[account].unrealized;
  }
  /// Value of one position at its mark, 0 for no_id.
  [[nodiscard]] Money position_value(std::uint32_t index) const noexcept {
    return index == no_id ? 0 : rows_[index].value;
  }

  /// (peak - x) / peak > limit, by cross-multiplication.
  [[nodiscard]] bool is_drawdown_above(AccountId account, Ratio limit) const noexcept {
    const Int128 peak = accounts_[account].peak.peak;
    return (peak - measured(account)) * scale > peak * limit;
  }
  /// (peak - x) / peak, truncated, at 1e-8.
  [[nodiscard]] Ratio drawdown(AccountId account) const noexcept {
    const Int128 peak = accounts_[account].peak.peak;
    return saturated(truncated((peak - measured(account)) * scale, peak));
  }
  [[nodiscard]] const PeakTracker& peak(AccountId account) const noexcept {
    return accounts_[account].peak;
  }
  /// Peak of the sum over all accounts.
  [[nodiscard]] const PeakTracker& total_peak() const noexcept { return total_peak_; }

  /// As stages/saved_state.hpp says. Between inputs no account waits to be looked at.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.rows(rows_);
    visitor.rows(accounts_);
    visitor.rows(first_holder_);
    visitor.value(total_);
    visitor.value(total_peak_);
  }

 private:
  struct Row {
    Money value = 0;
    Money unrealized = 0;
    std::uint32_t previous_holder = no_id;
    std::uint32_t next_holder = no_id;
    bool is_listed = false;
    std::uint8_t unused[7] = {};
  };
  struct AccountValue {
    Int128 unrealized = 0;
    Int128 exposure = 0;
    Int128 measured = 0;  ///< as of the last look
    PeakTracker peak;
    bool is_open = false;
    bool is_touched = false;
    std::uint8_t unused[14] = {};
  };

  [[nodiscard]] Int128 measured(AccountId account) const noexcept {
    return basis_ == DrawdownBasis::equity ? equity(account) : Int128{book_.balance(account)};
  }
  void revalue(std::uint32_t index, Price mark) noexcept;
  void list(std::uint32_t index, SymbolId symbol) noexcept;
  void unlist(std::uint32_t index, SymbolId symbol) noexcept;

  const AccountBook& book_;
  DrawdownBasis basis_;
  std::vector<Row> rows_;  ///< by position index
  std::vector<AccountValue> accounts_;
  std::vector<std::uint32_t> first_holder_;  ///< by symbol: open positions in it
  std::vector<AccountId> touched_;           ///< accounts revalued since the last look
  Int128 total_ = 0;
  PeakTracker total_peak_;
};

}  // namespace coreloop::stages
