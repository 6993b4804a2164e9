// What a stage is: callbacks that a loop drives. A stage has no loop, no thread and no clock of its
// own, never waits inside a callback and never calls its neighbour; it answers with a Progress and
// the loop does the rest. So the same stage runs on a pinned thread, shares a thread with its
// neighbours, or is stepped by hand in a test.
//
// A message moves down the chain in place: each stage writes only its own section of it.
#pragma once

#include <concepts>
#include <cstdint>

namespace coreloop::engine {

/// What a callback did with the message in its hands.
enum class Progress : std::uint8_t {
  idle,       ///< a source had nothing to give
  forwarded,  ///< the message is finished here and goes on to the next stage
  more,       ///< the message goes on, and the stage wants to be called again with the same input
  absorbed,   ///< the message ends here
  retry,     ///< the stage cannot take it now (a feedback or a sink is awaited); it keeps its place
  finished,  ///< a source has ended: it will never give a message again
};

/// The head of a chain: writes the next message into `message` and answers idle, forwarded, retry
/// or finished.
// clang-format off
template <class S, class Message>
concept SourceStage = requires(S& stage, Message& message) {
  { stage.on_poll(message) } noexcept -> std::same_as<Progress>;
};
// clang-format on

/// Any later stage: works on the message in place and answers forwarded, more, absorbed or retry.
// clang-format off
template <class S, class Message>
concept Stage = requires(S& stage, Message& message) {
  { stage.on_message(message) } noexcept -> std::same_as<Progress>;
};
// clang-format on

}  // namespace coreloop::engine
