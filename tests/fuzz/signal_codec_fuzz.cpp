// Signals: simdjson and the scanner agree about every message; what is decoded, written again
// plainly, decodes to the same.
#include "io/codec/signal_codec.hpp"

#include <array>
#include <cstring>
#include <string>

#include "io/codec/json_text.hpp"
#include "io/codec/timestamp_text.hpp"
#include "tests/fuzz/input_bytes.hpp"
#include "tests/fuzz/json_agreement.hpp"

namespace coreloop::tests {
namespace {

using stages::Signal;

std::string quoted(std::string_view text) {
  std::string out(text.size() * io::escaped_bytes_max, '\0');
  out.resize(static_cast<std::size_t>(io::escape_json(out.data(), text) - out.data()));
  return "\"" + out + "\"";
}

// As both writers put it.
std::string decimal_of(std::int64_t value) {
  std::array<char, stages::decimal_text_max> text{};
  std::string written{text.data(), stages::write_decimal(text.data(), value)};
  const std::string wide{text.data(), stages::write_wide_decimal(text.data(), value, 8)};
  CHECK(written == wide, "one text for one value");
  return written;
}

std::string decimal(std::int64_t value) {
  CHECK(value == 0 || decimal_of(-value) == "-" + decimal_of(value), "its sign in front");
  return decimal_of(value);
}

std::string timestamp(std::int64_t unix_ns) {
  std::array<char, io::timestamp_bytes> text{};
  io::TimestampWriter writer;
  std::string written{text.data(), writer.write(text.data(), unix_ns)};
  // The writer stops at microseconds.
  const std::string rest = std::to_string(1'000 + unix_ns % 1'000).substr(1);
  return written.insert(written.size() - 1, rest);
}

// The `signal_id` that stands in the message; a null is none.
std::string_view signal_id_of(const io::JsonDocument& document) {
  for (const io::JsonField& field : document.fields()) {
    if (field.key == "signal_id") return field.text;
  }
  return {};
}

std::string written_again(const Signal& signal, const io::SignalWords& words,
                          std::string_view signal_id) {
  constexpr std::array actions{"BUY", "SELL", "HOLD", "CLOSE"};
  std::string text = "{\"symbol\":" + quoted(words.symbol) + ",\"action\":\"" +
                     actions[static_cast<std::size_t>(signal.action)] +
                     "\",\"confidence\":" + decimal(signal.confidence) +
                     ",\"timestamp\":" + quoted(timestamp(signal.produced_unix_ns)) +
                     ",\"source\":" + quoted(words.source) +
                     ",\"account\":" + quoted(words.account) +
                     ",\"governer_approved\":" + (signal.is_vetoed != 0 ? "false" : "true");
  const auto add_ratio = [&text](const char* key, stages::SmallRatio value) {
    if (value != stages::absent_ratio) text += ",\"" + std::string{key} + "\":" + decimal(value);
  };
  // A size of less than 1e-8 is cut to nothing, and nothing may not be given.
  if (signal.position_size_pct != 0) add_ratio("position_size_pct", signal.position_size_pct);
  add_ratio("stop_loss_pct", signal.stop_loss_pct);
  add_ratio("max_slippage_pct", signal.max_slippage_pct);
  if (signal.ttl_ms != 0) text += ",\"ttl_ms\":" + std::to_string(signal.ttl_ms);
  if (signal.has_id != 0) text += ",\"signal_id\":" + quoted(signal_id);
  return text + "}";
}

void check_domain(const Signal& signal, const io::SignalWords& words) {
  const auto is_ratio = [](stages::SmallRatio value) {
    return value == stages::absent_ratio || value <= stages::scale;
  };
  CHECK(signal.confidence <= stages::scale, "confidence in [0, 1]");
  CHECK(is_ratio(signal.position_size_pct), "size in [0, 1]");
  CHECK(is_ratio(signal.stop_loss_pct) && signal.stop_loss_pct != stages::scale, "in [0, 1)");
  CHECK(is_ratio(signal.max_slippage_pct) && signal.max_slippage_pct != stages::scale, "in [0, 1)");
  CHECK(signal.produced_unix_ns >= 0 && signal.ttl_ms <= 86'400'000, "in range");
  CHECK(io::is_symbol(words.symbol) && io::is_account(words.account), "names of their alphabets");
  CHECK(!words.source.empty() && words.source.size() <= 64, "a source of 1 to 64 bytes");
}

void check_message(std::string_view payload) {
  static io::SignalCodec codec;
  static io::SignalCodec second;
  static io::JsonDocument document;
  Signal signal{};
  io::SignalWords words;
  io::DecodeError error;
  const bool is_readable = payload.size() <= io::JsonDocument::payload_bytes_max;
  const bool is_strict = is_readable && check_both_ways(document, payload);
  if (!codec.decode(payload, signal, words, error)) return check_offset(error.offset, payload);
  CHECK(is_strict, "only strict JSON is decoded");
  check_domain(signal, words);
  const std::string again = written_again(signal, words, signal_id_of(document));
  Signal repeated{};
  io::SignalWords repeated_words;
  CHECK(second.decode(again, repeated, repeated_words, error), "what was decoded can be written");
  if (signal.position_size_pct == 0) repeated.position_size_pct = 0;
  CHECK(std::memcmp(&signal, &repeated, sizeof signal) == 0, "the same signal");
  CHECK(words.symbol == repeated_words.symbol && words.account == repeated_words.account &&
            words.source == repeated_words.source,
        "the same words");
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_message(coreloop::tests::text_of(data, size));
  return 0;
}
