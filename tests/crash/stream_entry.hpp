// An entry of a Redis stream as the soak checker sees it, and the five streams it looks at.
#pragma once

#include <array>
#include <charconv>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coreloop::crash {

/// In the order in which they have to be judged: approvals before what is made of them.
enum class Stream : std::uint8_t { safe, rejected, dead, execution, position };
inline constexpr std::size_t stream_count = 5;
inline constexpr std::array<std::string_view, stream_count> stream_names = {
    "trade.signal.safe", "trade.signal.rejected", "trade.signal.dlq", "trade.execution.res",
    "trade.position.update"};

struct EntryId {
  std::int64_t ms = 0;
  std::int64_t number = 0;
  auto operator<=>(const EntryId&) const = default;
};

/// Whether `text` is all of a number in decimal.
inline bool read_integer(std::string_view text, std::int64_t& value) {
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return stop == end && error == std::errc{};
}

inline bool read_id(std::string_view text, EntryId& id) {
  const std::size_t dash = text.find('-');
  return dash != std::string_view::npos && read_integer(text.substr(0, dash), id.ms) &&
         read_integer(text.substr(dash + 1), id.number);
}

inline std::string to_text(EntryId id) {
  return std::to_string(id.ms) + "-" + std::to_string(id.number);
}

/// Views of somebody else's bytes.
struct Entry {
  std::string_view id;
  std::vector<std::pair<std::string_view, std::string_view>> fields;

  /// Empty where there is none of this name.
  [[nodiscard]] std::string_view field(std::string_view name) const {
    for (const auto& [key, value] : fields)
      if (key == name) return value;
    return {};
  }
};

}  // namespace coreloop::crash
