// cpp-httplib, contained. Where a guard is for a fault of that library, it says which.
#include "io/http/stats_server.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

namespace coreloop::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t head_bytes_max = 8'192;
constexpr std::size_t head_lines_max = 64;
constexpr milliseconds head_patience{2'000};
/// Of the last free thread: a client that has sent its request already loses nothing.
constexpr milliseconds head_patience_of_last{20};
constexpr milliseconds write_patience{1'000};

int milliseconds_until(steady_clock::time_point end) {
  const auto left = std::chrono::ceil<milliseconds>(end - steady_clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(left, 0));
}

/// Waits for `events` on a socket; false at the deadline.
bool wait_for(int socket, short events, steady_clock::time_point end) {
  struct pollfd look = {socket, events, 0};
  int answer = 0;
  do {
    answer = ::poll(&look, 1, milliseconds_until(end));
  } while (answer < 0 && errno == EINTR);
  return answer > 0;
}

bool send_all(int socket, const char* bytes, std::size_t size, steady_clock::time_point end) {
  while (size != 0) {
    if (!wait_for(socket, POLLOUT, end)) return false;
    const ssize_t sent = ::send(socket, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (sent <= 0) return false;
    bytes += sent;
    size -= static_cast<std::size_t>(sent);
  }
  return true;
}

/// 0 once `head` holds a whole request head; else the status to refuse with, or -1 for nothing to
/// answer to.
int read_head(int socket, milliseconds patience, std::string& head) {
  const steady_clock::time_point end = steady_clock::now() + patience;
  std::array<char, 2'048> piece{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    if (head.size() > head_bytes_max) return 431;
    if (!wait_for(socket, POLLIN, end)) return head.empty() ? -1 : 408;
    const ssize_t size = ::recv(socket, piece.data(), piece.size(), MSG_DONTWAIT);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (size <= 0) return -1;
    head.append(piece.data(), static_cast<std::size_t>(size));
  }
  head.resize(head.find("\r\n\r\n") + 4);
  if (head.size() > head_bytes_max) return 431;
  const auto lines = static_cast<std::size_t>(std::count(head.begin(), head.end(), '\n'));
  if (lines > head_lines_max + 2) return 431;
  // What other readers of HTTP could see as another head than we do.
  if (head.find('\0') != std::string::npos || head.find("\n ") != std::string::npos ||
      head.find("\n\t") != std::string::npos)
    return 400;
  return 0;
}

/// The library's view of a connection: the head as it was read, nothing behind it, and a socket to
/// write to.
class HeadStream final : public httplib::Stream {
 public:
  HeadStream(int socket, std::string head) : socket_(socket), head_(std::move(head)) {}

  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* out, std::size_t size) override {
    const std::size_t piece = std::min(size, head_.size() - at_);
    std::memcpy(out, head_.data() + at_, piece);
    at_ += piece;
    return static_cast<ssize_t>(piece);
  }
  ssize_t write(const char* bytes, std::size_t size) override {
    const bool has_gone = send_all(socket_, bytes, size, steady_clock::now() + write_patience);
    return has_gone ? static_cast<ssize_t>(size) : -1;
  }
  // Nobody asks who the other end is.
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    ip.clear();
    port = 0;
  }
  [[nodiscard]] socket_t socket() const override { return socket_; }

 private:
  int socket_;
  std::string head_;
  std::size_t at_ = 0;
};

void refuse_head(int socket, int status) {
  const HttpAnswer answer = problem(status, "the request's head cannot be taken");
  const std::string text =
      "HTTP/1.1 " + std::to_string(status) + " " + std::string{title_of(status)} +
      "\r\nContent-Type: " + answer.content_type +
      "\r\nConnection: close\r\nContent-Length: " + std::to_string(answer.body.size()) +
      "\r\n\r\n" + answer.body;
  static_cast<void>(
      send_all(socket, text.data(), text.size(), steady_clock::now() + write_patience));
}

HttpRequest request_of(const httplib::Request& from) {
  HttpRequest request{from.method, from.path, {}, {}};
  for (const auto& [name, value] : from.params)
    request.query.emplace_back(name, value);
  for (const auto& [name, value] : from.headers)
    request.headers.emplace_back(name, value);
  return request;
}

void put_answer(HttpAnswer answer, httplib::Response& to) {
  to.status = answer.status;
  for (const auto& [name, value] : answer.headers)
    to.set_header(name, value);
  to.set_header("Cache-Control", "no-store");
  to.set_header("X-Content-Type-Options", "nosniff");
  to.set_content(std::move(answer.body), answer.content_type);
}

}  // namespace

class StatsServer::Listener final : public httplib::Server {
 public:
  Listener(std::size_t thread_count, std::function<HttpAnswer(const HttpRequest&)> answer)
      : thread_count_(thread_count), answer_(std::move(answer)) {
    // The default is SO_REUSEPORT: a second engine would silently share the port.
    set_socket_options([](socket_t socket) {
      const int on = 1;
      static_cast<void>(::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    });
    set_tcp_nodelay(true);
    set_keep_alive_max_count(1);
    set_payload_max_length(0);
    set_read_timeout(1);
    set_write_timeout(1);
    new_task_queue = [thread_count] { return new httplib::ThreadPool(thread_count); };
    // Answered 417 itself, the library would send a bare status line, and then carry the request
    // out.
    set_expect_100_continue_handler([](const httplib::Request&, httplib::Response& to) {
      put_answer(problem(417, "nothing is expected here: requests have no body"), to);
      return 0;
    });
    // Everything is answered before the library would route, and before it would read a body: a
    // POST without a length would keep it reading.
    set_pre_routing_handler([this](const httplib::Request& from, httplib::Response& to) {
      put_answer(answer_(request_of(from)), to);
      return HandlerResponse::Handled;
    });
    // Without it the library would send the exception's text.
    set_exception_handler([](const httplib::Request&, httplib::Response& to, std::exception_ptr) {
      put_answer(problem(500, "this request could not be answered"), to);
    });
    set_error_handler(
        httplib::Server::HandlerWithResponse([](const httplib::Request&, httplib::Response& to) {
          if (to.body.empty())
            put_answer(problem(to.status, "the request cannot be understood"), to);
          return HandlerResponse::Handled;
        }));
  }

  int bind(const ListenAddress& address) {
    errno = 0;
    if (address.port == 0) {
      port_ = bind_to_any_port(address.host);
      if (port_ > 0) return 0;
    } else if (bind_to_port(address.host, address.port)) {
      port_ = address.port;
      return 0;
    }
    return errno != 0 ? errno : EADDRNOTAVAIL;
  }

  void start() {
    thread_ = std::thread([this] {
      listen_after_bind();
      has_ended_.store(true, std::memory_order_release);
    });
  }

  void finish() {
    if (!thread_.joinable()) return;
    // stop() is lost on a server that does not run yet.
    while (!is_running() && !has_ended_.load(std::memory_order_acquire))
      std::this_thread::sleep_for(milliseconds(1));
    stop();
    thread_.join();
  }

  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  // In place of the library's own: its reader of lines has no bound, its timeouts begin anew with
  // every byte.
  bool process_and_close_socket(socket_t socket) override {
    const bool is_last_thread = busy_.fetch_add(1, std::memory_order_relaxed) + 1 == thread_count_;
    std::string head;
    const int refusal =
        read_head(socket, is_last_thread ? head_patience_of_last : head_patience, head);
    bool has_answered = false;
    if (refusal == 0) {
      HeadStream stream(socket, std::move(head));
      bool is_closed = false;
      has_answered = process_request(stream, true, is_closed, [](httplib::Request& request) {
        request.ranges.clear();                    // whole answers only
        request.headers.erase("Accept-Encoding");  // it would compress each one
      });
    } else if (refusal > 0) {
      refuse_head(socket, refusal);
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    busy_.fetch_sub(1, std::memory_order_relaxed);
    return has_answered;
  }

  std::size_t thread_count_;
  std::function<HttpAnswer(const HttpRequest&)> answer_;
  std::thread thread_;
  std::atomic<bool> has_ended_{false};
  std::atomic<std::size_t> busy_{0};
  int port_ = 0;
};

StatsServer::StatsServer(std::size_t thread_count,
                         std::function<HttpAnswer(const HttpRequest&)> answer)
    : listener_(std::make_unique<Listener>(thread_count, std::move(answer))) {}

StatsServer::~StatsServer() {
  stop();
}

int StatsServer::bind(const ListenAddress& address) {
  return listener_->bind(address);
}

void StatsServer::start() {
  listener_->start();
}

void StatsServer::stop() {
  listener_->finish();
}

int StatsServer::port() const noexcept {
  return listener_->port();
}

}  // namespace coreloop::io
