// JSON answers, written member by member in the order they are added. Amounts are numbers with all
// their decimals. Cold code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "stages/fixed_point.hpp"

namespace coreloop::io {

class JsonWriter {
 public:
  // An empty key: an element of an array, or the whole.
  JsonWriter& open_object(std::string_view key = {});
  JsonWriter& open_array(std::string_view key = {});
  JsonWriter& close();
  JsonWriter& add(std::string_view key, std::string_view value);
  JsonWriter& add(std::string_view key, const char* value) {
    return add(key, std::string_view{value});
  }
  JsonWriter& add(std::string_view key, std::uint64_t value);
  JsonWriter& add_flag(std::string_view key, bool value);
  JsonWriter& add_null(std::string_view key);
  /// An amount or ratio at 1e-8 as a number.
  JsonWriter& add_amount(std::string_view key, stages::Int128 value);
  /// Nanoseconds as a number of seconds.
  JsonWriter& add_seconds(std::string_view key, std::int64_t ns);
  /// `key` as ns since the epoch and `key` without `_ns` as ISO 8601.
  JsonWriter& add_time(std::string_view iso_key, std::int64_t unix_ns);

  /// The finished text. Requires: everything opened is closed.
  [[nodiscard]] std::string take() { return std::move(text_) + "\n"; }

 private:
  void begin(std::string_view key);
  void append_string(std::string_view value);

  std::string text_;
  std::vector<char> closers_;
  bool is_first_ = true;
};

/// `2026-01-12T10:00:00.042128Z`. Requires: unix_ns >= 0.
[[nodiscard]] std::string timestamp_text(std::int64_t unix_ns);
/// At 1e-8 as a plain decimal: `1000.0`, `-0.00000001`.
[[nodiscard]] std::string amount_number(stages::Int128 value);
/// Seconds with up to nine decimals.
[[nodiscard]] std::string seconds_number(stages::Int128 ns);
/// numerator / denominator, truncated at 1e-8; 0 where there is nothing to divide by.
[[nodiscard]] stages::Int128 quotient(stages::Int128 numerator, stages::Int128 denominator);

}  // namespace coreloop::io
