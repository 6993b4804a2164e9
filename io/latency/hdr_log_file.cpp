// A log by system calls.
#include "io/latency/hdr_log_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/latency/hdr_log.hpp"

namespace coreloop::io {

HdrLogFile::~HdrLogFile() {
  if (is_open()) ::close(descriptor_);
}

std::string HdrLogFile::open(const std::string& path, bool goes_on) {
  const int replaces = goes_on ? 0 : O_TRUNC;
  descriptor_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | replaces, 0644);
  if (!is_open()) return std::strerror(errno);
  return cut_to_whole_lines();
}

// A machine that lost its power may have left half a line.
std::string HdrLogFile::cut_to_whole_lines() noexcept {
  struct stat status = {};
  if (::fstat(descriptor_, &status) != 0) return std::strerror(errno);
  if (!S_ISREG(status.st_mode) || status.st_size == 0) return {};
  std::array<char, hdr_log_first_line.size()> first{};
  const ssize_t read = ::pread(descriptor_, first.data(), first.size(), 0);
  if (std::string_view{first.data(), first.size()} != hdr_log_first_line)
    return read < 0 ? std::strerror(errno) : "is there and is no histogram log";
  off_t end = status.st_size;
  for (char last = '\0'; end > 0; --end) {
    if (::pread(descriptor_, &last, 1, end - 1) != 1) return std::strerror(errno);
    if (last == '\n') break;
  }
  if (end != status.st_size && ::ftruncate(descriptor_, end) != 0) return std::strerror(errno);
  return {};
}

int HdrLogFile::append(std::string_view block) noexcept {
  struct stat before = {};
  if (::fstat(descriptor_, &before) != 0) return errno;
  ssize_t written = 0;
  do {
    written = ::write(descriptor_, block.data(), block.size());
  } while (written < 0 && errno == EINTR);
  if (written == static_cast<ssize_t>(block.size())) return 0;
  // A short write is a disk that was full in the middle.
  const int error = written < 0 ? errno : ENOSPC;
  if (written > 0 && ::ftruncate(descriptor_, before.st_size) != 0) return errno;
  return error;
}

}  // namespace coreloop::io
