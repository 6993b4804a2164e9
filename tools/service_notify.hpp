// What the engine tells the service manager that started it: ready, alive, stopping, and a line of
// status, as datagrams to $NOTIFY_SOCKET (sd_notify(3)). Without that variable nothing is sent.
// Main thread only.
//
// The protocol is stable and documented, and is one datagram: libsystemd would bring its own
// dependencies, lz4, lzma, zstd and gcrypt, into a process that needs one sendto().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace coreloop::tools {

class ServiceNotify {
 public:
  /// Reads NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID.
  ServiceNotify();
  ~ServiceNotify();
  ServiceNotify(const ServiceNotify&) = delete;
  ServiceNotify& operator=(const ServiceNotify&) = delete;

  /// How often a sign of life is due: a third of the manager's patience, or ten seconds where it
  /// has none.
  [[nodiscard]] std::int64_t pulse_interval_ns() const noexcept { return pulse_interval_ns_; }

  /// Starting takes long: the manager waits 30 s more from now.
  void say_starting(std::string_view status);
  /// The engine runs.
  void say_ready(std::string_view status);
  /// Every stage thread turns: feeds the watchdog, where there is one.
  void say_alive(std::string_view status);
  /// A line for `systemctl status`, and nothing else.
  void say_status(std::string_view status);
  /// The engine is on its way out.
  void say_stopping(std::string_view status);

 private:
  void send(std::string_view assignments, std::string_view status);

  int socket_ = -1;
  std::string path_;  ///< a leading NUL: an abstract address
  bool is_watched_ = false;
  std::int64_t pulse_interval_ns_;
};

}  // namespace coreloop::tools
