// Entries to events.
#include "io/edge/input_decoder.hpp"

#include <algorithm>
#include <charconv>

#include "io/codec/checksum.hpp"
#include "io/codec/json_text.hpp"
#include "io/edge/entry_id.hpp"
#include "io/edge/sink.hpp"
#include "stages/decimal.hpp"

namespace coreloop::io {

using stages::DeadLetterCode;
using stages::Event;
using stages::EventKind;
using stages::no_id;

namespace {

static_assert(dead_letter_payload_bytes_max <= stages::TextRing::text_bytes_max);

/// The first field of one name, and how often the name stands.
struct FoundField {
  std::string_view value;
  std::size_t count = 0;
};

FoundField find_field(const RawEntry& entry, std::string_view name) noexcept {
  FoundField found;
  for (const RawField& field : entry.fields) {
    if (field.name == name && found.count++ == 0) found.value = field.value;
  }
  return found;
}

bool read_command_kind(std::string_view text, stages::CommandKind& kind) noexcept {
  using stages::CommandKind;
  if (text == "price")
    kind = CommandKind::price;
  else if (text == "close")
    kind = CommandKind::close;
  else if (text == "halt")
    kind = CommandKind::halt;
  else if (text == "resume")
    kind = CommandKind::resume;
  else if (text == "reset")
    kind = CommandKind::reset;
  else if (text == "adopt")
    kind = CommandKind::adopt;
  else
    return false;
  return true;
}

bool read_integer(std::string_view text, std::int64_t& value) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

bool read_service(std::string_view text, std::uint8_t& service) noexcept {
  constexpr std::array<std::string_view, 4> names{"", "risk", "execution", "position"};
  const auto* const found = std::find(names.begin(), names.end(), text);
  service = static_cast<std::uint8_t>(found - names.begin());
  return found != names.end();
}

bool read_output(std::string_view text, std::uint8_t& output) noexcept {
  const auto* const found = std::find(output_stream_words.begin(), output_stream_words.end(), text);
  output = static_cast<std::uint8_t>(found - output_stream_words.begin());
  return found != output_stream_words.end();
}

}  // namespace

void InputDecoder::decode_entry(const RawEntry& entry, StreamKind kind, Event& event) noexcept {
  event.account = event.symbol = no_id;
  event.symbol_text_bytes = event.account_text_bytes = 0;
  event.text_position = 0;
  event.text_bytes = 0;
  const auto [payload, count] = find_field(entry, "data");
  const bool is_tick = kind == StreamKind::ticks;
  if (entry.is_cut) {
    write_dead_letter(payload, is_tick, {DeadLetterCode::size, 0}, event);
    event.dead_letter.payload_crc32 = entry.payload_crc32;
    return;
  }
  if (count != 1) {
    const bool is_too_long = payload.size() > JsonDocument::payload_bytes_max;
    return write_dead_letter(
        payload, is_tick, {is_too_long ? DeadLetterCode::size : DeadLetterCode::empty, 0}, event);
  }
  if (is_tick)
    decode_tick(payload, event);
  else
    decode_signal(payload, event);
}

void InputDecoder::decode_signal(std::string_view payload, Event& event) noexcept {
  SignalWords words;
  DecodeError error;
  if (!signal_codec_.decode(payload, event.signal, words, error)) {
    return write_dead_letter(payload, false, error, event);
  }
  event.kind = EventKind::signal;
  event.account = names_.accounts.find_or_add(words.account);
  event.symbol = names_.symbols.find(words.symbol);
  char* const begin = text_.claim();
  char* end = begin;
  if (event.symbol == no_id) {
    event.symbol_text_bytes = static_cast<std::uint8_t>(words.symbol.size());
    end = append_text(end, words.symbol);
  }
  if (event.account == no_id) {
    event.account_text_bytes = static_cast<std::uint8_t>(words.account.size());
    end = append_text(end, words.account);
  }
  end = append_text(end, words.source);
  event.text_bytes = static_cast<std::uint16_t>(end - begin);
  event.text_position = text_.commit(event.text_bytes);
}

void InputDecoder::decode_tick(std::string_view payload, Event& event) noexcept {
  std::string_view symbol;
  DecodeError error;
  if (!tick_codec_.decode(payload, event.tick, symbol, error)) {
    return write_dead_letter(payload, true, error, event);
  }
  event.symbol = names_.symbols.find_or_add(symbol);
  if (event.symbol == no_id) {
    return write_dead_letter(payload, true, {DeadLetterCode::table_full, 0}, event);
  }
  event.kind = EventKind::tick;
}

void InputDecoder::write_dead_letter(std::string_view payload, bool is_tick, DecodeError error,
                                     Event& event) noexcept {
  event.kind = EventKind::dead_letter;
  event.dead_letter = {.offset = error.offset,
                       .payload_crc32 = crc32_of(payload),
                       .code = error.code,
                       .is_tick = static_cast<std::uint8_t>(is_tick)};
  const std::string_view kept = payload.substr(0, dead_letter_payload_bytes_max);
  append_text(text_.claim(), kept);
  event.text_bytes = static_cast<std::uint16_t>(kept.size());
  event.text_position = text_.commit(event.text_bytes);
}

bool InputDecoder::decode_command(const RawEntry& entry, Event& event) noexcept {
  const FoundField word = find_field(entry, "command");
  const FoundField symbol = find_field(entry, "symbol");
  const FoundField account = find_field(entry, "account");
  const FoundField price = find_field(entry, "price");
  const FoundField service = find_field(entry, "service");
  const FoundField output = find_field(entry, "output");
  const FoundField id = find_field(entry, "id");
  for (const FoundField& found : {word, symbol, account, price, service, output, id}) {
    if (found.count > 1) return false;
  }
  stages::Command command{};
  if (!read_command_kind(word.value, command.kind)) return false;
  if (!read_service(service.value, command.service)) return false;
  const bool is_price = command.kind == stages::CommandKind::price;
  const bool is_close = command.kind == stages::CommandKind::close;
  if ((is_price || is_close) && !is_symbol(symbol.value)) return false;
  if (is_close && account.count != 0 && !is_account(account.value)) return false;
  if (is_price) {
    if (!stages::is_json_number(price.value)) return false;
    const stages::Decimal number = stages::read_decimal(price.value);
    if (number.rounds_out() || number.rounded() <= 0) return false;
    command.price = number.rounded();
  }
  EntryId adopted;
  if (command.kind == stages::CommandKind::adopt &&
      (!read_output(output.value, command.output) || !parse_entry_id(id.value, adopted))) {
    return false;
  }
  event.kind = EventKind::command;
  event.command = command;
  event.entry_ms = adopted.ms;
  event.entry_counter = adopted.counter;
  event.account = event.symbol = no_id;
  event.symbol_text_bytes = event.account_text_bytes = 0;
  event.text_position = 0;
  event.text_bytes = 0;
  if (is_price) event.symbol = names_.symbols.find_or_add(symbol.value);
  if (is_close) {
    event.symbol = names_.symbols.find(symbol.value);
    event.account =
        names_.accounts.find_or_add(account.count != 0 ? account.value : default_account);
  }
  return true;
}

bool InputDecoder::decode_timer(const RawEntry& entry, stages::Timer& timer,
                                std::int64_t& due_unix_ns) noexcept {
  const FoundField kind = find_field(entry, "kind");
  const FoundField due = find_field(entry, "due");
  if (kind.count != 1 || due.count != 1) return false;
  if (kind.value != "walk" && kind.value != "mark") return false;
  timer.kind = kind.value == "walk" ? stages::TimerKind::walk : stages::TimerKind::mark;
  return read_integer(due.value, due_unix_ns) && due_unix_ns >= 0;
}

}  // namespace coreloop::io
