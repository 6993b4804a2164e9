// What stands in the output streams when a journal is taken up: a checksum an entry, to be compared
// with what the replay makes under the same id. One thread, EGRESS's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "io/codec/crc32c.hpp"
#include "io/edge/entry_id.hpp"
#include "io/edge/sink.hpp"

namespace coreloop::io {

/// Of the fields of one entry, in order; their sizes count, so that no two lists are the same text.
class FieldsChecksum {
 public:
  void add(std::string_view text) noexcept {
    const std::uint64_t size = text.size();
    crc_ = crc32c(crc_, &size, sizeof size);
    crc_ = crc32c(crc_, text.data(), text.size());
  }
  [[nodiscard]] std::uint32_t value() const noexcept { return crc_; }

 private:
  std::uint32_t crc_ = 0;
};

class PublishedContents {
 public:
  /// A stream's newest entries that are noted at most, some megabytes in all: more than are kept
  /// with any usual output.maxlen. What is older is compared by its id alone.
  static constexpr std::size_t entries_max = 65'536;

  /// `id`: above those noted before in its stream. Forgets the oldest half where there are too
  /// many.
  void note(std::size_t stream, EntryId id, std::uint32_t checksum) {
    std::vector<Entry>& entries = streams_[stream].entries;
    if (entries.size() == entries_max)
      entries.erase(entries.begin(), entries.begin() + entries_max / 2);
    entries.push_back({id, checksum});
  }

  /// The checksum that was noted under `id`; none: of this entry the id alone is known. In a stream
  /// ids are asked for in order.
  [[nodiscard]] std::optional<std::uint32_t> checksum_of(std::size_t stream, EntryId id) noexcept {
    Stream& there = streams_[stream];
    while (there.next < there.entries.size() && there.entries[there.next].id < id)
      ++there.next;
    if (there.next == there.entries.size() || there.entries[there.next].id != id) return {};
    return there.entries[there.next].checksum;
  }

  /// Id of the first entry noted of `stream`; {0, 0}: none is.
  [[nodiscard]] EntryId oldest(std::size_t stream) const noexcept {
    const std::vector<Entry>& entries = streams_[stream].entries;
    return entries.empty() ? EntryId{} : entries.front().id;
  }

  /// Entries noted.
  [[nodiscard]] std::size_t size() const noexcept {
    std::size_t size = 0;
    for (const Stream& stream : streams_)
      size += stream.entries.size();
    return size;
  }

  void clear() noexcept { streams_ = {}; }

 private:
  struct Entry {
    EntryId id;
    std::uint32_t checksum = 0;
  };
  struct Stream {
    std::vector<Entry> entries;
    std::size_t next = 0;
  };

  std::array<Stream, output_stream_count> streams_;
};

}  // namespace coreloop::io
