// What the signal and the tick codec share: a message opened, a key that stands twice refused, and
// a field read as the type it must have. A codec goes through the fields in text order; the first
// fault found is the message's dead-letter code. Allocates at construction only. INGRESS's thread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "io/codec/json_document.hpp"
#include "io/codec/json_scan.hpp"
#include "stages/decimal.hpp"
#include "stages/reason.hpp"

namespace coreloop::io {

/// Why a message is refused, and where in it.
struct DecodeError {
  stages::DeadLetterCode code{};
  std::uint32_t offset = 0;  ///< byte of the offending value; 0 for SIZE to JSON and MISSING_KEY
};

/// A string field read, to be checked for content once all keys have passed.
struct TextField {
  std::string_view text;
  std::uint32_t offset = 0;
  bool is_present = false;
};

/// Keys a codec does not know, to find one that stands twice. Allocates at construction.
class UnknownKeys {
 public:
  /// `keys_max`: most keys of one message.
  explicit UnknownKeys(std::size_t keys_max);

  void clear() noexcept;
  /// Remembers `key` for this message; answers whether it was there already.
  [[nodiscard]] bool add(std::string_view key) noexcept;

 private:
  static constexpr std::size_t few =
      8;  ///< up to here, comparing with each is quicker than hashing

  struct Slot {
    std::uint32_t message = 0;
    std::uint32_t key = 0;
  };

  [[nodiscard]] bool add_to_slots(std::uint32_t key) noexcept;

  std::vector<std::string_view> keys_;
  std::vector<Slot> slots_;
  std::uint32_t message_ = 0;
  std::size_t count_ = 0;
};

/// A key's bit in the set of keys seen.
[[nodiscard]] constexpr std::uint32_t key_bit(std::size_t key) noexcept {
  return 1U << key;
}

/// Index of `name` among `names`, or their number.
template <std::size_t n>
[[nodiscard]] std::size_t find_key(const std::array<std::string_view, n>& names,
                                   std::string_view name) noexcept {
  std::size_t key = 0;
  while (key != n && names[key] != name)
    ++key;
  return key;
}

/// One message after another, field by field.
class MessageReader {
 public:
  MessageReader();

  /// Reads `payload`, and forgets the message before.
  /// Errors: SIZE (over 16 KiB), EMPTY (blank), UTF8, JSON.
  [[nodiscard]] bool open(std::string_view payload, DecodeError& error) noexcept;

  /// Top-level fields in text order, valid until the next open.
  [[nodiscard]] std::span<const JsonField> fields() const noexcept { return document_.fields(); }

  /// Finds a field's key among `names`: its index, or their number for one to be passed over.
  /// Requires: called once for each field. Errors: DUPLICATE_KEY.
  template <std::size_t n>
  [[nodiscard]] bool take_key(const std::array<std::string_view, n>& names, const JsonField& field,
                              std::size_t& key, DecodeError& error) noexcept {
    key = find_key(names, field.key);
    const bool is_repeat =
        key == n ? unknown_keys_.add(field.key) : (seen_keys_ & key_bit(key)) != 0;
    if (is_repeat) {
      error = {stages::DeadLetterCode::duplicate_key, field.offset};
      return false;
    }
    if (key != n) seen_keys_ |= key_bit(key);
    return true;
  }

 private:
  JsonDocument document_;
  UnknownKeys unknown_keys_;
  std::uint32_t seen_keys_ = 0;
};

/// `field` as a string; false and TYPE if it is none.
[[nodiscard]] inline bool read_string(const JsonField& field, TextField& out,
                                      DecodeError& error) noexcept {
  out = {field.text, field.offset, true};
  if (field.type == JsonType::string) return true;
  error = {stages::DeadLetterCode::type, field.offset};
  return false;
}

/// `field` as a number; false and TYPE if it is none.
[[nodiscard]] inline bool read_number(const JsonField& field, stages::Decimal& out,
                                      DecodeError& error) noexcept {
  if (field.type != JsonType::number) {
    error = {stages::DeadLetterCode::type, field.offset};
    return false;
  }
  out = stages::read_decimal(field.text);
  return true;
}

[[nodiscard]] inline bool out_of_range(const JsonField& field, DecodeError& error) noexcept {
  error = {stages::DeadLetterCode::range, field.offset};
  return false;
}

/// 1 to 32 characters of `[A-Z0-9._:/-]`.
[[nodiscard]] bool is_symbol(std::string_view text) noexcept;

/// 1 to 32 characters of `[A-Za-z0-9._-]`.
[[nodiscard]] bool is_account(std::string_view text) noexcept;

}  // namespace coreloop::io
