// The JSON of the GET routes over a small trading day: keys, figures, what a reset subtracts.
#include "io/http/service_json.hpp"

#include <gtest/gtest.h>

#include "tests/http/scripted_desk.hpp"

namespace coreloop::io {
namespace {

using tests::ScriptedDesk;

TEST(ServiceJsonTest, HealthHasTheKeysOfAllThreeServices) {
  const ScriptedDesk desk;
  EXPECT_EQ(health_json(LifeState::running, 2'500'000'000, desk.copies),
            "{\"status\": \"healthy\", \"state\": \"running\", \"uptime_seconds\": 2.5, "
            "\"sequence\": 14, \"signals_received\": 10, \"signals_approved\": 4, "
            "\"signals_rejected\": 6, \"approval_rate\": 0.4, \"orders_received\": 4, "
            "\"orders_filled\": 3, \"orders_rejected\": 1, \"fill_rate\": 0.75, "
            "\"open_positions\": 1, \"total_exposure_usd\": 1100.0, \"unrealized_pnl\": 100.0}\n");
}

TEST(ServiceJsonTest, HealthIsThereBeforeTheEngineRuns) {
  const std::string json = health_json(LifeState::starting, 0, {});
  EXPECT_NE(json.find("\"state\": \"starting\""), json.npos);
  EXPECT_NE(json.find("\"approval_rate\": 0.0"), json.npos);
}

TEST(ServiceJsonTest, RiskShowsAnAccountAndTheServicesCounts) {
  const ScriptedDesk desk;
  EXPECT_EQ(risk_json(desk.copies, 0, KeySet::engine),
            "{\"governer_balance\": 9990.0, \"governer_peak\": 10200.0, \"governer_drawdown\": "
            "0.01, \"total_trades\": 4, \"recent_win_rate\": 0.5, \"rejection_reasons\": "
            "{\"LOW_CONFIDENCE\": 4, \"HOLD_SIGNAL\": 1}, \"signals_received\": 10, "
            "\"signals_approved\": 4, \"signals_held\": 1, \"signals_rejected\": 4, "
            "\"signals_dead_lettered\": 1, \"approval_rate\": 0.4, \"equity\": 10090.0, "
            "\"exposure_usd\": 1100.0, \"open_positions\": 1, \"entries_today\": 3, "
            "\"drawdown_latched\": false, \"halted\": false, \"sequence\": 12, \"as_of\": "
            "\"2026-01-12T10:00:00.123456Z\", \"as_of_ns\": 1768212000123456789}\n");
}

TEST(ServiceJsonTest, AResetSubtractsFromItsServiceAlone) {
  const ScriptedDesk desk;
  OutcomesView outcomes = *desk.copies.outcomes;
  outcomes.reset_marks.risk = outcomes.statistics;
  ViewCopies copies = desk.copies;
  copies.outcomes = std::make_shared<OutcomesView>(outcomes);
  const std::string risk = risk_json(copies, 0, KeySet::engine);
  EXPECT_NE(risk.find("\"rejection_reasons\": {}, \"signals_received\": 0"), risk.npos) << risk;
  EXPECT_NE(risk.find("\"governer_balance\": 9990.0"), risk.npos) << "books go on";
  EXPECT_NE(execution_json(copies, KeySet::engine).find("\"orders_received\": 4"),
            std::string::npos);
}

TEST(ServiceJsonTest, ExecutionSumsUpOrders) {
  const ScriptedDesk desk;
  EXPECT_EQ(execution_json(desk.copies, KeySet::engine),
            "{\"total_volume_usd\": 3000.0, \"total_fees_usd\": 5.0, \"avg_slippage_pct\": "
            "0.0005, \"orders_filled\": 3, \"orders_rejected\": 1, \"orders_received\": 4, "
            "\"fill_rate\": 0.75, \"sequence\": 14}\n");
}

TEST(ServiceJsonTest, AServiceIsShownWithItsKeysAlone) {
  const ScriptedDesk desk;
  EXPECT_EQ(risk_health_json(2'500'000'000, desk.copies),
            "{\"status\": \"healthy\", \"uptime_seconds\": 2.5, \"signals_received\": 10, "
            "\"signals_approved\": 4, \"signals_rejected\": 6, \"approval_rate\": 0.4}\n");
  EXPECT_EQ(execution_health_json(2'500'000'000, desk.copies),
            "{\"status\": \"healthy\", \"uptime_seconds\": 2.5, \"orders_received\": 4, "
            "\"orders_filled\": 3, \"orders_rejected\": 1, \"fill_rate\": 0.75}\n");
  EXPECT_EQ(position_health_json(2'500'000'000, desk.copies),
            "{\"status\": \"healthy\", \"uptime_seconds\": 2.5, \"open_positions\": 1, "
            "\"total_exposure_usd\": 1100.0, \"unrealized_pnl\": 100.0}\n");
  EXPECT_EQ(position_health_json(0, {}),
            "{\"status\": \"healthy\", \"uptime_seconds\": 0.0, \"open_positions\": 0, "
            "\"total_exposure_usd\": 0.0, \"unrealized_pnl\": 0.0}\n");
  EXPECT_EQ(risk_json(desk.copies, 0, KeySet::service),
            "{\"governer_balance\": 9990.0, \"governer_peak\": 10200.0, \"governer_drawdown\": "
            "0.01, \"total_trades\": 4, \"recent_win_rate\": 0.5, \"rejection_reasons\": "
            "{\"LOW_CONFIDENCE\": 4, \"HOLD_SIGNAL\": 1}}\n");
  EXPECT_EQ(execution_json(desk.copies, KeySet::service),
            "{\"total_volume_usd\": 3000.0, \"total_fees_usd\": 5.0, \"avg_slippage_pct\": "
            "0.0005, \"orders_filled\": 3, \"orders_rejected\": 1}\n");
  const std::string portfolio = portfolio_json(desk.copies, 0, KeySet::service);
  EXPECT_EQ(portfolio.substr(portfolio.find("\"total_fees_paid\"")), "\"total_fees_paid\": 5.0}\n");
}

TEST(ServiceJsonTest, PortfolioValuesAnAccount) {
  const ScriptedDesk desk;
  EXPECT_EQ(portfolio_json(desk.copies, 0, KeySet::engine),
            "{\"initial_balance\": 10000.0, \"current_balance\": 9990.0, \"total_realized_pnl\": "
            "-5.0, \"total_unrealized_pnl\": 100.0, \"total_pnl\": 95.0, \"total_return_pct\": "
            "0.95, \"open_positions\": 1, \"total_exposure_usd\": 1100.0, \"exposure_pct\": "
            "11.01101101, \"win_rate\": 0.5, \"total_fees_paid\": 5.0, \"sequence\": 13, "
            "\"as_of\": \"2026-01-12T10:00:00.123456Z\", \"as_of_ns\": 1768212000123456789}\n");
  const std::string fresh = portfolio_json(desk.copies, std::nullopt, KeySet::engine);
  EXPECT_NE(fresh.find("\"current_balance\": 10000.0"), fresh.npos) << "as it would begin";
}

TEST(ServiceJsonTest, PositionsAreThoseOfTheAccount) {
  const ScriptedDesk desk;
  EXPECT_EQ(positions_json(desk.copies, 0, 1),
            "[{\"symbol\": \"BTCUSDT\", \"side\": \"LONG\", \"entry_price\": 100.0, "
            "\"current_price\": 110.0, \"size_usd\": 1000.0, \"leverage\": 1.0, "
            "\"unrealized_pnl\": 100.0, \"unrealized_pnl_pct\": 10.0, \"entry_time\": "
            "\"2026-01-12T10:00:00.123456Z\", \"order_id\": \"PAPER-0005DEECE66E\"}]\n");
  EXPECT_EQ(positions_json(desk.copies, 1, 1), "[]\n");
  EXPECT_EQ(positions_json(desk.copies, std::nullopt, 1), "[]\n");
}

TEST(ServiceJsonTest, PricesAreTheCurrentOnes) {
  const ScriptedDesk desk;
  EXPECT_EQ(prices_json(desk.copies), "{\"BTCUSDT\": 110.0}\n");
}

}  // namespace
}  // namespace coreloop::io
