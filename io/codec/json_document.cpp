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

// A token as simdjson gives it runs up to the next one: cut the blanks behind it.
std::string_view trimmed(std::string_view token) noexcept {
  while (!token.empty() && is_blank(token.substr(token.size() - 1)))
    token.remove_suffix(1);
  return token;
}

// A token runs up to the next one, which must end the value: simdjson's skipping alone would take
// `"a":` for a key.
bool is_followed_by(std::string_view token, char separator, char closer) noexcept {
  const char next = token.data()[token.size()];
  return next == separator || next == closer;
}

// The content of a string token without escapes; false where the scanner must look.
bool plain_string(std::string_view token, std::string_view& content) noexcept {
  token = trimmed(token);
  if (token.size() < 2 || token.back() != '"') return false;
  content = token.substr(1, token.size() - 2);
  return std::memchr(content.data(), '\\', content.size()) == nullptr;
}

bool scalar(std::string_view token, JsonField& field) noexcept {
  field.text = trimmed(token);
  if (field.text == "true" || field.text == "false")
    field.type = JsonType::boolean;
  else if (field.text == "null")
    field.type = JsonType::null;
  else
    field.type = JsonType::number;
  return field.type != JsonType::number || stages::is_json_number(field.text);
}

// `closer`: the bracket of the container that `value` stands in.
bool is_strict(ondemand::value value, char closer, std::uint32_t depth) noexcept;

bool is_strict_array(ondemand::value value, std::uint32_t depth) noexcept {
  ondemand::array array;
  if (value.get_array().get(array) != simdjson::SUCCESS) return false;
  for (auto element : array) {
    ondemand::value inner;
    if (std::move(element).get(inner) != simdjson::SUCCESS || !is_strict(inner, ']', depth))
      return false;
  }
  return true;
}

// Whether `key` and what follows up to its quote hold no escape. simdjson has checked the rest of
// it.
bool plain_key(ondemand::raw_json_string key, std::string_view& text) noexcept {
  const char* const begin = key.raw();
  const char* p = begin;
  while (*p != '"') {
    if (*p++ == '\\') return false;
  }
  text = {begin, static_cast<std::size_t>(p - begin)};
  return true;
}

bool is_strict_object(ondemand::value value, std::uint32_t depth) noexcept {
  ondemand::object object;
  if (value.get_object().get(object) != simdjson::SUCCESS) return false;
  for (auto member : object) {
    ondemand::field field;
    std::string_view key;
    if (std::move(member).get(field) != simdjson::SUCCESS || !plain_key(field.key(), key) ||
        !is_strict(field.value(), '}', depth)) {
      return false;
    }
  }
  return true;
}

// Whether everything inside `value` is strict JSON, so plain that the scanner need not look.
bool is_strict(ondemand::value value, char closer, std::uint32_t depth) noexcept {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  switch (type) {
    case ondemand::json_type::array:
      return depth < JsonScan::depth_max && is_strict_array(value, depth + 1);
    case ondemand::json_type::object:
      return depth < JsonScan::depth_max && is_strict_object(value, depth + 1);
    case ondemand::json_type::string: {
      std::string_view content;
      const std::string_view token = value.raw_json_token();
      return plain_string(token, content) && is_followed_by(token, ',', closer);
    }
    case ondemand::json_type::number:
    case ondemand::json_type::boolean:
    case ondemand::json_type::null: {
      JsonField field;
      const std::string_view token = value.raw_json_token();
      return scalar(token, field) && is_followed_by(token, ',', closer);
    }
  }
  return false;
}

bool read_value(ondemand::document& document, ondemand::value value, JsonField& field) noexcept {
  ondemand::json_type type{};
  if (value.type().get(type) != simdjson::SUCCESS) return false;
  const std::string_view token = value.raw_json_token();
  switch (type) {
    case ondemand::json_type::string:
      field.type = JsonType::string;
      return plain_string(token, field.text) && is_followed_by(token, ',', '}');
    case ondemand::json_type::number:
    case ondemand::json_type::boolean:
    case ondemand::json_type::null:
      return scalar(token, field) && is_followed_by(token, ',', '}');
    case ondemand::json_type::array:
    case ondemand::json_type::object:
      break;
  }
  const char* end = nullptr;
  if (!is_strict(value, '}', 0) || document.current_location().get(end) != simdjson::SUCCESS) {
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
    if (!plain_key(field.key(), out.key)) return false;
    const std::string_view token = field.value().raw_json_token();
    out.offset = static_cast<std::uint32_t>(token.data() - begin);
    if (!read_value(document, field.value(), out)) return false;
  }
  // Nothing may follow the object.
  if (document.current_location().error() != simdjson::OUT_OF_BOUNDS) return false;
  fields_ = {fast_fields_.data(), count};
  return true;
}

}  // namespace coreloop::io
