// What the signal and the tick codec share: a message opened, a key that stands twice refused, and
// a field read as the type it must have. A codec goes through the fields in text order; the first
// fault found is the message's dead-letter code. Allocates at construction only. INGRESS's thread.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
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

/// The keys a codec knows, found by a hash under which no two of them share a slot.
template <std::size_t n>
class KnownKeys {
 public:
  /// Chooses the hash: the compiler's work.
  explicit consteval KnownKeys(const std::array<std::string_view, n>& names) : names_(names) {
    while (!fill())
      factor_ += 2;
  }

  /// Index of `name`, or their number.
  [[nodiscard]] std::size_t find(std::string_view name) const noexcept {
    if (name.empty()) return n;
    const std::size_t key = slots_[slot_of(name)];
    return key != n && is_same(names_[key], name) ? key : n;
  }

 private:
  static constexpr unsigned slots_log2 = 5;
  static_assert(2 * n <= 1U << slots_log2);

  consteval bool fill() noexcept {
    slots_.fill(n);
    for (std::size_t key = 0; key < n; ++key) {
      std::uint8_t& slot = slots_[slot_of(names_[key])];
      if (slot != n) return false;
      slot = static_cast<std::uint8_t>(key);
    }
    return true;
  }

  [[nodiscard]] constexpr std::size_t slot_of(std::string_view name) const noexcept {
    const auto first = static_cast<unsigned char>(name.front());
    const auto last = static_cast<unsigned char>(name.back());
    const auto size = static_cast<std::uint32_t>(name.size());
    const std::uint32_t word = size << 16 ^ static_cast<std::uint32_t>(first << 8 | last);
    return word * factor_ >> (32 - slots_log2);
  }

  // By words that may overlap: a call for a few bytes costs more than they do.
  [[nodiscard]] static bool is_same(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    const auto word = [](std::string_view text, std::size_t at) {
      std::uint64_t bytes = 0;
      std::memcpy(&bytes, text.data() + at, sizeof(bytes));
      return bytes;
    };
    if (a.size() < sizeof(std::uint64_t)) {
      bool is_equal = true;
      for (std::size_t at = 0; at < a.size(); ++at)
        is_equal = is_equal && a[at] == b[at];
      return is_equal;
    }
    const std::size_t last = a.size() - sizeof(std::uint64_t);
    std::uint64_t difference = word(a, last) ^ word(b, last);
    for (std::size_t at = 0; at < last; at += sizeof(std::uint64_t))
      difference |= word(a, at) ^ word(b, at);
    return difference == 0;
  }

  std::array<std::string_view, n> names_;
  std::array<std::uint8_t, 1U << slots_log2> slots_{};
  std::uint32_t factor_ = 0x9E37'79B1;
};

/// One message after another, field by field.
class MessageReader {
 public:
  MessageReader();

  /// Reads `payload`, and forgets the message before.
  /// Errors: SIZE (over 16 KiB), EMPTY (blank), UTF8, JSON.
  [[nodiscard]] bool open(std::string_view payload, DecodeError& error) noexcept;

  /// Top-level fields in text order, valid until the next open.
  [[nodiscard]] std::span<const JsonField> fields() const noexcept { return document_.fields(); }

  /// Finds a field's key among `keys`: its index, or their number for one to be passed over.
  /// Requires: called once for each field. Errors: DUPLICATE_KEY.
  template <std::size_t n>
  [[nodiscard]] bool take_key(const KnownKeys<n>& keys, const JsonField& field, std::size_t& key,
                              DecodeError& error) noexcept {
    key = keys.find(field.key);
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

/// Keeps `field`, a string whose content is checked once all keys have passed; false and TYPE if it
/// is none.
[[nodiscard]] inline bool read_string(const JsonField& field, const JsonField*& out,
                                      DecodeError& error) noexcept {
  out = &field;
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
