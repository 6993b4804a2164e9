// Checksums and packings by libraries: zlib's CRC-32 for dead letters and its format for latency
// logs, OpenSSL's SHA-256 for whole outputs and base64.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace coreloop::io {

/// zlib's CRC-32 of `bytes`. No allocation.
[[nodiscard]] std::uint32_t crc32_of(std::string_view bytes) noexcept;

/// `bytes` in zlib's format (RFC 1950).
[[nodiscard]] std::string zlib_packed(std::string_view bytes);

/// `bytes` as base64 (RFC 4648), padded, on one line.
[[nodiscard]] std::string base64_of(std::string_view bytes);

/// Whether two texts are the same; of two of one length the time taken does not tell where they
/// differ.
[[nodiscard]] bool are_equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

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
  /// The same 32 bytes, as they are.
  [[nodiscard]] std::string bytes() const;

 private:
  struct Context;
  using Digest = std::array<unsigned char, 32>;

  [[nodiscard]] Digest digest() const;

  std::unique_ptr<Context> context_;
};

}  // namespace coreloop::io
