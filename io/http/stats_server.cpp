// cpp-httplib, contained. Where a guard is for a fault of that library, it says which.
#include "io/http/stats_server.hpp"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <httplib.h>

#include "engine/cpu.hpp"
#include "io/http/head_reader.hpp"
#include "io/http/request_head.hpp"

namespace coreloop::io {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds write_patience{2'000};
/// Connections whose heads are being read, where the process may open files enough.
constexpr std::size_t unfinished_max = 256;
/// The library's own 5 makes clients wait a second once a few connect at a time.
constexpr int backlog = 128;

// All listeners together leave a quarter of the files that may be open to files and Redis.
std::size_t unfinished_allowed() {
  struct rlimit files {};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return unfinished_max;
  return std::clamp<std::size_t>(files.rlim_cur / (2 * listener_count), 2, unfinished_max);
}

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

/// The library's view of a connection: a request that holds nothing of the one we read, and a
/// socket to write the answer to.
class AnswerStream final : public httplib::Stream {
 public:
  AnswerStream(int socket, bool is_head)
      : socket_(socket), head_((is_head ? "HEAD" : "GET") + std::string{" / HTTP/1.1\r\n\r\n"}) {}

  [[nodiscard]] bool is_readable() const override { return true; }
  [[nodiscard]] bool is_writable() const override { return true; }
  ssize_t read(char* out, std::size_t size) override {
    const std::size_t piece = std::min(size, head_.size() - at_);
    std::memcpy(out, head_.data() + at_, piece);
    at_ += piece;
    return static_cast<ssize_t>(piece);
  }
  ssize_t write(const char* bytes, std::size_t size) override {
    // One deadline for the whole answer, from its first byte.
    if (!end_) end_ = steady_clock::now() + write_patience;
    return send_all(socket_, bytes, size, *end_) ? static_cast<ssize_t>(size) : -1;
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
  std::optional<steady_clock::time_point> end_;
};

/// The request that this thread is answering.
thread_local const HttpRequest* asked = nullptr;

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
  Listener(std::size_t thread_count, std::function<HttpAnswer(const HttpRequest&)> answer,
           std::atomic<std::uint64_t>& cut_count)
      : thread_count_(thread_count), answer_(std::move(answer)), cut_count_(cut_count) {
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
    // It only hands connections over: the reader of heads and the threads that answer are ours.
    new_task_queue = [] { return new httplib::ThreadPool(1); };
    // Before the library would route.
    set_pre_routing_handler([this](const httplib::Request&, httplib::Response& to) {
      put_answer(answer_(*asked), to);
      return HandlerResponse::Handled;
    });
    // Without it the library would send the exception's text.
    set_exception_handler([](const httplib::Request&, httplib::Response& to, std::exception_ptr) {
      put_answer(problem(500, "this request could not be answered"), to);
    });
  }

  int bind(const ListenAddress& address) {
    errno = 0;
    if (address.port == 0)
      port_ = bind_to_any_port(address.host);
    else if (bind_to_port(address.host, address.port))
      port_ = address.port;
    if (port_ <= 0) return errno != 0 ? errno : EADDRNOTAVAIL;
    return ::listen(svr_sock_, backlog) == 0 ? 0 : errno;
  }

  void start() {
    thread_ = std::thread([this] {
      // And with it those that it starts: who looks on must not hold up who trades.
      engine::step_back_this_thread();
      workers_.emplace(thread_count_);
      reader_.emplace(
          HeadReader::Options{.connections_max = unfinished_allowed_},
          [this](int socket, std::string head) { answer_later(socket, std::move(head)); },
          cut_count_);
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
    reader_->stop();
    workers_->shutdown();
  }

  [[nodiscard]] int port() const noexcept { return port_; }

 private:
  // In place of the library's own: its reader of lines has no bound, its timeouts begin anew with
  // every byte, and each connection has a thread to itself.
  bool process_and_close_socket(socket_t socket) override {
    reader_->add(socket);
    return true;
  }

  void answer_later(int socket, std::string head) {
    if (waiting_.fetch_add(1, std::memory_order_relaxed) >= unfinished_allowed_ / 2) {
      waiting_.fetch_sub(1, std::memory_order_relaxed);
      refuse_connection(socket, 503, "too many requests are waiting; nothing was changed");
      return;
    }
    workers_->enqueue([this, socket, head = std::move(head)] {
      answer_now(socket, head);
      waiting_.fetch_sub(1, std::memory_order_relaxed);
    });
  }

  // The library never sees a byte of a request: its own reading decodes too much and too often, and
  // drops headers without a value. It only writes the answer.
  void answer_now(int socket, std::string_view head) {
    HttpRequest request;
    if (!read_request_head(head, request)) {
      refuse_connection(socket, 400, "the request cannot be understood");
      return;
    }
    asked = &request;
    AnswerStream stream(socket, request.method == "HEAD");
    bool is_closed = false;
    process_request(stream, true, is_closed, [](httplib::Request&) {});
    asked = nullptr;
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
  }

  const std::size_t thread_count_;
  std::function<HttpAnswer(const HttpRequest&)> answer_;
  std::thread thread_;
  std::atomic<bool> has_ended_{false};
  std::atomic<std::uint64_t>& cut_count_;
  const std::size_t unfinished_allowed_ = unfinished_allowed();
  std::atomic<std::size_t> waiting_{0};  ///< whole requests that are not answered yet
  std::optional<httplib::ThreadPool> workers_;
  std::optional<HeadReader> reader_;
  int port_ = 0;
};

StatsServer::StatsServer(std::size_t thread_count,
                         std::function<HttpAnswer(const HttpRequest&)> answer,
                         std::atomic<std::uint64_t>& cut_count)
    : listener_(std::make_unique<Listener>(thread_count, std::move(answer), cut_count)) {}

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
