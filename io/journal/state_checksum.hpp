// The checksum of a state: a stages::StateWriter appends to it, and none of the bytes is kept.
#pragma once

#include <cstddef>
#include <cstdint>

#include "io/codec/crc32c.hpp"

namespace coreloop::io {

class StateChecksum {
 public:
  void append(const char* bytes, std::size_t size) noexcept {
    crc_ = io::crc32c(crc_, bytes, size);
    size_ += size;
  }

  [[nodiscard]] std::uint32_t crc32c() const noexcept { return crc_; }
  /// Bytes appended.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  std::uint32_t crc_ = 0;
  std::size_t size_ = 0;
};

}  // namespace coreloop::io
