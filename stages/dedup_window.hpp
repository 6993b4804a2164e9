// The last signal ids, so that a repeat is known. A repeat does not renew its place. Bounded,
// allocated at start: a ring of hashes in order of arrival and an open-addressing index over it.
// RISK's thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/event.hpp"

namespace coreloop::stages {

class DedupWindow {
 public:
  /// `capacity`: ids remembered; 0 remembers none. Allocates.
  explicit DedupWindow(std::uint32_t capacity) : ring_(capacity) {
    std::size_t slots = 16;
    while (slots < 2 * static_cast<std::size_t>(capacity))
      slots *= 2;
    slots_.assign(slots, empty);
  }

  /// Remembers `id` and forgets the oldest beyond the window; answers whether it was remembered
  /// already.
  bool seen_before(const SignalIdHash& id) noexcept {
    if (ring_.empty()) return false;
    std::size_t slot = slot_of(id);
    if (slots_[slot] != empty) return true;
    if (size_ == ring_.size()) {
      erase(slot_of(ring_[next_]));
      slot = slot_of(id);
    } else {
      ++size_;
    }
    ring_[next_] = id;
    slots_[slot] = next_;
    next_ = next_ + 1 == ring_.size() ? 0 : next_ + 1;
    return false;
  }

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.value(next_);
    visitor.value(size_);
    visitor.rows(ring_, size_);
    visitor.rows(slots_);
  }

 private:
  static constexpr std::uint32_t empty = 0xFFFF'FFFF;

  [[nodiscard]] std::size_t home_of(const SignalIdHash& id) const noexcept {
    return id.low & (slots_.size() - 1);
  }

  [[nodiscard]] std::size_t slot_of(const SignalIdHash& id) const noexcept {
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = home_of(id);
    while (slots_[slot] != empty && !(ring_[slots_[slot]] == id))
      slot = (slot + 1) & mask;
    return slot;
  }

  // Linear probing without tombstones: what follows the hole moves up unless it would pass its
  // home.
  void erase(std::size_t hole) noexcept {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t next = (hole + 1) & mask; slots_[next] != empty; next = (next + 1) & mask) {
      const std::size_t distance_from_home = (next - home_of(ring_[slots_[next]])) & mask;
      if (distance_from_home < ((next - hole) & mask)) continue;
      slots_[hole] = slots_[next];
      hole = next;
    }
    slots_[hole] = empty;
  }

  std::vector<SignalIdHash> ring_;
  std::vector<std::uint32_t> slots_;
  std::uint32_t next_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace coreloop::stages
