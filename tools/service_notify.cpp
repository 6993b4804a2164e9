// sd_notify(3) without its library.
#include "tools/service_notify.hpp"

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "tools/log_line.hpp"

namespace coreloop::tools {
namespace {

constexpr std::int64_t default_pulse_ns = 10'000'000'000;
constexpr std::int64_t pulses_per_patience = 3;
constexpr timeval send_patience{1, 0};  // a manager that does not read may not hold the engine up

// A whole positive number of the environment, or 0.
std::int64_t number_of(const char* name) {
  const char* const text = std::getenv(name);
  if (text == nullptr) return 0;
  std::int64_t number = 0;
  const char* const end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, number);
  return read.ec == std::errc{} && read.ptr == end && number > 0 ? number : 0;
}

}  // namespace

ServiceNotify::ServiceNotify() : pulse_interval_ns_(default_pulse_ns) {
  const char* const path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || *path == '\0') return;
  path_ = path;
  const bool is_address = path_[0] == '/' || path_[0] == '@';
  if (!is_address || path_.size() >= sizeof(sockaddr_un::sun_path)) {
    log_line(LogLevel::warning, "service", "NOTIFY_SOCKET is no unix address: nothing is sent");
    return;
  }
  if (path_[0] == '@') path_[0] = '\0';
  socket_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket_ < 0) return;
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &send_patience, sizeof send_patience);
  const std::int64_t patience_us = number_of("WATCHDOG_USEC");
  const std::int64_t watched_pid = number_of("WATCHDOG_PID");
  is_watched_ = patience_us != 0 && (watched_pid == 0 || watched_pid == ::getpid());
  if (is_watched_) pulse_interval_ns_ = patience_us * 1'000 / pulses_per_patience;
}

ServiceNotify::~ServiceNotify() {
  if (socket_ >= 0) ::close(socket_);
}

void ServiceNotify::say_starting(std::string_view status) {
  send("EXTEND_TIMEOUT_USEC=30000000\n", status);
}

void ServiceNotify::say_ready(std::string_view status) {
  send("READY=1\n", status);
}

void ServiceNotify::say_alive(std::string_view status) {
  send(is_watched_ ? "WATCHDOG=1\n" : "", status);
}

void ServiceNotify::say_status(std::string_view status) {
  send("", status);
}

void ServiceNotify::say_stopping(std::string_view status) {
  send("STOPPING=1\n", status);
}

void ServiceNotify::send(std::string_view assignments, std::string_view status) {
  if (socket_ < 0) return;
  std::string text{assignments};
  text.append("STATUS=").append(status);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.data(), path_.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path_.size());
  // A message that cannot be delivered is the manager's loss: the next one says it again.
  static_cast<void>(::sendto(socket_, text.data(), text.size(), MSG_NOSIGNAL,
                             reinterpret_cast<const sockaddr*>(&address), size));
}

}  // namespace coreloop::tools
