// Escaping and unescaping of JSON strings.
#include "io/codec/json_text.hpp"

#include <array>
#include <bit>
#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "io/codec/byte_words.hpp"

namespace coreloop::io {
namespace {

constexpr std::array<char, 16> hex_digits{'0', '1', '2', '3', '4', '5', '6', '7',
                                          '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'};

constexpr bool is_plain(unsigned char c) noexcept {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

// Eight bytes at `text` to `out`, as they are; answers how many of them are plain, from the first
// on.
std::size_t copy_plain_word(char* out, const unsigned char* text) noexcept {
  const std::uint64_t word = load_word(text);
  store_word(out, word);
  return bytes_before(bytes_below<0x20>(word) | (word & every_byte(0x80)) | bytes_equal<'"'>(word) |
                      bytes_equal<'\\'>(word) | bytes_equal<0x7F>(word));
}

#if defined(__SSE2__)
// Sixteen bytes at `text`, escaped, up to the first one that is neither plain nor a quote or a
// backslash; answers how many. 32 bytes can be read, and written beyond what escaping makes of
// them.
std::size_t escape_sixteen(char*& out, const unsigned char* text) noexcept {
  const auto load = [](const unsigned char* at) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
  };
  const auto store = [](char* at, __m128i bytes) {
    _mm_storeu_si128(reinterpret_cast<__m128i*>(at), bytes);
  };
  const __m128i bytes = load(text);
  // As signed numbers those above 0x7F are below a blank, too.
  const __m128i other = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                     _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7F)));
  const __m128i behind_backslash = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
  const auto others = static_cast<unsigned>(_mm_movemask_epi8(other)) | 0x10000U;
  auto escapes = static_cast<unsigned>(_mm_movemask_epi8(behind_backslash));
  const auto end = static_cast<std::size_t>(std::countr_zero(others));
  escapes &= (1U << end) - 1;
  char* o = out;
  std::size_t begin = 0;
  for (; escapes != 0; escapes &= escapes - 1) {
    const auto next = static_cast<std::size_t>(std::countr_zero(escapes));
    store(o, load(text + begin));
    o += next - begin;
    *o++ = '\\';
    begin = next;  // the quote itself goes out with what follows
  }
  store(o, load(text + begin));
  out = o + (end - begin);
  return end;
}
#endif

char* append_unit(char* out, std::uint32_t unit) noexcept {
  *out++ = '\\';
  *out++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4)
    *out++ = hex_digits[(unit >> shift) & 0xF];
  return out;
}

char* append_code_point(char* out, std::uint32_t c) noexcept {
  switch (c) {
    case '"':
      return append_text(out, "\\\"");
    case '\\':
      return append_text(out, "\\\\");
    case '\n':
      return append_text(out, "\\n");
    case '\r':
      return append_text(out, "\\r");
    case '\t':
      return append_text(out, "\\t");
    case '\b':
      return append_text(out, "\\b");
    case '\f':
      return append_text(out, "\\f");
    default:
      break;
  }
  if (c >= 0x20 && c < 0x7F) {
    *out++ = static_cast<char>(c);
    return out;
  }
  if (c < 0x10000) return append_unit(out, c);
  out = append_unit(out, 0xD800 + ((c - 0x10000) >> 10));
  return append_unit(out, 0xDC00 + ((c - 0x10000) & 0x3FF));
}

// Decodes one UTF-8 sequence; a byte that begins none is answered as 0xDC00 + byte, with size 1.
std::uint32_t next_code_point(const unsigned char* p, std::size_t left,
                              std::size_t& size) noexcept {
  constexpr std::uint32_t invalid = 0xDC00;
  const std::uint32_t lead = p[0];
  size = 1;
  if (lead < 0x80) return lead;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || left < length) return invalid + lead;
  std::uint32_t c = lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((p[i] & 0xC0) != 0x80) return invalid + lead;
    c = (c << 6) | (p[i] & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> least{0, 0, 0x80, 0x800, 0x10000};
  if (c < least[length] || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF)) return invalid + lead;
  size = length;
  return c;
}

std::size_t append_utf8(char* out, std::uint32_t c) noexcept {
  const auto put = [&out](std::uint32_t byte) { *out++ = static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
    return 1;
  }
  if (c < 0x800) {
    put(0xC0 | (c >> 6));
    put(0x80 | (c & 0x3F));
    return 2;
  }
  if (c < 0x10000) {
    put(0xE0 | (c >> 12));
    put(0x80 | ((c >> 6) & 0x3F));
    put(0x80 | (c & 0x3F));
    return 3;
  }
  put(0xF0 | (c >> 18));
  put(0x80 | ((c >> 12) & 0x3F));
  put(0x80 | ((c >> 6) & 0x3F));
  put(0x80 | (c & 0x3F));
  return 4;
}

constexpr char simple_escape(char c) noexcept {
  switch (c) {
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

}  // namespace

char* escape_json(char* out, std::string_view text) noexcept {
  escape_json_piece(out, text, text.size());
  return out;
}

void escape_json_piece(char*& out, std::string_view& text, std::size_t piece_bytes) noexcept {
  const auto* const begin = reinterpret_cast<const unsigned char*>(text.data());
  const unsigned char* const end = begin + text.size();
  const unsigned char* const enough = piece_bytes < text.size() ? begin + piece_bytes : end;
  const unsigned char* p = begin;
  char* o = out;
  while (p < enough) {
#if defined(__SSE2__)
    if (enough - p >= 32) {
      const std::size_t escaped = escape_sixteen(o, p);
      p += escaped;
      if (escaped == 16) continue;
    }
#endif
    // Each byte of text has room for escaped_bytes_max, so eight that are left have room for eight.
    if (enough - p >= 8) {
      const std::size_t plain = copy_plain_word(o, p);
      p += plain;
      o += plain;
      if (plain == 8) continue;
      if (*p == '"') {
        *o++ = '\\';
        *o++ = '"';
        ++p;
        continue;
      }
    } else if (is_plain(*p)) {
      *o++ = static_cast<char>(*p++);
      continue;
    }
    std::size_t size = 0;
    o = append_code_point(o, next_code_point(p, static_cast<std::size_t>(end - p), size));
    p += size;
  }
  out = o;
  text.remove_prefix(static_cast<std::size_t>(p - begin));
}

char* escape_json_latin1(char* out, std::string_view bytes) noexcept {
  for (const char c : bytes)
    out = append_code_point(out, static_cast<unsigned char>(c));
  return out;
}

bool read_hex4(const char* p, std::uint32_t& value) noexcept {
  value = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = p[i];
    std::uint32_t digit = 0;
    if (c >= '0' && c <= '9')
      digit = static_cast<std::uint32_t>(c - '0');
    else if (c >= 'a' && c <= 'f')
      digit = static_cast<std::uint32_t>(c - 'a' + 10);
    else if (c >= 'A' && c <= 'F')
      digit = static_cast<std::uint32_t>(c - 'A' + 10);
    else
      return false;
    value = (value << 4) | digit;
  }
  return true;
}

std::size_t unescape_json(std::string_view raw, char* out) noexcept {
  char* const start = out;
  const char* p = raw.data();
  const char* const end = p + raw.size();
  while (p != end) {
    const auto* escape =
        static_cast<const char*>(std::memchr(p, '\\', static_cast<std::size_t>(end - p)));
    if (escape == nullptr) escape = end;
    const auto plain = static_cast<std::size_t>(escape - p);
    std::memmove(out, p, plain);
    out += plain;
    if (escape == end) break;
    p = escape + 2;
    if (escape[1] != 'u') {
      *out++ = simple_escape(escape[1]);
      continue;
    }
    std::uint32_t c = 0;
    read_hex4(p, c);
    p += 4;
    std::uint32_t low = 0;
    if (c >= 0xD800 && c < 0xDC00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u' &&
        read_hex4(p + 2, low) && low >= 0xDC00 && low < 0xE000) {
      p += 6;
      c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    } else if (c >= 0xDC80 && c <= 0xDCFF) {
      *out++ = static_cast<char>(c - 0xDC00);
      continue;
    }
    out += append_utf8(out, c);
  }
  return static_cast<std::size_t>(out - start);
}

}  // namespace coreloop::io
