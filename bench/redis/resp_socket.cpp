// Sockets and RESP by hand.
#include "bench/redis/resp_socket.hpp"

#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "io/redis/resp_command.hpp"

namespace coreloop::bench {

void give_up(const std::string& why) {
  std::fprintf(stderr, "redis_bench: %s\n", why.c_str());
  std::exit(1);
}

std::int64_t now_ns() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds{1};
}

RespSocket::RespSocket(const std::string& path)
    : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), buffer_(std::size_t{1} << 20) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    give_up(path + ": " + std::strerror(errno));
}

RespSocket::~RespSocket() {
  ::close(descriptor_);
}

void RespSocket::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) give_up(std::string{"send: "} + std::strerror(errno));
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// At least `bytes` lie in [begin_, end_).
void RespSocket::need(std::size_t bytes) {
  while (end_ - begin_ < bytes) {
    if (begin_ != 0 && buffer_.size() - begin_ < bytes + 65'536) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    if (buffer_.size() - end_ < 65'536) buffer_.resize(buffer_.size() * 2);
    const ssize_t got = ::recv(descriptor_, buffer_.data() + end_, buffer_.size() - end_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) give_up("Redis has closed the connection");
    end_ += static_cast<std::size_t>(got);
  }
}

std::string_view RespSocket::line() {
  std::size_t looked = 0;
  for (;;) {
    const char* const from = buffer_.data() + begin_ + looked;
    const void* const found = std::memchr(from, '\n', end_ - begin_ - looked);
    if (found != nullptr) {
      const auto size =
          static_cast<std::size_t>(static_cast<const char*>(found) - (buffer_.data() + begin_));
      const std::string_view text{buffer_.data() + begin_, size - 1};
      begin_ += size + 1;
      if (text.front() == '-') give_up("Redis says " + std::string{text});
      return text;
    }
    looked = end_ - begin_;
    need(looked + 1);
  }
}

std::int64_t RespSocket::integer() {
  const std::string_view text = line();
  std::int64_t value = 0;
  std::from_chars(text.data() + 1, text.data() + text.size(), value);
  return value;
}

std::int64_t RespSocket::array() {
  return integer();
}

std::string_view RespSocket::bulk() {
  const std::int64_t size = integer();
  if (size < 0) return {};
  const auto bytes = static_cast<std::size_t>(size);
  need(bytes + 2);
  const std::string_view text{buffer_.data() + begin_, bytes};
  begin_ += bytes + 2;
  return text;
}

void RespSocket::skip() {
  need(1);
  switch (buffer_[begin_]) {
    case '*':
      for (std::int64_t left = array(); left > 0; --left)
        skip();
      return;
    case '$':
      static_cast<void>(bulk());
      return;
    default:
      static_cast<void>(line());
  }
}

void RespSocket::call(std::initializer_list<std::string_view> words) {
  std::string command;
  append_command(command, words);
  send(command);
  skip();
}

void append_command(std::string& out, std::initializer_list<std::string_view> words) {
  append_command(out, std::span<const std::string_view>{words.begin(), words.size()});
}

void append_command(std::string& out, std::span<const std::string_view> words) {
  io::begin_command(out, words.size());
  for (const std::string_view word : words)
    io::append_word(out, word);
}

std::int64_t pull_entries(RespSocket& socket, std::string& last) {
  if (socket.array() < 1) return 0;
  if (socket.array() != 2) give_up("XREAD answers something else");
  socket.skip();
  const std::int64_t count = socket.array();
  for (std::int64_t i = 0; i < count; ++i) {
    static_cast<void>(socket.array());
    last = socket.bulk();
    socket.skip();
  }
  return count;
}

std::int64_t entries_added(RespSocket& socket, std::string_view stream) {
  std::string command;
  append_command(command, {"EXISTS", stream});
  socket.send(command);
  if (socket.integer() == 0) return 0;
  command.clear();
  append_command(command, {"XINFO", "STREAM", stream});
  socket.send(command);
  std::int64_t added = 0;
  for (std::int64_t left = socket.array(); left > 1; left -= 2) {
    if (socket.bulk() == "entries-added")
      added = socket.integer();
    else
      socket.skip();
  }
  return added;
}

}  // namespace coreloop::bench
