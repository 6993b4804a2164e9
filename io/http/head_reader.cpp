// One poll() over all connections whose head is unfinished.
#include "io/http/head_reader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/check.hpp"
#include "io/http/http_message.hpp"

namespace coreloop::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t head_bytes_max = 8'192;
constexpr std::size_t head_lines_max = 64;
constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::string_view no_head = "the request's head cannot be taken";

void close_connection(int socket) {
  ::shutdown(socket, SHUT_RDWR);
  ::close(socket);
}

}  // namespace

HeadState head_state(std::string_view head, std::size_t seen, std::size_t& size) {
  const std::size_t from = seen - std::min(seen, head_end.size() - 1);
  const std::size_t end = head.find(head_end, from);
  if (end == head.npos)
    return head.size() > head_bytes_max ? HeadState::too_large : HeadState::unfinished;
  size = end + head_end.size();
  head = head.substr(0, size);
  const auto lines = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n'));
  if (size > head_bytes_max || lines > head_lines_max + 2) return HeadState::too_large;
  return HeadState::whole;
}

void refuse_connection(int socket, int status, std::string_view detail) {
  const HttpAnswer answer = problem(status, detail);
  const std::string text =
      "HTTP/1.1 " + std::to_string(status) + " " + std::string{title_of(status)} +
      "\r\nContent-Type: " + answer.content_type +
      "\r\nConnection: close\r\nContent-Length: " + std::to_string(answer.body.size()) +
      "\r\n\r\n" + answer.body;
  // An empty send buffer has room for it; whoever has none left is not waited for.
  static_cast<void>(::send(socket, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT));
  close_connection(socket);
}

HeadReader::HeadReader(Options options, std::function<void(int, std::string)> take_over,
                       std::atomic<std::uint64_t>& cut_count)
    : options_(options),
      take_over_(std::move(take_over)),
      cut_count_(cut_count),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  CHECK(wake_ >= 0, "an eventfd can be had at the start");
  thread_ = std::thread([this] { run(); });
}

HeadReader::~HeadReader() {
  stop();
  ::close(wake_);
}

void HeadReader::add(int socket) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_stopping_) {
      added_.push_back(socket);
      socket = -1;
    }
  }
  if (socket >= 0) {
    close_connection(socket);
    return;
  }
  static_cast<void>(::eventfd_write(wake_, 1));
}

void HeadReader::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  static_cast<void>(::eventfd_write(wake_, 1));
  if (thread_.joinable()) thread_.join();
}

void HeadReader::run() {
  std::vector<struct pollfd> looks;
  while (take_new()) {
    looks.assign(1, {wake_, POLLIN, 0});
    for (const Connection& connection : connections_)
      looks.push_back({connection.socket, POLLIN, 0});
    if (::poll(looks.data(), looks.size(), wait_ms()) < 0 && errno != EINTR) continue;
    const steady_clock::time_point now = steady_clock::now();
    for (std::size_t i = 0; i < connections_.size(); ++i) {
      if (looks[i + 1].revents != 0) read(connections_[i]);
      if (connections_[i].socket >= 0 && now >= connections_[i].end) cut(connections_[i]);
    }
    std::erase_if(connections_, [](const Connection& connection) { return connection.socket < 0; });
  }
  for (const Connection& connection : connections_)
    close_connection(connection.socket);
}

int HeadReader::wait_ms() const {
  if (connections_.empty()) return -1;
  const auto left =
      std::chrono::ceil<milliseconds>(connections_.front().end - steady_clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

bool HeadReader::take_new() {
  eventfd_t ignored = 0;
  static_cast<void>(::eventfd_read(wake_, &ignored));
  const std::lock_guard lock(mutex_);
  for (const int socket : added_) {
    Connection& connection =
        connections_.emplace_back(Connection{socket, steady_clock::now() + options_.patience});
    // Most heads are there already, and never stand among those that are waited for.
    if (!is_stopping_) read(connection);
    if (connection.socket < 0) connections_.pop_back();
    if (connections_.size() <= options_.connections_max) continue;
    cut(connections_.front());
    connections_.erase(connections_.begin());
  }
  added_.clear();
  return !is_stopping_;
}

void HeadReader::read(Connection& connection) {
  std::array<char, 2'048> piece;
  while (connection.socket >= 0) {
    const ssize_t size = ::recv(connection.socket, piece.data(), piece.size(), MSG_DONTWAIT);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      close_connection(connection.socket);
      connection.socket = -1;
      return;
    }
    const std::size_t seen = connection.head.size();
    connection.head.append(piece.data(), static_cast<std::size_t>(size));
    look_at(connection, seen);
  }
}

void HeadReader::look_at(Connection& connection, std::size_t seen) {
  std::size_t size = 0;
  switch (head_state(connection.head, seen, size)) {
    case HeadState::unfinished:
      return;
    case HeadState::whole:
      connection.head.resize(size);
      take_over_(connection.socket, std::move(connection.head));
      break;
    case HeadState::too_large:
      refuse_connection(connection.socket, 431, no_head);
      break;
  }
  connection.socket = -1;
}

void HeadReader::cut(Connection& connection) {
  cut_count_.fetch_add(1, std::memory_order_relaxed);
  if (connection.head.empty())
    close_connection(connection.socket);
  else
    refuse_connection(connection.socket, 408, no_head);
  connection.socket = -1;
}

}  // namespace coreloop::io
