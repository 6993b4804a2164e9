// A bounded lock-free ring between exactly two threads, over boost::lockfree::spsc_queue, with its
// two ends as types of their own: a RingWriter cannot read, a RingReader cannot write, and each
// belongs to one thread for life.
//
//   writer ──> [ … write_index | pad | read_index … slots … ] ──> reader
//
// Why this shape (Boost 1.74 to 1.91):
// - The capacity is a compile-time maximum and the slots are cache-line aligned: a queue sized at
//   run time keeps its storage pointer on the line that holds read_index, which the reader keeps
//   writing, false sharing on every push. The conf's capacity is enforced by the writer as a lower
//   limit.
// - The ring starts on a line pair of its own.
// - Boost loads the other side's index on every call.
// - Both ends therefore keep the count of what they have last seen free or filled and look again
//   only when it is used up: a batch costs one look.
// - consume_all would give slots back only after the whole batch; messages are taken one by one.
// A full or empty ring is a normal answer, never an error.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

#include <boost/lockfree/policies.hpp>
#include <boost/lockfree/spsc_queue.hpp>

#include "engine/cache_line.hpp"
#include "engine/check.hpp"

namespace coreloop::engine {

/// Storage of a ring. `capacity_max`: slots it has; a conf may use fewer.
template <class T, std::uint32_t capacity_max>
class Ring {
  static_assert(std::is_trivially_copyable_v<T>, "messages are copied as bytes");

 public:
  /// `capacity`: messages the writer lets in, in [1, capacity_max].
  explicit Ring(std::uint32_t capacity) : capacity_(capacity) {
    CHECK(capacity >= 1 && capacity <= capacity_max, "a ring's capacity lies within its storage");
  }
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  /// The writer has said its last word. Set after the last push; see RingReader::is_finished.
  [[nodiscard]] bool is_closed() const noexcept {
    return is_closed_.load(std::memory_order_acquire);
  }

 private:
  template <class U, std::uint32_t n>
  friend class RingWriter;
  template <class U, std::uint32_t n>
  friend class RingReader;

  std::uint32_t capacity_;
  std::atomic<bool> is_closed_{false};
  alignas(2 * cache_line_bytes)
      boost::lockfree::spsc_queue<T, boost::lockfree::capacity<capacity_max>> queue_;
};

/// The writing end. One thread.
template <class T, std::uint32_t capacity_max>
class RingWriter {
 public:
  explicit RingWriter(Ring<T, capacity_max>& ring) noexcept
      : ring_(&ring), unused_slots_(capacity_max - ring.capacity_) {}

  /// Whether one more message can be pushed now.
  [[nodiscard]] bool has_room() noexcept {
    if (room_ == 0) look();
    return room_ != 0;
  }

  /// Pushes a copy of `message`; false when the ring is full.
  [[nodiscard]] bool try_push(const T& message) noexcept {
    if (!has_room()) return false;
    const bool has_gone = ring_->queue_.push(message);
    HOT_CHECK(has_gone, "room that was seen cannot vanish: the reader only frees");
    --room_;
    return has_gone;
  }

  /// Pushes up to `count` messages, oldest first; answers how many went.
  [[nodiscard]] std::uint32_t try_push(const T* messages, std::uint32_t count) noexcept {
    if (room_ < count) look();
    const std::uint32_t batch = count < room_ ? count : room_;
    const auto pushed = static_cast<std::uint32_t>(ring_->queue_.push(messages, batch));
    HOT_CHECK(pushed == batch, "room that was seen cannot vanish: the reader only frees");
    room_ -= pushed;
    return pushed;
  }

  /// Nothing will be pushed any more.
  void close() noexcept { ring_->is_closed_.store(true, std::memory_order_release); }

 private:
  void look() noexcept {
    const auto free = static_cast<std::uint32_t>(ring_->queue_.write_available());
    room_ = free > unused_slots_ ? free - unused_slots_ : 0;
  }

  Ring<T, capacity_max>* ring_;
  std::uint32_t unused_slots_;  ///< storage the conf's capacity leaves empty
  std::uint32_t room_ = 0;      ///< slots seen free and not yet used
};

/// The reading end. One thread.
template <class T, std::uint32_t capacity_max>
class RingReader {
 public:
  explicit RingReader(Ring<T, capacity_max>& ring) noexcept : ring_(&ring) {}

  /// Whether a message can be taken now.
  [[nodiscard]] bool has_message() noexcept {
    if (available_ == 0) available_ = static_cast<std::uint32_t>(ring_->queue_.read_available());
    return available_ != 0;
  }

  /// Takes the oldest message into `message`; false when the ring is empty.
  [[nodiscard]] bool try_pop(T& message) noexcept {
    if (!has_message()) return false;
    const bool has_come = ring_->queue_.pop(message);
    HOT_CHECK(has_come, "a message that was seen cannot vanish");
    --available_;
    return has_come;
  }

  /// Takes up to `count` messages, oldest first; answers how many came.
  [[nodiscard]] std::uint32_t try_pop(T* messages, std::uint32_t count) noexcept {
    const auto popped = static_cast<std::uint32_t>(ring_->queue_.pop(messages, count));
    available_ = available_ > popped ? available_ - popped : 0;
    return popped;
  }

  /// Whether the writer has closed the ring and everything has been taken. The flag is read before
  /// the ring is looked at once more, so that a last message pushed before it is never missed.
  [[nodiscard]] bool is_finished() noexcept { return ring_->is_closed() && !has_message(); }

 private:
  Ring<T, capacity_max>* ring_;
  std::uint32_t available_ = 0;  ///< messages seen and not yet taken
};

}  // namespace coreloop::engine
