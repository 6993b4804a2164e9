// CHECK and HOT_CHECK: what must hold if the program is right; the only two macros of the project.
// A CHECK that fails prints the condition, the place and the reason, then ends the process with
// exit code 70: a broken program must not go on trading. HOT_CHECK is compiled into debug and
// sanitizer builds only (CORELOOP_HOT_CHECKS). Bad input, refused orders and full rings are not
// broken programs; they are values.
#pragma once

namespace coreloop::engine {

/// Exit code of a broken invariant (EX_SOFTWARE of sysexits.h).
inline constexpr int exit_invariant_broken = 70;

/// Reports the failed condition on stderr and ends the process with exit_invariant_broken. Any
/// thread.
[[noreturn]] void check_failed(const char* condition, const char* reason, const char* file,
                               int line) noexcept;

}  // namespace coreloop::engine

#define CHECK(condition, reason)                                                \
  do {                                                                          \
    if (!(condition)) [[unlikely]]                                              \
      ::coreloop::engine::check_failed(#condition, reason, __FILE__, __LINE__); \
  } while (false)

#ifdef CORELOOP_HOT_CHECKS
#define HOT_CHECK(condition, reason) CHECK(condition, reason)
#else
#define HOT_CHECK(condition, reason) \
  do {                               \
  } while (false)
#endif
