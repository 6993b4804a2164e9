// /proc/self and the resource limits.
#include "io/http/process_facts.hpp"

#include <fstream>
#include <string>
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

namespace coreloop::io {
namespace {

std::uint64_t limit_of(__rlimit_resource resource) {
  struct rlimit limit {};
  return ::getrlimit(resource, &limit) == 0 ? static_cast<std::uint64_t>(limit.rlim_cur) : 0;
}

std::uint64_t count_entries(const char* folder) {
  DIR* const dir = ::opendir(folder);
  if (dir == nullptr) return 0;
  std::uint64_t count = 0;
  for (const dirent* entry = ::readdir(dir); entry != nullptr; entry = ::readdir(dir))
    count += entry->d_name[0] != '.';
  ::closedir(dir);
  return count;
}

std::int64_t cpu_ns_used() {
  struct rusage usage {};
  if (::getrusage(RUSAGE_SELF, &usage) != 0) return 0;
  const std::int64_t seconds = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec;
  const std::int64_t microseconds = usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
  return seconds * 1'000'000'000 + microseconds * 1'000;
}

}  // namespace

ProcessFacts read_process_facts() {
  ProcessFacts facts;
  facts.cpu_ns = cpu_ns_used();
  // The folder that is being read is open, too.
  const std::uint64_t open_fds = count_entries("/proc/self/fd");
  facts.open_fds = open_fds == 0 ? 0 : open_fds - 1;
  facts.max_fds = limit_of(RLIMIT_NOFILE);
  facts.virtual_memory_max_bytes = limit_of(RLIMIT_AS);
  facts.threads = count_entries("/proc/self/task");
  std::ifstream pages("/proc/self/statm");
  std::uint64_t size = 0;
  std::uint64_t resident = 0;
  const auto page_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  if (pages >> size >> resident) {
    facts.virtual_memory_bytes = size * page_bytes;
    facts.resident_memory_bytes = resident * page_bytes;
  }
  return facts;
}

}  // namespace coreloop::io
