// The processes of the Redis benchmark: a private redis-server, and what stands between its
// streams.
#pragma once

#include <functional>
#include <string>
#include <vector>
#include <sys/types.h>

namespace coreloop::bench {

/// A child process; killed and waited for at the end.
class Child {
 public:
  Child() = default;
  explicit Child(pid_t pid) : pid_(pid) {}
  ~Child() { stop(); }
  Child(Child&& other) noexcept : pid_(other.pid_) { other.pid_ = -1; }
  Child& operator=(Child&& other) noexcept;
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// SIGTERM, and waits.
  void stop();
  /// Waits until it ends by itself: its exit code, 128 and more after a signal.
  [[nodiscard]] int wait();
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
};

/// Starts a program, its output into `log`.
[[nodiscard]] Child start_program(const std::vector<std::string>& command, const std::string& log);

/// Runs a function in a process of its own.
[[nodiscard]] Child start_function(const std::function<void()>& function);

/// A temporary directory, removed with all that is in it.
class WorkDir {
 public:
  WorkDir();
  ~WorkDir();
  WorkDir(const WorkDir&) = delete;
  WorkDir& operator=(const WorkDir&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// Resident memory of a process in KiB.
[[nodiscard]] long resident_kib(pid_t pid);
/// User and system time of a process in ms.
[[nodiscard]] long cpu_ms(pid_t pid);

/// A redis-server without persistence on a unix socket in `dir`, answering when this returns.
[[nodiscard]] Child start_redis(const WorkDir& dir);

}  // namespace coreloop::bench
