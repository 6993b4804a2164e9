// Exit codes of the programs, after sysexits.h.
#pragma once

namespace coreloop::tools {

inline constexpr int exit_ok = 0;
inline constexpr int exit_usage = 64;
inline constexpr int exit_data = 65;         ///< a damaged capture, tape or journal
inline constexpr int exit_no_input = 66;     ///< a file that is not there
inline constexpr int exit_unavailable = 69;  ///< no Redis within redis.connect_deadline_s
inline constexpr int exit_invariant = 70;    ///< the program caught itself in an error
inline constexpr int exit_system = 71;       ///< the operating system refuses, as a port in use
inline constexpr int exit_cannot_create = 73;
inline constexpr int exit_io = 74;
inline constexpr int exit_foreign_writer = 75;
inline constexpr int exit_permission = 77;
inline constexpr int exit_conf = 78;

}  // namespace coreloop::tools
