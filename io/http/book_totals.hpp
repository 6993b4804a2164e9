// Sums over a books view: one account's, or everybody's.
#pragma once

#include <optional>
#include <string_view>

#include "io/http/engine_desk.hpp"

namespace coreloop::io {

struct BookTotals {
  stages::Int128 initial_balance = 0;
  stages::Int128 balance = 0;
  stages::Int128 realized = 0;
  stages::Int128 unrealized = 0;
  stages::Int128 fees = 0;
  stages::Int128 exposure = 0;
  stages::Int128 win_rate = 0;  ///< of the last 20 closes of each account, weighted
  std::uint64_t open_positions = 0;
};

/// Of one account; of one that has no row yet: as it would begin.
[[nodiscard]] BookTotals totals_of(const BooksView& books,
                                   std::optional<stages::AccountId> account);
/// Of all accounts.
[[nodiscard]] BookTotals totals_of(const BooksView& books);

/// The id of `name` among the first `count` accounts. Ids below a view's account count may be
/// looked up by any thread; NameTable::find may not.
[[nodiscard]] std::optional<stages::AccountId> find_account(const stages::Names& names,
                                                            std::size_t count,
                                                            std::string_view name);

}  // namespace coreloop::io
