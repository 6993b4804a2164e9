// The functions by which a program gets memory, each counted and handed on to the C library.
#include "tests/support/allocation_count.hpp"

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace coreloop::tests {
namespace {

constinit std::atomic<std::uint64_t> calls{0};

}  // namespace

std::uint64_t allocation_count() noexcept {
  return calls.load(std::memory_order_relaxed);
}

}  // namespace coreloop::tests

#ifndef CORELOOP_SANITIZED

namespace {

void note_call() noexcept {
  coreloop::tests::calls.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace

extern "C" {

// The C library's own names of the functions that are replaced below; free() is not replaced.
void* __libc_malloc(std::size_t size) noexcept;
void* __libc_calloc(std::size_t count, std::size_t size) noexcept;
void* __libc_realloc(void* block, std::size_t size) noexcept;
void* __libc_memalign(std::size_t alignment, std::size_t size) noexcept;

void* malloc(std::size_t size) noexcept {
  note_call();
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  note_call();
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) noexcept {
  note_call();
  return __libc_realloc(block, size);
}

void* memalign(std::size_t alignment, std::size_t size) noexcept {
  note_call();
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  note_call();
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** block, std::size_t alignment, std::size_t size) noexcept {
  note_call();
  *block = __libc_memalign(alignment, size);
  return *block != nullptr ? 0 : ENOMEM;
}

void* mmap(void* address, std::size_t size, int protection, int flags, int descriptor,
           off_t offset) noexcept {
  note_call();
  const long result = ::syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
  return result == -1 ? MAP_FAILED : reinterpret_cast<void*>(result);
}

}  // extern "C"

// operator new, so that it counts whatever the library's own would call.
void* operator new(std::size_t size) {
  note_call();
  if (void* const block = __libc_malloc(size == 0 ? 1 : size)) return block;
  std::abort();
}
void* operator new[](std::size_t size) {
  return operator new(size);
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  note_call();
  if (void* const block =
          __libc_memalign(static_cast<std::size_t>(alignment), size == 0 ? 1 : size))
    return block;
  std::abort();
}
void* operator new[](std::size_t size, std::align_val_t alignment) {
  return operator new(size, alignment);
}
void* operator new(std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
  return operator new(size);
}
void* operator new[](std::size_t size, const std::nothrow_t& /*nothrow*/) noexcept {
  return operator new(size);
}
void operator delete(void* block) noexcept {
  std::free(block);
}
void operator delete[](void* block) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t /*size*/) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t /*size*/) noexcept {
  std::free(block);
}
void operator delete(void* block, std::align_val_t /*alignment*/) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::align_val_t /*alignment*/) noexcept {
  std::free(block);
}
void operator delete(void* block, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  std::free(block);
}
void operator delete[](void* block, std::size_t /*size*/, std::align_val_t /*alignment*/) noexcept {
  std::free(block);
}
void operator delete(void* block, const std::nothrow_t& /*nothrow*/) noexcept {
  std::free(block);
}
void operator delete[](void* block, const std::nothrow_t& /*nothrow*/) noexcept {
  std::free(block);
}

#endif
