// Which cores this process may really use: its affinity mask, its cgroup's CPU quota. Pinning to
// one, and stepping back behind the threads that have to be there at once.
#pragma once

#include <cstdint>
#include <vector>

namespace coreloop::engine {

/// Cores of the affinity mask, ascending.
[[nodiscard]] std::vector<std::uint32_t> allowed_cores();

/// Cores' worth of time the cgroup's quota gives (cgroup v2 cpu.max), rounded down but at least 1;
/// a large number where there is no quota.
[[nodiscard]] std::uint32_t quota_cores();

/// The smaller of the two: how many threads can run at once.
[[nodiscard]] std::uint32_t usable_core_count();

/// Pins the calling thread to `core`; false if the system refuses.
[[nodiscard]] bool pin_this_thread(std::uint32_t core) noexcept;

/// Makes the calling thread, and those it starts from now on, give way to the stages where cores
/// are scarce (nice 10: a tenth of a core against one that wants all of it). Does without it if the
/// system refuses.
void step_back_this_thread() noexcept;

}  // namespace coreloop::engine
