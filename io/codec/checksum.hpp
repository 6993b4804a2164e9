// Checksums by libraries: zlib's CRC-32 for dead letters, OpenSSL's SHA-256 for whole outputs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace coreloop::io {

/// zlib's CRC-32 of `bytes`. No allocation.
[[nodiscard]] std::uint32_t crc32_of(std::string_view bytes) noexcept;

/// A SHA-256 taken piece by piece. Allocates at construction only.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void add(std::string_view bytes) noexcept;
  /// 64 lower-case hex digits of everything added so far; more may be added afterwards.
  [[nodiscard]] std::string hex() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace coreloop::io
