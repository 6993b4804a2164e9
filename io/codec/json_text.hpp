// Small pieces of JSON text: strings escaped as Python's json.dumps does by default, and unescaped
// again. Pure functions into buffers of the caller; no allocation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "stages/decimal_digits.hpp"

namespace coreloop::io {

/// Most bytes one byte of text becomes when escaped (`\u00ff`).
inline constexpr std::size_t escaped_bytes_max = 6;

/// Appends `text` with everything outside printable ASCII escaped, as json.dumps does (lower-case
/// hex, surrogate pairs), without quotes. A byte that is not UTF-8 becomes `\udc80` to `\udcff`
/// (Python's surrogateescape). `out` has escaped_bytes_max bytes per byte of text; returns one past
/// the last written.
char* escape_json(char* out, std::string_view text) noexcept;

/// The same for a first piece of `text`: at least `piece_bytes` of it and at most three more, never
/// cut inside a UTF-8 sequence, or all of it. `out` moves behind the last byte written, `text`
/// behind the piece.
void escape_json_piece(char*& out, std::string_view& text, std::size_t piece_bytes) noexcept;

/// Appends one Latin-1 character a byte, escaped alike.
char* escape_json_latin1(char* out, std::string_view bytes) noexcept;

/// Undoes escapes into `out` (at least raw.size() bytes) and answers the size. A lone `\udc80` to
/// `\udcff` becomes that byte, any other lone surrogate its three bytes. Requires: every escape in
/// `raw` is well formed.
std::size_t unescape_json(std::string_view raw, char* out) noexcept;

/// Reads four hex digits at `p`; false if they are not.
bool read_hex4(const char* p, std::uint32_t& value) noexcept;

/// Appends `text` as it is. In the header, so that a literal becomes a few moves.
inline char* append_text(char* out, std::string_view text) noexcept {
  // An empty view may have no address, which memcpy must not see.
  if (!text.empty()) std::memcpy(out, text.data(), text.size());
  return out + text.size();
}

/// Appends a decimal integer. `out` has 20 bytes, all of which may be written to.
inline char* append_integer(char* out, std::uint64_t value) noexcept {
  return stages::write_integer(out, value);
}

}  // namespace coreloop::io
