// Where the HTTP endpoint listens: conf http.listen.
#pragma once

#include <string>
#include <string_view>

namespace coreloop::io {

struct ListenAddress {
  std::string host;  ///< without brackets
  int port = 0;      ///< 0: any free one

  /// As it stands in a URL.
  [[nodiscard]] std::string text() const;
};

/// Reads `host:port` or `[ipv6]:port`; false if it is neither.
[[nodiscard]] bool parse_listen_address(std::string_view text, ListenAddress& address);

/// Whether only this machine can reach it: localhost, 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(std::string_view host) noexcept;

}  // namespace coreloop::io
