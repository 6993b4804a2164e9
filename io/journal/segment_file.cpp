// Files, names, locks.
#include "io/journal/segment_file.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coreloop::io {

int write_all(int descriptor, const char* bytes, std::size_t size, off_t offset) noexcept {
  while (size > 0) {
    const ssize_t written = ::pwrite(descriptor, bytes, size, offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    bytes += written;
    size -= static_cast<std::size_t>(written);
    offset += written;
  }
  return 0;
}

namespace {

int write_zeros(int descriptor, std::uint64_t begin, std::uint64_t end) noexcept {
  static const std::array<char, 65'536> zeros{};
  int error = 0;
  for (std::uint64_t at = begin; at < end && error == 0; at += zeros.size()) {
    error = write_all(descriptor, zeros.data(), std::min<std::uint64_t>(end - at, zeros.size()),
                      static_cast<off_t>(at));
  }
  return error;
}

int fill(int descriptor, const SegmentHeader& header) noexcept {
  int error = write_zeros(descriptor, 0, header.segment_bytes);
  if (error != 0) return error;
  error = write_all(descriptor, reinterpret_cast<const char*>(&header), sizeof header, 0);
  if (error != 0) return error;
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

int complete(int descriptor) noexcept {
  SegmentHeader header;
  struct stat status {};
  const ssize_t size = ::pread(descriptor, &header, sizeof header, 0);
  if (size < 0 || ::fstat(descriptor, &status) != 0) return errno;
  if (size != static_cast<ssize_t>(sizeof header)) return EIO;
  const auto file_bytes = static_cast<std::uint64_t>(status.st_size);
  if (file_bytes >= header.segment_bytes) return 0;
  const int error = write_zeros(descriptor, file_bytes, header.segment_bytes);
  if (error != 0) return error;
  return ::fsync(descriptor) == 0 ? 0 : errno;
}

}  // namespace

LogDirectory::~LogDirectory() {
  if (lock_ >= 0) ::close(lock_);
}

LogDirectory::Result LogDirectory::open(const std::string& path) {
  const auto fails = [this](const std::string& what) {
    problem_ = what + ": " + std::strerror(errno);
    return Result::failed;
  };
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) return fails(path);
  const std::string lock_path = path + "/lock";
  lock_ = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (lock_ < 0) return fails(lock_path);
  // is_taken() of another process may hold it for a moment.
  constexpr int tries = 5;
  constexpr timespec pause{.tv_sec = 0, .tv_nsec = 1'000'000};
  for (int i = 0; i < tries; ++i) {
    if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return Result::ok;
    if (errno != EWOULDBLOCK) return fails(lock_path);
    ::nanosleep(&pause, nullptr);
  }
  problem_ = path + ": another process has it";
  return Result::busy;
}

bool LogDirectory::is_taken(const std::string& path) {
  const int lock = ::open((path + "/lock").c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
  if (lock < 0) return false;
  const bool is_taken = ::flock(lock, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  ::close(lock);
  return is_taken;
}

int make_segment(const std::string& directory, const SegmentHeader& header) noexcept {
  try {
    const std::string name = directory + "/" + segment_name(header.segment_id);
    const std::string unfinished = name + ".new";
    const int descriptor =
        ::open(unfinished.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (descriptor < 0) return errno;
    int error = fill(descriptor, header);
    if (::close(descriptor) != 0 && error == 0) error = errno;
    if (error != 0) {
      ::unlink(unfinished.c_str());  // whatever it took of the disk is free again
      return error;
    }
    if (::rename(unfinished.c_str(), name.c_str()) != 0) return errno;
    return sync_directory(directory);
  } catch (const std::bad_alloc&) {
    return ENOMEM;
  }
}

int complete_segment(const std::string& path) noexcept {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
  if (descriptor < 0) return errno;
  const int error = complete(descriptor);
  ::close(descriptor);
  return error;
}

int sync_directory(const std::string& directory) noexcept {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return error;
}

}  // namespace coreloop::io
