// What a run came to: counts, books and checksums, for people as a table and for scripts as JSON.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/loop_counters.hpp"
#include "io/edge/sink.hpp"
#include "stages/mark.hpp"
#include "stages/names.hpp"
#include "stages/risk.hpp"
#include "stages/statistics.hpp"
#include "tools/latency_rows.hpp"

namespace coreloop::tools {

struct PositionSummary {
  std::string symbol;
  stages::Quantity quantity = 0;  ///< signed
  stages::Price average_entry = 0;
  stages::Price mark = 0;
  stages::Money unrealized_pnl = 0;
};

struct AccountSummary {
  std::string name;
  stages::Int128 initial_balance = 0;
  stages::Int128 balance = 0;
  stages::Int128 realized_pnl = 0;
  stages::Int128 unrealized_pnl = 0;
  stages::Int128 fees = 0;
  stages::Int128 max_drawdown = 0;  ///< ratio
  stages::Ratio win_rate = 0;       ///< of the last 20 closes
  std::uint64_t open_positions = 0;
  std::vector<PositionSummary> positions;

  [[nodiscard]] stages::Int128 equity() const { return balance + unrealized_pnl; }
  /// (realized + unrealized - fees) / initial balance as a ratio, truncated.
  [[nodiscard]] stages::Int128 total_return() const;
};

struct StreamCount {
  std::string name;
  std::uint64_t entries = 0;
};

/// Where a thread's time went.
struct ThreadSummary {
  std::string name;
  std::array<std::uint64_t, engine::regime_count> regime_ns{};
  std::uint64_t cycle_ns_max = 0;
  std::uint64_t sleeps = 0;
};

struct RunSummary {
  std::vector<StreamCount> inputs;
  std::uint64_t unread_entries = 0;
  stages::Statistics statistics;
  std::vector<AccountSummary> accounts;
  AccountSummary total;
  std::vector<StreamCount> outputs;
  std::uint64_t output_entries = 0;
  std::string sha256;
  std::uint64_t books_hash = 0;
  std::uint32_t state_crc32c = 0;  ///< of all that the stages keep (stages/saved_state.hpp)
  std::uint64_t state_bytes = 0;
  std::int64_t elapsed_ns = 0;
  bool is_stdout_taken = false;  ///< output entries or the tape go there
  std::vector<LatencyRow> latencies;
  std::vector<ThreadSummary> threads;
};

/// The accounts' part of a summary, from MARK's books and RISK's peaks.
void summarize_books(const stages::Names& names, const stages::Mark& mark, const stages::Risk& risk,
                     RunSummary& summary);

/// A table for people.
[[nodiscard]] std::string summary_table(const RunSummary& summary);

/// Prints the table: to stdout, or to stderr where stdout holds something else.
void print_table(const RunSummary& summary, bool is_stdout_taken = false);

/// The same as JSON; amounts are decimal strings.
[[nodiscard]] std::string summary_json(const RunSummary& summary);

}  // namespace coreloop::tools
