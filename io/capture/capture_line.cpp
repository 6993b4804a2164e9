// Lines in by simdjson's On-Demand with our own unescaping (it refuses lone surrogates, a capture
// needs them), lines out by hand.
#include "io/capture/capture_line.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include <simdjson.h>

#include "io/codec/byte_words.hpp"
#include "io/codec/json_text.hpp"

namespace coreloop::io {

namespace ondemand = simdjson::ondemand;

static_assert(CaptureLineReader::padding_bytes >= simdjson::SIMDJSON_PADDING);

struct CaptureLineReader::Parser {
  ondemand::parser parser;
};

namespace {

constexpr std::size_t line_bytes_usual = std::size_t{64} * 1024;
constexpr std::size_t write_buffer_bytes = std::size_t{256} * 1024;
constexpr std::size_t escape_piece_bytes = std::size_t{4} * 1024;

// What stands for the second character of an escape; 0: it is none of one character.
constexpr std::array<char, 256> simple_escapes = [] {
  std::array<char, 256> table{};
  for (const char c : {'"', '\\', '/'})
    table[static_cast<unsigned char>(c)] = c;
  table['b'] = '\b';
  table['f'] = '\f';
  table['n'] = '\n';
  table['r'] = '\r';
  table['t'] = '\t';
  return table;
}();

// Bytes of the escape `\uXXXX`, of two where they are a surrogate pair, at `p`; 0 if it is none or
// a lone surrogate that stands for no byte.
std::size_t unicode_escape_size(const char* p) noexcept {
  std::uint32_t unit = 0;
  if (p[1] != 'u' || !read_hex4(p + 2, unit)) return 0;
  if (unit < 0xD800 || unit > 0xDFFF || (unit >= 0xDC80 && unit <= 0xDCFF)) return 6;
  std::uint32_t low = 0;
  const bool is_pair = unit <= 0xDBFF && p[6] == '\\' && p[7] == 'u' && read_hex4(p + 8, low) &&
                       low >= 0xDC00 && low <= 0xDFFF;
  return is_pair ? 12 : 0;
}

bool read_id(std::string_view text, std::uint64_t& ms, std::uint64_t& counter) noexcept {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, ms);
  if (first.ec != std::errc{} || first.ptr == end || *first.ptr != '-') return false;
  const auto second = std::from_chars(first.ptr + 1, end, counter);
  return second.ec == std::errc{} && second.ptr == end;
}

// Takes the string whose first byte is at `raw`: as it stands, or unescaped at `arena` where it has
// escapes. False if one of them is none. Reads and writes up to 8 bytes too many.
bool take(const char* raw, char*& arena, std::string_view& text) noexcept {
  const auto find_end = [](std::uint64_t word) {
    return bytes_before(bytes_equal<'"'>(word) | bytes_equal<'\\'>(word));
  };
  const char* p = raw;
  for (std::size_t plain = 8; plain == 8; p += plain)
    plain = find_end(load_word(p));
  if (*p == '"') {
    text = {raw, static_cast<std::size_t>(p - raw)};
    return true;
  }
  char* out = append_text(arena, {raw, static_cast<std::size_t>(p - raw)});
  while (*p != '"') {
    if (*p == '\\') {
      if (const char c = simple_escapes[static_cast<unsigned char>(p[1])]; c != 0) {
        *out++ = c;
        p += 2;
      } else {
        const std::size_t size = unicode_escape_size(p);
        if (size == 0) return false;
        out += unescape_json({p, size}, out);
        p += size;
      }
      continue;
    }
    const std::uint64_t word = load_word(p);
    store_word(out, word);
    const std::size_t plain = find_end(word);
    out += plain;
    p += plain;
  }
  text = {arena, static_cast<std::size_t>(out - arena)};
  arena = out;
  return true;
}

bool take_string(ondemand::value value, char*& arena, std::string_view& text) noexcept {
  ondemand::raw_json_string raw;
  return value.get_raw_json_string().get(raw) == simdjson::SUCCESS && take(raw.raw(), arena, text);
}

bool take_fields(ondemand::value value, char*& arena, std::vector<RawField>& fields) {
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  for (auto member : object) {
    ondemand::field field;
    RawField out;
    if (std::move(member).get(field) != simdjson::SUCCESS ||
        !take(field.key().raw(), arena, out.name) ||
        !take_string(field.value(), arena, out.value)) {
      return false;
    }
    fields.push_back(out);
  }
  return true;
}

}  // namespace

CaptureLineReader::CaptureLineReader()
    : parser_(std::make_unique<Parser>()), arena_(line_bytes_usual) {
  fields_.reserve(64);
}

CaptureLineReader::~CaptureLineReader() = default;

// Whether the value that begins with `token` is strict JSON and ends where a member of the line's
// object may.
bool CaptureLineReader::is_strict_value(std::string_view token, std::string_view line) noexcept {
  const char* const line_end = line.data() + line.size();
  std::string_view rest{token.data(), static_cast<std::size_t>(line_end - token.data())};
  if (!value_scan_.skip_value(rest)) return false;
  return !rest.empty() && (rest.front() == ',' || rest.front() == '}');
}

bool CaptureLineReader::fail(std::string_view problem) noexcept {
  problem_ = problem;
  return false;
}

bool CaptureLineReader::read(std::string_view line, RawEntry& entry) {
  if (arena_.size() < line.size() + sizeof(std::uint64_t))
    arena_.resize(line.size() + sizeof(std::uint64_t));
  fields_.clear();
  entry = {};
  char* arena = arena_.data();
  ondemand::document document;
  ondemand::object object;
  if (parser_->parser.iterate(line.data(), line.size(), line.size() + padding_bytes)
              .get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return fail("not a JSON object");
  }
  bool has_stream = false;
  bool has_id = false;
  bool has_ns = false;
  bool has_fields = false;
  for (auto member : object) {
    ondemand::field field;
    if (std::move(member).get(field) != simdjson::SUCCESS) return fail("not a JSON object");
    std::string_view key;
    if (!take(field.key().raw(), arena, key)) return fail("a key is no JSON string");
    if (key == "stream") {
      if (std::exchange(has_stream, true) || !take_string(field.value(), arena, entry.stream)) {
        return fail("`stream` is not one string");
      }
    } else if (key == "id") {
      std::string_view id;
      if (std::exchange(has_id, true) || !take_string(field.value(), arena, id) ||
          !read_id(id, entry.id_ms, entry.id_counter)) {
        return fail("`id` is not `<ms>-<counter>`");
      }
    } else if (key == "ns") {
      if (std::exchange(has_ns, true) ||
          field.value().get_int64().get(entry.receive_unix_ns) != simdjson::SUCCESS ||
          entry.receive_unix_ns < 0) {
        return fail("`ns` is not one whole number of nanoseconds");
      }
    } else if (key == "fields") {
      if (std::exchange(has_fields, true) || !take_fields(field.value(), arena, fields_)) {
        return fail("`fields` is not one object of strings");
      }
    } else if (!is_strict_value(field.value().raw_json_token(), line)) {
      return fail("a further key has no JSON value");
    }
  }
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) {
    return fail("something follows the object");
  }
  if (!has_stream || !has_id || !has_fields) return fail("`stream`, `id` or `fields` is missing");
  if (!has_ns) {
    constexpr std::uint64_t ns_per_ms = 1'000'000;
    if (entry.id_ms > static_cast<std::uint64_t>(INT64_MAX) / ns_per_ms) {
      return fail("no `ns`, and the id's milliseconds are beyond 2262");
    }
    entry.receive_unix_ns = static_cast<std::int64_t>(entry.id_ms * ns_per_ms);
  }
  entry.fields = fields_;
  return true;
}

CaptureLineWriter::CaptureLineWriter(std::unique_ptr<File> file)
    : file_(std::move(file)), buffer_(write_buffer_bytes) {}

void CaptureLineWriter::write(std::string_view stream, std::uint64_t id_ms,
                              std::uint64_t id_counter, std::int64_t unix_ns,
                              std::span<const RawField> fields) noexcept {
  append("{\"stream\":\"");
  append_escaped(stream);
  append("\",\"id\":\"");
  append_number(id_ms);
  append("-");
  append_number(id_counter);
  append("\",\"ns\":");
  append_number(static_cast<std::uint64_t>(unix_ns));
  append(",\"fields\":{");
  bool is_first = true;
  for (const RawField& field : fields) {
    append(is_first ? "\"" : ",\"");
    append_escaped(field.name);
    append("\":\"");
    append_escaped(field.value);
    append("\"");
    is_first = false;
  }
  append("}}\n");
  ++line_count_;
}

void CaptureLineWriter::append(std::string_view text) noexcept {
  make_room(text.size());
  append_text(buffer_.data() + used_, text);
  used_ += text.size();
}

void CaptureLineWriter::append_number(std::uint64_t value) noexcept {
  make_room(20);
  char* const begin = buffer_.data() + used_;
  used_ += static_cast<std::size_t>(append_integer(begin, value) - begin);
}

// Piece by piece, so that an entry of any size passes through the buffer.
void CaptureLineWriter::append_escaped(std::string_view text) noexcept {
  constexpr std::size_t piece_bytes_max = escape_piece_bytes + 3;
  while (!text.empty()) {
    make_room(piece_bytes_max * escaped_bytes_max);
    char* const begin = buffer_.data() + used_;
    char* end = begin;
    escape_json_piece(end, text, escape_piece_bytes);
    used_ += static_cast<std::size_t>(end - begin);
  }
}

void CaptureLineWriter::make_room(std::size_t bytes) noexcept {
  if (buffer_.size() - used_ < bytes) flush();
}

void CaptureLineWriter::flush() noexcept {
  const std::string_view bytes{buffer_.data(), used_};
  sha256_.add(bytes);
  if (file_ != nullptr && error() == 0) {
    error_.store(file_->append(bytes), std::memory_order_relaxed);
  }
  used_ = 0;
}

int CaptureLineWriter::finish() noexcept {
  flush();
  if (file_ != nullptr) {
    const int result = file_->finish();
    if (error() == 0) error_.store(result, std::memory_order_relaxed);
    file_.reset();
  }
  return error();
}

}  // namespace coreloop::io
