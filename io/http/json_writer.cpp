// JSON text, and numbers in it.
#include "io/http/json_writer.hpp"

#include <array>

#include "io/codec/json_text.hpp"
#include "io/codec/timestamp_text.hpp"
#include "stages/decimal.hpp"

namespace coreloop::io {

JsonWriter& JsonWriter::open_object(std::string_view key) {
  begin(key);
  text_ += '{';
  closers_.push_back('}');
  is_first_ = true;
  return *this;
}

JsonWriter& JsonWriter::open_array(std::string_view key) {
  begin(key);
  text_ += '[';
  closers_.push_back(']');
  is_first_ = true;
  return *this;
}

JsonWriter& JsonWriter::close() {
  text_ += closers_.back();
  closers_.pop_back();
  is_first_ = false;
  return *this;
}

JsonWriter& JsonWriter::add(std::string_view key, std::string_view value) {
  begin(key);
  append_string(value);
  return *this;
}

JsonWriter& JsonWriter::add(std::string_view key, std::uint64_t value) {
  begin(key);
  text_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::add_flag(std::string_view key, bool value) {
  begin(key);
  text_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::add_null(std::string_view key) {
  begin(key);
  text_ += "null";
  return *this;
}

JsonWriter& JsonWriter::add_amount(std::string_view key, stages::Int128 value) {
  begin(key);
  text_ += amount_number(value);
  return *this;
}

JsonWriter& JsonWriter::add_seconds(std::string_view key, std::int64_t ns) {
  begin(key);
  text_ += seconds_number(ns);
  return *this;
}

JsonWriter& JsonWriter::add_time(std::string_view iso_key, std::int64_t unix_ns) {
  add(iso_key, timestamp_text(unix_ns < 0 ? 0 : unix_ns));
  return add(std::string{iso_key} + "_ns", static_cast<std::uint64_t>(unix_ns < 0 ? 0 : unix_ns));
}

void JsonWriter::begin(std::string_view key) {
  if (!is_first_) text_ += ", ";
  is_first_ = false;
  if (key.empty()) return;
  append_string(key);
  text_ += ": ";
}

void JsonWriter::append_string(std::string_view value) {
  std::string escaped(value.size() * escaped_bytes_max, '\0');
  escaped.resize(static_cast<std::size_t>(escape_json(escaped.data(), value) - escaped.data()));
  text_ += '"' + escaped + '"';
}

std::string timestamp_text(std::int64_t unix_ns) {
  std::array<char, timestamp_bytes> text{};
  const char* const end = TimestampWriter{}.write(text.data(), unix_ns);
  return {text.data(), static_cast<std::size_t>(end - text.data())};
}

std::string amount_number(stages::Int128 value) {
  std::array<char, stages::decimal_text_max> text{};
  const char* const end = stages::write_wide_decimal(text.data(), value, 8);
  return {text.data(), static_cast<std::size_t>(end - text.data())};
}

std::string seconds_number(stages::Int128 ns) {
  std::array<char, stages::decimal_text_max> text{};
  const char* const end = stages::write_wide_decimal(text.data(), ns, 9);
  return {text.data(), static_cast<std::size_t>(end - text.data())};
}

stages::Int128 quotient(stages::Int128 numerator, stages::Int128 denominator) {
  if (denominator <= 0) return 0;
  return stages::truncated(numerator * stages::scale, denominator);
}

}  // namespace coreloop::io
