// CRC-32C (Castagnoli), the checksum of everything durable: by the processor's own instruction
// where it has one, else by tables. Both give the same value.
#pragma once

#include <cstddef>
#include <cstdint>

namespace coreloop::io {

/// Goes on from `crc` (0 to begin with) over `size` bytes. Source: RFC 3720, appendix B.4.
[[nodiscard]] std::uint32_t crc32c(std::uint32_t crc, const void* bytes, std::size_t size) noexcept;

/// The same by tables, whatever the processor can.
[[nodiscard]] std::uint32_t crc32c_by_table(std::uint32_t crc, const void* bytes,
                                            std::size_t size) noexcept;

}  // namespace coreloop::io
