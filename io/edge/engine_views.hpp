// What readers outside the pipeline may see of RISK, MARK and EGRESS: copies, each consistent in
// itself and with the sequence it stands at, made on request by the thread that owns the state
// (engine/requested_view.hpp). Two views may stand at different sequences.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/requested_view.hpp"
#include "stages/account_book.hpp"
#include "stages/decision_conf.hpp"
#include "stages/holding_times.hpp"
#include "stages/market.hpp"
#include "stages/pipeline.hpp"
#include "stages/statistics.hpp"
#include "stages/symbol_statistics.hpp"

namespace coreloop::io {

/// RISK: what binds the next entry.
struct RiskView {
  struct Account {
    stages::Money balance = 0;
    stages::Int128 equity = 0;
    stages::Int128 peak = 0;
    stages::Int128 exposure = 0;
    stages::Ratio drawdown = 0;
    stages::Ratio win_rate = 0;
    std::int64_t approvals_today = 0;
    std::uint32_t open_positions = 0;
    bool is_latched = false;
  };
  std::uint64_t sequence = 0;
  std::int64_t log_unix_ns = 0;
  bool is_halted = false;
  stages::Ratio max_drawdown_pct = 0;  ///< the conf's limit
  std::vector<Account> accounts;       ///< by id
};

/// MARK: the books and the market by which they are valued.
struct BooksView {
  struct Account {
    stages::Money balance = 0;
    stages::Money realized = 0;
    stages::Money fees = 0;
    stages::Ratio win_rate = 0;
    std::uint32_t win_rate_closes = 0;  ///< closes that win_rate looks at
    std::uint32_t open_positions = 0;
  };
  struct OpenPosition {
    stages::Position position;
    stages::Price mark = 0;
  };
  struct SymbolMark {
    stages::SymbolId symbol = 0;
    stages::SymbolPrice price;
  };
  std::uint64_t sequence = 0;
  std::int64_t log_unix_ns = 0;
  stages::Money initial_balance = 0;  ///< of each account
  std::vector<Account> accounts;      ///< by id
  std::vector<OpenPosition> positions;
  std::vector<SymbolMark> prices;  ///< of the symbols that have one
  stages::HoldingTimes holding_times;
};

/// EGRESS: what has been counted.
struct OutcomesView {
  std::uint64_t sequence = 0;
  stages::Statistics statistics;
  stages::SymbolStatistics symbols;
  stages::ResetMarks reset_marks;
};

/// The three, with room for everything the conf allows.
struct EngineViews {
  /// Allocates.
  explicit EngineViews(const stages::DecisionConf& conf);

  engine::RequestedView<RiskView> risk;
  engine::RequestedView<BooksView> books;
  engine::RequestedView<OutcomesView> outcomes;
};

// Copying, by the owner's thread. No allocation.
void copy_risk(const stages::Risk& risk, const stages::StageProgress& progress,
               RiskView& view) noexcept;
void copy_books(const stages::Mark& mark, const stages::StageProgress& progress,
                BooksView& view) noexcept;

}  // namespace coreloop::io
