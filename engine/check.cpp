// The cold end of CHECK: one line on stderr, then out.
#include "engine/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace coreloop::engine {

[[gnu::cold, gnu::noinline]] void check_failed(const char* condition, const char* reason,
                                               const char* file, int line) noexcept {
  std::fprintf(stderr, "%s:%d: broken invariant: %s (%s)\n", file, line, reason, condition);
  std::fflush(nullptr);
  std::_Exit(exit_invariant_broken);
}

}  // namespace coreloop::engine
