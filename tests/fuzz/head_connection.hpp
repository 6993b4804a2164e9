// Connections to the endpoint's reader of heads, one after the other: what it makes of the bytes
// that a client sends, as the client and the threads that answer see it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace coreloop::tests {

struct HeadOutcome {
  std::optional<std::string> head;  ///< that went on to be answered
  std::string refusal;              ///< the bytes the client was sent instead
};

/// Sends `bytes` in pieces of `piece_bytes` over a connection that then ends, and waits until the
/// reader is done with it. One thread.
[[nodiscard]] HeadOutcome send_to_reader(std::string_view bytes, std::size_t piece_bytes);

}  // namespace coreloop::tests
