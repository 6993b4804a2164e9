// The Source seam: where inputs come from. INGRESS is a template over it, so nothing virtual stands
// on an event's way.
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <string_view>

namespace coreloop::io {

struct RawField {
  std::string_view name;
  std::string_view value;
};

/// One stream entry as it was received; views valid until the source's consume().
struct RawEntry {
  std::string_view stream;
  std::uint64_t id_ms = 0;
  std::uint64_t id_counter = 0;
  std::int64_t receive_unix_ns = 0;
  std::span<const RawField> fields;  ///< in order, names may repeat
  /// Taken from the journal: with its sequence and time, not to be recorded again.
  bool is_recorded = false;
  /// Its one field `data` is only the beginning of a payload that is longer than any may be, and
  /// whose checksum is payload_crc32.
  bool is_cut = false;
  std::uint32_t payload_crc32 = 0;
  /// How many entries its stream had been given with it; 0: not known.
  std::uint64_t stream_index = 0;
};

enum class SourceStatus : std::uint8_t {
  entry,  ///< there is one
  none,   ///< not now
  held,   ///< not now, and neither timers nor commands
  end,    ///< never again
};

/// `peek` answers the same entry until it is consumed: INGRESS may leave it there while timers go
/// first.
// clang-format off
template <class S>
concept Source = requires(S& source, RawEntry& entry) {
  { source.peek(entry) } noexcept -> std::same_as<SourceStatus>;
  { source.consume() } noexcept;
};
// clang-format on

}  // namespace coreloop::io
