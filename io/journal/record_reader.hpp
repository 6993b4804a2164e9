// Reads a record log from its first kept segment to its end, and tells the two ways apart in which
// a log can end badly. A torn tail is dropped: the last thing a killed writer did, or what it had
// not synced when the power went, in whatever order the disk had taken it. Anything that valid
// records follow which were written when it was there for good is corruption, and reading stops
// there. Never writes. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/journal/record_format.hpp"

namespace coreloop::io {

struct Record {
  std::uint32_t type = 0;
  std::uint64_t number = 0;
  std::int64_t log_unix_ns = 0;
  std::string_view bytes;  ///< valid until the reader goes to the next segment
};

enum class RecordStatus : std::uint8_t { record, end, corrupt };

class RecordReader {
 public:
  explicit RecordReader(std::string directory);
  ~RecordReader();
  RecordReader(const RecordReader&) = delete;
  RecordReader& operator=(const RecordReader&) = delete;

  /// Finds the segments to read: those from `begin` on, up to `last_segment`, which then counts as
  /// the log's last. False and problem() if the directory cannot be read, one is missing, or
  /// `begin` is no place in it. A directory without segments is an empty log.
  [[nodiscard]] bool open(const LogPosition& begin = {}, std::uint64_t last_segment = no_segment);

  /// Whether there is no segment. Requires: open().
  [[nodiscard]] bool is_empty() const noexcept { return segments_.empty(); }

  /// The next record. `corrupt` stays; problem() names file and offset.
  [[nodiscard]] RecordStatus next(Record& record);

  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

  static constexpr std::uint64_t no_segment = ~std::uint64_t{0};

  /// File and offset of the record that next() gave last.
  [[nodiscard]] std::string place() const;
  /// Share of the segments read, in thousandths.
  [[nodiscard]] std::uint32_t progress_per_mille() const noexcept;
  [[nodiscard]] std::size_t segment_count() const noexcept { return segments_.size(); }

  /// Where the log ends, for whoever goes on with it. Requires: next() has answered end.
  [[nodiscard]] LogPosition end() const noexcept { return {segment_id_, offset_, number_}; }
  /// Bytes of a torn tail that were dropped: what is not zero behind the end.
  [[nodiscard]] std::uint64_t torn_bytes() const noexcept { return torn_bytes_; }
  /// Build named in the last segment's header.
  [[nodiscard]] const std::string& build() const noexcept { return build_; }

 private:
  [[nodiscard]] bool list_segments(std::uint64_t first);
  [[nodiscard]] bool go_to(const LogPosition& begin);
  [[nodiscard]] bool open_segment(std::uint64_t id, bool is_first);
  [[nodiscard]] bool is_unbegun(std::uint64_t id);
  [[nodiscard]] bool has_lost_its_begin(const SegmentHeader& header) const noexcept;
  void close_segment() noexcept;
  [[nodiscard]] bool read_at(std::uint64_t offset, RecordHeader& header) const noexcept;
  [[nodiscard]] bool is_missed_behind(std::uint64_t offset) const noexcept;
  [[nodiscard]] RecordStatus end_here();
  [[nodiscard]] RecordStatus fail(const std::string& what);
  [[nodiscard]] std::string path_of(std::uint64_t id) const;

  std::string directory_;
  std::vector<std::uint64_t> segments_;
  std::size_t next_segment_ = 0;
  std::uint64_t segment_id_ = 0;
  const char* bytes_ = nullptr;  ///< the segment, mapped
  std::uint64_t size_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t record_offset_ = 0;  ///< of the record given last
  std::uint64_t number_ = 1;         ///< of the next record
  std::uint64_t torn_bytes_ = 0;
  std::string build_;
  std::string problem_;
  bool is_corrupt_ = false;
  bool is_at_end_ = false;
};

}  // namespace coreloop::io
