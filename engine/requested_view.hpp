// Showing a thread's state to a reader, on request: a copy that the owner makes between turns when
// somebody has asked, and only then. For state too large to be published all the time
// (engine/published.hpp).
//
//   reader: ask() ──requested──> owner: serve() copies ──filled──> reader: view()
//
// The buffer belongs to the owner while a request is open and to the reader while none is, so
// nothing is ever torn, and the owner never waits: not for the reader, not for a lock, and it
// copies nothing while nobody asks. One owner; one reader at a time (readers share a lock of their
// own).
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "engine/cache_line.hpp"

namespace coreloop::engine {

template <class View>
class alignas(cache_line_bytes) RequestedView {
 public:
  /// `view`: with all the room it will ever need.
  explicit RequestedView(View view) : view_(std::move(view)) {}
  RequestedView(const RequestedView&) = delete;
  RequestedView& operator=(const RequestedView&) = delete;

  /// Has `fill(View&)` copy the state if somebody has asked. Cost: two loads if nobody has. Thread:
  /// the owner.
  template <class Fill>
  void serve(Fill&& fill) noexcept {
    const std::uint64_t requested = requested_.load(std::memory_order_acquire);
    if (requested == filled_.load(std::memory_order_relaxed)) return;
    fill(view_);
    filled_.store(requested, std::memory_order_release);
  }

  /// Whether a request is open. What a thread looks at before it sleeps. Thread: the owner.
  [[nodiscard]] bool is_requested() const noexcept {
    return requested_.load(std::memory_order_acquire) != filled_.load(std::memory_order_relaxed);
  }

  /// Asks for a new copy, unless the last request is still open. Thread: the reader.
  void ask() noexcept {
    if (!is_filled()) return;
    requested_.store(requested_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
  }

  /// Whether no request is open. Thread: the reader.
  [[nodiscard]] bool is_filled() const noexcept {
    return filled_.load(std::memory_order_acquire) == requested_.load(std::memory_order_relaxed);
  }

  /// Requests answered so far. Any thread.
  [[nodiscard]] std::uint64_t fill_count() const noexcept {
    return filled_.load(std::memory_order_relaxed);
  }

  /// The last copy. Requires: is_filled(). Good until the next ask(). Thread: the reader.
  [[nodiscard]] const View& view() const noexcept { return view_; }

 private:
  std::atomic<std::uint64_t> requested_{0};
  std::atomic<std::uint64_t> filled_{0};
  View view_;
};

}  // namespace coreloop::engine
