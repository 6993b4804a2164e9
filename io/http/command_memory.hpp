// The commands that came with an Idempotency-Key, and what was answered: a client that has lost an
// answer asks again under the same key and gets it, and the command happens once. Holds the last
// keys of all listeners, in bounded memory; any number of threads. A restart forgets them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "io/http/http_message.hpp"

namespace coreloop::io {

class CommandMemory {
 public:
  static constexpr std::size_t key_bytes_max = 64;

  enum class Recall : std::uint8_t {
    fresh,     ///< seen for the first time
    pending,   ///< the first is still on its way
    answered,  ///< the first was answered
    other,     ///< the key came with another command
  };
  struct Found {
    Recall recall = Recall::fresh;
    HttpAnswer answer = {};  ///< where it was answered
  };

  CommandMemory() : CommandMemory(4'096) {}
  /// `keys_max`: how many are remembered, the oldest are forgotten first.
  explicit CommandMemory(std::size_t keys_max) : keys_max_(keys_max) {}

  /// What is known of `key` with `command`. A fresh one is pending from now on, until settle().
  [[nodiscard]] Found look_up(std::string_view key, std::string_view command);
  /// Of a fresh key: its answer; none: nothing happened, so that it is forgotten.
  void settle(std::string_view key, std::optional<HttpAnswer> answer);

 private:
  struct Entry {
    std::string command;
    std::optional<HttpAnswer> answer;  ///< none: pending
  };

  const std::size_t keys_max_;
  std::mutex mutex_;
  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::string> keys_;  ///< oldest first
};

}  // namespace coreloop::io
