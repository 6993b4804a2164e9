// The server itself, over a function of the test's own: what it does with one that throws, and with
// heads that come in pieces.
#include "io/http/stats_server.hpp"

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "io/http/head_reader.hpp"

namespace coreloop::io {
namespace {

/// All that comes back for `pieces`, sent one after the other.
std::string answer_to(int port, std::initializer_list<std::string_view> pieces) {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string answer;
  if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
    for (const std::string_view piece : pieces)
      static_cast<void>(::send(socket, piece.data(), piece.size(), MSG_NOSIGNAL));
    char bytes[4'096];
    for (ssize_t size; (size = ::recv(socket, bytes, sizeof bytes, 0)) > 0;)
      answer.append(bytes, static_cast<std::size_t>(size));
  }
  ::close(socket);
  return answer;
}

class StatsServerTest : public testing::Test {
 protected:
  std::string ask(std::function<HttpAnswer(const HttpRequest&)> answer,
                  std::initializer_list<std::string_view> pieces) {
    StatsServer server(2, std::move(answer), cut_count_);
    EXPECT_EQ(server.bind({"127.0.0.1", 0}), 0);
    server.start();
    return answer_to(server.port(), pieces);
  }

  std::atomic<std::uint64_t> cut_count_{0};
};

constexpr std::string_view get = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

void expect_bare_error(const std::string& answer) {
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 500 Internal Server Error\r\n")) << answer;
  EXPECT_NE(answer.find("\r\nContent-Type: application/problem+json\r\n"), answer.npos) << answer;
  EXPECT_NE(answer.find("\"status\": 500"), answer.npos) << answer;
  EXPECT_EQ(answer.find("EXCEPTION"), answer.npos) << answer;
  EXPECT_EQ(answer.find("secret"), answer.npos) << answer;
}

TEST_F(StatsServerTest, AnExceptionIsAnErrorWithoutItsText) {
  expect_bare_error(ask(
      [](const HttpRequest&) -> HttpAnswer { throw std::runtime_error("secret words"); }, {get}));
}

TEST_F(StatsServerTest, WhateverIsThrownIsAnErrorWithoutItsText) {
  expect_bare_error(ask([](const HttpRequest&) -> HttpAnswer { throw 42; }, {get}));
}

TEST_F(StatsServerTest, WhoAnswersStepsBehindTheThreadsThatTrade) {
  const auto priority = [] { return ::getpriority(PRIO_PROCESS, static_cast<id_t>(::gettid())); };
  const int own = priority();
  std::atomic<int> of_answer{own};
  const std::string answer = ask(
      [&](const HttpRequest&) -> HttpAnswer {
        of_answer = priority();
        return {200, json_type, "{}"};
      },
      {get});
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_GT(of_answer, own);  // a nice value: more is less
  EXPECT_EQ(priority(), own);
}

TEST_F(StatsServerTest, AServerThatMetAnExceptionGoesOn) {
  int asked = 0;
  StatsServer server(
      2,
      [&asked](const HttpRequest&) -> HttpAnswer {
        if (++asked <= 5) throw std::runtime_error("secret words");
        return {200, json_type, "{}"};
      },
      cut_count_);
  ASSERT_EQ(server.bind({"127.0.0.1", 0}), 0);
  server.start();
  for (int i = 0; i < 5; ++i)
    expect_bare_error(answer_to(server.port(), {get}));
  EXPECT_TRUE(answer_to(server.port(), {get}).starts_with("HTTP/1.1 200 OK\r\n"));
}

TEST_F(StatsServerTest, AHeadMayComeInPieces) {
  const std::string answer = ask(
      [](const HttpRequest& request) {
        return HttpAnswer{200, json_type, request.path};
      },
      {"GET /hea", "lth HTT", "P/1.1\r\nHost: local", "host\r\n\r", "\n"});
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_TRUE(answer.ends_with("\r\n\r\n/health")) << answer;
}

TEST_F(StatsServerTest, StoppingCutsWhatIsUnfinished) {
  StatsServer server(
      2,
      [](const HttpRequest&) {
        return HttpAnswer{200, json_type, "{}"};
      },
      cut_count_);
  ASSERT_EQ(server.bind({"127.0.0.1", 0}), 0);
  server.start();
  std::string answer = "nothing yet";
  std::thread slow([&] { answer = answer_to(server.port(), {"GET /hea"}); });
  EXPECT_TRUE(answer_to(server.port(), {get}).starts_with("HTTP/1.1 200 OK\r\n"));
  server.stop();
  slow.join();
  EXPECT_EQ(answer, "");
}

HeadState state_of(std::string_view head, std::size_t seen = 0) {
  std::size_t size = 0;
  return head_state(head, seen, size);
}

TEST(HeadStateTest, AHeadEndsWithAnEmptyLine) {
  for (const char* const head : {"", "\r", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\n\r"})
    EXPECT_EQ(state_of(head), HeadState::unfinished) << head;
  std::size_t size = 0;
  EXPECT_EQ(head_state(std::string{get} + "behind it", 0, size), HeadState::whole);
  EXPECT_EQ(size, get.size());
  // However much of its end had been seen before.
  for (std::size_t seen = 0; seen < get.size(); ++seen)
    EXPECT_EQ(state_of(get, seen), HeadState::whole) << seen;
}

TEST(HeadStateTest, AHeadIsBoundedInBytesAndLines) {
  EXPECT_EQ(state_of(std::string(8'192, 'a')), HeadState::unfinished);
  EXPECT_EQ(state_of(std::string(8'193, 'a')), HeadState::too_large);
  EXPECT_EQ(state_of(std::string(8'188, 'a') + "\r\n\r\n"), HeadState::whole);
  EXPECT_EQ(state_of(std::string(8'189, 'a') + "\r\n\r\n"), HeadState::too_large);
  std::string lines = "GET / HTTP/1.1\r\n";
  for (int i = 0; i < 64; ++i)
    lines += "X: 1\r\n";
  EXPECT_EQ(state_of(lines + "\r\n"), HeadState::whole);
  EXPECT_EQ(state_of(lines + "X: 1\r\n\r\n"), HeadState::too_large);
}

}  // namespace
}  // namespace coreloop::io
