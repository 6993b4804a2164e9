// URLs of Redis.
#include "io/redis/redis_address.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace coreloop::io {
namespace {

constexpr std::string_view tcp_scheme = "redis://";
constexpr std::string_view tls_scheme = "rediss://";
constexpr std::string_view unix_scheme = "unix://";

template <class Number>
bool read_number(std::string_view text, Number max, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value <= max;
}

bool decode_percent(std::string_view text, std::string& decoded) {
  decoded.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    unsigned value = 0;
    if (i + 2 >= text.size()) return false;
    const char* const end = text.data() + i + 3;
    if (std::from_chars(text.data() + i + 1, end, value, 16).ptr != end || value == 0) return false;
    decoded.push_back(static_cast<char>(value));
    i += 2;
  }
  return true;
}

bool parse_unix(std::string_view rest, RedisAddress& address, std::string& problem) {
  const std::size_t question = rest.find('?');
  const std::string_view query = question == rest.npos ? "" : rest.substr(question + 1);
  if (!decode_percent(rest.substr(0, question), address.unix_path) || address.unix_path.empty() ||
      address.unix_path.front() != '/' ||
      address.unix_path.size() >= sizeof(sockaddr_un::sun_path)) {
    problem = "a unix socket is unix:///absolute/path of at most 107 bytes";
    return false;
  }
  if (query.empty()) return true;
  if (query.substr(0, 3) == "db=" &&
      read_number(query.substr(3), std::uint32_t{65'535}, address.database)) {
    return true;
  }
  problem = "after the path only ?db=N is known";
  return false;
}

bool parse_user(std::string_view text, RedisAddress& address) {
  const std::size_t colon = text.find(':');
  if (colon == text.npos) return decode_percent(text, address.user);
  return decode_percent(text.substr(0, colon), address.user) &&
         decode_percent(text.substr(colon + 1), address.password);
}

bool parse_host(std::string_view text, RedisAddress& address) {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t close = text.find(']');
    if (close == text.npos) return false;
    address.host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    if (!port.empty() && port.front() != ':') return false;
  } else {
    const std::size_t colon = text.find(':');
    address.host = text.substr(0, colon);
    if (colon != text.npos) port = text.substr(colon);
  }
  if (address.host.empty()) return false;
  return port.empty() ||
         (read_number(port.substr(1), std::uint16_t{65'535}, address.port) && address.port != 0);
}

}  // namespace

std::string RedisAddress::text() const {
  if (!unix_path.empty()) return "unix://" + unix_path;
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return "redis://" + (user.empty() ? "" : user + "@") + (is_ipv6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port) + "/" + std::to_string(database);
}

bool parse_redis_url(std::string_view url, RedisAddress& address, std::string& problem) {
  address = {};
  if (url.substr(0, unix_scheme.size()) == unix_scheme)
    return parse_unix(url.substr(unix_scheme.size()), address, problem);
  if (url.substr(0, tls_scheme.size()) == tls_scheme) {
    problem = "TLS is not supported: put stunnel or WireGuard in front, or use a unix socket";
    return false;
  }
  problem = "must be redis://[user:password@]host[:port][/db] or unix:///path";
  if (url.substr(0, tcp_scheme.size()) != tcp_scheme) return false;
  std::string_view rest = url.substr(tcp_scheme.size());
  const std::size_t at = rest.rfind('@');
  if (at != rest.npos) {
    if (!parse_user(rest.substr(0, at), address)) return false;
    rest.remove_prefix(at + 1);
  }
  const std::size_t slash = rest.find('/');
  if (slash != rest.npos && slash + 1 < rest.size() &&
      !read_number(rest.substr(slash + 1), std::uint32_t{65'535}, address.database)) {
    return false;
  }
  if (!parse_host(rest.substr(0, slash), address)) return false;
  problem.clear();
  return true;
}

bool resolve_host(RedisAddress& address, std::string& problem) {
  if (!address.unix_path.empty()) return true;
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), nullptr, &hints, &found);
  if (error != 0) {
    problem = address.host + ": " + ::gai_strerror(error);
    return false;
  }
  std::vector<std::string>& hosts = address.numeric_hosts;
  hosts.clear();
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    std::array<char, NI_MAXHOST> numeric{};
    if (::getnameinfo(at->ai_addr, at->ai_addrlen, numeric.data(), numeric.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
      continue;
    }
    if (std::find(hosts.begin(), hosts.end(), numeric.data()) == hosts.end())
      hosts.emplace_back(numeric.data());
  }
  ::freeaddrinfo(found);
  if (hosts.empty()) {
    problem = address.host + ": has no address";
    return false;
  }
  address.host = hosts.front();
  return true;
}

}  // namespace coreloop::io
