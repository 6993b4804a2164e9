// One listener's routes: a request in, an answer out. Knows no socket; any number of threads may
// ask at once.
#pragma once

#include <atomic>
#include <string_view>
#include <utility>

#include "io/http/command_memory.hpp"
#include "io/http/command_rate.hpp"
#include "io/http/engine_desk.hpp"
#include "io/http/http_access.hpp"
#include "io/http/http_message.hpp"
#include "io/http/route.hpp"

namespace coreloop::io {

/// What all listeners' commands pass.
struct CommandGate {
  CommandRate rate{0};
  CommandMemory memory = {};
};

class Router {
 public:
  /// All but `access` must outlive it.
  Router(const Listener& listener, EngineDesk& desk, HttpCounters& counters, CommandGate& gate,
         HttpAccess access = {})
      : listener_(listener),
        desk_(desk),
        counters_(counters),
        gate_(gate),
        access_(std::move(access)) {}

  [[nodiscard]] HttpAnswer answer(const HttpRequest& request);

 private:
  [[nodiscard]] HttpAnswer answer_command(const Route& route, const CommandRequest& command,
                                          const HttpRequest& request);
  [[nodiscard]] HttpAnswer run_command(const Route& route, const CommandRequest& command);

  const Listener& listener_;
  EngineDesk& desk_;
  HttpCounters& counters_;
  CommandGate& gate_;
  const HttpAccess access_;
  std::atomic<int> waiting_{0};
};

}  // namespace coreloop::io
