// quantum_: the metrics that existing dashboards query.
#include <algorithm>
#include <string>
#include <vector>

#include "io/http/book_totals.hpp"
#include "io/http/json_writer.hpp"
#include "io/http/metrics.hpp"

namespace coreloop::io {
namespace {

using stages::SymbolCounts;
using stages::SymbolStatistics;

constexpr std::array<std::string_view, 4> action_names{"BUY", "SELL", "HOLD", "CLOSE"};
constexpr std::array<std::string_view, 2> order_names{"BUY", "SELL"};
constexpr std::array<std::string_view, 3> side_names{"LONG", "SHORT", "CLOSED"};

/// A symbol's counts and the name it has in labels.
struct LabelledCounts {
  std::string symbol;
  const SymbolCounts* counts;
};

bool has_any(const SymbolCounts& counts) {
  std::uint64_t sum = counts.rejections;
  for (const std::uint64_t count : counts.signals)
    sum += count;
  for (const std::uint64_t count : counts.executions)
    sum += count;
  for (const std::uint64_t count : counts.position_updates)
    sum += count;
  return sum != 0;
}

std::vector<LabelledCounts> labelled(const ViewCopies& views) {
  std::vector<LabelledCounts> rows;
  if (views.outcomes == nullptr || views.names == nullptr) return rows;
  const auto& symbols = views.outcomes->symbols.symbols;
  for (std::uint32_t i = 0; i < symbols.size(); ++i) {
    if (!has_any(symbols[i])) continue;
    const bool is_own = i < SymbolStatistics::symbols_max;
    rows.push_back(
        {is_own ? std::string{views.names->symbols.name(i)} : std::string{"other"}, &symbols[i]});
  }
  return rows;
}

template <class Counts, class Names>
void write_counts(const std::vector<LabelledCounts>& rows, Counts SymbolCounts::*member,
                  std::string_view label, const Names& names, MetricsText& text) {
  for (const LabelledCounts& row : rows) {
    for (std::size_t i = 0; i < names.size(); ++i)
      text.sample({{"symbol", row.symbol}, {label, names[i]}}, (row.counts->*member)[i]);
  }
}

void write_symbol_counts(const std::vector<LabelledCounts>& rows, MetricsText& text) {
  text.counter("quantum_signals_total", "Well-formed signals.");
  write_counts(rows, &SymbolCounts::signals, "action", action_names, text);
  text.counter("quantum_approvals_total", "Signals approved by risk.");
  write_counts(rows, &SymbolCounts::approvals, "action", order_names, text);
  text.counter("quantum_rejections_total", "Signals rejected by risk.");
  for (const LabelledCounts& row : rows)
    text.sample({{"symbol", row.symbol}}, row.counts->rejections);
  text.counter("quantum_executions_total", "Orders answered, those of quantity zero too.");
  write_counts(rows, &SymbolCounts::executions, "action", order_names, text);
  text.counter("quantum_position_updates_total", "Position updates published.");
  write_counts(rows, &SymbolCounts::position_updates, "side", side_names, text);
}

void write_rates(const OutcomesView& outcomes, MetricsText& text) {
  const stages::Statistics& s = outcomes.statistics;
  const auto rate = [](std::uint64_t part, std::uint64_t whole) {
    return quotient(static_cast<stages::Int128>(part), static_cast<stages::Int128>(whole));
  };
  text.gauge("quantum_approval_rate", "Approved signals over all signals since the start.")
      .amount({}, rate(s.approved, s.signals));
  text.gauge("quantum_fill_rate", "Filled orders over all orders since the start.")
      .amount({}, rate(s.executions - s.executions_rejected, s.executions));
  text.gauge("quantum_confidence_avg", "Mean confidence of the last 100 signals.")
      .amount({}, outcomes.symbols.mean_confidence());
  text.summary("quantum_confidence", "Confidence of all well-formed signals.")
      .totals({}, s.confidence_sum, s.signals - s.signals_dead_lettered);
  text.gauge("quantum_last_signal_timestamp_seconds", "Log time of the last well-formed signal.")
      .seconds({}, outcomes.symbols.last_signal_unix_ns);
}

void write_books(const BooksView& books, const stages::Statistics& statistics, MetricsText& text) {
  const BookTotals totals = totals_of(books);
  text.gauge("quantum_pnl_unrealized", "Unrealized profit of all accounts, USD.")
      .amount({}, totals.unrealized);
  text.gauge("quantum_pnl_realized", "Realized profit of all accounts before fees, USD.")
      .amount({}, totals.realized);
  text.gauge("quantum_positions_open", "Open positions.").sample({}, totals.open_positions);
  text.gauge("quantum_exposure_usd", "Open positions at their marks, USD.")
      .amount({}, totals.exposure);
  text.counter("quantum_fees_total", "Fees paid, USD.").amount({}, statistics.fees);
  text.gauge("quantum_balance_current", "Balance of all accounts, USD.").amount({}, totals.balance);
}

void write_drawdown(const RiskView& risk, MetricsText& text) {
  stages::Ratio deepest = 0;
  std::uint64_t latched = 0;
  for (const RiskView::Account& account : risk.accounts) {
    deepest = std::max(deepest, account.drawdown);
    if (account.is_latched) ++latched;
  }
  text.gauge("quantum_drawdown_ratio",
             "Deepest drawdown of any account, as a share of its peak, on the conf's basis.")
      .amount({}, deepest);
  text.gauge("quantum_drawdown_limit_ratio", "The conf's risk.max_drawdown_pct.")
      .amount({}, risk.max_drawdown_pct);
  text.gauge("quantum_accounts_latched", "Accounts kept out of entries by the drawdown latch.")
      .sample({}, latched);
}

void write_durations(const stages::HoldingTimes& times, MetricsText& text) {
  std::vector<std::string> minutes;
  std::vector<std::string> seconds;
  for (const std::int64_t step : stages::HoldingTimes::minutes_max) {
    minutes.push_back(std::to_string(step) + ".0");
    seconds.push_back(std::to_string(step * 60) + ".0");
  }
  text.histogram("quantum_position_duration_minutes", "How long positions were held, in minutes.")
      .buckets({}, minutes, times.counts, seconds_number(times.sum_ns / 60));
  text.histogram("quantum_position_duration_seconds", "How long positions were held.")
      .buckets({}, seconds, times.counts, seconds_number(times.sum_ns));
}

}  // namespace

void write_business_metrics(const ViewCopies& views, const TimingFacts& timing,
                            const RedisFacts& redis, MetricsText& text) {
  const OutcomesView no_outcomes;
  const BooksView no_books;
  const RiskView no_risk;
  const OutcomesView& outcomes = views.outcomes != nullptr ? *views.outcomes : no_outcomes;
  const BooksView& books = views.books != nullptr ? *views.books : no_books;
  write_symbol_counts(labelled(views), text);
  write_rates(outcomes, text);
  write_books(books, outcomes.statistics, text);
  write_drawdown(views.risk != nullptr ? *views.risk : no_risk, text);
  write_durations(books.holding_times, text);
  text.histogram("quantum_execution_latency_seconds",
                 "From receiving an input to the encoding of its execution.")
      .latency({}, timing.execution_latency);
  text.gauge("quantum_stream_length", "Entries in each stream, as of a second ago.");
  for (const InputFacts& input : redis.inputs)
    text.sample({{"stream", input.stream}}, input.length);
  for (const auto& [stream, length] : redis.output_lengths)
    text.sample({{"stream", stream}}, length);
  text.counter("quantum_eventbus_publish_errors_total",
               "Transactions that Redis refused; they were published later.")
      .sample({}, redis.aborted);
}

}  // namespace coreloop::io
