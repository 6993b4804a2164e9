// What no route ever sees: bodies in any guise, foreign hosts, foreign origins.
#include "io/http/request_guards.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

int status_of(const std::string& method, HttpFields headers, const HttpAccess& access = {}) {
  const auto refusal = refusal_of({method, "/halt", {}, std::move(headers)}, access);
  return refusal ? refusal->status : 0;
}

TEST(RequestGuardsTest, LetARequestWithoutABodyPass) {
  EXPECT_EQ(status_of("POST", {}), 0);
  EXPECT_EQ(status_of("POST", {{"Host", "127.0.0.1:8080"}, {"Content-Length", "0"}}), 0);
  EXPECT_EQ(status_of("POST", {{"host", "localhost"}, {"Origin", "http://localhost"}}), 0);
  EXPECT_EQ(status_of("GET", {{"Host", "[::1]:8080"}}), 0);
  EXPECT_EQ(status_of("POST", {{"Sec-Fetch-Site", "same-origin"}}), 0);
}

TEST(RequestGuardsTest, RefuseBodiesInAnyGuise) {
  EXPECT_EQ(status_of("POST", {{"Content-Length", "1"}}), 413);
  EXPECT_EQ(status_of("POST", {{"Content-Length", "99999999999999999999"}}), 413);
  for (const char* length : {"-1", "+5", "5, 5", "", "0x10", " 0"})
    EXPECT_EQ(status_of("POST", {{"Content-Length", length}}), 400) << length;
  EXPECT_EQ(status_of("POST", {{"Content-Length", "0"}, {"content-length", "0"}}), 400);
  EXPECT_EQ(status_of("POST", {{"Transfer-Encoding", "chunked"}}), 411);
  EXPECT_EQ(status_of("GET", {{"transfer-encoding", "identity"}}), 411);
  EXPECT_EQ(status_of("POST", {{"Content-Encoding", "gzip"}}), 415);
  EXPECT_EQ(status_of("POST", {{"Expect", "100-continue"}}), 417);
  EXPECT_EQ(status_of("POST", {{"Origin", ""}}), 403);
}

TEST(RequestGuardsTest, RefuseForeignHostsWhateverTheMethod) {
  for (const char* host : {"evil.example", "evil.example:8080", "127.0.0.1.evil.example", "",
                           "127.0.0.1:8080:1", "localhost:x", "10.0.0.1"}) {
    EXPECT_EQ(status_of("GET", {{"Host", host}}), 421) << host;
    EXPECT_EQ(status_of("POST", {{"Host", host}}), 421) << host;
  }
  EXPECT_EQ(status_of("GET", {{"Host", "localhost"}, {"Host", "localhost"}}), 400);
}

TEST(RequestGuardsTest, RefusePostsOfForeignPages) {
  const std::pair<std::string, std::string> host{"Host", "127.0.0.1:8080"};
  for (const char* origin : {"http://evil.example", "null", "https://127.0.0.1:8080",
                             "http://127.0.0.1", "http://127.0.0.1:8080.evil.example"})
    EXPECT_EQ(status_of("POST", {host, {"Origin", origin}}), 403) << origin;
  EXPECT_EQ(status_of("POST", {host, {"Origin", "http://127.0.0.1:8080"}}), 0);
  EXPECT_EQ(status_of("POST", {host, {"Sec-Fetch-Site", "cross-site"}}), 403);
  EXPECT_EQ(status_of("GET", {host, {"Origin", "http://evil.example"}}), 0);
}

TEST(RequestGuardsTest, TellABodyOfAnotherTypeApart) {
  for (const char* type : {"text/plain", "application/x-www-form-urlencoded", "", "json",
                           "multipart/form-data; boundary=x", "application/jsonx", "text/json"})
    EXPECT_EQ(status_of("POST", {{"Content-Length", "5"}, {"Content-Type", type}}), 415) << type;
  for (const char* type :
       {"application/json", "Application/JSON", "application/json; charset=utf-8"})
    EXPECT_EQ(status_of("POST", {{"Content-Length", "5"}, {"Content-Type", type}}), 413) << type;
  // What curl -d "" sends.
  EXPECT_EQ(status_of("POST", {{"Content-Length", "0"},
                               {"Content-Type", "application/x-www-form-urlencoded"}}),
            0);
}

TEST(RequestGuardsTest, AnswerToTheNamesOfTheConfAndNoOthers) {
  const HttpAccess named{.hosts = {"trade.example"}};
  for (const char* host : {"trade.example", "Trade.Example:8443", "localhost:8080"})
    EXPECT_EQ(status_of("POST", {{"Host", host}}, named), 0) << host;
  for (const char* host : {"evil.example", "trade.example.evil.example", "10.0.0.1", ""})
    EXPECT_EQ(status_of("POST", {{"Host", host}}, named), 421) << host;
  const HttpAccess reachable{.answers_to_addresses = true};
  for (const char* host : {"10.0.0.1:8080", "[2001:db8::1]:8080", "127.0.0.1"})
    EXPECT_EQ(status_of("POST", {{"Host", host}}, reachable), 0) << host;
  for (const char* host : {"evil.example", "10.0.0.1.evil.example", "1.2.3", "10.0.0.x"})
    EXPECT_EQ(status_of("POST", {{"Host", host}}, reachable), 421) << host;
}

TEST(RequestGuardsTest, AProxyWithTlsMayStandBeforeANameOfTheConf) {
  const HttpAccess named{.hosts = {"trade.example"}};
  const std::pair<std::string, std::string> host{"Host", "trade.example"};
  EXPECT_EQ(status_of("POST", {host, {"Origin", "https://trade.example"}}, named), 0);
  EXPECT_EQ(status_of("POST", {host, {"Origin", "https://trade.example:8443"}}, named), 403);
  EXPECT_EQ(status_of("POST", {host, {"Origin", "https://evil.example"}}, named), 403);
  EXPECT_EQ(status_of("POST", {{"Host", "localhost"}, {"Origin", "https://localhost"}}, named),
            403);
}

}  // namespace
}  // namespace coreloop::io
