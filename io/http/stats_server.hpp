// The HTTP listener: sockets, threads and the HTTP protocol, over cpp-httplib 0.11 with every guard
// it needs. Hands each request to one function; knows no route and no engine.
//
// One request a connection, no body is ever read, a request's head is read here, whole, within
// bounds of size and time, before the library sees it. The last thread that is free gives a client
// that is slow no time at all, so that a crowd of them cannot keep others out.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>

#include "io/http/http_message.hpp"
#include "io/http/listen_address.hpp"

namespace coreloop::io {

class StatsServer {
 public:
  /// `answer`: called on the server's `thread_count` threads, several at a time. Requires: two
  /// threads at least.
  StatsServer(std::size_t thread_count, std::function<HttpAnswer(const HttpRequest&)> answer);
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
