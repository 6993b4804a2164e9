// Where Redis is and who we are there: conf redis.url and redis.password_file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coreloop::io {

struct RedisAddress {
  std::string unix_path;  ///< empty: TCP
  std::string host;       ///< a name or a numeric address
  /// Once resolved: the numeric addresses of the name, in the order in which to try them. `host`
  /// is one of them then.
  std::vector<std::string> numeric_hosts;
  std::uint16_t port = 6379;
  std::string user;      ///< empty: the default one
  std::string password;  ///< empty: no AUTH
  std::uint32_t database = 0;

  /// For logs: without the password.
  [[nodiscard]] std::string text() const;
};

/// Reads `redis://[user:password@]host[:port][/db]` (IPv6 in brackets) or
/// `unix:///path[?db=N]`, percent-encoded where needed. False and `problem` otherwise.
[[nodiscard]] bool parse_redis_url(std::string_view url, RedisAddress& address,
                                   std::string& problem);

/// Looks up the numeric addresses of a host name and replaces it by the first. Blocks on the
/// resolver: at start only. False and `problem` if it has none.
[[nodiscard]] bool resolve_host(RedisAddress& address, std::string& problem);

}  // namespace coreloop::io
