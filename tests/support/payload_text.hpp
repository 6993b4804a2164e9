// The base signal and quote of the tests as JSON text, changes of them, and where a value stands in
// a text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coreloop::tests {

using MemberTexts = std::vector<std::pair<std::string, std::string>>;  ///< key and JSON text

[[nodiscard]] inline MemberTexts base_signal() {
  return {{"symbol", "\"BTCUSDT\""},
          {"action", "\"BUY\""},
          {"confidence", "0.8"},
          {"timestamp", "\"2026-01-12T10:00:00Z\""},
          {"source", "\"meta_v5\""}};
}

[[nodiscard]] inline MemberTexts base_quote() {
  return {{"symbol", "\"BTCUSDT\""}, {"bid", "95000.0"}, {"ask", "95001.0"}};
}

[[nodiscard]] inline MemberTexts base_trade() {
  return {{"symbol", "\"BTCUSDT\""}, {"price", "95000.5"}};
}

/// The object of `members`, without blanks.
[[nodiscard]] inline std::string object_text(const MemberTexts& members) {
  std::string text = "{";
  for (const auto& [key, value] : members) {
    text += text.size() == 1 ? "\"" : ",\"";
    text += key + "\":" + value;
  }
  return text + "}";
}

/// `members` with the value of `key` changed, or the key put in last.
[[nodiscard]] inline MemberTexts with(MemberTexts members, std::string_view key,
                                      std::string_view value) {
  for (auto& [name, text] : members) {
    if (name == key) {
      text = value;
      return members;
    }
  }
  members.emplace_back(key, value);
  return members;
}

[[nodiscard]] inline MemberTexts without(MemberTexts members, std::string_view key) {
  std::erase_if(members, [key](const auto& member) { return member.first == key; });
  return members;
}

/// `members` with one more at the end, whatever keys there are.
[[nodiscard]] inline MemberTexts followed_by(MemberTexts members, std::string_view key,
                                             std::string_view value) {
  members.emplace_back(key, value);
  return members;
}

/// Byte of the value behind the last appearance of `key` in a text made by object_text.
[[nodiscard]] inline std::uint32_t offset_of(std::string_view text, std::string_view key) {
  const std::string quoted = "\"" + std::string{key} + "\":";
  return static_cast<std::uint32_t>(text.rfind(quoted) + quoted.size());
}

}  // namespace coreloop::tests
