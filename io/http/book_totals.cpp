// Sums over accounts and positions.
#include "io/http/book_totals.hpp"

namespace coreloop::io {
namespace {

void add_positions(const BooksView& books, std::optional<stages::AccountId> account,
                   BookTotals& totals) {
  for (const BooksView::OpenPosition& row : books.positions) {
    if (account && row.position.account != *account) continue;
    totals.unrealized += row.position.unrealized_at(row.mark);
    totals.exposure += row.position.value_at(row.mark);
    ++totals.open_positions;
  }
}

void add_account(const BooksView& books, const BooksView::Account& account, BookTotals& totals) {
  totals.initial_balance += books.initial_balance;
  totals.balance += account.balance;
  totals.realized += account.realized;
  totals.fees += account.fees;
}

}  // namespace

BookTotals totals_of(const BooksView& books, std::optional<stages::AccountId> account) {
  BookTotals totals;
  if (!account || *account >= books.accounts.size()) {
    totals.initial_balance = totals.balance = books.initial_balance;
    return totals;
  }
  add_account(books, books.accounts[*account], totals);
  totals.win_rate = books.accounts[*account].win_rate;
  add_positions(books, account, totals);
  return totals;
}

BookTotals totals_of(const BooksView& books) {
  BookTotals totals;
  stages::Int128 weighted_wins = 0;
  std::uint64_t closes = 0;
  for (const BooksView::Account& account : books.accounts) {
    add_account(books, account, totals);
    weighted_wins += static_cast<stages::Int128>(account.win_rate) * account.win_rate_closes;
    closes += account.win_rate_closes;
  }
  totals.win_rate = closes == 0 ? 0 : stages::truncated(weighted_wins, closes);
  add_positions(books, std::nullopt, totals);
  return totals;
}

std::optional<stages::AccountId> find_account(const stages::Names& names, std::size_t count,
                                              std::string_view name) {
  for (std::size_t id = 0; id < count; ++id) {
    if (names.accounts.name(static_cast<stages::AccountId>(id)) == name)
      return static_cast<stages::AccountId>(id);
  }
  return std::nullopt;
}

}  // namespace coreloop::io
