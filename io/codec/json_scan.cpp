// The scanner: UTF-8, grammar, escapes, depth.
#include "io/codec/json_scan.hpp"

#include <algorithm>
#include <bitset>
#include <cstring>

#include "io/codec/json_text.hpp"
#include "stages/decimal.hpp"

namespace coreloop::io {
namespace {

// The shortest member is `"":1,`, of which every key but one must differ; five bytes a field bound
// their number.
constexpr std::size_t field_bytes_min = 5;

constexpr bool is_blank_char(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

constexpr bool is_continuation(unsigned char c) noexcept {
  return (c & 0xC0) == 0x80;
}

// Length of the UTF-8 sequence at p, 0 if there is no valid one.
std::size_t utf8_sequence(const unsigned char* p, std::size_t left) noexcept {
  const unsigned char lead = p[0];
  if (lead < 0x80) return 1;
  if (lead < 0xC2 || lead > 0xF4) return 0;
  const std::size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (left < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(p[i])) return 0;
  }
  const unsigned char second = p[1];
  if (lead == 0xE0 && second < 0xA0) return 0;  // overlong
  if (lead == 0xED && second > 0x9F) return 0;  // surrogate
  if (lead == 0xF0 && second < 0x90) return 0;  // overlong
  if (lead == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
  return length;
}

}  // namespace

bool is_utf8(std::string_view bytes) noexcept {
  const auto* p = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  while (left != 0) {
    const std::size_t length = utf8_sequence(p, left);
    if (length == 0) return false;
    p += length;
    left -= length;
  }
  return true;
}

bool is_blank(std::string_view bytes) noexcept {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return is_blank_char(c); });
}

JsonScan::JsonScan(std::size_t payload_bytes_max)
    : fields_(payload_bytes_max / field_bytes_min + 1), arena_(payload_bytes_max) {}

bool JsonScan::scan(std::string_view text) noexcept {
  begin_ = p_ = text.data();
  end_ = p_ + text.size();
  field_count_ = 0;
  arena_size_ = 0;
  skip_blanks();
  if (p_ == end_ || *p_ != '{') return false;
  ++p_;
  if (!scan_members()) return false;
  skip_blanks();
  return p_ == end_;
}

bool JsonScan::skip_value(std::string_view& text) noexcept {
  p_ = text.data();
  end_ = p_ + text.size();
  if (p_ == end_) return false;
  std::string_view raw;
  JsonType type{};
  const bool is_container = *p_ == '{' || *p_ == '[';
  const bool is_value = *p_ == '"'     ? scan_string(raw)
                        : is_container ? scan_container()
                                       : scan_scalar(type);
  if (!is_value) return false;
  skip_blanks();
  text.remove_prefix(static_cast<std::size_t>(p_ - text.data()));
  return true;
}

bool JsonScan::scan_members() noexcept {
  skip_blanks();
  if (p_ != end_ && *p_ == '}') {
    ++p_;
    return true;
  }
  for (;;) {
    skip_blanks();
    std::string_view key;
    if (!scan_string(key)) return false;
    skip_blanks();
    if (p_ == end_ || *p_++ != ':') return false;
    skip_blanks();
    JsonField& field = fields_[field_count_++];
    field.key = unescaped(key);
    if (!scan_value(field)) return false;
    skip_blanks();
    if (p_ == end_) return false;
    const char next = *p_++;
    if (next == '}') return true;
    if (next != ',') return false;
  }
}

bool JsonScan::scan_value(JsonField& field) noexcept {
  if (p_ == end_) return false;
  const char* const start = p_;
  field.offset = static_cast<std::uint32_t>(start - begin_);
  if (*start == '"') {
    std::string_view raw;
    if (!scan_string(raw)) return false;
    field.type = JsonType::string;
    field.text = unescaped(raw);
    return true;
  }
  if (*start == '{' || *start == '[') {
    field.type = JsonType::container;
    if (!scan_container()) return false;
  } else if (!scan_scalar(field.type)) {
    return false;
  }
  field.text = {start, static_cast<std::size_t>(p_ - start)};
  return true;
}

// A container within a field, whole. `is_object` remembers the kind of each open one.
bool JsonScan::scan_container() noexcept {
  std::bitset<depth_max> is_object;
  std::uint32_t depth = 0;
  bool wants_member = false;  // after '{', '[' or ',' a member must or may come
  bool may_close = false;
  do {
    skip_blanks();
    if (p_ == end_) return false;
    const bool in_object = depth != 0 && is_object[depth - 1];
    if (depth != 0 && (!wants_member || may_close) && *p_ == (in_object ? '}' : ']')) {
      ++p_;
      --depth;
      wants_member = may_close = false;
      continue;
    }
    if (depth != 0 && !wants_member) {
      if (*p_++ != ',') return false;
      wants_member = true;
      may_close = false;
      continue;
    }
    if (in_object) {
      std::string_view key;
      if (!scan_string(key)) return false;
      skip_blanks();
      if (p_ == end_ || *p_++ != ':') return false;
      skip_blanks();
      if (p_ == end_) return false;
    }
    if (*p_ == '{' || *p_ == '[') {
      if (depth == depth_max) return false;
      is_object[depth++] = *p_++ == '{';
      wants_member = may_close = true;
      continue;
    }
    if (*p_ == '"') {
      std::string_view raw;
      if (!scan_string(raw)) return false;
    } else {
      JsonType type{};
      if (!scan_scalar(type)) return false;
    }
    wants_member = may_close = false;
  } while (depth != 0);
  return true;
}

bool JsonScan::scan_scalar(JsonType& type) noexcept {
  switch (*p_) {
    case 't':
      type = JsonType::boolean;
      return scan_literal("true");
    case 'f':
      type = JsonType::boolean;
      return scan_literal("false");
    case 'n':
      type = JsonType::null;
      return scan_literal("null");
    default:
      break;
  }
  const char* const start = p_;
  while (p_ != end_ && (std::strchr("+-.eE", *p_) != nullptr || (*p_ >= '0' && *p_ <= '9')) &&
         *p_ != '\0') {
    ++p_;
  }
  type = JsonType::number;
  return stages::is_json_number({start, static_cast<std::size_t>(p_ - start)});
}

bool JsonScan::scan_literal(std::string_view word) noexcept {
  const auto left = static_cast<std::size_t>(end_ - p_);
  if (left < word.size() || std::memcmp(p_, word.data(), word.size()) != 0) return false;
  p_ += word.size();
  return true;
}

bool JsonScan::scan_string(std::string_view& raw) noexcept {
  if (p_ == end_ || *p_ != '"') return false;
  const char* const start = ++p_;
  while (p_ != end_) {
    const auto c = static_cast<unsigned char>(*p_);
    if (c == '"') {
      raw = {start, static_cast<std::size_t>(p_ - start)};
      ++p_;
      return true;
    }
    if (c < 0x20) return false;
    ++p_;
    if (c == '\\' && !scan_escape()) return false;
  }
  return false;
}

bool JsonScan::scan_escape() noexcept {
  if (p_ == end_) return false;
  const char c = *p_++;
  if (c != 'u') return c != '\0' && std::strchr("\"\\/bfnrt", c) != nullptr;
  std::uint32_t unit = 0;
  if (!scan_hex4(unit)) return false;
  if (unit < 0xD800 || unit > 0xDFFF) return true;
  if (unit > 0xDBFF || end_ - p_ < 2 || p_[0] != '\\' || p_[1] != 'u') return false;
  p_ += 2;
  std::uint32_t low = 0;
  return scan_hex4(low) && low >= 0xDC00 && low <= 0xDFFF;
}

bool JsonScan::scan_hex4(std::uint32_t& unit) noexcept {
  if (end_ - p_ < 4 || !read_hex4(p_, unit)) return false;
  p_ += 4;
  return true;
}

std::string_view JsonScan::unescaped(std::string_view raw) noexcept {
  if (raw.find('\\') == std::string_view::npos) return raw;
  char* const out = arena_.data() + arena_size_;
  const std::size_t size = unescape_json(raw, out);
  arena_size_ += size;
  return {out, size};
}

void JsonScan::skip_blanks() noexcept {
  while (p_ != end_ && is_blank_char(*p_))
    ++p_;
}

}  // namespace coreloop::io
