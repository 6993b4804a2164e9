// What every codec rests on: a message that simdjson reads, or that would be passed over, is one
// that our scanner reads; simdjson with the same fields at the same places; and what is read is
// what parse() answers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "engine/check.hpp"
#include "io/codec/json_document.hpp"

namespace coreloop::tests {

[[nodiscard]] inline bool is_same(const io::JsonField& a, const io::JsonField& b) noexcept {
  return a.key == b.key && a.text == b.text && a.offset == b.offset && a.type == b.type;
}

/// Whether `payload` is one JSON object in the eyes of what passes over values of captures.
inline bool is_passed_over(std::string_view payload) {
  static io::JsonScan scan(0);
  if (!io::is_utf8(payload)) return false;
  payload.remove_prefix(std::min(payload.find_first_not_of(" \t\r\n"), payload.size()));
  return payload.starts_with('{') && scan.skip_value(payload) && payload.empty();
}

/// Checks the ways against each other and answers whether the message is strict JSON.
inline bool check_both_ways(io::JsonDocument& document, std::string_view payload) {
  std::vector<io::JsonField> fast;
  const bool is_fast = document.parse_by_simdjson(payload);
  // Plain fields are views into a buffer that the scanner leaves alone.
  if (is_fast) fast.assign(document.fields().begin(), document.fields().end());
  stages::DeadLetterCode scan_code{};
  const bool is_strict = document.parse_by_scan(payload, scan_code);
  CHECK(!is_fast || is_strict, "the scanner takes what simdjson takes");
  CHECK(is_strict || !is_passed_over(payload), "and what it would pass over");
  if (is_fast) {
    CHECK(document.fields().size() == fast.size(), "as many fields both ways");
    for (std::size_t i = 0; i < fast.size(); ++i)
      CHECK(is_same(document.fields()[i], fast[i]), "the same field both ways");
  }
  for (const io::JsonField& field :
       document.fields().first(is_strict ? document.fields().size() : 0))
    CHECK(field.offset < payload.size(), "a field stands in the message");
  stages::DeadLetterCode code{};
  CHECK(document.parse(payload, code) == is_strict, "parse() agrees");
  CHECK(is_strict || code == scan_code, "parse() gives the scanner's code");
  return is_strict;
}

/// Checks that an error's offset points into the message, or nowhere.
inline void check_offset(std::uint32_t offset, std::string_view payload) {
  CHECK(offset == 0 || offset < payload.size(), "the fault stands in the message");
}

}  // namespace coreloop::tests
