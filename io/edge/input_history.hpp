// What was read of one input stream lately, so that a stream which went back, or was made again,
// can be read again without taking anything twice: an entry is known if its id and its content are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "io/codec/crc32c.hpp"
#include "io/edge/entry_id.hpp"

namespace coreloop::io {

/// The checksum of what decides about an entry, as the journal keeps it of every one: CRC-32C of
/// the value of its first field `data`, and whether there is another.
class ContentChecksum {
 public:
  void add_field(std::string_view name, std::string_view value) noexcept {
    if (name != "data") return;
    if (++count_ == 1) crc_ = crc32c(crc_, value.data(), value.size());
  }
  [[nodiscard]] std::uint32_t value() const noexcept {
    const std::uint32_t form = count_ < 2 ? count_ : 2;
    const std::uint32_t crc = crc32c(crc_, &form, sizeof form);
    return crc == any ? 1 : crc;
  }

  /// Of an entry whose content is not known any more: that of every other.
  static constexpr std::uint32_t any = 0;

 private:
  std::uint32_t crc_ = 0;
  std::uint32_t count_ = 0;
};

/// One thread. Allocates when it is made only.
class InputHistory {
 public:
  static constexpr std::size_t usual_capacity = 65'536;

  /// `boundary`: what the stream held up to there has been dealt with, or never concerned us.
  explicit InputHistory(EntryId boundary = {}, std::size_t capacity = usual_capacity);

  /// An entry that was read now. The oldest one is forgotten if there is no room.
  void add(EntryId id, std::uint32_t checksum) noexcept;

  /// Everything read with a greater id is remembered.
  [[nodiscard]] EntryId boundary() const noexcept { return boundary_; }
  [[nodiscard]] bool is_empty() const noexcept { return entries_.empty(); }

  enum class Match : std::uint8_t {
    none,   ///< no entry of this id is remembered
    same,   ///< this very one is
    other,  ///< one of this id is, with other content
  };

  /// Makes match() and highest() speak of all that has been added so far.
  void put_in_order();
  [[nodiscard]] Match match(EntryId id, std::uint32_t checksum) const noexcept;
  /// Greatest id; {0, 0}: none.
  [[nodiscard]] EntryId highest() const noexcept;

 private:
  struct Entry {
    EntryId id;
    std::uint32_t checksum = 0;
  };

  std::size_t capacity_;
  EntryId boundary_;
  std::vector<Entry> entries_;  ///< a ring, once it is full
  std::size_t oldest_ = 0;
  std::vector<Entry> in_order_;  ///< by id
};

}  // namespace coreloop::io
