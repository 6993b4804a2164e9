// What a thread at the edge of the engine shares with the outside: an event loop that it looks into
// between turns and sleeps in. Sources and sinks that live on sockets are fed from there; engine/
// knows only that it can be polled. One a thread.
#pragma once

#include "engine/waker.hpp"

namespace coreloop::engine {

class World : public Waker {
 public:
  /// Attends to whatever has happened outside, without waiting; answers whether anything had.
  /// Thread: the owner.
  // tidy: allow virtual because it is called between turns, once in 64 messages at most
  virtual bool poll() noexcept = 0;
};

}  // namespace coreloop::engine
