// libev behind the loop's names.
#include "io/redis/event_loop.hpp"

#include <stdexcept>
#include <utility>

#include <ev.h>

namespace coreloop::io {
namespace {

constexpr double seconds_per_ns = 1e-9;

}  // namespace

struct EventLoop::State {
  struct ev_loop* loop = nullptr;
  ev_async wake{};
  ev_timer deadline{};
  std::uint64_t event_count = 0;  ///< callbacks of sockets and timers that have run
};

EventLoop::EventLoop() : state_(std::make_unique<State>()) {
  // epoll by name: 4.33's newer backends are documented as experimental.
  state_->loop =
      ev_loop_new(static_cast<unsigned>(EVBACKEND_EPOLL) | static_cast<unsigned>(EVFLAG_NOENV));
  if (state_->loop == nullptr) throw std::runtime_error("the system gives no epoll descriptor");
  ev_async_init(&state_->wake, [](struct ev_loop*, ev_async*, int) {});
  ev_async_start(state_->loop, &state_->wake);
  ev_init(&state_->deadline, [](struct ev_loop*, ev_timer*, int) {});
  ev_set_userdata(state_->loop, this);
  // As soon as a wait is over, before what has ended it is attended to.
  ev_set_loop_release_cb(
      state_->loop, [](struct ev_loop*) noexcept {},
      [](struct ev_loop* loop) noexcept {
        static_cast<EventLoop*>(ev_userdata(loop))->note_awake();
      });
}

EventLoop::~EventLoop() {
  ev_timer_stop(state_->loop, &state_->deadline);
  ev_async_stop(state_->loop, &state_->wake);
  ev_loop_destroy(state_->loop);
}

bool EventLoop::poll() noexcept {
  const std::uint64_t before = state_->event_count;
  ev_run(state_->loop, EVRUN_NOWAIT);
  return state_->event_count != before;
}

void EventLoop::block(std::int64_t timeout_ns) noexcept {
  ev_now_update(state_->loop);
  ev_timer_set(&state_->deadline, static_cast<double>(timeout_ns) * seconds_per_ns, 0.0);
  ev_timer_start(state_->loop, &state_->deadline);
  ev_run(state_->loop, EVRUN_ONCE);
  ev_timer_stop(state_->loop, &state_->deadline);
}

void EventLoop::unblock() noexcept {
  ev_async_send(state_->loop, &state_->wake);
}

struct EventLoop::FdWatch::State {
  EventLoop::State& loop;
  std::function<void()> callback;
  ev_io watcher{};
};

EventLoop::FdWatch::FdWatch(EventLoop& loop, int descriptor, For purpose,
                            std::function<void()> callback)
    : state_(new State{*loop.state_, std::move(callback)}) {
  ev_io_init(
      &state_->watcher,
      [](struct ev_loop*, ev_io* watcher, int) {
        auto& state = *static_cast<State*>(watcher->data);
        ++state.loop.event_count;
        state.callback();
      },
      descriptor, purpose == For::reading ? EV_READ : EV_WRITE);
  state_->watcher.data = state_.get();
}

EventLoop::FdWatch::~FdWatch() {
  stop();
}

void EventLoop::FdWatch::start() noexcept {
  ev_io_start(state_->loop.loop, &state_->watcher);
}

void EventLoop::FdWatch::stop() noexcept {
  ev_io_stop(state_->loop.loop, &state_->watcher);
}

struct EventLoop::Timer::State {
  EventLoop::State& loop;
  std::function<void()> callback;
  ev_timer watcher{};
};

EventLoop::Timer::Timer(EventLoop& loop, std::function<void()> callback)
    : state_(new State{*loop.state_, std::move(callback)}) {
  ev_init(&state_->watcher, [](struct ev_loop*, ev_timer* watcher, int) {
    auto& state = *static_cast<State*>(watcher->data);
    ++state.loop.event_count;
    state.callback();
  });
  state_->watcher.data = state_.get();
}

EventLoop::Timer::~Timer() {
  stop();
}

void EventLoop::Timer::start(std::int64_t after_ns) noexcept {
  struct ev_loop* const loop = state_->loop.loop;
  ev_timer_stop(loop, &state_->watcher);
  // The loop's idea of now is as old as its last look outside.
  ev_now_update(loop);
  ev_timer_set(&state_->watcher, static_cast<double>(after_ns) * seconds_per_ns, 0.0);
  ev_timer_start(loop, &state_->watcher);
}

void EventLoop::Timer::stop() noexcept {
  ev_timer_stop(state_->loop.loop, &state_->watcher);
}

bool EventLoop::Timer::is_running() const noexcept {
  return ev_is_active(&state_->watcher);
}

struct EventLoop::Hook::State {
  EventLoop::State& loop;
  std::function<void()> callback;
  ev_prepare watcher{};
};

EventLoop::Hook::Hook(EventLoop& loop, std::function<void()> callback)
    : state_(new State{*loop.state_, std::move(callback)}) {
  ev_prepare_init(&state_->watcher, [](struct ev_loop*, ev_prepare* watcher, int) {
    static_cast<State*>(watcher->data)->callback();
  });
  state_->watcher.data = state_.get();
  ev_prepare_start(state_->loop.loop, &state_->watcher);
}

EventLoop::Hook::~Hook() {
  ev_prepare_stop(state_->loop.loop, &state_->watcher);
}

}  // namespace coreloop::io
