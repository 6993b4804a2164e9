// Faults of the system, loaded before the C library (LD_PRELOAD), steered by the environment:
//
//   SHIM_RULES=…          calls that fail, or at which the process is killed: fault_rules.hpp
//   SHIM_HITS=PATH        a byte is appended to PATH at each call that a rule is carried out at
//   SHIM_CLOCK_FILE=PATH  two 64-bit numbers: ns to add to the wall clock, to the monotonic clock
//   SHIM_SYNC_MS=N        every fdatasync takes N ms more
//   SHIM_SYNC_FAILS_AT=K  the K-th fdatasync answers EIO, all later ones succeed
//   SHIM_FULL_FILE=PATH   while PATH exists the disk is full: pwrite of a page or more answers
//   ENOSPC
//
// Nothing of it is in the programs themselves. A program's calls are met; those that the C library
// makes within itself are not.
#include <array>
#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdarg>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

#include "tests/crash/fault_rules.hpp"

namespace {

using coreloop::shim::Action;
using coreloop::shim::Call;
using coreloop::shim::die;
using coreloop::shim::has_rule;
using coreloop::shim::meet;
using coreloop::shim::path_of;
using coreloop::shim::Rule;
using coreloop::shim::sleep_ms;

template <class Function>
Function real(const char* name) {
  return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, name));
}

long number(const char* name) {
  const char* const text = std::getenv(name);
  return text == nullptr ? 0 : std::atol(text);
}

// A call that either happens or not: `make` makes it.
template <class Result, class Make>
Result whole_call(const Rule* rule, Result failed, Make make) {
  if (rule == nullptr) return make();
  if (rule->action == Action::kill_before) die();
  if (rule->action == Action::sleep) sleep_ms(rule->value);
  if (rule->action == Action::fail) {
    errno = rule->value;
    return failed;
  }
  const Result result = make();
  if (rule->action == Action::kill_after) die();
  return result;
}

// A call that may happen in part: `make(size)` makes it with so many bytes.
template <class Make>
ssize_t call_of_bytes(const Rule* rule, size_t size, Make make) {
  if (rule != nullptr && rule->action == Action::cut_short) return make((size + 1) / 2);
  if (rule != nullptr && rule->action == Action::kill_in) {
    static_cast<void>(make(size / 2));
    die();
  }
  return whole_call(rule, ssize_t{-1}, [&] { return make(size); });
}

const Rule* meet_descriptor(const char* name, int descriptor, std::string_view bytes = {}) {
  if (!has_rule(name)) return nullptr;
  std::array<char, PATH_MAX> buffer;
  return meet({name, path_of(descriptor, buffer.data(), buffer.size()), bytes});
}

const Rule* meet_path(const char* name, const char* path) {
  return has_rule(name) ? meet({name, path, {}}) : nullptr;
}

/// Files that are mapped for writing.
class Mappings {
 public:
  void add(const char* begin, std::size_t size, std::string_view path) {
    for (Mapping& mapping : all_) {
      if (mapping.begin.load() != nullptr) continue;
      mapping.path_size = path.copy(mapping.path.data(), mapping.path.size());
      mapping.size = size;
      mapping.begin.store(begin);
      return;
    }
    die();  // more than a test may want
  }

  void remove(const void* begin) {
    for (Mapping& mapping : all_) {
      if (mapping.begin.load() == begin) mapping.begin.store(nullptr);
    }
  }

  /// Empty: none.
  [[nodiscard]] std::string_view path_at(const void* at) const {
    for (const Mapping& mapping : all_) {
      const char* const begin = mapping.begin.load(std::memory_order_relaxed);
      if (begin != nullptr && at >= begin && at < begin + mapping.size)
        return {mapping.path.data(), mapping.path_size};
    }
    return {};
  }

 private:
  struct Mapping {
    std::atomic<const char*> begin{nullptr};
    std::size_t size = 0;
    std::size_t path_size = 0;
    std::array<char, 512> path{};
  };
  std::array<Mapping, 64> all_;
};

Mappings mappings;
std::atomic<bool> meets_memcpy{false};

[[gnu::constructor]] void look_for_memcpy() {
  meets_memcpy = has_rule("memcpy");
}

const std::int64_t* clock_offsets() {
  static const auto offsets = []() -> const std::int64_t* {
    const char* const path = std::getenv("SHIM_CLOCK_FILE");
    if (path == nullptr) return nullptr;
    const int descriptor = ::open(path, O_RDONLY | O_CLOEXEC);
    void* const mapped =
        ::mmap(nullptr, 2 * sizeof(std::int64_t), PROT_READ, MAP_SHARED, descriptor, 0);
    if (descriptor < 0 || mapped == MAP_FAILED) die();
    return static_cast<const std::int64_t*>(mapped);
  }();
  return offsets;
}

}  // namespace

extern "C" {

ssize_t write(int descriptor, const void* bytes, size_t size) {
  static const auto call = real<ssize_t (*)(int, const void*, size_t)>("write");
  const Rule* const rule =
      meet_descriptor("write", descriptor, {static_cast<const char*>(bytes), size});
  return call_of_bytes(rule, size, [&](size_t part) { return call(descriptor, bytes, part); });
}

ssize_t read(int descriptor, void* bytes, size_t size) {
  static const auto call = real<ssize_t (*)(int, void*, size_t)>("read");
  const ssize_t result = call(descriptor, bytes, size);
  if (result <= 0) return result;
  const Rule* const rule = meet_descriptor(
      "read", descriptor, {static_cast<const char*>(bytes), static_cast<size_t>(result)});
  if (rule != nullptr && rule->action == Action::kill_after) die();
  return result;
}

// Which of the two names a program uses depends on how it was compiled.
ssize_t pwrite64(int descriptor, const void* bytes, size_t size, off64_t at) {
  static const auto call = real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  const char* const full = std::getenv("SHIM_FULL_FILE");
  if (full != nullptr && size >= 4'096 && ::access(full, F_OK) == 0) {
    errno = ENOSPC;
    return -1;
  }
  const Rule* const rule =
      meet_descriptor("pwrite", descriptor, {static_cast<const char*>(bytes), size});
  return call_of_bytes(rule, size, [&](size_t part) { return call(descriptor, bytes, part, at); });
}

ssize_t pwrite(int descriptor, const void* bytes, size_t size, off_t at) {
  return pwrite64(descriptor, bytes, size, at);
}

int fdatasync(int descriptor) {
  static std::atomic<long> calls{0};
  static const auto call = real<int (*)(int)>("fdatasync");
  sleep_ms(static_cast<int>(number("SHIM_SYNC_MS")));
  if (calls.fetch_add(1) + 1 == number("SHIM_SYNC_FAILS_AT")) {
    errno = EIO;
    return -1;
  }
  return whole_call(meet_descriptor("fdatasync", descriptor), -1, [&] { return call(descriptor); });
}

int fsync(int descriptor) {
  static const auto call = real<int (*)(int)>("fsync");
  return whole_call(meet_descriptor("fsync", descriptor), -1, [&] { return call(descriptor); });
}

int rename(const char* from, const char* to) {
  static const auto call = real<int (*)(const char*, const char*)>("rename");
  return whole_call(meet_path("rename", from), -1, [&] { return call(from, to); });
}

int unlink(const char* path) {
  static const auto call = real<int (*)(const char*)>("unlink");
  return whole_call(meet_path("unlink", path), -1, [&] { return call(path); });
}

int mkdir(const char* path, mode_t mode) {
  static const auto call = real<int (*)(const char*, mode_t)>("mkdir");
  return whole_call(meet_path("mkdir", path), -1, [&] { return call(path, mode); });
}

int open64(const char* path, int flags, ...) {
  static const auto call = real<int (*)(const char*, int, ...)>("open64");
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return whole_call(meet_path("open", path), -1, [&] { return call(path, flags, mode); });
}

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  return open64(path, flags, mode);
}

void* mmap64(void* where, size_t size, int protection, int flags, int descriptor, off64_t at) {
  static const auto call = real<void* (*)(void*, size_t, int, int, int, off64_t)>("mmap64");
  const auto make = [&] { return call(where, size, protection, flags, descriptor, at); };
  if (descriptor < 0) return make();
  void* const mapped = whole_call(meet_descriptor("mmap", descriptor), MAP_FAILED, make);
  if (mapped != MAP_FAILED && (protection & PROT_WRITE) != 0) {
    std::array<char, PATH_MAX> buffer;
    mappings.add(static_cast<const char*>(mapped), size,
                 path_of(descriptor, buffer.data(), buffer.size()));
  }
  return mapped;
}

void* mmap(void* where, size_t size, int protection, int flags, int descriptor, off_t at) {
  return mmap64(where, size, protection, flags, descriptor, at);
}

int munmap(void* begin, size_t size) {
  static const auto call = real<int (*)(void*, size_t)>("munmap");
  const std::string_view path = mappings.path_at(begin);
  const Rule* const rule =
      !path.empty() && has_rule("munmap") ? meet({"munmap", path, {}}) : nullptr;
  mappings.remove(begin);
  return whole_call(rule, -1, [&] { return call(begin, size); });
}

int msync(void* begin, size_t size, int flags) {
  static const auto call = real<int (*)(void*, size_t, int)>("msync");
  const Rule* const rule =
      has_rule("msync") ? meet({"msync", mappings.path_at(begin), {}}) : nullptr;
  return whole_call(rule, -1, [&] { return call(begin, size, flags); });
}

// What is appended to a mapped file is a copy in memory, and no system call.
void* memcpy(void* __restrict to, const void* __restrict from, size_t size) {
  static void* (*const volatile copy)(void*, const void*, size_t) = ::memmove;
  if (!meets_memcpy.load(std::memory_order_relaxed)) return copy(to, from, size);
  const std::string_view path = mappings.path_at(to);
  if (path.empty()) return copy(to, from, size);
  const Rule* const rule = meet({"memcpy", path, {static_cast<const char*>(from), size}});
  if (rule != nullptr && rule->action == Action::kill_in) {
    copy(to, from, size / 2);
    die();
  }
  return whole_call<void*>(rule, to, [&] { return copy(to, from, size); });
}

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static const auto call = real<int (*)(clockid_t, timespec*)>("clock_gettime");
  const int result = call(clock, time);
  const std::int64_t* const offsets = clock_offsets();
  if (result != 0 || offsets == nullptr || clock > CLOCK_MONOTONIC) return result;
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  const volatile std::int64_t& offset = offsets[clock == CLOCK_REALTIME ? 0 : 1];
  const std::int64_t sum = time->tv_sec * ns_per_s + time->tv_nsec + offset;
  *time = {sum / ns_per_s, sum % ns_per_s};
  return 0;
}

}  // extern "C"
