// Files by system calls.
#include "io/edge/file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace coreloop::io {

std::unique_ptr<SystemFile> SystemFile::create(const std::string& path, int& error) {
  const int descriptor = path == "-"
                             ? ::dup(STDOUT_FILENO)
                             : ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    error = errno;
    return nullptr;
  }
  return std::unique_ptr<SystemFile>(new SystemFile(descriptor));
}

SystemFile::~SystemFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

int SystemFile::append(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor_, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int SystemFile::finish() noexcept {
  const int result = ::close(descriptor_);
  descriptor_ = -1;
  return result == 0 ? 0 : errno;
}

int SystemFile::sync() noexcept {
  return ::fdatasync(descriptor_) == 0 ? 0 : errno;
}

}  // namespace coreloop::io
