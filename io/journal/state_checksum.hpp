// The checksum of a state, as a visitor of stages/saved_state.hpp: that of the bytes a StateWriter
// would write, without any of them standing anywhere.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "io/codec/crc32c.hpp"
#include "stages/saved_state.hpp"

namespace coreloop::io {

class StateChecksum {
 public:
  template <class T>
  void value(const T& member) {
    add(&member, 1);
  }
  template <class T>
  void rows(const std::vector<T>& table, std::size_t used) {
    add(table.data(), used);
  }
  template <class T>
  void rows(const std::vector<T>& table) {
    add(table.data(), table.size());
  }

  [[nodiscard]] std::uint32_t crc32c() const noexcept { return crc_; }
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 private:
  template <class T>
  void add(const T* members, std::size_t count) {
    const stages::detail::MemberHead head{sizeof(T), static_cast<std::uint32_t>(count)};
    crc_ = io::crc32c(crc_, &head, sizeof head);
    crc_ = io::crc32c(crc_, members, count * sizeof(T));
    bytes_ += sizeof head + count * sizeof(T);
  }

  std::uint32_t crc_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace coreloop::io
