// The writer's side and the helper's side.
#include "io/journal/record_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/check.hpp"
#include "io/journal/segment_file.hpp"

namespace coreloop::io {

RecordWriter::RecordWriter(RecordWriterOptions options) : options_(std::move(options)) {}

RecordWriter::~RecordWriter() {
  static_cast<void>(close());
}

int RecordWriter::open(const LogPosition& end) {
  number_ = end.next_number;
  segment_id_ = end.segment_id;
  offset_ = (end.offset + 7) & ~std::uint64_t{7};  // a cut file may end within a record's padding
  int error = 0;
  if (segment_id_ == 0) {
    segment_id_ = 1;
    offset_ = sizeof(SegmentHeader);
    error = make_segment(options_.directory, header_of(1, number_));
  } else {
    error = complete_segment(options_.directory + "/" + segment_name(segment_id_));
  }
  if (error == 0) error = map_segment(segment_id_, segment_);
  if (error != 0) return error;
  offset_ = std::min(offset_, segment_.size);
  // What a torn tail left must never look like a record again.
  std::memset(segment_.bytes + offset_, 0, segment_.size - offset_);
  if (offset_ == sizeof(SegmentHeader)) begin_again();
  if (::msync(segment_.bytes, segment_.size, MS_SYNC) != 0) return errno;
  // Whoever wrote the one before may have been killed before it was synced.
  if (options_.syncs) error = sync_segment(segment_id_ - 1);
  if (error != 0) return error;
  if (!is_of_this_build()) error = leave_segment_of_other_build();
  if (error != 0) return error;
  appended_.store(number_ - 1, std::memory_order_release);
  durable_.store(number_ - 1, std::memory_order_release);
  full_segment_.store(segment_id_ - 1, std::memory_order_release);
  wants_next_ = true;
  helper_ = std::thread([this] { help(); });
  return 0;
}

int RecordWriter::map_segment(std::uint64_t id, Mapping& mapping) const noexcept {
  const std::string path = options_.directory + "/" + segment_name(id);
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return errno;
  struct stat status {};
  if (::fstat(descriptor, &status) != 0) {
    const int error = errno;
    ::close(descriptor);
    return error;
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  // Every page is there before the writer touches it.
  void* const bytes =
      ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, 0);
  if (bytes == MAP_FAILED) {
    const int error = errno;
    ::close(descriptor);
    return error;
  }
  mapping = {static_cast<char*>(bytes), size, descriptor};
  return 0;
}

// 0 where there is none, or errno.
int RecordWriter::sync_segment(std::uint64_t id) const noexcept {
  const std::string path = options_.directory + "/" + segment_name(id);
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return errno == ENOENT ? 0 : errno;
  const int error = ::fdatasync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return error;
}

void RecordWriter::unmap(Mapping& mapping) noexcept {
  if (mapping.bytes == nullptr) return;
  ::munmap(mapping.bytes, mapping.size);
  ::close(mapping.descriptor);
  mapping = {};
}

SegmentHeader RecordWriter::header_of(std::uint64_t id, std::uint64_t first_number) const noexcept {
  SegmentHeader header;
  header.segment_id = id;
  header.first_number = first_number;
  header.segment_bytes = options_.segment_bytes;
  std::memcpy(header.build.data(), options_.build.data(),
              std::min(options_.build.size(), header.build.size() - 1));
  header.crc = segment_header_crc(header);
  return header;
}

bool RecordWriter::has_room(std::size_t payload_bytes) noexcept {
  if (fits(payload_bytes)) return true;
  if (options_.syncs) {
    end_segment();
    appended_.store(number_ - 1, std::memory_order_release);
    if (durable_.load(std::memory_order_acquire) != number_ - 1) {
      hand_over();
      return false;
    }
  }
  return next_is_ready_.load(std::memory_order_acquire);
}

// With its segment's end behind it.
bool RecordWriter::fits(std::size_t payload_bytes) const noexcept {
  return !is_ended_ && offset_ + record_size(payload_bytes) + record_size(0) <= segment_.size;
}

std::uint64_t RecordWriter::append(std::uint32_t type, std::int64_t log_unix_ns,
                                   std::span<const std::string_view> parts) noexcept {
  std::size_t payload_bytes = 0;
  for (const std::string_view part : parts)
    payload_bytes += part.size();
  if (!fits(payload_bytes)) go_to_next_segment();
  const std::uint64_t number = number_;
  write_record(type, log_unix_ns, parts);
  appended_.store(number, std::memory_order_release);
  return number;
}

// The header last: a record that is cut off has length 0 or a wrong checksum.
void RecordWriter::write_record(std::uint32_t type, std::int64_t log_unix_ns,
                                std::span<const std::string_view> parts) noexcept {
  char* const begin = segment_.bytes + offset_;
  char* out = begin + sizeof(RecordHeader);
  for (const std::string_view part : parts) {
    if (!part.empty()) std::memcpy(out, part.data(), part.size());
    out += part.size();
  }
  RecordHeader header;
  header.length = static_cast<std::uint32_t>(out - begin);
  header.type = type;
  header.number = number_++;
  header.log_unix_ns = log_unix_ns;
  if (options_.syncs) {
    const std::uint64_t unsynced = header.number - durable_.load(std::memory_order_relaxed);
    header.unsynced = static_cast<std::uint32_t>(std::min<std::uint64_t>(unsynced, UINT32_MAX));
  }
  header.crc = record_crc(segment_id_, header, begin + sizeof header);
  std::memcpy(begin, &header, sizeof header);
  offset_ += record_size(header.length - sizeof header);
}

void RecordWriter::go_to_next_segment() noexcept {
  CHECK(next_is_ready_.load(std::memory_order_acquire), "room was seen");
  end_segment();
  const std::lock_guard lock(mutex_);
  // The helper closes the old one before it makes another, so there is but one.
  CHECK(retired_.bytes == nullptr, "one retired segment at a time");
  retired_ = segment_;
  begin_segment(ready_);
  ready_ = {};
  next_is_ready_.store(false, std::memory_order_relaxed);
  wants_next_ = true;
  wake_helper_.notify_one();
}

// A segment that was full when the log was opened has its end already.
void RecordWriter::end_segment() noexcept {
  if (is_ended_) return;
  is_ended_ = true;
  if (offset_ + record_size(0) > segment_.size) return;
  write_record(end_of_segment, 0, {});
  segment_ends_.store(segment_ends_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

void RecordWriter::begin_segment(const Mapping& segment) noexcept {
  full_segment_.store(segment_id_, std::memory_order_release);
  ++segment_id_;
  segment_ = segment;
  is_ended_ = false;
  const SegmentHeader header = header_of(segment_id_, number_);
  std::memcpy(segment_.bytes, &header, sizeof header);
  offset_ = sizeof header;
}

// The page with the segment's first number may have been lost with the power.
void RecordWriter::begin_again() noexcept {
  SegmentHeader header;
  std::memcpy(&header, segment_.bytes, sizeof header);
  header.first_number = number_;
  header.crc = segment_header_crc(header);
  std::memcpy(segment_.bytes, &header, sizeof header);
}

bool RecordWriter::is_of_this_build() const noexcept {
  SegmentHeader header;
  std::memcpy(&header, segment_.bytes, sizeof header);
  return header.build == header_of(0, 0).build;
}

// Whoever reads a record can tell which build wrote it. Before the helper runs.
int RecordWriter::leave_segment_of_other_build() noexcept {
  Mapping next;
  int error = make_segment(options_.directory, header_of(segment_id_ + 1, 0));
  if (error == 0) error = map_segment(segment_id_ + 1, next);
  if (error != 0) return error;
  end_segment();
  if (::msync(segment_.bytes, segment_.size, MS_SYNC) != 0) error = errno;
  unmap(segment_);
  begin_segment(next);
  return error;
}

void RecordWriter::hand_over() noexcept {
  if (!options_.syncs ||
      durable_.load(std::memory_order_relaxed) == appended_.load(std::memory_order_relaxed)) {
    return;
  }
  const std::lock_guard lock(mutex_);
  wants_sync_ = true;
  wake_helper_.notify_one();
}

void RecordWriter::help() noexcept {
  pthread_setname_np(pthread_self(), "journal");
  constexpr std::chrono::milliseconds retry_interval{100};
  std::unique_lock lock(mutex_);
  while (!stops_) {
    if (wants_sync_) {
      wants_sync_ = false;
      lock.unlock();
      sync_appended();
      lock.lock();
    } else if (wants_next_) {
      lock.unlock();
      prepare_next();
      lock.lock();
      // The disk is full: room may come.
      if (wants_next_ && !stops_ && !wants_sync_) wake_helper_.wait_for(lock, retry_interval);
    } else {
      wake_helper_.wait(lock);
    }
  }
}

void RecordWriter::prepare_next() noexcept {
  Mapping retired;
  std::uint64_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    retired = retired_;
    id = segment_id_ + 1;
  }
  if (retired.bytes != nullptr) {
    const std::lock_guard lock(mutex_);
    unmap(retired_);
  }
  // Number 0: not begun. The writer puts in the true one when it gets there.
  Mapping made;
  int error = make_segment(options_.directory, header_of(id, 0));
  if (error == 0) error = map_segment(id, made);
  next_error_.store(error, std::memory_order_relaxed);
  if (error != 0) return;
  const std::lock_guard lock(mutex_);
  ready_ = made;
  wants_next_ = false;
  next_is_ready_.store(true, std::memory_order_release);
}

// Makes durable what was appended before the call. A failure is final: what the system has dropped
// on it, no second call would bring back.
void RecordWriter::sync_appended() noexcept {
  if (!options_.syncs || failure_.load(std::memory_order_relaxed) != 0) return;
  const std::uint64_t number = appended_.load(std::memory_order_acquire);
  int segment = -1;
  {
    const std::lock_guard lock(mutex_);
    segment = segment_.descriptor;
  }
  if (::fdatasync(segment) != 0) {
    failure_.store(errno, std::memory_order_release);
    return;
  }
  durable_.store(number, std::memory_order_release);
  if (options_.on_durable) options_.on_durable();
}

int RecordWriter::close() {
  if (helper_.joinable()) {
    {
      const std::lock_guard lock(mutex_);
      stops_ = true;
      wake_helper_.notify_one();
    }
    helper_.join();
  }
  int error = failure_.load(std::memory_order_relaxed);
  for (Mapping* mapping : {&retired_, &segment_}) {
    if (mapping->bytes != nullptr && error == 0 && ::fdatasync(mapping->descriptor) != 0)
      error = errno;
    unmap(*mapping);
  }
  unmap(ready_);
  return error;
}

}  // namespace coreloop::io
