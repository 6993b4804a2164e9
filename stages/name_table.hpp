// Names to dense ids and back, for symbols and for accounts: bounded, allocated at start, never
// shrinking, never renamed. INGRESS alone adds; it writes a name before it hands on the first event
// that uses the id, so a later stage may read the name of any id it has seen. A full table answers
// no_id.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/check.hpp"
#include "stages/event.hpp"

namespace coreloop::stages {

class NameTable {
 public:
  static constexpr std::size_t name_bytes_max = 32;

  /// `capacity`: most names ever held. Allocates; call before the threads start.
  explicit NameTable(std::uint32_t capacity) : capacity_(capacity), names_(capacity) {
    std::size_t slots = 16;
    while (slots < 2 * static_cast<std::size_t>(capacity))
      slots *= 2;
    slots_.assign(slots, no_id);
  }

  /// The id of `name`, or no_id. Requires: at most name_bytes_max bytes. Thread: INGRESS.
  [[nodiscard]] std::uint32_t find(std::string_view name) const noexcept {
    return slots_[slot_of(padded(name))];
  }

  /// The id of `name`, given now if it is new; no_id when the table is full. Thread: INGRESS.
  [[nodiscard]] std::uint32_t find_or_add(std::string_view name) noexcept {
    const Name key = padded(name);
    const std::size_t slot = slot_of(key);
    if (slots_[slot] != no_id || size_ == capacity_) return slots_[slot];
    names_[size_] = key;
    slots_[slot] = size_;
    return size_++;
  }

  /// Requires: `id` was given by this table. Thread: any that received the id through a ring.
  [[nodiscard]] std::string_view name(std::uint32_t id) const noexcept {
    HOT_CHECK(id < capacity_, "an id of this table");
    const Name& name = names_[id];
    return {name.text.data(), name.size};
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.value(size_);
    visitor.rows(names_, size_);
    visitor.rows(slots_);
  }

 private:
  struct Name {
    std::array<char, name_bytes_max> text{};  ///< zero-padded, so that whole words compare
    std::uint8_t size = 0;
    [[nodiscard]] bool operator==(const Name&) const noexcept = default;
  };

  static Name padded(std::string_view name) noexcept {
    HOT_CHECK(name.size() <= name_bytes_max, "a checked name");
    Name padded;
    std::memcpy(padded.text.data(), name.data(), name.size());
    padded.size = static_cast<std::uint8_t>(name.size());
    return padded;
  }

  // The slot that holds `key`, or the empty one where it belongs (linear probing; the table is at
  // most half full).
  [[nodiscard]] std::size_t slot_of(const Name& key) const noexcept {
    std::array<std::uint64_t, name_bytes_max / 8> words{};
    std::memcpy(words.data(), key.text.data(), name_bytes_max);
    std::uint64_t hash = key.size;
    for (const std::uint64_t word : words) {
      hash = (hash ^ word) * 0x9E3779B97F4A7C15U;
      hash ^= hash >> 32;
    }
    const std::size_t mask = slots_.size() - 1;
    std::size_t slot = hash & mask;
    while (slots_[slot] != no_id && !(names_[slots_[slot]] == key))
      slot = (slot + 1) & mask;
    return slot;
  }

  std::uint32_t capacity_;
  std::uint32_t size_ = 0;
  std::vector<Name> names_;
  std::vector<std::uint32_t> slots_;
};

}  // namespace coreloop::stages
