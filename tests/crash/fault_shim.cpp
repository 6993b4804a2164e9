// Faults of the disk, loaded before the C library (LD_PRELOAD), steered by the environment:
//
//   SHIM_SYNC_MS=N        every fdatasync takes N ms more
//   SHIM_SYNC_FAILS_AT=K  the K-th fdatasync answers EIO, all later ones succeed
//   SHIM_FULL_FILE=PATH   while PATH exists the disk is full: pwrite of a page or more answers
//                         ENOSPC
//   SHIM_FULL_NAME=NAME   only for files whose path ends so
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

namespace {

long number(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? 0 : std::atol(text);
}

// Whether the disk has no room for this file.
bool is_full(int descriptor) {
  const char* const full = std::getenv("SHIM_FULL_FILE");
  if (full == nullptr || ::access(full, F_OK) != 0) return false;
  const char* const name = std::getenv("SHIM_FULL_NAME");
  if (name == nullptr) return true;
  char link[64];
  char path[4'096];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  const ssize_t size = ::readlink(link, path, sizeof path);
  const std::string_view found{path, size < 0 ? 0 : static_cast<size_t>(size)};
  const std::string_view wanted{name};
  return found.size() >= wanted.size() && found.substr(found.size() - wanted.size()) == wanted;
}

}  // namespace

extern "C" int fdatasync(int descriptor) {
  static std::atomic<long> calls{0};
  using Function = int (*)(int);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "fdatasync"));
  const long ms = number("SHIM_SYNC_MS");
  if (ms != 0) {
    const timespec pause{ms / 1'000, ms % 1'000 * 1'000'000};
    ::nanosleep(&pause, nullptr);
  }
  if (calls.fetch_add(1) + 1 == number("SHIM_SYNC_FAILS_AT")) {
    errno = EIO;
    return -1;
  }
  return real(descriptor);
}

// Which of the two names a program uses depends on how it was compiled.
extern "C" ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
  using Function = ssize_t (*)(int, const void*, size_t, off64_t);
  static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "pwrite64"));
  if (size >= 4'096 && is_full(descriptor)) {
    errno = ENOSPC;
    return -1;
  }
  return real(descriptor, bytes, size, at);
}

extern "C" ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  return pwrite64(descriptor, bytes, size, at);
}
