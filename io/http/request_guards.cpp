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

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool is_same_word(std::string_view a, std::string_view b) noexcept {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

// A form's types are what a browser sends to strangers without asking them first.
bool is_of_another_type(const HttpRequest& request) {
  const auto types = request.header("Content-Type");
  return std::any_of(types.begin(), types.end(), [](std::string_view type) {
    return !is_same_word(type.substr(0, type.find(';')), json_type);
  });
}

std::optional<HttpAnswer> refuse_body(const HttpRequest& request) {
  if (!request.header("Expect").empty())
    return problem(417, "nothing is expected here: requests have no body");
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
  if (is_of_another_type(request)) return problem(415, "a body could only be application/json");
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

bool is_known_name(std::string_view host, const HttpAccess& access) {
  return std::any_of(access.hosts.begin(), access.hosts.end(),
                     [host](const std::string& known) { return is_same_word(host, known); });
}

// A page of a stranger can make a browser send requests here under the stranger's name (DNS
// rebinding); under an address it cannot.
std::optional<HttpAnswer> refuse_host(const HttpRequest& request, const HttpAccess& access) {
  const auto hosts = request.header("Host");
  if (hosts.size() > 1) return problem(400, "Host stands twice");
  if (hosts.empty()) return std::nullopt;
  const std::string host = host_name(hosts.front());
  if (is_loopback(host) || is_known_name(host, access) ||
      (access.answers_to_addresses && is_ip_address(host)))
    return std::nullopt;
  return problem(421, "this host is not served here");
}

// Our own page's origin is the host it was asked from; under a name it may stand behind a proxy
// that speaks TLS.
bool is_own_origin(std::string_view origin, std::string_view host, const HttpAccess& access) {
  if (origin == "http://" + std::string{host}) return true;
  return origin == "https://" + std::string{host} && is_known_name(host_name(host), access);
}

// A page of a stranger can make a browser post here, too.
std::optional<HttpAnswer> refuse_origin(const HttpRequest& request, const HttpAccess& access) {
  if (!changes_something(request)) return std::nullopt;
  const auto hosts = request.header("Host");
  for (const std::string_view origin : request.header("Origin")) {
    if (hosts.empty() || !is_own_origin(origin, hosts.front(), access))
      return problem(403, "of another origin");
  }
  for (const std::string_view site : request.header("Sec-Fetch-Site")) {
    if (site != "same-origin" && site != "none") return problem(403, "of another site");
  }
  return std::nullopt;
}

}  // namespace

std::optional<HttpAnswer> refusal_of(const HttpRequest& request, const HttpAccess& access) {
  if (auto refusal = refuse_body(request)) return refusal;
  if (auto refusal = refuse_host(request, access)) return refusal;
  return refuse_origin(request, access);
}

std::optional<HttpAnswer> refusal_without_token(const HttpRequest& request,
                                                const AccessToken& token) {
  if (!token.is_asked_for()) return std::nullopt;
  const auto brought = request.header("Authorization");
  if (brought.size() == 1 && token.is_brought_by(brought.front())) return std::nullopt;
  HttpAnswer answer = problem(401, "this path asks for a token: Authorization: Bearer");
  answer.headers.emplace_back("WWW-Authenticate", "Bearer");
  return answer;
}

}  // namespace coreloop::io
