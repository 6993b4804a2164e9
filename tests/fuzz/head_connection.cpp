// A pair of sockets for each connection; the end of the other end says that the reader is done.
#include "tests/fuzz/head_connection.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/check.hpp"
#include "io/http/head_reader.hpp"

namespace coreloop::tests {
namespace {

class Reader {
 public:
  void add(int socket) { reader_.add(socket); }

  [[nodiscard]] std::optional<std::string> take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(head_, std::nullopt);
  }

  [[nodiscard]] std::uint64_t cut_count() const { return cut_count_; }

 private:
  void take_over(int socket, std::string head) {
    {
      const std::lock_guard lock(mutex_);
      CHECK(!head_, "a connection brings one head");
      head_ = std::move(head);
    }
    ::close(socket);
  }

  std::mutex mutex_;
  std::optional<std::string> head_;
  std::atomic<std::uint64_t> cut_count_{0};
  // No input is about time.
  io::HeadReader reader_{
      {.patience = std::chrono::hours(24)},
      [this](int socket, std::string head) { take_over(socket, std::move(head)); },
      cut_count_};
};

// Until everything that `socket` has sent has been read, or the other end is closed; and a moment
// more, in which the reader finds that there is nothing else yet.
void wait_for_reader(int socket) {
  int unread = 0;
  while (::ioctl(socket, SIOCOUTQ, &unread) == 0 && unread > 0)
    std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::microseconds(20));
}

}  // namespace

HeadOutcome send_to_reader(std::string_view bytes, std::size_t piece_bytes) {
  static Reader reader;
  std::array<int, 2> ends{};
  CHECK(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "two ends");
  const int ours = ends[0];
  reader.add(ends[1]);
  bool is_first = true;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_bytes);
    const ssize_t sent = ::send(ours, piece.data(), piece.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // Whoever has been refused is not listened to any more.
    if (sent < 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
    // Whether a head comes in pieces is the input's to say, and not a race with the reader.
    if (is_first && !bytes.empty()) wait_for_reader(ours);
    is_first = false;
  }
  ::shutdown(ours, SHUT_WR);
  HeadOutcome outcome;
  std::array<char, 1'024> answer{};
  for (;;) {
    const ssize_t size = ::recv(ours, answer.data(), answer.size(), 0);
    // libFuzzer's alarm clock.
    if (size < 0 && errno == EINTR) continue;
    // An error: the reader left with bytes unread.
    if (size <= 0) break;
    outcome.refusal.append(answer.data(), static_cast<std::size_t>(size));
  }
  ::close(ours);
  outcome.head = reader.take();
  CHECK(reader.cut_count() == 0, "no connection waits too long, none has to make room");
  return outcome;
}

}  // namespace coreloop::tests
