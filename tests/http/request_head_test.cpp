// Heads that are read, and all those that could be read in two ways.
#include "io/http/request_head.hpp"

#include <gtest/gtest.h>

namespace coreloop::io {
namespace {

using namespace std::string_view_literals;

bool is_read(std::string_view head) {
  HttpRequest request;
  return read_request_head(head, request);
}

bool is_read_with(std::string_view line) {
  return is_read("GET / HTTP/1.1\r\n" + std::string{line} + "\r\n\r\n");
}

TEST(RequestHeadTest, AreReadPieceByPiece) {
  HttpRequest request;
  ASSERT_TRUE(
      read_request_head("POST /prices/BTC%2FUSDT?price=1.5&x=a+b%26c&&y HTTP/1.1\r\n"
                        "Host: localhost:8080\r\nX-Empty:\r\nhost:\t twice \t\r\n"
                        "X: %0d%0a\r\n\r\n",
                        request));
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.path, "/prices/BTC/USDT");
  EXPECT_EQ(request.query, (HttpFields{{"price", "1.5"}, {"x", "a b&c"}, {"y", ""}}));
  EXPECT_EQ(request.headers,
            (HttpFields{
                {"Host", "localhost:8080"}, {"X-Empty", ""}, {"host", "twice"}, {"X", "%0d%0a"}}));
}

TEST(RequestHeadTest, AreDecodedOnce) {
  HttpRequest request;
  ASSERT_TRUE(read_request_head("GET /a%252e?p=1%2526p=2 HTTP/1.0\r\n\r\n", request));
  EXPECT_EQ(request.path, "/a%2e");
  EXPECT_EQ(request.query, (HttpFields{{"p", "1%26p=2"}}));
}

TEST(RequestHeadTest, RefuseFirstLinesOfAnotherForm) {
  EXPECT_TRUE(is_read("GET / HTTP/1.1\r\n\r\n"));
  for (const std::string_view head : {""sv,
                                      "\r\n"sv,
                                      "\r\n\r\n"sv,
                                      "GET\r\n\r\n"sv,
                                      "GET /\r\n\r\n"sv,
                                      "GET / \r\n\r\n"sv,
                                      " GET / HTTP/1.1\r\n\r\n"sv,
                                      "GET  / HTTP/1.1\r\n\r\n"sv,
                                      "GET /  HTTP/1.1\r\n\r\n"sv,
                                      "GET / HTTP/1.1 \r\n\r\n"sv,
                                      "GET / HTTP/1.1 x\r\n\r\n"sv,
                                      "GET\t/\tHTTP/1.1\r\n\r\n"sv,
                                      "get / HTTP/1.1\r\n\r\n"sv,
                                      "NOTHING / HTTP/1.1\r\n\r\n"sv,
                                      "GET / HTTP/0.9\r\n\r\n"sv,
                                      "GET / HTTP/1.2\r\n\r\n"sv,
                                      "GET / HTTP/3.0\r\n\r\n"sv,
                                      "GET / http/1.1\r\n\r\n"sv,
                                      "PRI * HTTP/2.0\r\n\r\n"sv,
                                      "GET * HTTP/1.1\r\n\r\n"sv,
                                      "GET http://evil.example/ HTTP/1.1\r\n\r\n"sv,
                                      "GET health HTTP/1.1\r\n\r\n"sv,
                                      "GET /#x HTTP/1.1\r\n\r\n"sv,
                                      "GET /\0 HTTP/1.1\r\n\r\n"sv,
                                      "GET /\x80 HTTP/1.1\r\n\r\n"sv,
                                      "GET /\r HTTP/1.1\r\n\r\n"sv,
                                      "GET /\n HTTP/1.1\r\n\r\n"sv,
                                      "GET / HTTP/1.1\n\n"sv})
    EXPECT_FALSE(is_read(head)) << head;
}

TEST(RequestHeadTest, RefusePercentSignsOfAnotherForm) {
  for (const char* target : {"/%", "/%4", "/%4x", "/%x4", "/%%34", "/?%", "/?a=%4", "/?a=%+1"})
    EXPECT_FALSE(is_read(std::string{"GET "} + target + " HTTP/1.1\r\n\r\n")) << target;
}

TEST(RequestHeadTest, RefuseHeadersOfAnotherForm) {
  for (const std::string_view line : {"X: 1"sv, "X:1"sv, "X:"sv, "X: \xC3\xA9"sv, "X: a:b"sv})
    EXPECT_TRUE(is_read_with(line)) << line;
  for (const std::string_view line :
       {"X"sv, ": 1"sv, "X : 1"sv, " X: 1"sv, "X\t: 1"sv, "X: 1\r\n folded"sv, "X: 1\r\n\tfolded"sv,
        "X: 1\n2"sv, "X: 1\nY: 2"sv, "X: 1\rY: 2"sv, "X: \0"sv, "X\0: 1"sv, "X: \x7F"sv,
        "X: \x1b[31m"sv, "X(: 1"sv, "\xC3: 1"sv, "X: 1\r\n\r\nY: 2"sv})
    EXPECT_FALSE(is_read_with(line)) << line;
}

TEST(RequestHeadTest, RefuseWhatIsNotWhole) {
  const std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
  for (std::size_t size = 0; size < head.size(); ++size)
    EXPECT_FALSE(is_read(head.substr(0, size))) << size;
  EXPECT_TRUE(is_read(head));
}

}  // namespace
}  // namespace coreloop::io
