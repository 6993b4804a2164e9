// Where Redis is and who we are there: conf redis.url and redis.password_file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coreloop::io {

struct RedisAddress {
  std::string unix_path;  ///< empty: TCP
  std::string host;       ///< a name or a numeric address
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

/// Replaces a host name by its first numeric address. Blocks on the resolver: at start only. False
/// and `problem` if it has none.
[[nodiscard]] bool resolve_host(RedisAddress& address, std::string& problem);

}  // namespace coreloop::io
