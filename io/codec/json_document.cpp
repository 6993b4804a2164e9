// The fast way through simdjson's On-Demand, and the hand-over to the scanner.
#include "io/codec/json_document.hpp"

#include <cstring>
#include <utility>

#include <simdjson.h>

#include "engine/check.hpp"
#include "stages/decimal.hpp"

namespace coreloop::io {

namespace ondemand = simdjson::ondemand;

struct JsonDocument::Simdjson {
  ondemand::parser parser{payload_bytes_max};
  std::array<char, payload_bytes_max + simdjson::SIMDJSON_PADDING> buffer{};
};

namespace {

constexpr bool is_blank_char(char c) noexcept {
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

// A token as simdjson gives it runs up to the next one: cut the blanks behind it.
std::string_view trimmed(std::string_view token) noexcept {
  while (!token.empty() && is_blank_char(token.back()))
    token.remove_suffix(1);
  return token;
}

// A scalar token, in a container that `closer` ends; false where the scanner must look. Requires:
// no backslash in it.
bool read_scalar(std::string_view token, char closer, JsonField& field) noexcept {
  if (token.empty()) return false;
  // simdjson's skipping alone would take `"a":` for a value: the next token must end this one.
  const char next = token.data()[token.size()];
  if (next != ',' && next != closer) return false;
  field.text = trimmed(token);
  switch (field.text.front()) {
    case '"':
      field.type = JsonType::string;
      if (field.text.size() < 2 || field.text.back() != '"') return false;
      field.text = field.text.substr(1, field.text.size() - 2);
      return true;
    case 't':
      field.type = JsonType::boolean;
      return field.text == "true";
    case 'f':
      field.type = JsonType::boolean;
      return field.text == "false";
    case 'n':
      field.type = JsonType::null;
      return field.text == "null";
    default:
      field.type = JsonType::number;
      return stages::is_json_number(field.text);
  }
}

// A key's content. simdjson has seen that nothing but blanks and a colon stand between its quote
// and `value`.
std::string_view key_before(const char* value, ondemand::raw_json_string key) noexcept {
  const char* end = value;
  do
    --end;
  while (*end != ':');
  do
    --end;
  while (*end != '"');
  return {key.raw(), static_cast<std::size_t>(end - key.raw())};
}

constexpr bool opens_container(std::string_view token) noexcept {
  return !token.empty() && (token.front() == '{' || token.front() == '[');
}

// Whether everything inside the container that `value` begins is strict JSON, so plain that the
// scanner need not look. simdjson's values are handed on for containers alone: each copy of one
// through memory costs as much as reading a scalar.
bool is_strict_container(ondemand::value value, bool is_object, std::uint32_t depth) noexcept;

// Whether `value`, in a container that `closer` ends, is strict JSON.
[[gnu::always_inline]] inline bool is_strict(ondemand::value& value, char closer,
                                             std::uint32_t depth) noexcept {
  const std::string_view token = value.raw_json_token();
  if (opens_container(token)) return is_strict_container(value, token.front() == '{', depth + 1);
  JsonField field;
  return read_scalar(token, closer, field);
}

bool is_strict_container(ondemand::value value, bool is_object, std::uint32_t depth) noexcept {
  if (depth > JsonScan::depth_max) return false;
  if (is_object) {
    ondemand::object object;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    for (auto member : object) {
      ondemand::field field;
      if (std::move(member).get(field) != simdjson::SUCCESS ||
          !is_strict(field.value(), '}', depth)) {
        return false;
      }
    }
    return true;
  }
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return false;
  for (auto element : array) {
    ondemand::value inner;
    if (std::move(element).get(inner) != simdjson::SUCCESS || !is_strict(inner, ']', depth))
      return false;
  }
  return true;
}

// A top-level container, of which `token` is the first.
bool read_container(ondemand::document& document, ondemand::value value, std::string_view token,
                    JsonField& field) noexcept {
  const char* end = nullptr;
  if (!is_strict_container(value, token.front() == '{', 1) ||
      document.current_location().get(end) != simdjson::SUCCESS) {
    return false;
  }
  field.type = JsonType::container;
  field.text = trimmed({token.data(), static_cast<std::size_t>(end - token.data())});
  return true;
}

}  // namespace

JsonDocument::JsonDocument() : simdjson_(std::make_unique<Simdjson>()), scan_(payload_bytes_max) {
  // Room for any message at once; nothing is allocated later.
  CHECK(simdjson_->parser.allocate(payload_bytes_max) == simdjson::SUCCESS,
        "memory for the parser");
}

JsonDocument::~JsonDocument() = default;

bool JsonDocument::parse(std::string_view payload, stages::DeadLetterCode& error) noexcept {
  return parse_by_simdjson(payload) || parse_by_scan(payload, error);
}

bool JsonDocument::parse_by_scan(std::string_view payload, stages::DeadLetterCode& error) noexcept {
  if (!is_utf8(payload)) {
    error = stages::DeadLetterCode::utf8;
    return false;
  }
  if (!scan_.scan(payload)) {
    error = stages::DeadLetterCode::json;
    return false;
  }
  fields_ = scan_.fields();
  return true;
}

bool JsonDocument::parse_by_simdjson(std::string_view payload) noexcept {
  if (payload.empty() || payload.front() != '{') return false;
  // An escape is the scanner's: without one, every string ends where simdjson says it does.
  if (std::memchr(payload.data(), '\\', payload.size()) != nullptr) return false;
  char* const begin = simdjson_->buffer.data();
  std::memcpy(begin, payload.data(), payload.size());
  std::memset(begin + payload.size(), ' ', simdjson::SIMDJSON_PADDING);
  ondemand::document document;
  ondemand::object object;
  if (simdjson_->parser.iterate(begin, payload.size(), payload.size() + simdjson::SIMDJSON_PADDING)
              .get(document) != simdjson::SUCCESS ||
      document.get_object().get(object) != simdjson::SUCCESS) {
    return false;
  }
  std::size_t count = 0;
  for (auto member : object) {
    ondemand::field field;
    if (count == fast_fields_max || std::move(member).get(field) != simdjson::SUCCESS) return false;
    JsonField& out = fast_fields_[count++];
    const std::string_view token = field.value().raw_json_token();
    out.key = key_before(token.data(), field.key());
    out.offset = static_cast<std::uint32_t>(token.data() - begin);
    const bool is_read = opens_container(token)
                             ? read_container(document, field.value(), token, out)
                             : read_scalar(token, '}', out);
    if (!is_read) return false;
  }
  // Nothing may follow the object.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return false;
  fields_ = {fast_fields_.data(), count};
  return true;
}

}  // namespace coreloop::io
