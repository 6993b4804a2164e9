// A market tick from its JSON: a quote (bid and ask) or a last price, strict, with the dead-letter
// code of the first fault. Source of keys and codes: the wire page, "Inputs". Allocates at
// construction only. INGRESS's thread.
#pragma once

#include <string_view>

#include "io/codec/field_reader.hpp"
#include "stages/event.hpp"

namespace coreloop::io {

class TickCodec {
 public:
  /// Reads `payload` into `tick`; `symbol` is a view valid until the next decode.
  /// Errors: SIZE, EMPTY, and every code of the wire page's list that can concern a tick, but
  /// TABLE_FULL.
  [[nodiscard]] bool decode(std::string_view payload, stages::Tick& tick, std::string_view& symbol,
                            DecodeError& error) noexcept;

 private:
  struct Draft;

  [[nodiscard]] bool read_field(const JsonField& field, Draft& draft, DecodeError& error) noexcept;
  [[nodiscard]] static bool settle(const Draft& draft, stages::Tick& tick,
                                   DecodeError& error) noexcept;

  MessageReader message_;
};

}  // namespace coreloop::io
