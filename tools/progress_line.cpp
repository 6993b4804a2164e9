// The progress line.
#include "tools/progress_line.hpp"

#include <cstdio>
#include <unistd.h>

namespace coreloop::tools {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

}  // namespace

ProgressLine::ProgressLine()
    : is_terminal_(::isatty(STDERR_FILENO) != 0), start_ns_(clock_.monotonic_ns()) {}

void ProgressLine::show(std::uint32_t per_mille, std::uint64_t entries) {
  const std::int64_t now = clock_.monotonic_ns();
  if (!is_terminal_ || now - last_ns_ < ns_per_second / 2 || now - start_ns_ < 2 * ns_per_second)
    return;
  last_ns_ = now;
  is_shown_ = true;
  std::fprintf(stderr, "\r%3u.%u %%  %llu entries, %lld s ", per_mille / 10, per_mille % 10,
               static_cast<unsigned long long>(entries),
               static_cast<long long>((now - start_ns_) / ns_per_second));
}

void ProgressLine::clear() {
  if (is_shown_) std::fprintf(stderr, "\r%60s\r", "");
}

}  // namespace coreloop::tools
