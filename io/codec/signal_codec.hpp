// A trade signal from its JSON: strict, exact in every number, with the dead-letter code and offset
// of the first fault. Source of keys, types and codes: the wire page, "Inputs". Allocates at
// construction only. INGRESS's thread.
#pragma once

#include <string_view>

#include "io/codec/field_reader.hpp"
#include "stages/event.hpp"

namespace coreloop::io {

/// The account of a signal that names none.
inline constexpr std::string_view default_account = "main";

/// The words of a signal that do not stand in the event; views valid until the next decode.
struct SignalWords {
  std::string_view symbol;
  std::string_view account;
  std::string_view source;
};

class SignalCodec {
 public:
  /// Reads `payload` (the entry's `data`) into `signal` and `words`.
  /// Errors: SIZE (over 16 KiB), EMPTY (blank), and every code of the wire page's list but
  /// TABLE_FULL.
  [[nodiscard]] bool decode(std::string_view payload, stages::Signal& signal, SignalWords& words,
                            DecodeError& error) noexcept;

 private:
  struct Draft;  // what the keys have said so far

  [[nodiscard]] bool read_field(const JsonField& field, Draft& draft, DecodeError& error) noexcept;
  [[nodiscard]] bool read_known(std::size_t key, const JsonField& field, Draft& draft,
                                DecodeError& error) noexcept;

  MessageReader message_;
};

/// The 128-bit hash by which a signal_id is remembered: the same for the same bytes on every
/// machine.
[[nodiscard]] stages::SignalIdHash hash_signal_id(std::string_view id) noexcept;

}  // namespace coreloop::io
