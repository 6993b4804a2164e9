// A desk whose views, facts and command results are what a test says; and a small trading day in
// its views: `main` is long of BTCUSDT, `second` is flat.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "io/http/engine_desk.hpp"

namespace coreloop::tests {

inline constexpr std::int64_t desk_unix_ns = 1'768'212'000'123'456'789;  // 2026-01-12T10:00:00Z

class ScriptedDesk final : public io::EngineDesk {
 public:
  ScriptedDesk() : names(8, 8) {
    static_cast<void>(names.symbols.find_or_add("BTCUSDT"));
    static_cast<void>(names.accounts.find_or_add("main"));
    static_cast<void>(names.accounts.find_or_add("second"));
    constexpr stages::Money unit = stages::scale;
    io::RiskView risk;
    risk.sequence = 12;
    risk.log_unix_ns = desk_unix_ns;
    risk.accounts.resize(2);
    risk.accounts[0] = {.balance = 9'990 * unit,
                        .equity = 10'090 * unit,
                        .peak = 10'200 * unit,
                        .exposure = 1'100 * unit,
                        .drawdown = unit / 100,
                        .win_rate = unit / 2,
                        .approvals_today = 3,
                        .open_positions = 1,
                        .is_latched = false};
    risk.accounts[1].drawdown = unit / 20;
    risk.accounts[1].is_latched = true;
    risk.max_drawdown_pct = unit / 25;
    io::BooksView books;
    books.sequence = 13;
    books.log_unix_ns = desk_unix_ns;
    books.initial_balance = 10'000 * unit;
    books.accounts.resize(2);
    books.accounts[0] = {.balance = 9'990 * unit,
                         .realized = -5 * unit,
                         .fees = 5 * unit,
                         .win_rate = unit / 2,
                         .win_rate_closes = 4,
                         .open_positions = 1};
    books.accounts[1].balance = 10'000 * unit;
    io::BooksView::OpenPosition& held = books.positions.emplace_back();
    held.mark = 110 * unit;
    held.position.quantity = 10 * unit;
    held.position.cost = stages::product(10 * unit, 100 * unit);
    held.position.opened_unix_ns = desk_unix_ns;
    held.position.opening_order = 1;
    books.prices.push_back({0, {.mark = 110 * unit, .set_unix_ns = desk_unix_ns}});
    books.holding_times.add(90 * stages::ns_per_second);
    io::OutcomesView outcomes;
    outcomes.sequence = 14;
    stages::Statistics& statistics = outcomes.statistics;
    statistics.signals = 10;
    statistics.approved = 4;
    statistics.held = 1;
    statistics.rejected = 4;
    statistics.rejected_by_reason[static_cast<std::size_t>(stages::Reason::low_confidence)] = 4;
    statistics.signals_dead_lettered = 1;
    statistics.executions = 4;
    statistics.executions_rejected = 1;
    statistics.volume = 3'000 * unit;
    statistics.fees = 5 * unit;
    statistics.slippage_sum = unit / 500;
    outcomes.symbols.symbols[0].signals = {5, 2, 1, 1};
    outcomes.symbols.symbols[0].approvals = {3, 1};
    outcomes.symbols.symbols.back().rejections = 2;
    copies = {std::make_shared<io::RiskView>(risk), std::make_shared<io::BooksView>(books),
              std::make_shared<io::OutcomesView>(outcomes), &names};
    facts.reader.is_open = facts.reader.is_ready = true;
    facts.writer.is_open = facts.writer.is_ready = true;
    facts.inputs.push_back({"trade.signal.v5", 10, 2, 0, 3, 100});
    facts.output_lengths.emplace_back("trade.signal.safe", 4);
    built = {"1.2.3", "abc", "GNU 12"};
  }

  [[nodiscard]] io::LifeState state() const override { return life; }
  [[nodiscard]] std::int64_t uptime_ns() const override { return 2'500'000'000; }
  [[nodiscard]] std::int64_t start_unix_ns() const override { return 1; }
  [[nodiscard]] io::ViewCopies views() override { return copies; }
  [[nodiscard]] io::TimingFacts timing() override {
    io::TimingFacts timing;
    timing.latencies.push_back({"risk", "working", {}});
    timing.latencies.push_back({"end to end", "", {}});
    timing.threads.push_back({"ingress", {1, 2, 3, 4}, 5, 6, 7});
    timing.rings.push_back({"ingress_risk", 8, 9});
    return timing;
  }
  [[nodiscard]] io::RedisFacts redis() override { return facts; }
  [[nodiscard]] io::JournalFacts journal() override { return {true, 2, false, 1'000, false, 1}; }
  [[nodiscard]] io::ToldErrors errors() override { return told; }
  [[nodiscard]] io::HistoryFacts history() override { return past; }
  [[nodiscard]] const io::BuildFacts& build() const override { return built; }
  [[nodiscard]] std::uint64_t order_seed() const override { return 1; }
  [[nodiscard]] std::uint64_t submit(const io::CommandRequest& request) override {
    submitted.push_back(std::string{request.command} + " " + std::string{request.symbol} + " " +
                        std::string{request.account} + " " + std::string{request.price} + " " +
                        std::string{request.service});
    return ticket;
  }
  [[nodiscard]] io::CommandResult wait(std::uint64_t /*ticket*/) override { return result; }

  stages::Names names;
  io::LifeState life = io::LifeState::running;
  io::ViewCopies copies;
  io::RedisFacts facts;
  io::ToldErrors told;
  io::HistoryFacts past;
  io::BuildFacts built;
  std::uint64_t ticket = 1;
  io::CommandResult result;
  std::vector<std::string> submitted;
};

}  // namespace coreloop::tests
