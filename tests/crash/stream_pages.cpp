// XRANGE and its replies, of the protocol that Redis speaks.
#include "tests/crash/stream_pages.hpp"

#include <cstring>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace coreloop::crash {
namespace {

constexpr std::size_t page_entries = 5'000;

std::string bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string{text} + "\r\n";
}

}  // namespace

StreamPages::StreamPages(const std::string& socket_path) : bytes_(1 << 20) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (socket_path.size() >= sizeof(address.sun_path))
    throw std::runtime_error("too long for a socket: " + socket_path);
  std::memcpy(address.sun_path, socket_path.data(), socket_path.size());
  socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0 ||
      ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    throw std::runtime_error(socket_path + ": " + std::strerror(errno));
}

StreamPages::~StreamPages() {
  ::close(socket_);
}

void StreamPages::read(std::string_view stream, EntryId last,
                       const std::function<void(const Entry&)>& take) {
  ask(stream, to_text(last));
  for (;;) {
    receive();
    const bool is_last = texts_counts_.size() < page_entries;
    if (!is_last)
      ask(stream, std::string{text_of(texts_[texts_.size() - texts_counts_.back() - 1])});
    give(take);
    if (is_last) return;
  }
}

void StreamPages::ask(std::string_view stream, const std::string& last_id) {
  const std::string command = "*6\r\n" + bulk("XRANGE") + bulk(stream) + bulk("(" + last_id) +
                              bulk("+") + bulk("COUNT") + bulk(std::to_string(page_entries));
  if (::send(socket_, command.data(), command.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(command.size()))
    throw std::runtime_error(std::string{"Redis takes no command: "} + std::strerror(errno));
}

void StreamPages::receive() {
  received_ = at_ = 0;
  texts_.clear();
  texts_counts_.clear();
  const std::int64_t entry_count = receive_head('*');
  for (std::int64_t entry = 0; entry < entry_count; ++entry) {
    if (receive_head('*') != 2) throw std::runtime_error("an entry is an id and its fields");
    texts_.push_back(receive_text());
    const std::int64_t text_count = receive_head('*');
    for (std::int64_t text = 0; text < text_count; ++text)
      texts_.push_back(receive_text());
    texts_counts_.push_back(static_cast<std::size_t>(text_count));
  }
}

void StreamPages::give(const std::function<void(const Entry&)>& take) {
  std::size_t next = 0;
  for (const std::size_t text_count : texts_counts_) {
    entry_.id = text_of(texts_[next++]);
    entry_.fields.clear();
    for (const std::size_t end = next + text_count; next + 1 < end; next += 2)
      entry_.fields.emplace_back(text_of(texts_[next]), text_of(texts_[next + 1]));
    take(entry_);
  }
}

std::int64_t StreamPages::receive_head(char kind) {
  std::size_t end = at_;
  for (;; ++end) {
    receive_until(end + 1);
    if (bytes_[end] == '\n') break;
  }
  const std::string_view line{bytes_.data() + at_, end - at_ - 1};
  std::int64_t value = 0;
  if (line.empty() || line[0] != kind || !read_integer(line.substr(1), value) || value < 0)
    throw std::runtime_error("Redis says " + std::string{line});
  at_ = end + 1;
  return value;
}

StreamPages::Span StreamPages::receive_text() {
  const auto size = static_cast<std::size_t>(receive_head('$'));
  const Span span{.begin = at_, .size = size};
  at_ += size + 2;
  receive_until(at_);
  return span;
}

void StreamPages::receive_until(std::size_t end) {
  while (received_ < end) {
    if (bytes_.size() < end + (1 << 18)) bytes_.resize(2 * bytes_.size() + end);
    const ssize_t got = ::recv(socket_, bytes_.data() + received_, bytes_.size() - received_, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw std::runtime_error("Redis has closed the connection");
    received_ += static_cast<std::size_t>(got);
  }
}

}  // namespace coreloop::crash
