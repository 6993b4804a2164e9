// A blocking RESP connection over a unix socket, as bare as it can be: bytes out, replies pulled in
// piece by piece, no reply object. For the yardstick and the load of the Redis benchmark. One
// thread; any failure ends the program.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace coreloop::bench {

class RespSocket {
 public:
  explicit RespSocket(const std::string& path);
  ~RespSocket();
  RespSocket(const RespSocket&) = delete;
  RespSocket& operator=(const RespSocket&) = delete;

  void send(std::string_view bytes);

  // Pulling a reply apart, in its order. Views live until the next call.
  /// Elements of an array; -1 for nil.
  [[nodiscard]] std::int64_t array();
  /// A bulk string; empty for nil.
  [[nodiscard]] std::string_view bulk();
  /// A whole reply of any kind, thrown away; ends the program if it is an error.
  void skip();
  [[nodiscard]] std::int64_t integer();

  /// Sends a command and throws its reply away.
  void call(std::initializer_list<std::string_view> words);

 private:
  [[nodiscard]] std::string_view line();
  void need(std::size_t bytes);

  int descriptor_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

/// Appends a command in RESP form.
void append_command(std::string& out, std::span<const std::string_view> words);
void append_command(std::string& out, std::initializer_list<std::string_view> words);

/// Pulls in the answer to an XREAD of one stream: the number of its entries, the last id in `last`.
std::int64_t pull_entries(RespSocket& socket, std::string& last);

/// Entries ever added to a stream; 0 where there is none.
std::int64_t entries_added(RespSocket& socket, std::string_view stream);

/// Says why and ends the program with 1.
[[noreturn]] void give_up(const std::string& why);

std::int64_t now_ns();

}  // namespace coreloop::bench
