// The bytes of one fuzz input, taken apart: what a target needs beside libFuzzer's own interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace coreloop::tests {

[[nodiscard]] inline std::string_view text_of(const std::uint8_t* data, std::size_t size) noexcept {
  return {reinterpret_cast<const char*>(data), size};
}

/// The pieces of `text` between `separator`; an empty text is one empty piece.
[[nodiscard]] inline std::vector<std::string_view> pieces_of(std::string_view text,
                                                             char separator) {
  std::vector<std::string_view> pieces;
  for (;;) {
    const std::size_t end = text.find(separator);
    pieces.push_back(text.substr(0, end));
    if (end == text.npos) return pieces;
    text.remove_prefix(end + 1);
  }
}

/// A number that every byte of `text` has a part in: where to damage it, the same each time.
[[nodiscard]] inline std::size_t mixed(std::string_view text) noexcept {
  std::size_t number = text.size() * 31;
  for (const char c : text)
    number = number * 131 + static_cast<unsigned char>(c);
  return number;
}

/// Takes the first byte off `text`; 0 where there is none.
[[nodiscard]] inline std::uint8_t take_byte(std::string_view& text) noexcept {
  if (text.empty()) return 0;
  const auto byte = static_cast<std::uint8_t>(text.front());
  text.remove_prefix(1);
  return byte;
}

}  // namespace coreloop::tests
