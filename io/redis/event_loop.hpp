// The event loop of an edge thread, over libev: sockets, timers, and the place where the thread
// sleeps. The only file that knows libev. One thread owns a loop and everything attached to it;
// only wake() may come from another. Ownership may move between threads while none of them runs it.
//
// Timers run on the monotonic clock. Callbacks may attach, start and stop anything, and may destroy
// whatever is not the object that called them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/world.hpp"

namespace coreloop::io {

class EventLoop final : public engine::World {
 public:
  /// Throws std::runtime_error if the system gives no event queue.
  EventLoop();
  ~EventLoop() override;

  /// Runs whatever is ready, hooks first, without waiting; answers whether a socket or timer was.
  bool poll() noexcept override;

  /// Waits for something to run, at most `timeout_ns`, and runs it.
  void wait(std::int64_t timeout_ns) noexcept { block(timeout_ns); }

  class FdWatch;
  class Timer;
  class Hook;

 protected:
  void block(std::int64_t timeout_ns) noexcept override;
  void unblock() noexcept override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Calls back while a descriptor can be read from, or written to. Stops before the descriptor is
/// closed.
class EventLoop::FdWatch {
 public:
  enum class For : std::uint8_t { reading, writing };
  FdWatch(EventLoop& loop, int descriptor, For purpose, std::function<void()> callback);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  /// Idempotent, both.
  void start() noexcept;
  void stop() noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Calls back once, some time after start().
class EventLoop::Timer {
 public:
  Timer(EventLoop& loop, std::function<void()> callback);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  /// (Re)starts it: the callback runs once `after_ns` from now.
  void start(std::int64_t after_ns) noexcept;
  void stop() noexcept;
  [[nodiscard]] bool is_running() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Calls back before each look outside: the moment to write what has been gathered since the last.
class EventLoop::Hook {
 public:
  Hook(EventLoop& loop, std::function<void()> callback);
  ~Hook();
  Hook(const Hook&) = delete;
  Hook& operator=(const Hook&) = delete;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace coreloop::io
