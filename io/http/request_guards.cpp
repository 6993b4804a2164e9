// Guards, in the order in which they are looked at.
#include "io/http/request_guards.hpp"

#include <algorithm>
#include <string>

#include "io/http/listen_address.hpp"

namespace coreloop::io {
namespace {

constexpr std::string_view zeros = "0000000000";

bool changes_something(const HttpRequest& request) {
  return request.method != "GET" && request.method != "HEAD";
}

std::optional<HttpAnswer> refuse_body(const HttpRequest& request) {
  if (!request.header("Transfer-Encoding").empty())
    return problem(411, "no Transfer-Encoding is taken: requests have no body");
  if (!request.header("Content-Encoding").empty())
    return problem(415, "no Content-Encoding is taken: requests have no body");
  const auto lengths = request.header("Content-Length");
  if (lengths.size() > 1) return problem(400, "Content-Length stands twice");
  if (lengths.empty()) return std::nullopt;
  const std::string_view length = lengths.front();
  if (length.empty() || length.find_first_not_of("0123456789") != length.npos)
    return problem(400, "Content-Length is no number");
  if (length.size() <= zeros.size() && zeros.substr(0, length.size()) == length)
    return std::nullopt;
  return problem(413, "requests have no body: parameters stand in the query");
}

// The host of `host[:port]`, without brackets; empty if it is of no such form.
std::string host_name(std::string_view text) {
  ListenAddress address;
  std::string with_port{text};
  const bool is_bare = text.find(':') == text.npos || (!text.empty() && text.back() == ']');
  if (is_bare) with_port += ":80";
  return parse_listen_address(with_port, address) ? address.host : std::string{};
}

// A page of a stranger can make a browser send requests here under the stranger's name (DNS
// rebinding).
std::optional<HttpAnswer> refuse_host(const HttpRequest& request) {
  const auto hosts = request.header("Host");
  if (hosts.size() > 1) return problem(400, "Host stands twice");
  if (!hosts.empty() && !is_loopback(host_name(hosts.front())))
    return problem(421, "this host is not served here");
  return std::nullopt;
}

// A page of a stranger can make a browser post here, too.
std::optional<HttpAnswer> refuse_origin(const HttpRequest& request) {
  if (!changes_something(request)) return std::nullopt;
  const auto hosts = request.header("Host");
  for (const std::string_view origin : request.header("Origin")) {
    if (hosts.empty() || origin != "http://" + std::string{hosts.front()})
      return problem(403, "of another origin");
  }
  for (const std::string_view site : request.header("Sec-Fetch-Site")) {
    if (site != "same-origin" && site != "none") return problem(403, "of another site");
  }
  return std::nullopt;
}

}  // namespace

std::optional<HttpAnswer> refusal_of(const HttpRequest& request) {
  if (auto refusal = refuse_body(request)) return refusal;
  if (auto refusal = refuse_host(request)) return refusal;
  return refuse_origin(request);
}

}  // namespace coreloop::io
