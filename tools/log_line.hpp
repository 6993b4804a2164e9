// One-line logs on stderr: `2025-01-02T03:04:05.678901Z LEVEL component message key=value`. Cold
// code only. Any thread. Where stderr is the journal of systemd ($JOURNAL_STREAM), a line begins
// with its priority, `<6>`, `<4>` or `<3>`, as sd-daemon(3) has it.
#pragma once

#include <string_view>

#include "tools/distinct_errors.hpp"

namespace coreloop::tools {

enum class LogLevel { info, warning, error };

/// Writes one line; control characters in it are escaped, so that no input can forge a second one.
void log_line(LogLevel level, std::string_view component, std::string_view message);

/// The warnings and errors among the lines that this process has written.
[[nodiscard]] DistinctErrors& told_errors();

}  // namespace coreloop::tools
