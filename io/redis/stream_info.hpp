// What XINFO STREAM tells of a stream, as far as we look.
#pragma once

#include <cstdint>

#include "io/edge/entry_id.hpp"
#include "io/redis/redis_client.hpp"

namespace coreloop::io {

struct StreamInfo {
  std::uint64_t length = 0;
  EntryId last_generated_id;
  std::uint64_t entries_added = 0;  ///< since the key was made, trimmed ones too
  bool counts_entries = false;      ///< Redis before 7.0 does not tell entries_added
  EntryId first_id;                 ///< {0, 0} if the stream is empty
};

/// A count of XINFO: false if `value` is none.
[[nodiscard]] inline bool read_stream_count(RedisReply value, std::uint64_t& count) noexcept {
  if (value.kind() != RedisReply::Kind::integer || value.integer() < 0) return false;
  count = static_cast<std::uint64_t>(value.integer());
  return true;
}

/// False if `reply` is not of the form `name value name value …` with at least last-generated-id,
/// or counts fewer entries ever added than it holds.
[[nodiscard]] inline bool read_stream_info(RedisReply reply, StreamInfo& info) noexcept {
  if (!reply.is_array()) return false;
  bool has_last = false;
  for (std::size_t i = 0; i + 1 < reply.size(); i += 2) {
    const std::string_view name = reply[i].text();
    const RedisReply value = reply[i + 1];
    if (name == "length") {
      if (!read_stream_count(value, info.length)) return false;
    } else if (name == "last-generated-id") {
      has_last = parse_entry_id(value.text(), info.last_generated_id);
    } else if (name == "entries-added") {
      if (!read_stream_count(value, info.entries_added)) return false;
      info.counts_entries = true;
    } else if (name == "recorded-first-entry-id") {
      if (!parse_entry_id(value.text(), info.first_id)) return false;
    } else if (name == "first-entry" && value.size() == 2) {  // before 7.0, too
      if (!parse_entry_id(value[0].text(), info.first_id)) return false;
    }
  }
  return has_last && (!info.counts_entries || info.entries_added >= info.length);
}

}  // namespace coreloop::io
