// Strict JSON for small hostile messages: one object, whole, valid to its last byte, as a flat list
// of its top-level fields.
//
// simdjson reads what is ordinary. Whatever it stumbles over, and whatever is rare (an escape, many
// keys), goes through our own scanner (json_scan.hpp), which alone decides whether a message is
// refused and why; so the outcome depends neither on simdjson's version nor on the processor's
// vector instructions. Both ways yield the same list. Allocates at construction only. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "io/codec/json_scan.hpp"
#include "stages/reason.hpp"

namespace coreloop::io {

class JsonDocument {
 public:
  /// Largest message read; a longer one is refused before it comes here.
  static constexpr std::size_t payload_bytes_max = std::size_t{16} * 1024;

  JsonDocument();
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  /// Reads `payload`. Requires: at most payload_bytes_max bytes.
  /// Errors: utf8 (not valid UTF-8), json (not strict JSON, not an object, or deeper than depth_max
  /// inside a field).
  [[nodiscard]] bool parse(std::string_view payload, stages::DeadLetterCode& error) noexcept;

  /// Top-level fields in text order, valid until the next parse. Keys may stand twice.
  [[nodiscard]] std::span<const JsonField> fields() const noexcept { return fields_; }

  /// The slow way alone: for the tests that compare both.
  [[nodiscard]] bool parse_by_scan(std::string_view payload,
                                   stages::DeadLetterCode& error) noexcept;

  /// The fast way alone; false where it leaves the message to the scanner.
  [[nodiscard]] bool parse_by_simdjson(std::string_view payload) noexcept;

 private:
  static constexpr std::size_t fast_fields_max = 32;

  struct Simdjson;  // keeps the library's headers out of everybody else's
  std::unique_ptr<Simdjson> simdjson_;
  JsonScan scan_;
  std::array<JsonField, fast_fields_max> fast_fields_;
  std::span<const JsonField> fields_;
};

}  // namespace coreloop::io
