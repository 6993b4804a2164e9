// The yardstick of the Redis benchmark: the floor for any engine on Redis streams. It reads the
// signal stream, 1,024 entries at most at a time, and writes three canned entries per signal, with
// the bytes and the form of ids that the engine's have, pipelined, the first of each stream with
// MAXLEN, as in the engine's transactions; no MULTI, no parsing, no decision, no thread. Reading
// and writing take turns.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace coreloop::bench {

/// Relays from `start` on ("0" or "$") until it is killed.
[[noreturn]] void run_relay(const std::string& socket_path, const std::string& start);

/// The commands of one signal's three outputs, as the relay writes them, with ids `<ms>-<n>`;
/// `trims`: with MAXLEN.
void append_canned_outputs(std::string& out, const std::string& ms, const std::string& n,
                           bool trims);

/// The words of the first of them, the approval.
[[nodiscard]] std::array<std::string_view, 14> canned_approval(std::string_view id,
                                                               std::string_view n);

}  // namespace coreloop::bench
