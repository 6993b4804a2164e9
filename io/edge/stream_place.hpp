// A place in a stream: behind an entry, and how many entries the stream had been given by then.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>

#include "io/edge/entry_id.hpp"

namespace coreloop::io {

struct StreamPlace {
  EntryId id;
  /// Entries ever added up to there, those that are gone included; 0: not known, or none yet.
  std::uint64_t index = 0;

  friend bool operator==(const StreamPlace&, const StreamPlace&) = default;

  /// `<ms>-<counter>`, and ` <index>` if it is known.
  [[nodiscard]] std::string text() const {
    return index == 0 ? id.text() : id.text() + " " + std::to_string(index);
  }
};

/// Reads what text() writes. False if it is something else.
[[nodiscard]] inline bool parse_stream_place(std::string_view text, StreamPlace& place) noexcept {
  const std::size_t space = text.find(' ');
  place.index = 0;
  if (space == std::string_view::npos) return parse_entry_id(text, place.id);
  const char* const end = text.data() + text.size();
  const auto [index_end, error] = std::from_chars(text.data() + space + 1, end, place.index);
  return error == std::errc{} && index_end == end && place.index != 0 &&
         parse_entry_id(text.substr(0, space), place.id);
}

}  // namespace coreloop::io
