// Messages opened, keys that stand twice, and the two alphabets.
#include "io/codec/field_reader.hpp"

#include <algorithm>
#include <functional>
#include <initializer_list>

namespace coreloop::io {
namespace {

constexpr std::size_t name_bytes_max = 32;

constexpr std::string_view upper_and_digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
constexpr std::string_view lower = "abcdefghijklmnopqrstuvwxyz";

// A row of 256: whether a character is one of an alphabet.
using Alphabet = std::array<bool, 256>;

consteval Alphabet alphabet_of(std::initializer_list<std::string_view> parts) noexcept {
  Alphabet alphabet{};
  for (const std::string_view part : parts) {
    for (const char c : part)
      alphabet[static_cast<unsigned char>(c)] = true;
  }
  return alphabet;
}

constexpr Alphabet symbol_alphabet = alphabet_of({upper_and_digits, "._:/-"});
constexpr Alphabet account_alphabet = alphabet_of({upper_and_digits, lower, "._-"});

bool is_name_of(const Alphabet& alphabet, std::string_view text) noexcept {
  return !text.empty() && text.size() <= name_bytes_max &&
         std::all_of(text.begin(), text.end(),
                     [&alphabet](char c) { return alphabet[static_cast<unsigned char>(c)]; });
}

}  // namespace

UnknownKeys::UnknownKeys(std::size_t keys_max) : keys_(keys_max) {
  std::size_t slots = 16;
  while (slots < 2 * keys_max)
    slots *= 2;
  slots_.resize(slots);
}

void UnknownKeys::clear() noexcept {
  count_ = 0;
  if (++message_ != 0) return;
  std::fill(slots_.begin(), slots_.end(), Slot{});  // once in 2^32 messages the stamps start again
  message_ = 1;
}

bool UnknownKeys::add(std::string_view key) noexcept {
  const auto index = static_cast<std::uint32_t>(count_);
  keys_[count_++] = key;
  if (count_ <= few) {
    const auto begin = keys_.begin();
    return std::find(begin, begin + index, key) != begin + index;
  }
  if (count_ == few + 1) {
    for (std::uint32_t i = 0; i < few; ++i)
      static_cast<void>(add_to_slots(i));
  }
  return add_to_slots(index);
}

bool UnknownKeys::add_to_slots(std::uint32_t key) noexcept {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>{}(keys_[key]) & mask;
  while (slots_[slot].message == message_) {
    if (keys_[slots_[slot].key] == keys_[key]) return true;
    slot = (slot + 1) & mask;
  }
  slots_[slot] = {message_, key};
  return false;
}

// The shortest field is `"":0,`.
MessageReader::MessageReader() : unknown_keys_(JsonDocument::payload_bytes_max / 5 + 1) {}

bool MessageReader::open(std::string_view payload, DecodeError& error) noexcept {
  error = {};
  seen_keys_ = 0;
  unknown_keys_.clear();
  if (payload.size() > JsonDocument::payload_bytes_max) {
    error.code = stages::DeadLetterCode::size;
    return false;
  }
  if (is_blank(payload)) {
    error.code = stages::DeadLetterCode::empty;
    return false;
  }
  return document_.parse(payload, error.code);
}

bool is_symbol(std::string_view text) noexcept {
  return is_name_of(symbol_alphabet, text);
}

bool is_account(std::string_view text) noexcept {
  return is_name_of(account_alphabet, text);
}

}  // namespace coreloop::io
