// Reads the heads of many connections at once, on one thread of its own, within bounds of size,
// number and time: a client that sends slowly holds no thread, and a crowd of them keeps nobody
// out. A head that is whole goes on with its socket; all others are refused or cut here.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace coreloop::io {

/// What is to be done with the bytes that a connection has sent so far.
enum class HeadState : std::uint8_t {
  unfinished,
  whole,
  too_large,  ///< 431
};

/// Looks at `head`, of which the first `seen` bytes were unfinished. A whole one ends at `size`.
[[nodiscard]] HeadState head_state(std::string_view head, std::size_t seen, std::size_t& size);

/// Answers `status` as an error of RFC 9457, as far as the socket takes it at once, and closes.
void refuse_connection(int socket, int status, std::string_view detail);

class HeadReader {
 public:
  struct Options {
    std::chrono::milliseconds patience{5'000};  ///< with a connection, whatever it sends
    std::size_t connections_max = 256;          ///< one more cuts the one that has waited longest
  };

  /// `take_over`: called on the reader's thread with each whole head; the socket is the callee's.
  /// `cut_count`: connections whose head did not come in time, or that had to make room.
  HeadReader(Options options, std::function<void(int socket, std::string head)> take_over,
             std::atomic<std::uint64_t>& cut_count);
  /// Stops.
  ~HeadReader();
  HeadReader(const HeadReader&) = delete;
  HeadReader& operator=(const HeadReader&) = delete;

  /// Takes over a connection; any thread.
  void add(int socket);
  /// Closes what is unfinished and ends the thread. Idempotent.
  void stop();

 private:
  struct Connection {
    int socket = -1;  ///< -1: done with
    std::chrono::steady_clock::time_point end;
    std::string head = {};
  };

  void run();
  /// How long poll() may wait.
  [[nodiscard]] int wait_ms() const;
  /// Moves what add() was given to the others; false once it is time to stop.
  bool take_new();
  void read(Connection& connection);
  void look_at(Connection& connection, std::size_t seen);
  void cut(Connection& connection);

  // Immutable after construction.
  const Options options_;
  const std::function<void(int, std::string)> take_over_;
  std::atomic<std::uint64_t>& cut_count_;
  int wake_ = -1;  ///< an eventfd
  // Shared with whoever adds.
  std::mutex mutex_;
  std::vector<int> added_;
  bool is_stopping_ = false;
  // The thread's own: oldest first.
  std::vector<Connection> connections_;
  std::thread thread_;
};

}  // namespace coreloop::io
