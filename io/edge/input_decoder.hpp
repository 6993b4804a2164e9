// From an entry's bytes to an event: codecs, names to ids, and the text that travels beside the
// event. What cannot be read becomes a dead letter, never an error. Knows nothing of order and time
// (io/edge/ingress.hpp does). INGRESS's thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "io/codec/signal_codec.hpp"
#include "io/codec/tick_codec.hpp"
#include "io/edge/input_streams.hpp"
#include "io/edge/source.hpp"
#include "stages/event.hpp"
#include "stages/names.hpp"
#include "stages/text_ring.hpp"

namespace coreloop::io {

/// What a dead letter shows of its payload.
inline constexpr std::size_t dead_letter_payload_bytes_max = 512;

class InputDecoder {
 public:
  /// Both must outlive the decoder. Allocates.
  InputDecoder(stages::Names& names, stages::TextRing& text) : names_(names), text_(text) {}

  /// Reads a stream entry into `event`: kind signal, tick or dead_letter with ids, text and input
  /// section. Requires: text_.has_room().
  void decode_entry(const RawEntry& entry, StreamKind kind, stages::Event& event) noexcept;

  /// Reads an `@command` entry into `event`; false if it is not of a command's form (nothing was
  /// changed then).
  [[nodiscard]] bool decode_command(const RawEntry& entry, stages::Event& event) noexcept;

  /// Reads an `@timer` entry; false if it is not of a timer's form.
  [[nodiscard]] static bool decode_timer(const RawEntry& entry, stages::Timer& timer,
                                         std::int64_t& due_unix_ns) noexcept;

 private:
  void decode_signal(std::string_view payload, stages::Event& event) noexcept;
  void decode_tick(std::string_view payload, stages::Event& event) noexcept;
  void write_dead_letter(std::string_view payload, bool is_tick, DecodeError error,
                         stages::Event& event) noexcept;

  stages::Names& names_;
  stages::TextRing& text_;
  SignalCodec signal_codec_;
  TickCodec tick_codec_;
};

}  // namespace coreloop::io
