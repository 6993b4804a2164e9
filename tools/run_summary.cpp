// Summaries: gathered from the stages, printed two ways.
#include "tools/run_summary.hpp"

#include <algorithm>
#include <cstdio>

#include "tools/json_builder.hpp"

namespace coreloop::tools {

using stages::Int128;

namespace {

std::string percent_text(Int128 ratio) {
  std::array<char, 32> text{};
  // Two places, truncated: a percentage for the eye; the JSON has the exact ratio.
  const Int128 hundredths = ratio * 10'000 / stages::scale;
  const Int128 size = hundredths < 0 ? -hundredths : hundredths;
  std::snprintf(text.data(), text.size(), "%s%lld.%02lld %%", hundredths < 0 ? "-" : "",
                static_cast<long long>(size / 100), static_cast<long long>(size % 100));
  return text.data();
}

std::string count_text(std::uint64_t value) {
  std::string text = std::to_string(value);
  for (std::size_t at = text.size(); at > 3;)
    text.insert(at -= 3, ",");
  return text;
}

void add_row(std::string& text, std::string_view indent, std::string_view name,
             std::string_view value) {
  const std::string label = std::string{indent} + std::string{name};
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(), "%-36.60s %24.100s\n", label.c_str(),
                std::string{value}.c_str());
  text += line.data();
}

template <class Names>
void add_counts(std::string& text, const Names& counts, std::string_view (*name)(std::size_t)) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) add_row(text, "    ", name(i), count_text(counts[i]));
  }
}

std::string_view reason_name(std::size_t i) {
  return name_of(static_cast<stages::Reason>(i));
}
std::string_view code_name(std::size_t i) {
  return name_of(static_cast<stages::DeadLetterCode>(i));
}

void add_account(std::string& text, const AccountSummary& account) {
  add_row(text, "  ", "balance", amount_text(account.balance));
  add_row(text, "  ", "realized, before fees", amount_text(account.realized_pnl));
  add_row(text, "  ", "unrealized", amount_text(account.unrealized_pnl));
  add_row(text, "  ", "fees", amount_text(account.fees));
  add_row(text, "  ", "return, after fees", percent_text(account.total_return()));
  add_row(text, "  ", "maximum drawdown", percent_text(account.max_drawdown));
  add_row(text, "  ", "win rate, last 20 closes", percent_text(account.win_rate));
  add_row(text, "  ", "open positions", count_text(account.open_positions));
}

void add_account_json(JsonBuilder& json, const AccountSummary& account) {
  json.add_amount("initial_balance", account.initial_balance)
      .add_amount("balance", account.balance)
      .add_amount("realized_pnl", account.realized_pnl)
      .add_amount("unrealized_pnl", account.unrealized_pnl)
      .add_amount("fees", account.fees)
      .add_amount("equity", account.equity())
      .add_amount("total_return", account.total_return())
      .add_amount("max_drawdown", account.max_drawdown)
      .add_amount("win_rate", account.win_rate)
      .add("open_positions", account.open_positions)
      .open("positions");
  for (const PositionSummary& position : account.positions) {
    json.open(position.symbol)
        .add_amount("quantity", position.quantity)
        .add_amount("average_entry", position.average_entry)
        .add_amount("mark", position.mark)
        .add_amount("unrealized_pnl", position.unrealized_pnl)
        .close();
  }
  json.close();
}

template <class Counts>
void add_counts_json(JsonBuilder& json, std::string_view key, const Counts& counts,
                     std::string_view (*name)(std::size_t)) {
  json.open(key);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] != 0) json.add(name(i), counts[i]);
  }
  json.close();
}

std::string duration_text(std::uint64_t ns) {
  std::array<char, 32> text{};
  const auto value = static_cast<unsigned long long>(ns);
  if (ns < 10'000)
    std::snprintf(text.data(), text.size(), "%llu ns", value);
  else if (ns < 10'000'000)
    std::snprintf(text.data(), text.size(), "%llu us", value / 1'000);
  else
    std::snprintf(text.data(), text.size(), "%llu ms", value / 1'000'000);
  return text.data();
}

std::uint64_t inputs_per_second(const RunSummary& summary) {
  const std::int64_t ns = std::max<std::int64_t>(summary.elapsed_ns, 1);
  return static_cast<std::uint64_t>(static_cast<Int128>(summary.statistics.inputs) *
                                    stages::ns_per_second / ns);
}

struct Percentile {
  std::string_view name;
  std::uint32_t per_100k;
};
constexpr std::array<Percentile, 5> percentiles{
    {{"p50", 50'000}, {"p90", 90'000}, {"p99", 99'000}, {"p99.9", 99'900}, {"p99.99", 99'990}}};
constexpr std::size_t percentiles_in_table = 4;

void add_latencies(std::string& text, const std::vector<LatencyRow>& rows) {
  std::array<char, 256> line{};
  std::snprintf(line.data(), line.size(), "%-20s %10s %9s %9s %9s %9s %9s %9s\n", "latency",
                "timed", "mean", "p50", "p90", "p99", "p99.9", "max");
  text += line.data();
  for (const LatencyRow& row : rows) {
    const engine::HistogramCopy& h = row.histogram;
    if (h.count() == 0) continue;
    std::array<std::string, percentiles_in_table> values;
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = duration_text(h.percentile_ns(percentiles[i].per_100k));
    std::snprintf(line.data(), line.size(), "  %-18s %10s %9s %9s %9s %9s %9s %9s\n",
                  row.name.c_str(), count_text(h.count()).c_str(),
                  duration_text(h.mean_ns()).c_str(), values[0].c_str(), values[1].c_str(),
                  values[2].c_str(), values[3].c_str(), duration_text(h.max_ns()).c_str());
    text += line.data();
  }
}

void add_latencies_json(JsonBuilder& json, const RunSummary& summary) {
  json.open("latency_ns");
  for (const LatencyRow& row : summary.latencies) {
    const engine::HistogramCopy& h = row.histogram;
    json.open(row.name).add("count", h.count()).add("mean", h.mean_ns());
    for (const Percentile& p : percentiles)
      json.add(p.name, h.percentile_ns(p.per_100k));
    json.add("max", h.max_ns()).close();
  }
  json.close().open("threads");
  for (const ThreadSummary& thread : summary.threads) {
    json.open(thread.name);
    for (std::size_t i = 0; i < engine::regime_count; ++i) {
      json.add(std::string{engine::regime_names[i]} + "_ns", thread.regime_ns[i]);
    }
    json.add("cycle_ns_max", thread.cycle_ns_max).add("sleeps", thread.sleeps).close();
  }
  json.close();
}

}  // namespace

Int128 AccountSummary::total_return() const {
  if (initial_balance <= 0) return 0;
  return stages::truncated((equity() - initial_balance) * stages::scale, initial_balance);
}

void summarize_books(const stages::Names& names, const stages::Mark& mark, const stages::Risk& risk,
                     RunSummary& summary) {
  const stages::AccountBook& book = mark.book();
  AccountSummary& total = summary.total;
  std::uint64_t closes = 0;
  Int128 weighted_wins = 0;
  for (stages::AccountId id = 0; id < names.accounts.size(); ++id) {
    const stages::Account& account = book.account(id);
    AccountSummary row;
    row.name = names.accounts.name(id);
    row.initial_balance = book.limits().initial_balance;
    row.balance = book.balance(id);
    row.realized_pnl = account.realized;
    row.fees = account.fees;
    row.max_drawdown = risk.valuation().peak(id).worst_drawdown();
    row.win_rate = account.closes.win_rate();
    row.open_positions = account.open_position_count;
    for (std::uint32_t i = account.first_position; i != stages::no_id;
         i = book.position(i).next_in_account) {
      const stages::Position& position = book.position(i);
      if (!position.is_open()) continue;
      const stages::Price price = mark.market().price(position.symbol).mark;
      row.positions.push_back({std::string{names.symbols.name(position.symbol)}, position.quantity,
                               position.average_entry(), price, position.unrealized_at(price)});
      row.unrealized_pnl += row.positions.back().unrealized_pnl;
    }
    total.initial_balance += row.initial_balance;
    total.balance += row.balance;
    total.realized_pnl += row.realized_pnl;
    total.unrealized_pnl += row.unrealized_pnl;
    total.fees += row.fees;
    total.open_positions += row.open_positions;
    const std::uint64_t looked_at =
        std::min(account.closes.close_count(), stages::CloseHistory::win_rate_closes);
    closes += looked_at;
    weighted_wins += static_cast<Int128>(row.win_rate) * looked_at;
    summary.accounts.push_back(std::move(row));
  }
  total.name = "all";
  total.max_drawdown = risk.valuation().total_peak().worst_drawdown();
  total.win_rate = closes == 0 ? 0 : static_cast<stages::Ratio>(weighted_wins / closes);
  summary.books_hash = book.hash();
}

std::string summary_table(const RunSummary& summary) {
  const stages::Statistics& s = summary.statistics;
  std::string text;
  text += "inputs\n";
  for (const StreamCount& stream : summary.inputs)
    add_row(text, "  ", stream.name, count_text(stream.entries));
  if (summary.unread_entries != 0)
    add_row(text, "  ", "other streams, not read", count_text(summary.unread_entries));
  add_row(text, "  ", "timers", count_text(s.timers));
  if (s.commands != 0) add_row(text, "  ", "commands", count_text(s.commands));
  text += "signals\n";
  add_row(text, "  ", "all", count_text(s.signals));
  add_row(text, "  ", "held", count_text(s.held));
  add_row(text, "  ", "approved", count_text(s.approved));
  add_row(text, "  ", "rejected", count_text(s.rejected));
  add_counts(text, s.rejected_by_reason, reason_name);
  add_row(text, "  ", "dead-lettered", count_text(s.signals_dead_lettered));
  add_counts(text, s.signals_dead_by_code, code_name);
  if (s.ticks_dead_lettered != 0) {
    add_row(text, "  ", "ticks dead-lettered", count_text(s.ticks_dead_lettered));
    add_counts(text, s.ticks_dead_by_code, code_name);
  }
  add_row(text, "  ", "executions", count_text(s.executions));
  if (s.command_closes != 0) add_row(text, "    ", "by command", count_text(s.command_closes));
  constexpr std::size_t accounts_shown_max = 8;
  for (std::size_t i = 0; i < summary.accounts.size() && i < accounts_shown_max; ++i) {
    text += "account " + summary.accounts[i].name + "\n";
    add_account(text, summary.accounts[i]);
  }
  if (summary.accounts.size() != 1) {
    text += "all " + count_text(summary.accounts.size()) + " accounts\n";
    add_account(text, summary.total);
  }
  text += "outputs\n";
  for (const StreamCount& stream : summary.outputs)
    add_row(text, "  ", stream.name, count_text(stream.entries));
  add_row(text, "  ", "entries", count_text(summary.output_entries));
  add_row(text, "", "inputs per second", count_text(inputs_per_second(summary)));
  add_latencies(text, summary.latencies);
  if (!summary.sha256.empty()) text += "SHA-256 of the output  " + summary.sha256 + "\n";
  return text;
}

void print_table(const RunSummary& summary, bool is_stdout_taken) {
  const bool is_taken = is_stdout_taken || summary.is_stdout_taken;
  std::fputs(summary_table(summary).c_str(), is_taken ? stderr : stdout);
}

std::string summary_json(const RunSummary& summary) {
  const stages::Statistics& s = summary.statistics;
  JsonBuilder json;
  json.open()
      .open("inputs")
      .add("all", s.inputs)
      .add("timers", s.timers)
      .add("commands", s.commands);
  json.add("unread_entries", summary.unread_entries).open("streams");
  for (const StreamCount& stream : summary.inputs)
    json.add(stream.name, stream.entries);
  json.close()
      .close()
      .open("signals")
      .add("total", s.signals)
      .add("held", s.held)
      .add("approved", s.approved);
  json.add("rejected_total", s.rejected);
  add_counts_json(json, "rejected", s.rejected_by_reason, reason_name);
  add_counts_json(json, "dead_lettered", s.signals_dead_by_code, code_name);
  json.close().open("ticks").add("total", s.ticks);
  add_counts_json(json, "dead_lettered", s.ticks_dead_by_code, code_name);
  json.close().add("executions", s.executions).add("executions_rejected", s.executions_rejected);
  json.add("command_closes", s.command_closes).add("position_updates", s.position_updates);
  json.open("accounts");
  for (const AccountSummary& account : summary.accounts) {
    json.open(account.name);
    add_account_json(json, account);
    json.close();
  }
  json.close().open("total");
  add_account_json(json, summary.total);
  json.close()
      .open("output")
      .add("entries", summary.output_entries)
      .add("sha256", std::string_view{summary.sha256});
  json.open("streams");
  for (const StreamCount& stream : summary.outputs)
    json.add(stream.name, stream.entries);
  json.close().close();
  json.add("books_hash", summary.books_hash)
      .add("state_crc32c", static_cast<std::uint64_t>(summary.state_crc32c));
  add_latencies_json(json, summary);
  json.add("elapsed_ns", static_cast<std::uint64_t>(summary.elapsed_ns))
      .add("inputs_per_second", inputs_per_second(summary))
      .close();
  return json.text();
}

}  // namespace coreloop::tools
