// A broken CHECK, of the program or of a target, as libFuzzer can see it: an abort. In the place of
// engine/check.cpp, which leaves the process without a trace.
#include <cstdio>
#include <cstdlib>

#include "engine/check.hpp"

namespace coreloop::engine {

void check_failed(const char* condition, const char* reason, const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", file, line, reason, condition);
  std::abort();
}

}  // namespace coreloop::engine
