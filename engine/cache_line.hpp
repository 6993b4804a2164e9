// The cache line size every layout decision of this project is made with.
// A constant of our own: std::hardware_destructive_interference_size warns on g++ 12 because it
// changes with -mtune.
#pragma once

#include <cstddef>

namespace coreloop::engine {

inline constexpr std::size_t cache_line_bytes = 64;

}  // namespace coreloop::engine
