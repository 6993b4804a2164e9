// Outputs in the order of publication, as the commands that publish them: those that wait, those on
// their way, and, as long as there is room, those that Redis has confirmed, in case it loses them
// again. Fixed memory. One thread, EGRESS's.
//
//   oldest()          acknowledged()                     end()
//      v                    v                              v
//      [ confirmed, kept    | on their way, or waiting     ]       entry numbers, 0, 1, 2, …
//
// Entries that belong together form a group; a transaction never ends inside one.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/check.hpp"
#include "io/edge/entry_id.hpp"
#include "io/edge/sink.hpp"

namespace coreloop::io {

class PublishQueue {
 public:
  struct Entry {
    EntryId id;
    std::uint64_t sequence = 0;  ///< of the input it comes of
    std::uint64_t begin = 0;     ///< position of its bytes, wraps at the capacity
    std::uint32_t size = 0;
    OutputStream stream{};
    bool ends_group = false;
  };

  /// Both powers of two. Allocates.
  PublishQueue(std::size_t byte_capacity, std::size_t entry_capacity)
      : bytes_(byte_capacity), entries_(entry_capacity) {
    CHECK(
        (byte_capacity & (byte_capacity - 1)) == 0 && (entry_capacity & (entry_capacity - 1)) == 0,
        "powers of two");
  }

  /// Whether `count` entries of `entry_bytes_max` each fit beside those not confirmed yet.
  [[nodiscard]] bool has_room(std::size_t count, std::size_t entry_bytes_max) const noexcept {
    // One more entry's bytes may be skipped at the end of the memory.
    const std::uint64_t wanted = write_position_ + (count + 1) * entry_bytes_max;
    return end_ - acknowledged_ + count <= entries_.size() &&
           wanted - first_needed_position() <= bytes_.size();
  }

  /// Memory for one command of at most `entry_bytes_max` bytes. Forgets confirmed entries if it has
  /// to. Requires: has_room(1, entry_bytes_max).
  [[nodiscard]] char* begin_entry(std::size_t entry_bytes_max) noexcept {
    const std::uint64_t left = bytes_.size() - offset(write_position_);
    if (left < entry_bytes_max) write_position_ += left;
    while (oldest_ < end_ &&
           (end_ - oldest_ >= entries_.size() ||
            write_position_ + entry_bytes_max - at(oldest_).begin > bytes_.size())) {
      CHECK(oldest_ < acknowledged_, "room was seen");
      ++oldest_;
    }
    return bytes_.data() + offset(write_position_);
  }

  /// The command begun last is complete; `size` bytes.
  void end_entry(OutputStream stream, EntryId id, std::uint64_t sequence,
                 std::size_t size) noexcept {
    slot(end_) = {id, sequence, write_position_, static_cast<std::uint32_t>(size), stream, false};
    write_position_ += size;
    ++end_;
  }

  /// All entries up to here may go; the last one ends its group.
  void end_group() noexcept {
    if (end_ == group_end_) return;
    slot(end_ - 1).ends_group = true;
    group_end_ = end_;
  }

  [[nodiscard]] std::uint64_t oldest() const noexcept { return oldest_; }
  [[nodiscard]] std::uint64_t acknowledged() const noexcept { return acknowledged_; }
  /// One past the last entry of the last complete group.
  [[nodiscard]] std::uint64_t group_end() const noexcept { return group_end_; }
  [[nodiscard]] std::uint64_t end() const noexcept { return end_; }

  /// Requires: oldest() <= number < end().
  [[nodiscard]] const Entry& at(std::uint64_t number) const noexcept {
    HOT_CHECK(number >= oldest_ && number < end_, "an entry of the queue");
    return entries_[number & (entries_.size() - 1)];
  }
  [[nodiscard]] std::string_view command(std::uint64_t number) const noexcept {
    const Entry& entry = at(number);
    return {bytes_.data() + offset(entry.begin), entry.size};
  }

  /// Everything before `number` is confirmed; moves back, too, after Redis lost some.
  /// Requires: oldest() <= number <= group_end().
  void acknowledge(std::uint64_t number) noexcept { acknowledged_ = number; }

 private:
  [[nodiscard]] std::uint64_t offset(std::uint64_t position) const noexcept {
    return position & (bytes_.size() - 1);
  }
  [[nodiscard]] Entry& slot(std::uint64_t number) noexcept {
    return entries_[number & (entries_.size() - 1)];
  }
  [[nodiscard]] std::uint64_t first_needed_position() const noexcept {
    return acknowledged_ == end_ ? write_position_ : at(acknowledged_).begin;
  }

  std::vector<char> bytes_;
  std::vector<Entry> entries_;
  std::uint64_t write_position_ = 0;
  std::uint64_t oldest_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t group_end_ = 0;
  std::uint64_t end_ = 0;
};

}  // namespace coreloop::io
