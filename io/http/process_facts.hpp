// What the system says of this process: the standard process_ metrics. Reads /proc/self only.
#pragma once

#include <cstdint>

namespace coreloop::io {

struct ProcessFacts {
  std::int64_t cpu_ns = 0;
  std::uint64_t open_fds = 0;
  std::uint64_t max_fds = 0;
  std::uint64_t virtual_memory_bytes = 0;
  std::uint64_t virtual_memory_max_bytes = 0;
  std::uint64_t resident_memory_bytes = 0;
  std::uint64_t threads = 0;
};

/// What cannot be read is 0.
[[nodiscard]] ProcessFacts read_process_facts();

}  // namespace coreloop::io
