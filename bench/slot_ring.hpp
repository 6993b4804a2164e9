// The slot ring, a yardstick of what a hop between two threads can cost: each slot carries its own
// sequence number, so payload and flag travel in one cache line and no index is shared for each
// message. The reader tells how far it is once an eighth of the ring, and that is all the writer
// ever asks for. One writer, one reader. Not used by the engine.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "engine/cache_line.hpp"

namespace coreloop::bench {

template <class T, std::uint32_t capacity>
class SlotRing {
 public:
  /// False when the ring is full, as far as the reader has told. Writer only.
  [[nodiscard]] bool try_push(const T& message) noexcept {
    if (writer_.next == writer_.limit) {
      writer_.limit = read_count_.load(std::memory_order_acquire) + capacity;
      if (writer_.next == writer_.limit) return false;
    }
    Slot& slot = slots_[writer_.next % capacity];
    slot.message = message;
    slot.sequence.store(++writer_.next, std::memory_order_release);
    return true;
  }

  /// False when the ring is empty. Reader only.
  [[nodiscard]] bool try_pop(T& message) noexcept {
    const Slot& slot = slots_[reader_.next % capacity];
    if (slot.sequence.load(std::memory_order_acquire) != reader_.next + 1) return false;
    message = slot.message;
    if (++reader_.next % told_each == 0) read_count_.store(reader_.next, std::memory_order_release);
    return true;
  }

 private:
  static constexpr std::size_t line_pair_bytes = 2 * engine::cache_line_bytes;
  static constexpr std::uint32_t told_each = capacity / 8;
  static_assert(capacity % 8 == 0);

  struct alignas(engine::cache_line_bytes) Slot {
    std::atomic<std::uint64_t> sequence{0};  ///< 1 more than the number of its message; 0: none yet
    T message{};
  };
  struct Writer {
    std::uint64_t next = 0;
    std::uint64_t limit = capacity;
  };
  struct Reader {
    std::uint64_t next = 0;
  };

  alignas(line_pair_bytes) Writer writer_;
  alignas(line_pair_bytes) Reader reader_;
  alignas(line_pair_bytes) std::atomic<std::uint64_t> read_count_{0};
  alignas(line_pair_bytes) std::array<Slot, capacity> slots_{};
};

}  // namespace coreloop::bench
