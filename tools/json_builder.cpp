// JSON text, member by member.
#include "tools/json_builder.hpp"

#include <array>

#include "io/codec/json_text.hpp"
#include "stages/decimal.hpp"

namespace coreloop::tools {

std::string amount_text(stages::Int128 value) {
  std::array<char, stages::decimal_text_max> text{};
  const char* const end = stages::write_wide_decimal(text.data(), value, 8);
  return {text.data(), static_cast<std::size_t>(end - text.data())};
}

JsonBuilder& JsonBuilder::open(std::string_view key) {
  if (depth_ != 0) begin_member(key);
  text_ += '{';
  ++depth_;
  is_first_ = true;
  return *this;
}

JsonBuilder& JsonBuilder::close() {
  --depth_;
  if (!is_first_) text_ += "\n" + std::string(2 * depth_, ' ');
  text_ += '}';
  is_first_ = false;
  if (depth_ == 0) text_ += '\n';
  return *this;
}

JsonBuilder& JsonBuilder::add(std::string_view key, std::uint64_t value) {
  begin_member(key);
  text_ += std::to_string(value);
  return *this;
}

JsonBuilder& JsonBuilder::add(std::string_view key, std::string_view value) {
  begin_member(key);
  append_string(value);
  return *this;
}

JsonBuilder& JsonBuilder::add_amount(std::string_view key, stages::Int128 value) {
  return add(key, std::string_view{amount_text(value)});
}

void JsonBuilder::begin_member(std::string_view key) {
  if (!is_first_) text_ += ',';
  is_first_ = false;
  text_ += "\n" + std::string(2 * depth_, ' ');
  append_string(key);
  text_ += ": ";
}

void JsonBuilder::append_string(std::string_view value) {
  std::string escaped(value.size() * io::escaped_bytes_max, '\0');
  escaped.resize(static_cast<std::size_t>(io::escape_json(escaped.data(), value) - escaped.data()));
  text_ += '"' + escaped + '"';
}

}  // namespace coreloop::tools
