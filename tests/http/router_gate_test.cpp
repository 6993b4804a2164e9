// Who may command, how often, and the same command twice, over a desk of a test's own.
#include <string>

#include <gtest/gtest.h>

#include "io/http/listeners.hpp"
#include "io/http/router.hpp"
#include "tests/http/scripted_desk.hpp"

namespace coreloop::io {
namespace {

class RouterGateTest : public testing::Test {
 protected:
  tests::ScriptedDesk desk_;
  HttpCounters counters_;
  CommandGate gate_;
  Router router_{listeners().front(), desk_, counters_, gate_};
};

class RouterAccessTest : public RouterGateTest {
 protected:
  static constexpr const char* token = "0123456789abcdef";
  Router guarded_{listeners().front(), desk_, counters_, gate_, {.token = AccessToken{token}}};

  int status(const std::string& method, const std::string& path, HttpFields headers = {}) {
    return guarded_.answer({method, path, {}, std::move(headers)}).status;
  }
};

TEST_F(RouterAccessTest, WithoutTheTokenOnlyOpenRoutesAnswer) {
  for (const Route& route : listeners().front().routes) {
    std::string path{route.path};
    if (const auto mark = path.find('{'); mark != path.npos) path.replace(mark, 8, "BTCUSDT");
    const std::string method = route.is_get() ? "GET" : "POST";
    EXPECT_EQ(status(method, path) == 401, !route.is_open) << path;
    EXPECT_NE(status(method, path, {{"Authorization", "Bearer 0123456789abcdef"}}), 401) << path;
    EXPECT_EQ(route.is_open, path == "/" || path == "/health" || path == "/ready" ||
                                 path == "/docs" || path == "/openapi.json");
  }
}

TEST_F(RouterAccessTest, WithoutTheTokenHealthTellsNoCounters) {
  EXPECT_EQ(guarded_.answer({"GET", "/health", {}, {}}).body,
            "{\"status\": \"healthy\", \"state\": \"running\", \"uptime_seconds\": 2.5}\n");
  const HttpFields trusted{{"Authorization", "Bearer 0123456789abcdef"}};
  EXPECT_NE(guarded_.answer({"GET", "/health", {}, trusted}).body.find("total_exposure_usd"),
            std::string::npos);
}

TEST_F(RouterAccessTest, AnythingButTheTokenIsRefusedAndCounted) {
  const std::vector<HttpFields> wrong{
      {},
      {{"Authorization", "Bearer 0123456789abcdeF"}},
      {{"Authorization", "0123456789abcdef"}},
      {{"X-Authorization", "Bearer 0123456789abcdef"}},
      {{"Authorization", "Bearer 0123456789abcdef"}, {"authorization", "Bearer x"}}};
  for (const HttpFields& headers : wrong)
    EXPECT_EQ(status("POST", "/halt", headers), 401);
  EXPECT_EQ(guarded_.answer({"POST", "/halt", {{"token", token}}, {}}).status, 401);
  EXPECT_EQ(status("GET", "/nothing"), 401);
  EXPECT_EQ(guarded_.answer({"GET", "/risk", {}, {}}).headers,
            (HttpFields{{"WWW-Authenticate", "Bearer"}}));
  EXPECT_TRUE(desk_.submitted.empty());
  EXPECT_EQ(counters_.without_token.load(), wrong.size() + 3);
}

TEST_F(RouterAccessTest, AWrongTokenIsCountedOnAnOpenPathToo) {
  EXPECT_EQ(status("GET", "/health"), 200);
  EXPECT_EQ(status("GET", "/health", {{"Authorization", "Bearer 0123456789abcdef"}}), 200);
  EXPECT_EQ(counters_.without_token.load(), 0u);
  EXPECT_EQ(status("GET", "/health", {{"Authorization", "Bearer 0123456789abcdeF"}}), 200);
  EXPECT_EQ(counters_.without_token.load(), 1u);
}

class RouterKeyTest : public RouterGateTest {
 protected:
  RouterKeyTest() { desk_.result.state = CommandState::applied; }

  HttpAnswer ask_with_key(const std::string& path, const std::string& key = "key",
                          HttpFields query = {}) {
    return router_.answer({"POST", path, std::move(query), {{"Idempotency-Key", key}}});
  }
};

TEST_F(RouterKeyTest, ACommandOfOneKeyIsAppliedOnce) {
  desk_.result.sequence = 42;
  const HttpAnswer first = ask_with_key("/halt");
  desk_.result.sequence = 43;
  const HttpAnswer again = ask_with_key("/halt");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(again.headers, (HttpFields{{"Idempotent-Replayed", "true"}}));
  EXPECT_EQ(desk_.submitted.size(), 1u);
  EXPECT_EQ(counters_.commands_repeated.load(), 1u);
}

TEST_F(RouterKeyTest, AnotherCommandOfTheSameKeyIsRefused) {
  const auto price = [this](const char* value) {
    return ask_with_key("/prices/BTCUSDT", "key", {{"price", value}}).status;
  };
  EXPECT_EQ(price("1"), 200);
  EXPECT_EQ(price("2"), 422);
  EXPECT_EQ(ask_with_key("/halt").status, 422);
  EXPECT_EQ(desk_.submitted.size(), 1u);
}

TEST_F(RouterKeyTest, WhatDidNotHappenMayBeTriedAgain) {
  desk_.ticket = 0;
  EXPECT_EQ(ask_with_key("/halt").status, 503);
  desk_.ticket = 1;
  desk_.result.state = CommandState::cancelled;
  EXPECT_EQ(ask_with_key("/halt").status, 503);
  desk_.result.state = CommandState::applied;
  EXPECT_EQ(ask_with_key("/halt").status, 200);
}

TEST_F(RouterKeyTest, WhatIsQueuedOrRefusedIsToldAgain) {
  desk_.result.state = CommandState::queued;
  EXPECT_EQ(ask_with_key("/halt", "1").status, 202);
  EXPECT_EQ(ask_with_key("/halt", "1").status, 202);
  desk_.result.state = CommandState::refused;
  EXPECT_EQ(ask_with_key("/close/BTCUSDT", "2").status, 409);
  EXPECT_EQ(ask_with_key("/close/BTCUSDT", "2").status, 409);
  EXPECT_EQ(desk_.submitted.size(), 2u);
}

TEST_F(RouterKeyTest, AKeyIsOneOfVisibleCharacters) {
  for (const std::string& key : {std::string{}, std::string(65, 'x'), std::string{"a b"},
                                 std::string{"a\r\n"}, std::string{"\xC3\xA9"}})
    EXPECT_EQ(ask_with_key("/halt", key).status, 400) << key;
  EXPECT_EQ(
      router_.answer({"POST", "/halt", {}, {{"Idempotency-Key", "1"}, {"idempotency-key", "1"}}})
          .status,
      400);
  EXPECT_TRUE(desk_.submitted.empty());
  EXPECT_EQ(ask_with_key("/halt", std::string(64, 'x')).status, 200);
}

TEST_F(RouterGateTest, MoreCommandsThanTheRateAreRefusedOnAllListenersTogether) {
  CommandGate gate{.rate = CommandRate{3}};
  Router ours(listeners()[0], desk_, counters_, gate);
  Router theirs(listeners()[1], desk_, counters_, gate);
  desk_.result.state = CommandState::applied;
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ours.answer({"POST", "/halt", {}, {}}).status, 200);
  for (Router* router : {&ours, &theirs}) {
    const HttpAnswer answer = router->answer({"POST", "/reset", {}, {}});
    EXPECT_EQ(answer.status, 429);
    EXPECT_EQ(answer.headers, (HttpFields{{"Retry-After", "1"}}));
  }
  EXPECT_EQ(ours.answer({"GET", "/health", {}, {}}).status, 200);
  EXPECT_EQ(desk_.submitted.size(), 3u);
  EXPECT_EQ(counters_.commands_limited.load(), 2u);
}

}  // namespace
}  // namespace coreloop::io
