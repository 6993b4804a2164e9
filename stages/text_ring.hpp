// Text that only EGRESS prints (a signal's source, names without an id, the bytes of a dead letter)
// on its way from INGRESS, beside the fixed-size events that address it. One writer, one reader;
// bounded; positions count bytes and wrap at 2^32.
//
//   released_ ........ written_ ........ released_ + capacity
//   text in use        free
//
// A text never wraps around the end of the storage: what does not fit there starts at the beginning
// again.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "engine/cache_line.hpp"
#include "engine/check.hpp"

namespace coreloop::stages {

class TextRing {
 public:
  /// Longest text: a dead letter's 512 bytes, or two names and a source.
  static constexpr std::uint32_t text_bytes_max = 512;

  /// `capacity_log2`: storage of 2^capacity_log2 bytes, at least two texts. Allocates.
  explicit TextRing(unsigned capacity_log2) : bytes_(std::size_t{1} << capacity_log2) {
    CHECK(bytes_.size() >= 2 * text_bytes_max && capacity_log2 < 32, "room for two texts");
  }

  /// Whether the longest text fits now. Thread: the writer.
  [[nodiscard]] bool has_room() const noexcept {
    const std::uint32_t used = written_ - released_.load(std::memory_order_acquire);
    return capacity() - used >= 2 * text_bytes_max;
  }

  /// Where a text of text_bytes_max may be written now. Requires: has_room(). Thread: the writer.
  [[nodiscard]] char* claim() noexcept {
    const std::uint32_t offset = written_ & (capacity() - 1);
    if (capacity() - offset < text_bytes_max) written_ += capacity() - offset;
    return bytes_.data() + (written_ & (capacity() - 1));
  }

  /// Keeps the first `size` bytes of the claimed text; answers its position. Thread: the writer.
  [[nodiscard]] std::uint32_t commit(std::uint32_t size) noexcept {
    const std::uint32_t position = written_;
    written_ += size;
    return position;
  }

  /// The text at `position`. Thread: the reader, between the event's arrival and release().
  [[nodiscard]] std::string_view text(std::uint32_t position, std::uint32_t size) const noexcept {
    return {bytes_.data() + (position & (capacity() - 1)), size};
  }

  /// Gives back everything up to the end of the text at `position`. Thread: the reader.
  void release(std::uint32_t position, std::uint32_t size) noexcept {
    released_.store(position + size, std::memory_order_release);
  }

 private:
  [[nodiscard]] std::uint32_t capacity() const noexcept {
    return static_cast<std::uint32_t>(bytes_.size());
  }

  std::vector<char> bytes_;
  alignas(engine::cache_line_bytes) std::uint32_t written_ = 0;  ///< the writer's own
  alignas(engine::cache_line_bytes) std::atomic<std::uint32_t> released_{
      0};  ///< written by the reader
};

}  // namespace coreloop::stages
