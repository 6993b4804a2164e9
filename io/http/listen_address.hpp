// Where the HTTP endpoint listens: section http of a conf.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace coreloop::io {

inline constexpr std::size_t listener_count = 4;
/// The keys of the addresses, in the order in which they are opened: our own listener, and one in
/// the place of each of the three services.
inline constexpr std::array<std::string_view, listener_count> listener_keys{
    "listen", "risk_listen", "execution_listen", "position_listen"};

struct ListenAddress {
  std::string host;  ///< without brackets
  int port = 0;      ///< 0: any free one

  /// As it stands in a URL.
  [[nodiscard]] std::string text() const;
};

/// Reads `host:port` or `[ipv6]:port`; false if it is neither.
[[nodiscard]] bool parse_listen_address(std::string_view text, ListenAddress& address);

/// Whether `text` is a host's name or IPv4 address.
[[nodiscard]] bool is_host_name(std::string_view text) noexcept;

/// Whether `host`, without brackets, is an address: what no name server can turn into another.
[[nodiscard]] bool is_ip_address(std::string_view host) noexcept;

/// Whether only this machine can reach it: localhost, 127.0.0.0/8 or ::1.
[[nodiscard]] bool is_loopback(std::string_view host) noexcept;

}  // namespace coreloop::io
