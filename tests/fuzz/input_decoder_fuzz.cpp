// Entries of every kind: an entry always becomes an event of its form; a command or timer that is
// taken, written in its plainest form, is taken as the same; one that is refused changes nothing.
//
// An input is a byte that chooses the kind, then names and values in turn, each ended by 0xFF.
#include "io/edge/input_decoder.hpp"

#include <array>
#include <cstring>
#include <string>
#include <vector>

#include "engine/check.hpp"
#include "io/codec/checksum.hpp"
#include "io/edge/command_box.hpp"
#include "io/edge/sink.hpp"
#include "tests/fuzz/input_bytes.hpp"

namespace coreloop::tests {
namespace {

using io::RawEntry;
using io::RawField;
using stages::Event;
using stages::EventKind;

// Small tables, empty again for each input.
struct Decoding {
  stages::Names names{1, 2};
  stages::TextRing text{12};
  io::InputDecoder decoder{names, text};

  static Decoding& empty() {
    static Decoding decoding;
    decoding.names = stages::Names{1, 2};
    return decoding;
  }
};

std::vector<RawField> fields_of(std::string_view bytes) {
  const std::vector<std::string_view> pieces = pieces_of(bytes, '\xFF');
  std::vector<RawField> fields;
  for (std::size_t i = 0; i + 1 < pieces.size(); i += 2)
    fields.push_back({pieces[i], pieces[i + 1]});
  return fields;
}

void check_dead_letter(const Event& event, const RawEntry& entry, std::string_view shown) {
  CHECK(event.dead_letter.code <= stages::DeadLetterCode::table_full, "a code");
  CHECK(event.account == stages::no_id && event.symbol == stages::no_id, "nothing was read");
  std::string_view payload;
  for (auto field = entry.fields.rbegin(); field != entry.fields.rend(); ++field) {
    if (field->name == "data") payload = field->value;
  }
  CHECK(shown == payload.substr(0, io::dead_letter_payload_bytes_max), "the payload is shown");
  const std::uint32_t crc32 = entry.is_cut ? entry.payload_crc32 : io::crc32_of(payload);
  CHECK(event.dead_letter.payload_crc32 == crc32, "its checksum");
}

// `is_full`: no name of the entry has room any more.
void check_entry(const RawEntry& entry, io::StreamKind kind, bool is_full) {
  Decoding& decoding = Decoding::empty();
  if (is_full) {
    for (const char* const name : {"-", "--"}) {
      static_cast<void>(decoding.names.symbols.find_or_add(name));
      static_cast<void>(decoding.names.accounts.find_or_add(name));
    }
  }
  for (int turn = 0; turn < 2; ++turn) {
    Event event{};
    CHECK(decoding.text.has_room(), "room for a text");
    decoding.decoder.decode_entry(entry, kind, event);
    const std::string_view text = decoding.text.text(event.text_position, event.text_bytes);
    CHECK(text.size() <= stages::TextRing::text_bytes_max, "a text of its length");
    const std::size_t names = event.symbol_text_bytes + event.account_text_bytes;
    switch (event.kind) {
      case EventKind::signal:
        CHECK(kind == io::StreamKind::signals && names < text.size(), "a signal with its source");
        CHECK((event.symbol == stages::no_id) == (event.symbol_text_bytes != 0), "a name or an id");
        CHECK((event.account == stages::no_id) == (event.account_text_bytes != 0), "either");
        break;
      case EventKind::tick:
        CHECK(kind == io::StreamKind::ticks && event.symbol < decoding.names.symbols.size(),
              "a tick of a symbol");
        break;
      case EventKind::dead_letter:
        CHECK(event.dead_letter.is_tick == (kind == io::StreamKind::ticks ? 1 : 0), "its stream");
        check_dead_letter(event, entry, text);
        break;
      case EventKind::timer:
      case EventKind::command:
        CHECK(false, "no stream entry is one of these");
    }
    if (event.text_bytes != 0) decoding.text.release(event.text_position, event.text_bytes);
  }
}

std::string decimal(std::int64_t value) {
  std::array<char, stages::decimal_text_max> text{};
  return {text.data(), stages::write_decimal(text.data(), value)};
}

// The command as the mailbox would have handed it to INGRESS.
bool decode_plainly(Decoding& decoding, const Event& event, Event& repeated) {
  constexpr std::array kinds{"price", "close", "halt", "resume", "reset"};
  constexpr std::array services{"", "risk", "execution", "position"};
  const stages::Command& command = event.command;
  const bool is_price = command.kind == stages::CommandKind::price;
  const std::string price = is_price ? decimal(command.price) : std::string{};
  const auto name = [](const stages::NameTable& table, std::uint32_t id) {
    return id == stages::no_id ? std::string_view{} : table.name(id);
  };
  io::CommandBox box;
  box.open();
  const std::uint64_t ticket = box.submit({.command = kinds[static_cast<std::size_t>(command.kind)],
                                           .symbol = name(decoding.names.symbols, event.symbol),
                                           .account = name(decoding.names.accounts, event.account),
                                           .price = price,
                                           .service = services[command.service]});
  CHECK(ticket != 0, "a command fits the mailbox");
  RawEntry entry;
  CHECK(box.peek(entry) && box.claim(), "it is there");
  return decoding.decoder.decode_command(entry, repeated);
}

void check_command(const RawEntry& entry) {
  Decoding& decoding = Decoding::empty();
  Event event{};
  event.sequence = 7;
  const Event before = event;
  if (!decoding.decoder.decode_command(entry, event)) {
    CHECK(std::memcmp(&before, &event, sizeof event) == 0, "a refused command changes no event");
    CHECK(decoding.names.symbols.size() == 0 && decoding.names.accounts.size() == 0, "and no name");
    return;
  }
  CHECK(event.kind == EventKind::command, "a command");
  // Never of a mailbox: a start makes it.
  if (event.command.kind == stages::CommandKind::adopt) {
    CHECK(event.command.output < io::output_stream_count, "an output stream");
    return;
  }
  const bool is_price = event.command.kind == stages::CommandKind::price;
  CHECK(is_price == (event.command.price > 0), "a price where it is one");
  CHECK((event.command.kind == stages::CommandKind::close) == (event.account != stages::no_id),
        "an account where it is closed");
  // A symbol that nobody has named cannot be written from its id.
  if (event.command.kind == stages::CommandKind::close) return;
  Event repeated{};
  repeated.sequence = 7;
  CHECK(decode_plainly(decoding, event, repeated), "what was taken is taken again");
  CHECK(std::memcmp(&event, &repeated, sizeof event) == 0, "as the same");
}

void check_timer(const RawEntry& entry) {
  stages::Timer timer{};
  std::int64_t due_unix_ns = -1;
  if (!io::InputDecoder::decode_timer(entry, timer, due_unix_ns)) return;
  CHECK(due_unix_ns >= 0, "due after 1970");
  const bool is_walk = timer.kind == stages::TimerKind::walk;
  const std::string due = std::to_string(due_unix_ns);
  const std::array<RawField, 2> plain{{{"kind", is_walk ? "walk" : "mark"}, {"due", due}}};
  RawEntry again;
  again.fields = plain;
  stages::Timer repeated{};
  std::int64_t repeated_due = -1;
  CHECK(io::InputDecoder::decode_timer(again, repeated, repeated_due), "taken again");
  CHECK(repeated.kind == timer.kind && repeated_due == due_unix_ns, "as the same");
}

void check_input(std::string_view bytes) {
  const std::uint8_t kind = take_byte(bytes);
  const std::vector<RawField> fields = fields_of(bytes);
  RawEntry entry;
  entry.fields = fields;
  if ((kind & 4) != 0) {
    entry.is_cut = true;
    entry.payload_crc32 = 42;
  }
  switch (kind & 3) {
    case 0:
      return check_entry(entry, io::StreamKind::signals, (kind & 8) != 0);
    case 1:
      return check_entry(entry, io::StreamKind::ticks, (kind & 8) != 0);
    case 2:
      return check_command(entry);
    default:
      return check_timer(entry);
  }
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_input(coreloop::tests::text_of(data, size));
  return 0;
}
