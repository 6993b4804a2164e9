// Views: made with all their room, filled without an allocation.
#include "io/edge/engine_views.hpp"

#include <algorithm>

namespace coreloop::io {
namespace {

RiskView empty_risk(const stages::DecisionConf& conf) {
  RiskView view;
  view.accounts.reserve(conf.book.accounts_max);
  return view;
}

BooksView empty_books(const stages::DecisionConf& conf) {
  BooksView view;
  view.accounts.reserve(conf.book.accounts_max);
  view.positions.reserve(conf.book.positions_max);
  view.prices.reserve(conf.symbols_max);
  return view;
}

}  // namespace

EngineViews::EngineViews(const stages::DecisionConf& conf)
    : risk(empty_risk(conf)), books(empty_books(conf)), outcomes(OutcomesView{}) {}

void copy_risk(const stages::Risk& risk, const stages::StageProgress& progress,
               RiskView& view) noexcept {
  // While an order is out its input is decided, but its fill is not booked.
  view.sequence = progress.sequence - (risk.is_order_out() ? 1 : 0);
  view.log_unix_ns = progress.log_unix_ns;
  view.is_halted = risk.is_halted();
  view.max_drawdown_pct = risk.limits().max_drawdown_pct;
  view.accounts.clear();
  for (stages::AccountId id = 0; id < progress.account_count; ++id) {
    const stages::Account& account = risk.book().account(id);
    view.accounts.push_back(
        {.balance = risk.book().balance(id),
         .equity = risk.valuation().equity(id),
         .peak = risk.valuation().peak(id).peak,
         .exposure = risk.valuation().exposure(id),
         .drawdown = risk.valuation().drawdown(id),
         .win_rate = account.closes.win_rate(),
         .approvals_today = risk.entries().approvals_today(id, progress.log_unix_ns),
         .open_positions = account.open_position_count,
         .is_latched = risk.entries().is_latched(id)});
  }
}

void copy_books(const stages::Mark& mark, const stages::StageProgress& progress,
                BooksView& view) noexcept {
  const stages::AccountBook& book = mark.book();
  view.sequence = progress.sequence;
  view.log_unix_ns = progress.log_unix_ns;
  view.initial_balance = book.limits().initial_balance;
  view.holding_times = mark.holding_times();
  view.accounts.clear();
  for (stages::AccountId id = 0; id < progress.account_count; ++id) {
    const stages::Account& account = book.account(id);
    view.accounts.push_back({.balance = book.balance(id),
                             .realized = account.realized,
                             .fees = account.fees,
                             .win_rate = account.closes.win_rate(),
                             .win_rate_closes = std::min(account.closes.close_count(),
                                                         stages::CloseHistory::win_rate_closes),
                             .open_positions = account.open_position_count});
  }
  view.positions.clear();
  for (std::uint32_t i = 0; i < book.position_count(); ++i) {
    const stages::Position& position = book.position(i);
    if (position.is_open())
      view.positions.push_back({position, mark.market().price(position.symbol).mark});
  }
  view.prices.clear();
  for (stages::SymbolId symbol = 0; symbol < progress.symbol_count; ++symbol) {
    const stages::SymbolPrice& price = mark.market().price(symbol);
    if (price.is_set()) view.prices.push_back({symbol, price});
  }
}

}  // namespace coreloop::io
