// Memory of one reply: taken piece by piece while it is read, given back all at once. A reply of
// the usual size costs no call of the allocator; one beyond `bytes_max` is refused, whatever a
// server claims to send. One thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace coreloop::io {

class ReplyArena {
 public:
  explicit ReplyArena(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// `bytes` of memory, 8-byte aligned, valid until reset(); nullptr beyond bytes_max.
  [[nodiscard]] void* take(std::size_t bytes) noexcept {
    const std::size_t rounded = (bytes + 7) & ~std::size_t{7};
    if (rounded < bytes || rounded > bytes_max_ - taken_) return nullptr;
    while (block_ < blocks_.size() && blocks_[block_].size - used_ < rounded) {
      ++block_;
      used_ = 0;
    }
    if (block_ == blocks_.size() && !add_block(rounded)) return nullptr;
    char* const begin = blocks_[block_].bytes.get() + used_;
    used_ += rounded;
    taken_ += rounded;
    return begin;
  }

  /// Everything taken is free again. Blocks beyond kept_bytes go back to the system.
  void reset() noexcept {
    std::size_t kept = 0;
    const auto is_beyond = [&kept](const Block& block) {
      kept += block.size;
      return kept > kept_bytes;
    };
    blocks_.erase(std::remove_if(blocks_.begin(), blocks_.end(), is_beyond), blocks_.end());
    block_ = used_ = taken_ = 0;
  }

  [[nodiscard]] std::size_t taken_bytes() const noexcept { return taken_; }

 private:
  struct Block {
    std::unique_ptr<char[]> bytes;
    std::size_t size = 0;
  };

  static constexpr std::size_t block_bytes = std::size_t{1} << 18;
  static constexpr std::size_t kept_bytes = std::size_t{1} << 21;

  bool add_block(std::size_t bytes) noexcept {
    try {
      const std::size_t size = std::max(bytes, std::min(block_bytes, bytes_max_));
      blocks_.push_back({std::unique_ptr<char[]>(new char[size]), size});
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  std::size_t bytes_max_;
  std::vector<Block> blocks_;
  std::size_t block_ = 0;  ///< index of the one in use
  std::size_t used_ = 0;   ///< of that block
  std::size_t taken_ = 0;
};

}  // namespace coreloop::io
