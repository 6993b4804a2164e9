// How often memory was asked for, by whatever way: malloc and its family, operator new, mmap. For
// a test program that also builds allocation_count.cpp; under sanitizers, which replace the same
// functions, nothing is counted.
#pragma once

#include <cstdint>

namespace coreloop::tests {

#ifdef CORELOOP_SANITIZED
inline constexpr bool counts_allocations = false;
#else
inline constexpr bool counts_allocations = true;
#endif

/// Calls since the program's start, of all threads.
[[nodiscard]] std::uint64_t allocation_count() noexcept;

}  // namespace coreloop::tests
