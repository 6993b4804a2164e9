// The yardstick of the Redis benchmark: the floor for any engine on Redis streams. It reads the
// signal stream, 1,024 entries at most at a time, and writes three canned entries per signal, with
// the bytes and the form of ids that the engine's have, pipelined, the first of each stream with
// MAXLEN, as in the engine's transactions; no MULTI, no parsing, no decision, no thread. Reading
// and writing take turns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace coreloop::bench {

/// Relays from `start` on ("0" or "$") until it is killed.
[[noreturn]] void run_relay(const std::string& socket_path, const std::string& start);

/// A command whose bytes lie ready but for an id and a number: what the yardstick wastes, the
/// engine would be praised for.
class CannedCommand {
 public:
  /// `words` with the places of the two in it, the id's first.
  explicit CannedCommand(const std::vector<std::string_view>& words);

  /// Appends the whole of it.
  void append(std::string& out, std::string_view id, std::string_view n) const;

 private:
  std::string before_id_;
  std::string before_number_;
  std::string rest_;
};

/// The first of a signal's outputs, the approval, as the relay writes it; `trims`: with MAXLEN.
[[nodiscard]] CannedCommand canned_approval(bool trims);

/// The same as words for another program, with an id of Redis' own choice and the number 1.
[[nodiscard]] std::vector<std::string_view> canned_approval_words(bool trims);

}  // namespace coreloop::bench
