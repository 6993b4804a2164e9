// The HTTP listener: sockets, threads and the HTTP protocol, over cpp-httplib 0.11 with every guard
// it needs. Hands each request to one function; knows no route and no engine.
//
// One request a connection, no body is ever read. Heads are read before the library sees them,
// whole and within bounds (head_reader.hpp); only a request whose head is there gets a thread, and
// an answer that is not taken in time is cut.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "io/http/http_message.hpp"
#include "io/http/listen_address.hpp"

namespace coreloop::io {

class StatsServer {
 public:
  /// `answer`: called on the server's `thread_count` threads, several at a time. `cut_count`:
  /// connections that were cut before their request was there.
  StatsServer(std::size_t thread_count, std::function<HttpAnswer(const HttpRequest&)> answer,
              std::atomic<std::uint64_t>& cut_count);
  /// Stops.
  ~StatsServer();
  StatsServer(const StatsServer&) = delete;
  StatsServer& operator=(const StatsServer&) = delete;

  /// Takes the address, for this process alone; 0 or errno.
  [[nodiscard]] int bind(const ListenAddress& address);
  /// Begins to answer. Requires: bind().
  void start();
  /// Finishes the requests that have begun, and takes no more. Idempotent.
  void stop();

  /// The port that was taken. Requires: bind().
  [[nodiscard]] int port() const noexcept;

 private:
  class Listener;
  std::unique_ptr<Listener> listener_;
};

}  // namespace coreloop::io
