// Segments in, records out.
#include "io/journal/record_reader.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/codec/byte_words.hpp"

namespace coreloop::io {
namespace {

// Where the zeros end that begin at `begin`, or `end`; and where those begin that end at `end`, or
// `begin`. By words: what is behind the last record is most of a segment.
std::uint64_t end_of_zeros(const char* bytes, std::uint64_t begin, std::uint64_t end) noexcept {
  while (end - begin >= 8 && load_word(bytes + begin) == 0)
    begin += 8;
  while (begin < end && bytes[begin] == '\0')
    ++begin;
  return begin;
}

std::uint64_t begin_of_zeros(const char* bytes, std::uint64_t begin, std::uint64_t end) noexcept {
  while (end - begin >= 8 && load_word(bytes + end - 8) == 0)
    end -= 8;
  while (begin < end && bytes[end - 1] == '\0')
    --end;
  return end;
}

}  // namespace

RecordReader::RecordReader(std::string directory) : directory_(std::move(directory)) {}

RecordReader::~RecordReader() {
  close_segment();
}

std::string RecordReader::path_of(std::uint64_t id) const {
  return directory_ + "/" + segment_name(id);
}

bool RecordReader::open(const LogPosition& begin, std::uint64_t last_segment) {
  if (!list_segments(begin.segment_id)) return false;
  while (!segments_.empty() && segments_.back() > last_segment)
    segments_.pop_back();
  return begin.segment_id == 0 || go_to(begin);
}

// The next record is the one at `begin`.
bool RecordReader::go_to(const LogPosition& begin) {
  if (segments_.empty() || segments_.front() != begin.segment_id) {
    problem_ = path_of(begin.segment_id) + ": the segment is missing";
    return false;
  }
  if (!open_segment(begin.segment_id, true)) return false;
  next_segment_ = 1;
  if (begin.offset == 0) return true;
  if (number_ > begin.next_number || begin.offset < offset_ || begin.offset > size_) {
    problem_ = path_of(begin.segment_id) + ": has no record " + std::to_string(begin.next_number) +
               " at offset " + std::to_string(begin.offset);
    return false;
  }
  offset_ = begin.offset;
  number_ = begin.next_number;
  // Behind the last record of a full segment.
  if (offset_ == size_) {
    is_at_end_ = segments_.size() == 1;
    if (!is_at_end_) close_segment();
  }
  return true;
}

bool RecordReader::list_segments(std::uint64_t first) {
  DIR* const listing = ::opendir(directory_.c_str());
  if (listing == nullptr) {
    problem_ = directory_ + ": " + std::strerror(errno);
    return false;
  }
  constexpr std::string_view suffix = ".log";
  while (const dirent* const entry = ::readdir(listing)) {
    const std::string_view name = entry->d_name;
    std::uint64_t id = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    // Names that are not exactly ours belong to somebody else.
    if (error == std::errc{} && end == name.data() + name.size() - suffix.size() &&
        name == segment_name(id) && id != 0 && id >= first) {
      segments_.push_back(id);
    }
  }
  ::closedir(listing);
  std::sort(segments_.begin(), segments_.end());
  for (std::size_t i = 1; i < segments_.size(); ++i) {
    if (segments_[i] != segments_[i - 1] + 1) {
      problem_ = path_of(segments_[i - 1] + 1) + ": the segment is missing";
      return false;
    }
  }
  if (!segments_.empty() && is_unbegun(segments_.back())) segments_.pop_back();
  return true;
}

// Whether the segment was only kept ready: no record in it, and no number in its header yet (or
// half of one, where the writer died just then).
bool RecordReader::is_unbegun(std::uint64_t id) {
  const std::uint64_t number_before = number_;
  const bool has_header = open_segment(id, true);
  const std::uint64_t first_number = number_;
  const bool is_empty = bytes_ != nullptr && size_ > sizeof(SegmentHeader) &&
                        std::memcmp(bytes_, SegmentHeader{}.magic.data(), 8) == 0 &&
                        end_of_zeros(bytes_, sizeof(SegmentHeader), size_) == size_;
  close_segment();
  number_ = number_before;
  problem_.clear();
  return is_empty && (!has_header || first_number == 0) && segments_.size() > 1;
}

void RecordReader::close_segment() noexcept {
  if (bytes_ != nullptr) ::munmap(const_cast<char*>(bytes_), size_);
  bytes_ = nullptr;
  size_ = 0;
}

bool RecordReader::open_segment(std::uint64_t id, bool is_first) {
  close_segment();
  segment_id_ = id;
  offset_ = 0;
  const int descriptor = ::open(path_of(id).c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    problem_ = path_of(id) + ": " + std::strerror(errno);
    if (descriptor >= 0) ::close(descriptor);
    return false;
  }
  SegmentHeader header;
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < sizeof header) {
    ::close(descriptor);
    problem_ = path_of(id) + ": shorter than its header";
    return false;
  }
  void* const mapped = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0);
  ::close(descriptor);
  if (mapped == MAP_FAILED) {
    problem_ = path_of(id) + ": " + std::strerror(errno);
    return false;
  }
  bytes_ = static_cast<const char*>(mapped);
  size_ = size;
  std::memcpy(&header, bytes_, sizeof header);
  const auto is_wrong = [this, id](const std::string& what) {
    problem_ = path_of(id) + ": " + what;
    return false;
  };
  if (header.magic != SegmentHeader{}.magic || header.crc != segment_header_crc(header))
    return is_wrong("its header is damaged");
  if (header.format_version != record_format_version) {
    return is_wrong("format version " + std::to_string(header.format_version) +
                    "; this build reads " + std::to_string(record_format_version));
  }
  if (header.amount_places != SegmentHeader{}.amount_places)
    return is_wrong("amounts of another scale");
  if (header.segment_id != id) return is_wrong("its header is of another segment");
  offset_ = sizeof header;
  if (!is_first && header.first_number != number_ && !has_lost_its_begin(header))
    return is_wrong("its records do not go on where the last segment ends");
  if (is_first || header.first_number != 0) number_ = header.first_number;
  build_.assign(header.build.data(), ::strnlen(header.build.data(), header.build.size()));
  return true;
}

// Whether the last segment's first page is as it was before the segment was begun: not on the disk
// yet when the power went, though later pages were.
bool RecordReader::has_lost_its_begin(const SegmentHeader& header) const noexcept {
  RecordHeader record;
  return header.first_number == 0 && segment_id_ == segments_.back() && !read_at(offset_, record);
}

// Whether a whole record stands at `offset`, with whatever number.
bool RecordReader::read_at(std::uint64_t offset, RecordHeader& header) const noexcept {
  if (offset + sizeof header > size_) return false;
  std::memcpy(&header, bytes_ + offset, sizeof header);
  if (header.length < sizeof header || header.length > record_bytes_max ||
      header.length > size_ - offset) {
    return false;
  }
  return header.crc == record_crc(segment_id_, header, bytes_ + offset + sizeof header);
}

// Whether a record behind `offset` shows that the one that is missing here was on the disk: it was
// written when it was, or nobody kept count. What was not may be lost with the power in any order,
// and what stands behind it was never acted upon.
bool RecordReader::is_missed_behind(std::uint64_t offset) const noexcept {
  RecordHeader header;
  for (std::uint64_t at = offset; at + sizeof header <= size_; at += 8) {
    at = end_of_zeros(bytes_, at, size_) & ~std::uint64_t{7};
    if (!read_at(at, header)) continue;
    if (header.unsynced == 0 || header.number <= number_ ||
        header.number - header.unsynced >= number_)
      return true;
    at += record_size(header.length - sizeof header) - 8;
  }
  return false;
}

std::string RecordReader::place() const {
  return path_of(segment_id_) + ": offset " + std::to_string(record_offset_);
}

std::uint32_t RecordReader::progress_per_mille() const noexcept {
  if (next_segment_ == 0) return 0;
  const std::uint64_t of_this = size_ == 0 ? 1'000 : offset_ * 1'000 / size_;
  return static_cast<std::uint32_t>(((next_segment_ - 1) * 1'000 + of_this) / segments_.size());
}

RecordStatus RecordReader::fail(const std::string& what) {
  is_corrupt_ = true;
  problem_ = path_of(segment_id_) + ": offset " + std::to_string(offset_) + ": " + what;
  return RecordStatus::corrupt;
}

// Nothing readable stands at the present offset: the end of the log, if it is the last segment and
// no valid record follows that misses one. `record`: a writer that is at work may have completed
// one meanwhile.
RecordStatus RecordReader::end_here() {
  RecordHeader header;
  if (next_segment_ < segments_.size()) {
    return read_at(offset_, header) ? RecordStatus::record
                                    : fail("the segment breaks off, and others follow it");
  }
  if (is_missed_behind(offset_ + 8)) {
    return read_at(offset_, header) ? RecordStatus::record
                                    : fail("a damaged record, and valid ones follow it");
  }
  torn_bytes_ = begin_of_zeros(bytes_, offset_, size_) - offset_;
  is_at_end_ = true;
  return RecordStatus::end;
}

RecordStatus RecordReader::next(Record& record) {
  if (is_corrupt_) return RecordStatus::corrupt;
  if (is_at_end_) return RecordStatus::end;
  for (;;) {
    if (bytes_ == nullptr) {
      if (next_segment_ == segments_.size()) {
        is_at_end_ = true;
        return RecordStatus::end;
      }
      const bool is_first = next_segment_ == 0;  // of all, not behind a given place
      if (!open_segment(segments_[next_segment_++], is_first)) {
        is_corrupt_ = true;
        return RecordStatus::corrupt;
      }
    }
    RecordHeader header;
    if (!read_at(offset_, header)) {
      const RecordStatus status = end_here();
      if (status == RecordStatus::record) continue;
      return status;
    }
    if (header.number != number_) {
      return fail("record " + std::to_string(header.number) + " where " + std::to_string(number_) +
                  " belongs");
    }
    record_offset_ = offset_;
    const std::uint64_t begin = offset_ + sizeof header;
    // A file that was cut may end within the record's padding.
    offset_ = std::min(offset_ + record_size(header.length - sizeof header), size_);
    ++number_;
    if (header.type != end_of_segment) {
      record = {header.type,
                header.number,
                header.log_unix_ns,
                {bytes_ + begin, header.length - sizeof header}};
      return RecordStatus::record;
    }
    // The last segment may be a full one whose successor was never begun.
    if (next_segment_ == segments_.size()) {
      offset_ = size_;
      is_at_end_ = true;
      return RecordStatus::end;
    }
    close_segment();
  }
}

}  // namespace coreloop::io
