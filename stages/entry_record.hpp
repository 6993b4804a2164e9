// What limits on entries remember per account: how many approvals the UTC day has had, when the
// last ones were given, and whether the drawdown latch has fallen. Allocated at start; RISK's
// thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/event.hpp"

namespace coreloop::stages {

class EntryRecord {
 public:
  /// `order_rate_max`: conf risk.order_rate_max, 0: off. Allocates order_rate_max times per
  /// account.
  EntryRecord(std::uint32_t accounts_max, std::int64_t order_rate_max)
      : accounts_(accounts_max),
        order_rate_max_(static_cast<std::size_t>(order_rate_max)),
        times_(accounts_max * order_rate_max_) {}

  /// Approvals with an entry part given to `account` in the UTC day of `unix_ns`.
  [[nodiscard]] std::int64_t approvals_today(AccountId account,
                                             std::int64_t unix_ns) const noexcept {
    const Row& row = accounts_[account];
    return row.day == unix_ns / ns_per_day ? row.approvals_today : 0;
  }

  /// Approvals with an entry part in (unix_ns - 1 s, unix_ns], one more counted in. Requires: the
  /// rate limit is on. Counts no further than one above the limit.
  [[nodiscard]] std::int64_t rate_with_one_more(AccountId account,
                                                std::int64_t unix_ns) const noexcept {
    const Row& row = accounts_[account];
    const std::size_t begin = account * order_rate_max_;
    std::int64_t count = 1;
    for (std::size_t back = 1; back <= row.time_count; ++back) {
      const std::size_t at = (row.next_time + order_rate_max_ - back) % order_rate_max_;
      if (times_[begin + at] <= unix_ns - ns_per_second) break;
      ++count;
    }
    return count;
  }

  void add_approval(AccountId account, std::int64_t unix_ns) noexcept {
    Row& row = accounts_[account];
    row.approvals_today = approvals_today(account, unix_ns) + 1;
    row.day = unix_ns / ns_per_day;
    if (order_rate_max_ == 0) return;
    times_[account * order_rate_max_ + row.next_time] = unix_ns;
    row.next_time = static_cast<std::uint32_t>((row.next_time + 1) % order_rate_max_);
    if (row.time_count < order_rate_max_) ++row.time_count;
  }

  [[nodiscard]] bool is_latched(AccountId account) const noexcept {
    return accounts_[account].is_latched;
  }
  void latch(AccountId account) noexcept { accounts_[account].is_latched = true; }
  void release_latches() noexcept {
    for (Row& row : accounts_)
      row.is_latched = false;
  }

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.rows(accounts_);
    visitor.rows(times_);
  }

 private:
  struct Row {
    std::int64_t day = -1;
    std::int64_t approvals_today = 0;
    std::uint32_t next_time = 0;
    std::uint32_t time_count = 0;
    bool is_latched = false;
    std::uint8_t unused[7] = {};
  };

  std::vector<Row> accounts_;
  std::size_t order_rate_max_;
  std::vector<std::int64_t>
      times_;  ///< order_rate_max_ a row, a ring of the last approvals' log times
};

}  // namespace coreloop::stages
