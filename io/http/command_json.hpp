// What a POST answers about its command.
#pragma once

#include "io/edge/command_box.hpp"
#include "io/http/http_message.hpp"

namespace coreloop::io {

/// 200 applied, 202 still on its way, 409 without effect, 503 never taken.
[[nodiscard]] HttpAnswer command_answer(const CommandRequest& command, const CommandResult& result);

/// The same for a close on the position monitor's listener: once applied, that service's keys
/// alone.
[[nodiscard]] HttpAnswer position_close_answer(const CommandRequest& command,
                                               const CommandResult& result);

}  // namespace coreloop::io
