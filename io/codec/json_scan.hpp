// Our own strict reading of JSON (RFC 8259), the judge over every message that is not plain: byte
// by byte, iterative, bounded in depth. A message is an object; everything in it must be valid,
// known or not, used or not. Allocates at construction only. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace coreloop::io {

enum class JsonType : std::uint8_t { string, number, boolean, null, container };

/// One top-level field of an object.
struct JsonField {
  std::string_view key;   ///< unescaped
  std::string_view text;  ///< a string's unescaped content; the token of any other scalar; a
                          ///< container's whole text
  std::uint32_t offset;   ///< of the value's first byte in the message
  JsonType type;
};

/// Whether `bytes` are valid UTF-8 (no overlong form, no surrogate, nothing above U+10FFFF).
[[nodiscard]] bool is_utf8(std::string_view bytes) noexcept;

/// Whether `bytes` are nothing but the four blanks of JSON, or none at all.
[[nodiscard]] bool is_blank(std::string_view bytes) noexcept;

class JsonScan {
 public:
  /// Containers inside each other within a field's value.
  static constexpr std::uint32_t depth_max = 64;

  /// `payload_bytes_max`: longest message. Allocates room for the most fields such a message can
  /// have.
  explicit JsonScan(std::size_t payload_bytes_max);

  /// Scans `text`; answers whether it is one strict JSON object. Requires: valid UTF-8.
  [[nodiscard]] bool scan(std::string_view text) noexcept;

  /// Whether `text` begins with a strict JSON value; moves it behind the value and the blanks that
  /// follow. Leaves fields() alone. Requires: valid UTF-8.
  [[nodiscard]] bool skip_value(std::string_view& text) noexcept;

  /// Of the last scan that succeeded, in text order; valid until the next scan.
  [[nodiscard]] std::span<const JsonField> fields() const noexcept {
    return {fields_.data(), field_count_};
  }

 private:
  [[nodiscard]] bool scan_members() noexcept;
  [[nodiscard]] bool scan_value(JsonField& field) noexcept;
  [[nodiscard]] bool scan_container() noexcept;
  [[nodiscard]] bool scan_scalar(JsonType& type) noexcept;
  [[nodiscard]] bool scan_literal(std::string_view word) noexcept;
  /// Moves past a string; `raw` is what stands between its quotes.
  [[nodiscard]] bool scan_string(std::string_view& raw) noexcept;
  [[nodiscard]] bool scan_escape() noexcept;
  [[nodiscard]] bool scan_hex4(std::uint32_t& unit) noexcept;
  [[nodiscard]] std::string_view unescaped(std::string_view raw) noexcept;
  void skip_blanks() noexcept;

  const char* begin_ = nullptr;
  const char* p_ = nullptr;
  const char* end_ = nullptr;
  std::size_t field_count_ = 0;
  std::vector<JsonField> fields_;
  std::vector<char> arena_;  ///< unescaped strings of the current message
  std::size_t arena_size_ = 0;
};

}  // namespace coreloop::io
