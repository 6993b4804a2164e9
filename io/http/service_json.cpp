// JSON of what the engine is and holds.
#include "io/http/service_json.hpp"

#include "io/http/book_totals.hpp"
#include "io/http/json_writer.hpp"
#include "stages/fill_model.hpp"

namespace coreloop::io {
namespace {

using stages::Int128;
using stages::scale;
using stages::Statistics;

/// What a service's /health and /stats count: everything since its last reset.
struct RiskCounts {
  std::uint64_t received = 0;
  std::uint64_t approved = 0;
  std::uint64_t rejected = 0;  ///< held and dead-lettered ones too, as the old service counted

  explicit RiskCounts(const OutcomesView& view)
      : received(view.statistics.signals - view.reset_marks.risk.signals),
        approved(view.statistics.approved - view.reset_marks.risk.approved),
        rejected(received - approved) {}
  [[nodiscard]] Int128 approval_rate() const {
    return quotient(static_cast<Int128>(approved), static_cast<Int128>(received));
  }
};

struct ExecutionCounts {
  std::uint64_t received = 0;
  std::uint64_t filled = 0;
  std::uint64_t rejected = 0;
  Int128 volume = 0;
  Int128 fees = 0;
  Int128 slippage_sum = 0;

  explicit ExecutionCounts(const OutcomesView& view) {
    const Statistics& now = view.statistics;
    const Statistics& then = view.reset_marks.execution;
    received = now.executions - then.executions;
    rejected = now.executions_rejected - then.executions_rejected;
    filled = received - rejected;
    volume = now.volume - then.volume;
    fees = now.fees - then.fees;
    slippage_sum = now.slippage_sum - then.slippage_sum;
  }
  [[nodiscard]] Int128 fill_rate() const {
    return quotient(static_cast<Int128>(filled), static_cast<Int128>(received));
  }
  [[nodiscard]] Int128 mean_slippage() const {
    return received == 0 ? 0 : stages::truncated(slippage_sum, static_cast<Int128>(received));
  }
};

// part / whole in percent, truncated at 1e-8.
Int128 percent(Int128 part, Int128 whole) {
  return quotient(part * 100, whole);
}

std::string order_id_text(std::uint64_t number, std::uint64_t seed) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  const std::uint64_t bits = stages::order_id_bits(number, seed);
  std::string text = "PAPER-";
  for (int shift = 44; shift >= 0; shift -= 4)
    text += digits[(bits >> shift) & 0xF];
  return text;
}

void add_risk_health(JsonWriter& json, const ViewCopies& views) {
  const RiskCounts counts(views.outcomes != nullptr ? *views.outcomes : OutcomesView{});
  json.add("signals_received", counts.received)
      .add("signals_approved", counts.approved)
      .add("signals_rejected", counts.rejected)
      .add_amount("approval_rate", counts.approval_rate());
}

void add_execution_health(JsonWriter& json, const ViewCopies& views) {
  const ExecutionCounts counts(views.outcomes != nullptr ? *views.outcomes : OutcomesView{});
  json.add("orders_received", counts.received)
      .add("orders_filled", counts.filled)
      .add("orders_rejected", counts.rejected)
      .add_amount("fill_rate", counts.fill_rate());
}

void add_position_health(JsonWriter& json, const ViewCopies& views) {
  const BookTotals totals = views.books != nullptr ? totals_of(*views.books) : BookTotals{};
  json.add("open_positions", totals.open_positions)
      .add_amount("total_exposure_usd", totals.exposure)
      .add_amount("unrealized_pnl", totals.unrealized);
}

std::string service_health_json(std::int64_t uptime_ns, const ViewCopies& views,
                                void (*add_rest)(JsonWriter&, const ViewCopies&)) {
  JsonWriter json;
  json.open_object().add("status", "healthy").add_seconds("uptime_seconds", uptime_ns);
  add_rest(json, views);
  json.close();
  return json.take();
}

}  // namespace

std::uint64_t signals_received(const OutcomesView& outcomes) {
  return RiskCounts(outcomes).received;
}

std::uint64_t orders_filled(const OutcomesView& outcomes) {
  return ExecutionCounts(outcomes).filled;
}

std::string liveness_json(LifeState state, std::int64_t uptime_ns) {
  JsonWriter json;
  json.open_object()
      .add("status", "healthy")
      .add("state", life_state_names[static_cast<std::size_t>(state)])
      .add_seconds("uptime_seconds", uptime_ns)
      .close();
  return json.take();
}

std::string health_json(LifeState state, std::int64_t uptime_ns, const ViewCopies& views) {
  JsonWriter json;
  json.open_object()
      .add("status", "healthy")
      .add("state", life_state_names[static_cast<std::size_t>(state)])
      .add_seconds("uptime_seconds", uptime_ns)
      .add("sequence", views.outcomes != nullptr ? views.outcomes->sequence : 0);
  add_risk_health(json, views);
  add_execution_health(json, views);
  add_position_health(json, views);
  json.close();
  return json.take();
}

std::string risk_health_json(std::int64_t uptime_ns, const ViewCopies& views) {
  return service_health_json(uptime_ns, views, add_risk_health);
}

std::string execution_health_json(std::int64_t uptime_ns, const ViewCopies& views) {
  return service_health_json(uptime_ns, views, add_execution_health);
}

std::string position_health_json(std::int64_t uptime_ns, const ViewCopies& views) {
  return service_health_json(uptime_ns, views, add_position_health);
}

std::string risk_json(const ViewCopies& views, std::optional<stages::AccountId> account,
                      KeySet keys) {
  const RiskView& risk = *views.risk;
  RiskView::Account row;
  row.balance = views.books->initial_balance;
  row.equity = row.peak = row.balance;
  if (account && *account < risk.accounts.size()) row = risk.accounts[*account];
  const Statistics& now = views.outcomes->statistics;
  const Statistics& then = views.outcomes->reset_marks.risk;
  const RiskCounts counts(*views.outcomes);
  JsonWriter json;
  json.open_object()
      .add_amount("governer_balance", row.balance)
      .add_amount("governer_peak", row.peak)
      .add_amount("governer_drawdown", row.drawdown)
      .add("total_trades", counts.approved)
      .add_amount("recent_win_rate", row.win_rate)
      .open_object("rejection_reasons");
  for (std::size_t i = 0; i < stages::reason_count; ++i) {
    const std::uint64_t count = now.rejected_by_reason[i] - then.rejected_by_reason[i];
    if (count != 0) json.add(name_of(static_cast<stages::Reason>(i)), count);
  }
  const std::uint64_t held = now.held - then.held;
  if (held != 0) json.add(name_of(stages::Reason::hold_signal), held);
  json.close();
  if (keys == KeySet::engine) {
    json.add("signals_received", counts.received)
        .add("signals_approved", counts.approved)
        .add("signals_held", held)
        .add("signals_rejected", now.rejected - then.rejected)
        .add("signals_dead_lettered", now.signals_dead_lettered - then.signals_dead_lettered)
        .add_amount("approval_rate", counts.approval_rate())
        .add_amount("equity", row.equity)
        .add_amount("exposure_usd", row.exposure)
        .add("open_positions", std::uint64_t{row.open_positions})
        .add("entries_today", static_cast<std::uint64_t>(row.approvals_today))
        .add_flag("drawdown_latched", row.is_latched)
        .add_flag("halted", risk.is_halted)
        .add("sequence", risk.sequence)
        .add_time("as_of", risk.log_unix_ns);
  }
  json.close();
  return json.take();
}

std::string execution_json(const ViewCopies& views, KeySet keys) {
  const ExecutionCounts counts(*views.outcomes);
  JsonWriter json;
  json.open_object()
      .add_amount("total_volume_usd", counts.volume)
      .add_amount("total_fees_usd", counts.fees)
      .add_amount("avg_slippage_pct", counts.mean_slippage())
      .add("orders_filled", counts.filled)
      .add("orders_rejected", counts.rejected);
  if (keys == KeySet::engine) {
    json.add("orders_received", counts.received)
        .add_amount("fill_rate", counts.fill_rate())
        .add("sequence", views.outcomes->sequence);
  }
  json.close();
  return json.take();
}

std::string portfolio_json(const ViewCopies& views, std::optional<stages::AccountId> account,
                           KeySet keys) {
  const BooksView& books = *views.books;
  const BookTotals totals = totals_of(books, account);
  const Int128 total = totals.realized + totals.unrealized;
  JsonWriter json;
  json.open_object()
      .add_amount("initial_balance", totals.initial_balance)
      .add_amount("current_balance", totals.balance)
      .add_amount("total_realized_pnl", totals.realized)
      .add_amount("total_unrealized_pnl", totals.unrealized)
      .add_amount("total_pnl", total)
      .add_amount("total_return_pct", percent(total, totals.initial_balance))
      .add("open_positions", totals.open_positions)
      .add_amount("total_exposure_usd", totals.exposure)
      .add_amount("exposure_pct", percent(totals.exposure, totals.balance))
      .add_amount("win_rate", totals.win_rate)
      .add_amount("total_fees_paid", totals.fees);
  if (keys == KeySet::engine)
    json.add("sequence", books.sequence).add_time("as_of", books.log_unix_ns);
  json.close();
  return json.take();
}

std::string positions_json(const ViewCopies& views, std::optional<stages::AccountId> account,
                           std::uint64_t seed) {
  JsonWriter json;
  json.open_array();
  for (const BooksView::OpenPosition& row : views.books->positions) {
    const stages::Position& position = row.position;
    if (!account || position.account != *account) continue;
    const Int128 unrealized = position.unrealized_at(row.mark);
    json.open_object()
        .add("symbol", views.names->symbols.name(position.symbol))
        .add("side", position.quantity > 0 ? "LONG" : "SHORT")
        .add_amount("entry_price", position.average_entry())
        .add_amount("current_price", row.mark)
        .add_amount("size_usd", position.size_at_cost())
        .add_amount("leverage", scale)
        .add_amount("unrealized_pnl", unrealized)
        .add_amount("unrealized_pnl_pct", percent(unrealized, position.size_at_cost()))
        .add("entry_time", timestamp_text(position.opened_unix_ns))
        .add("order_id", order_id_text(position.opening_order, seed))
        .close();
  }
  json.close();
  return json.take();
}

std::string prices_json(const ViewCopies& views) {
  JsonWriter json;
  json.open_object();
  for (const BooksView::SymbolMark& row : views.books->prices)
    json.add_amount(views.names->symbols.name(row.symbol), row.price.mark);
  json.close();
  return json.take();
}

}  // namespace coreloop::io
