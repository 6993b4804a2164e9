// The id of a stream entry: `<ms>-<counter>`, ordered as Redis orders it.
#pragma once

#include <charconv>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace coreloop::io {

struct EntryId {
  std::uint64_t ms = 0;
  std::uint64_t counter = 0;

  friend auto operator<=>(const EntryId&, const EntryId&) = default;

  [[nodiscard]] std::string text() const {
    return std::to_string(ms) + "-" + std::to_string(counter);
  }
};

/// Reads `<ms>-<counter>`; with `counter_is_optional` also `<ms>` alone. False if it is neither.
[[nodiscard]] inline bool parse_entry_id(std::string_view text, EntryId& id,
                                         bool counter_is_optional = false) noexcept {
  const char* const end = text.data() + text.size();
  const auto [ms_end, ms_error] = std::from_chars(text.data(), end, id.ms);
  if (ms_error != std::errc{}) return false;
  id.counter = 0;
  if (ms_end == end) return counter_is_optional;
  if (*ms_end != '-') return false;
  const auto [counter_end, counter_error] = std::from_chars(ms_end + 1, end, id.counter);
  return counter_error == std::errc{} && counter_end == end;
}

}  // namespace coreloop::io
