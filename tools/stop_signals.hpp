// SIGTERM and SIGINT without a handler: both are blocked, and the main loop asks whether one is
// pending.
#pragma once

namespace coreloop::tools {

/// Blocks SIGTERM and SIGINT in the calling thread and all it starts later, and ignores SIGPIPE.
/// Call before anything that may wait; a program that does not ask is left as it is, to be ended by
/// them.
void block_stop_signals() noexcept;

/// Undoes the blocking: they end the program again.
void unblock_stop_signals() noexcept;

/// Ignores SIGHUP: a service has no terminal to lose, and no log file to open again.
void ignore_hangup() noexcept;

/// Whether a SIGTERM or SIGINT has come since the last call; takes it. One system call.
[[nodiscard]] bool take_stop_signal() noexcept;

/// The same, waiting for one up to `timeout_ms`.
[[nodiscard]] bool wait_for_stop_signal(int timeout_ms) noexcept;

/// Whether one has ever come, taken or not. Any thread.
[[nodiscard]] bool is_stop_wanted() noexcept;

}  // namespace coreloop::tools
