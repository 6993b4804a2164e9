// Files, names, locks.
#include "io/journal/segment_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace coreloop::io {
namespace {

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

int fill(int descriptor, const SegmentHeader& header) noexcept {
  static const std::array<char, 65'536> zeros{};
  for (std::uint64_t at = 0; at < header.segment_bytes; at += zeros.size()) {
    const std::uint64_t left = header.segment_bytes - at;
    const int error = write_all(descriptor, zeros.data(), left < zeros.size() ? left : zeros.size(),
                                static_cast<off_t>(at));
    if (error != 0) return error;
  }
  const int error = write_all(descriptor, reinterpret_cast<const char*>(&header), sizeof header, 0);
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
  if (::flock(lock_, LOCK_EX | LOCK_NB) == 0) return Result::ok;
  if (errno != EWOULDBLOCK) return fails(lock_path);
  problem_ = path + ": another process has it";
  return Result::busy;
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

int sync_directory(const std::string& directory) noexcept {
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int error = ::fsync(descriptor) == 0 ? 0 : errno;
  ::close(descriptor);
  return error;
}

}  // namespace coreloop::io
