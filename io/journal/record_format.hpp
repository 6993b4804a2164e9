// The one append-only format of everything durable: a directory of numbered segments of a fixed
// size, each a header and then records, 8-byte aligned, zeros behind the last one.
//
//   0000000001.log:  | header | record | record | … | end record, or zeros |
//   record:          | length type | number | log time | crc | bytes … pad |
//
// Records are numbered 1, 2, 3, … through all segments. A record's checksum covers its segment's
// id, so that a page of another segment never passes; a full segment ends with a record that says
// so, so that a cut one is seen. Little-endian.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "io/codec/crc32c.hpp"

namespace coreloop::io {

inline constexpr std::uint32_t record_format_version = 2;

struct SegmentHeader {
  std::array<char, 8> magic{'c', 'o', 'r', 'e', 'l', 'o', 'g', '\n'};
  std::uint32_t format_version = record_format_version;
  std::uint32_t amount_places = 8;  ///< decimal places of amounts in records
  std::uint64_t segment_id = 0;     ///< 1, 2, 3, …
  std::uint64_t first_number = 0;   ///< of its first record
  std::uint64_t segment_bytes = 0;  ///< size of the file
  std::array<char, 80> build{};     ///< program and revision that made it, zero-filled
  std::uint32_t reserved = 0;
  std::uint32_t crc = 0;  ///< of all before
};
static_assert(sizeof(SegmentHeader) == 128 && std::is_trivially_copyable_v<SegmentHeader>);
static_assert(std::has_unique_object_representations_v<SegmentHeader>, "no padding: it is hashed");

struct RecordHeader {
  std::uint32_t length = 0;  ///< of header and bytes, without the padding behind; 0: no record
  std::uint32_t type = 0;    ///< what the log's owner says; end_of_segment is ours
  std::uint64_t number = 0;
  std::int64_t log_unix_ns = 0;
  /// Of the records up to this one, how many were not known to be on the disk yet when it was
  /// written; 0: nobody kept count.
  std::uint32_t unsynced = 0;
  std::uint32_t crc = 0;
};
static_assert(sizeof(RecordHeader) == 32 && std::has_unique_object_representations_v<RecordHeader>);

inline constexpr std::uint32_t end_of_segment = 0xFFFFFFFF;
inline constexpr std::size_t record_bytes_max = std::size_t{1} << 24;

/// Size in the file of a record with `payload_bytes` bytes.
[[nodiscard]] constexpr std::size_t record_size(std::size_t payload_bytes) noexcept {
  return (sizeof(RecordHeader) + payload_bytes + 7) & ~std::size_t{7};
}

[[nodiscard]] inline std::uint32_t segment_header_crc(const SegmentHeader& header) noexcept {
  return crc32c(0, &header, offsetof(SegmentHeader, crc));
}

/// Over the segment's id, the header before its crc, and the payload.
[[nodiscard]] inline std::uint32_t record_crc(std::uint64_t segment_id, const RecordHeader& header,
                                              const char* payload) noexcept {
  std::uint32_t crc = crc32c(0, &segment_id, sizeof segment_id);
  crc = crc32c(crc, &header, offsetof(RecordHeader, crc));
  return crc32c(crc, payload, header.length - sizeof(RecordHeader));
}

/// A place between two records of a log, or at its end.
struct LogPosition {
  std::uint64_t segment_id = 0;  ///< 0: before the first kept segment
  std::uint64_t offset = 0;      ///< 0: the segment's first record, whatever its number
  std::uint64_t next_number = 1;
};

/// `0000000001.log`
[[nodiscard]] inline std::string segment_name(std::uint64_t segment_id) {
  std::string digits = std::to_string(segment_id);
  return std::string(digits.size() < 10 ? 10 - digits.size() : 0, '0') + digits + ".log";
}

}  // namespace coreloop::io
