// Paths, methods, parameters and what becomes of a command, over a desk of a test's own.
#include "io/http/router.hpp"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "io/http/listeners.hpp"
#include "tests/http/scripted_desk.hpp"

namespace coreloop::io {
namespace {

class RouterTest : public testing::Test {
 protected:
  tests::ScriptedDesk desk_;
  HttpCounters counters_;
  CommandGate gate_;
  Router router_{listeners().front(), desk_, counters_, gate_};

  HttpAnswer ask(const std::string& method, const std::string& path, HttpFields query = {}) {
    return router_.answer({method, path, std::move(query), {{"Host", "localhost"}}});
  }
  HttpAnswer command(CommandState state, std::uint64_t sequence = 42) {
    desk_.result.state = state;
    desk_.result.sequence = sequence;
    return ask("POST", "/close/BTCUSDT");
  }
  static bool says(const HttpAnswer& answer, std::string_view text) {
    return answer.body.find(text) != answer.body.npos;
  }
};

TEST_F(RouterTest, EveryGetRouteAnswers) {
  for (const char* path :
       {"/health", "/ready", "/metrics", "/latency", "/risk", "/execution", "/portfolio",
        "/positions", "/prices", "/redis", "/errors", "/history"}) {
    const HttpAnswer answer = ask("GET", path);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.content_type, std::string{path} == "/metrics" ? metrics_type : json_type);
    EXPECT_EQ(ask("HEAD", path).status, 200) << path;
    EXPECT_EQ(ask("GET", path, {{"x", "1"}}).status, 400) << path;
    const HttpAnswer wrong = ask("DELETE", path);
    EXPECT_EQ(wrong.status, 405) << path;
    EXPECT_EQ(wrong.headers, (HttpFields{{"Allow", "GET, HEAD"}}));
  }
}

TEST_F(RouterTest, PagesRunTheirOwnScriptAlone) {
  for (const char* path : {"/", "/docs"}) {
    const HttpAnswer answer = ask("GET", path);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.content_type, "text/html; charset=utf-8");
    ASSERT_EQ(answer.headers.front().first, "Content-Security-Policy");
    const std::string& policy = answer.headers.front().second;
    EXPECT_EQ(policy.find("default-src 'none'; script-src 'sha256-"), 0U) << policy;
    EXPECT_EQ(policy.find("unsafe"), policy.npos) << policy;
    EXPECT_EQ(policy.find('*'), policy.npos) << policy;
  }
}

TEST_F(RouterTest, WhatIsNoRouteIsAProblem) {
  for (const char* path : {"//", "", "/nothing", "/health/", "//health", "/positions/", "/close"}) {
    const HttpAnswer answer = ask("GET", path);
    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(answer.content_type, problem_type);
    EXPECT_TRUE(says(answer, "\"status\": 404"));
  }
  for (const char* path : {"/halt", "/resume", "/reset", "/close/BTCUSDT", "/prices/BTCUSDT"})
    EXPECT_EQ(ask("GET", path).status, 405) << path;
  EXPECT_TRUE(desk_.submitted.empty());
}

TEST_F(RouterTest, AccountsAreChosenByName) {
  EXPECT_TRUE(says(ask("GET", "/portfolio"), "\"current_balance\": 9990.0"));
  EXPECT_TRUE(
      says(ask("GET", "/portfolio", {{"account", "second"}}), "\"current_balance\": 10000.0"));
  EXPECT_EQ(ask("GET", "/portfolio", {{"account", "third"}}).status, 404);
  EXPECT_EQ(ask("GET", "/risk", {{"account", "no/name"}}).status, 400);
  EXPECT_EQ(ask("GET", "/risk", {{"account", "main"}, {"account", "second"}}).status, 400);
}

TEST_F(RouterTest, BeforeTheEngineRunsOnlyItsHealthCanBeSeen) {
  desk_.life = LifeState::starting;
  desk_.copies = {};
  desk_.facts = {};
  EXPECT_EQ(ask("GET", "/health").status, 200);
  EXPECT_EQ(ask("GET", "/ready").status, 503);
  EXPECT_EQ(ask("GET", "/metrics").status, 200);
  EXPECT_EQ(ask("GET", "/latency").status, 200);
  for (const char* path : {"/risk", "/execution", "/portfolio", "/positions", "/prices"})
    EXPECT_EQ(ask("GET", path).status, 503) << path;
  EXPECT_EQ(ask("POST", "/halt").status, 503);
  EXPECT_TRUE(desk_.submitted.empty());
}

TEST_F(RouterTest, PostsBecomeCommands) {
  static_cast<void>(ask("POST", "/halt"));
  static_cast<void>(ask("POST", "/resume"));
  static_cast<void>(ask("POST", "/reset"));
  static_cast<void>(ask("POST", "/reset", {{"service", "execution"}}));
  static_cast<void>(ask("POST", "/prices/BTC/USDT", {{"price", "95000.5"}}));
  static_cast<void>(ask("POST", "/close/BTCUSDT", {{"account", "second"}}));
  EXPECT_EQ(desk_.submitted,
            (std::vector<std::string>{"halt    ", "resume    ", "reset    ", "reset    execution",
                                      "price BTC/USDT  95000.5 ", "close BTCUSDT second  "}));
}

TEST_F(RouterTest, WrongParametersReachNobody) {
  for (const char* price : {"", "0", "-1", "NaN", "1e308", "1x", " 1", "0x10", "1e-20",
                            "0.000000000000000000000000000000000000000000000000000000000000000001"})
    EXPECT_EQ(ask("POST", "/prices/BTCUSDT", {{"price", price}}).status, 400) << price;
  EXPECT_EQ(ask("POST", "/prices/BTCUSDT").status, 400);
  EXPECT_EQ(ask("POST", "/prices/BTCUSDT", {{"price", "1"}, {"price", "2"}}).status, 400);
  EXPECT_EQ(ask("POST", "/prices/BTCUSDT", {{"price", "1"}, {"x", "2"}}).status, 400);
  for (const char* symbol : {"", "btcusdt", "A B", "../x", "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456"}) {
    EXPECT_EQ(ask("POST", std::string{"/close/"} + symbol).status, 400) << symbol;
    EXPECT_EQ(ask("POST", std::string{"/prices/"} + symbol, {{"price", "1"}}).status, 400);
  }
  EXPECT_EQ(ask("POST", "/close/BTCUSDT", {{"account", ""}}).status, 400);
  EXPECT_EQ(ask("POST", "/reset", {{"service", "all"}}).status, 400);
  EXPECT_EQ(ask("POST", "/halt", {{"now", "1"}}).status, 400);
  EXPECT_TRUE(desk_.submitted.empty());
}

TEST_F(RouterTest, AnAppliedCommandIsAnsweredWithItsSequence) {
  desk_.result.realized_pnl = 20 * stages::scale;
  desk_.result.entry_value = 200 * stages::scale;
  const HttpAnswer answer = command(CommandState::applied);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(says(answer,
                   "{\"sequence\": 42, \"applied\": true, \"command\": \"close\", "
                   "\"symbol\": \"BTCUSDT\", \"pnl\": 20.0, \"pnl_pct\": 10.0"))
      << answer.body;
}

TEST_F(RouterTest, ACommandOnItsWayIsAnsweredWithWhatIsKnown) {
  HttpAnswer answer = command(CommandState::queued, 0);
  EXPECT_EQ(answer.status, 202);
  EXPECT_TRUE(says(answer, "{\"sequence\": null, \"applied\": false"));
  answer = command(CommandState::claimed);
  EXPECT_EQ(answer.status, 202);
  EXPECT_TRUE(says(answer, "{\"sequence\": 42, \"applied\": false"));
}

TEST_F(RouterTest, ACommandWithoutEffectIsAConflict) {
  const HttpAnswer answer = command(CommandState::refused);
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.content_type, problem_type);
  EXPECT_TRUE(says(answer, "\"reason\": \"NOTHING_TO_CLOSE\""));
  EXPECT_TRUE(says(answer, "\"sequence\": 42"));
}

TEST_F(RouterTest, ACommandThatIsNotTakenSaysThatNothingWasChanged) {
  EXPECT_EQ(command(CommandState::cancelled).status, 503);
  desk_.ticket = 0;
  const HttpAnswer answer = ask("POST", "/halt");
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.headers, (HttpFields{{"Retry-After", "1"}}));
  desk_.life = LifeState::draining;
  EXPECT_EQ(ask("POST", "/halt").status, 503);
}

TEST_F(RouterTest, EveryListenerAnswersItsRoutesAndNoOthers) {
  for (const Listener& listener : listeners()) {
    Router router(listener, desk_, counters_, gate_);
    for (const Listener& other : listeners()) {
      for (const Route& route : other.routes) {
        const bool is_ours =
            std::any_of(listener.routes.begin(), listener.routes.end(),
                        [&](const Route& ours) { return ours.path == route.path; });
        std::string path{route.path};
        if (const auto mark = path.find('{'); mark != path.npos) path.replace(mark, 8, "BTCUSDT");
        const HttpAnswer answer = router.answer({route.is_get() ? "GET" : "POST", path, {}, {}});
        EXPECT_EQ(answer.status == 404, !is_ours) << listener.name << " " << path;
      }
    }
  }
}

TEST_F(RouterTest, AServicesCloseIsAnsweredWithItsKeysAlone) {
  Router router(listeners()[3], desk_, counters_, gate_);
  const HttpRequest request{"POST", "/close/BTCUSDT", {}, {}};
  desk_.result.state = CommandState::applied;
  desk_.result.realized_pnl = 20 * stages::scale;
  desk_.result.entry_value = 200 * stages::scale;
  EXPECT_EQ(router.answer(request).body,
            "{\"symbol\": \"BTCUSDT\", \"pnl\": 20.0, \"pnl_pct\": 10.0}\n");
  desk_.result.state = CommandState::refused;
  EXPECT_EQ(router.answer(request).status, 409);
  desk_.result.state = CommandState::queued;
  EXPECT_EQ(router.answer(request).status, 202);
}

TEST_F(RouterTest, AServicesResetIsOfItsOwnCounters) {
  for (const std::size_t listener : {1u, 2u})
    static_cast<void>(
        Router(listeners()[listener], desk_, counters_, gate_).answer({"POST", "/reset", {}, {}}));
  EXPECT_EQ(desk_.submitted, (std::vector<std::string>{"reset    risk", "reset    execution"}));
}

TEST_F(RouterTest, AllListenersCountTogether) {
  for (const Listener& listener : listeners())
    static_cast<void>(Router(listener, desk_, counters_, gate_).answer({"GET", "/health", {}, {}}));
  EXPECT_TRUE(says(ask("GET", "/metrics"), "\ncoreloop_http_requests_total 5\n"));
}

TEST_F(RouterTest, SomebodyCanAlwaysLook) {
  for (const Listener& listener : listeners()) {
    EXPECT_GE(listener.waiting_max(), 1);
    EXPECT_LT(static_cast<std::size_t>(listener.waiting_max()), listener.thread_count);
  }
}

TEST_F(RouterTest, MetricsHoldEveryNameThatDashboardsQuery) {
  const HttpAnswer answer = ask("GET", "/metrics");
  for (const char* name :
       {"quantum_signals_total{symbol=\"BTCUSDT\",action=\"BUY\"} 5\n",
        "quantum_approvals_total{symbol=\"BTCUSDT\",action=\"SELL\"} 1\n",
        "quantum_rejections_total{symbol=\"other\"} 2\n",
        "quantum_executions_total{symbol=\"BTCUSDT\",action=\"BUY\"} 0\n",
        "quantum_position_updates_total{symbol=\"BTCUSDT\",side=\"LONG\"} 0\n",
        "quantum_approval_rate 0.4\n",
        "quantum_fill_rate 0.75\n",
        "quantum_confidence_avg 0.0\n",
        "quantum_pnl_unrealized 100.0\n",
        "quantum_pnl_realized -5.0\n",
        "quantum_stream_length{stream=\"trade.signal.v5\"} 100\n",
        "quantum_stream_length{stream=\"trade.signal.safe\"} 4\n",
        "quantum_last_signal_timestamp_seconds 0.0\n",
        "quantum_positions_open 1\n",
        "quantum_exposure_usd 1100.0\n",
        "quantum_fees_total 5.0\n",
        "quantum_balance_current 19990.0\n",
        "quantum_execution_latency_seconds_count 0\n",
        "quantum_drawdown_ratio 0.05\n",
        "quantum_drawdown_limit_ratio 0.04\n",
        "quantum_accounts_latched 1\n",
        "quantum_position_duration_minutes_bucket{le=\"1.0\"} 0\n",
        "quantum_position_duration_minutes_bucket{le=\"5.0\"} 1\n",
        "quantum_position_duration_minutes_sum 1.5\n",
        "quantum_position_duration_seconds_bucket{le=\"300.0\"} 1\n",
        "quantum_eventbus_publish_errors_total 0\n",
        "coreloop_ring_depth{queue=\"ingress_risk\"} 8\n",
        "coreloop_ring_full_total{queue=\"ingress_risk\"} 9\n",
        "coreloop_input_lag{stream=\"trade.signal.v5\"} 3\n",
        "coreloop_input_trimmed_total{stream=\"trade.signal.v5\"} 2\n",
        "coreloop_rejections_total{reason=\"LOW_CONFIDENCE\"} 4\n",
        "coreloop_build_info{version=\"1.2.3\",revision=\"abc\",compiler=\"GNU 12\"} 1\n",
        "coreloop_state{state=\"running\"} 1\n",
        "process_threads "})
    EXPECT_TRUE(says(answer, name)) << name;
}

}  // namespace
}  // namespace coreloop::io
