// The system's side of a thread: its name and its core.
#include "engine/stage_thread.hpp"

#include <pthread.h>

#include "engine/cpu.hpp"

namespace coreloop::engine {

bool prepare_this_thread(const std::string& name,
                         const std::optional<std::uint32_t>& core) noexcept {
  constexpr std::size_t name_bytes_max = 15;
  pthread_setname_np(pthread_self(), name.substr(0, name_bytes_max).c_str());
  return !core || pin_this_thread(*core);
}

}  // namespace coreloop::engine
