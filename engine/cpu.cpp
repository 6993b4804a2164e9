// Affinity, quota and priority.
#include "engine/cpu.hpp"

#include <algorithm>
#include <fstream>
#include <string>
#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace coreloop::engine {
namespace {

constexpr std::uint32_t no_quota = 1U << 20;

// "max 100000" or "<quota> <period>", in microseconds.
std::uint32_t quota_of(const std::string& path) {
  std::ifstream file(path);
  std::string quota;
  std::uint64_t period = 0;
  if (!(file >> quota >> period) || quota == "max" || period == 0) return no_quota;
  if (quota.find_first_not_of("0123456789") != std::string::npos) return no_quota;
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(std::stoull(quota) / period, 1));
}

// The process's own group, from "0::/path".
std::string own_group() {
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("0::", 0) == 0) return line.substr(3);
  }
  return {};
}

}  // namespace

std::vector<std::uint32_t> allowed_cores() {
  std::vector<std::uint32_t> cores;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return {0};
  for (std::uint32_t core = 0; core < CPU_SETSIZE; ++core) {
    if (CPU_ISSET(core, &set)) cores.push_back(core);
  }
  return cores;
}

std::uint32_t quota_cores() {
  const std::string root = "/sys/fs/cgroup";
  std::uint32_t least = quota_of(root + "/cpu.max");
  // Every group above binds too.
  for (std::string group = own_group(); group.size() > 1; group.resize(group.rfind('/'))) {
    least = std::min(least, quota_of(root + group + "/cpu.max"));
  }
  return least;
}

std::uint32_t usable_core_count() {
  return std::min(static_cast<std::uint32_t>(allowed_cores().size()), quota_cores());
}

bool pin_this_thread(std::uint32_t core) noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  return pthread_setaffinity_np(pthread_self(), sizeof(set), &set) == 0;
}

void step_back_this_thread() noexcept {
  constexpr int low_priority = 10;
  // Of this thread alone, as Linux has it.
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), low_priority));
}

}  // namespace coreloop::engine
