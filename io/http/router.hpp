// One listener's routes: a request in, an answer out. Knows no socket; any number of threads may
// ask at once.
#pragma once

#include <atomic>
#include <string_view>

#include "io/http/engine_desk.hpp"
#include "io/http/http_message.hpp"
#include "io/http/route.hpp"

namespace coreloop::io {

class Router {
 public:
  /// All of them must outlive it.
  Router(const Listener& listener, EngineDesk& desk, HttpCounters& counters)
      : listener_(listener), desk_(desk), counters_(counters) {}

  [[nodiscard]] HttpAnswer answer(const HttpRequest& request);

 private:
  [[nodiscard]] HttpAnswer run_command(const Route& route, const CommandRequest& command);

  const Listener& listener_;
  EngineDesk& desk_;
  HttpCounters& counters_;
  std::atomic<int> waiting_{0};
};

}  // namespace coreloop::io
