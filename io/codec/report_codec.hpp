// The JSON inside `data` of every output entry: exactly the keys, order and layout of the wire
// page, as Python's json.dumps would print them, so that the bytes are reproducible. Each function
// writes one object into a buffer of the caller and answers its end. EGRESS's thread; no
// allocation.
#pragma once

#include <cstdint>
#include <string_view>

#include "io/codec/timestamp_text.hpp"
#include "stages/event.hpp"

namespace coreloop::io {

/// The words of an input that do not stand in the event as text.
struct EventWords {
  std::string_view symbol;
  std::string_view account;
  std::string_view source;
};

/// Most bytes any report takes: a dead letter of 512 bytes, each escaped, between two stream names
/// and ids.
inline constexpr std::size_t report_bytes_max = 4'096;

class ReportCodec {
 public:
  /// `seed`: conf engine.seed; order ids depend on it.
  explicit ReportCodec(std::uint64_t seed) : seed_(seed) {}

  /// Requires: outcome approved.
  char* write_approval(char* out, const stages::Event& event, const EventWords& words) noexcept;
  /// Requires: outcome rejected.
  char* write_rejection(char* out, const stages::Event& event, const EventWords& words) noexcept;
  /// Requires: has_order(event), filled or refused by FILL.
  char* write_execution(char* out, const stages::Event& event, const EventWords& words) noexcept;
  /// Requires: a position side. `symbol`: of the position.
  char* write_position(char* out, const stages::Event& event, std::string_view symbol) noexcept;
  /// Requires: kind dead_letter. `stream` and `id`: of the entry; `payload`: its first 512 bytes.
  char* write_dead_letter(char* out, const stages::Event& event, std::string_view stream,
                          std::string_view id, std::string_view payload) noexcept;

 private:
  char* append_timestamp(char* out, const stages::Event& event) noexcept;

  std::uint64_t seed_;
  TimestampWriter timestamps_;
};

}  // namespace coreloop::io
