// Ticks: simdjson and the scanner agree about every message; what is decoded, written again
// plainly, decodes to the same.
#include "io/codec/tick_codec.hpp"

#include <array>
#include <string>

#include "tests/fuzz/input_bytes.hpp"
#include "tests/fuzz/json_agreement.hpp"

namespace coreloop::tests {
namespace {

std::string decimal(std::int64_t value) {
  std::array<char, stages::decimal_text_max> text{};
  return {text.data(), stages::write_decimal(text.data(), value)};
}

void check_message(std::string_view payload) {
  static io::TickCodec codec;
  static io::TickCodec second;
  static io::JsonDocument document;
  stages::Tick tick{};
  std::string_view symbol;
  io::DecodeError error;
  const bool is_readable = payload.size() <= io::JsonDocument::payload_bytes_max;
  const bool is_strict = is_readable && check_both_ways(document, payload);
  if (!codec.decode(payload, tick, symbol, error)) return check_offset(error.offset, payload);
  CHECK(is_strict, "only strict JSON is decoded");
  CHECK(io::is_symbol(symbol), "a name of its alphabet");
  CHECK(tick.sell_reference > 0 && tick.buy_reference >= tick.sell_reference, "a book, uncrossed");
  const std::string again = "{\"symbol\":\"" + std::string{symbol} +
                            "\",\"ask\":" + decimal(tick.buy_reference) +
                            ",\"bid\":" + decimal(tick.sell_reference) + "}";
  stages::Tick repeated{};
  std::string_view repeated_symbol;
  CHECK(second.decode(again, repeated, repeated_symbol, error), "what was decoded can be written");
  CHECK(repeated.buy_reference == tick.buy_reference &&
            repeated.sell_reference == tick.sell_reference && repeated_symbol == symbol,
        "the same tick");
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_message(coreloop::tests::text_of(data, size));
  return 0;
}
