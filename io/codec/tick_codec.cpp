// The tick's keys, its two forms, and the contents of its words.
#include "io/codec/tick_codec.hpp"

#include <algorithm>
#include <array>

#include "io/codec/timestamp_text.hpp"

namespace coreloop::io {

using stages::DeadLetterCode;
using stages::Decimal;

namespace {

enum Key : std::size_t { symbol, bid, ask, bid_size, ask_size, price, timestamp, key_count };

constexpr KnownKeys<key_count> known_keys{
    {"symbol", "bid", "ask", "bid_size", "ask_size", "price", "timestamp"}};

// A price, rounded half-even to eight places and then positive.
struct PriceField {
  stages::Price value = 0;
  std::uint32_t offset = 0;
  bool is_present = false;
};

bool read_price(const JsonField& field, PriceField& out, DecodeError& error) noexcept {
  Decimal number;
  if (!read_number(field, number, error)) return false;
  if (number.rounds_out() || number.rounded() <= 0) return out_of_range(field, error);
  out = {number.rounded(), field.offset, true};
  return true;
}

bool check_size(const JsonField& field, DecodeError& error) noexcept {
  Decimal number;
  if (!read_number(field, number, error)) return false;
  return !(number.rounds_out() || number.is_below_zero()) || out_of_range(field, error);
}

}  // namespace

struct TickCodec::Draft {
  const JsonField* symbol = nullptr;
  const JsonField* timestamp = nullptr;
  PriceField bid;
  PriceField ask;
  PriceField price;
};

bool TickCodec::decode(std::string_view payload, stages::Tick& tick, std::string_view& symbol_out,
                       DecodeError& error) noexcept {
  if (!message_.open(payload, error)) return false;
  Draft draft;
  for (const JsonField& field : message_.fields()) {
    if (!read_field(field, draft, error)) return false;
  }
  if (!settle(draft, tick, error)) return false;
  symbol_out = draft.symbol->text;
  return true;
}

bool TickCodec::read_field(const JsonField& field, Draft& draft, DecodeError& error) noexcept {
  std::size_t key = 0;
  if (!message_.take_key(known_keys, field, key, error)) return false;
  if (field.type == JsonType::null) return true;
  switch (static_cast<Key>(key)) {
    case symbol:
      return read_string(field, draft.symbol, error);
    case timestamp:
      return read_string(field, draft.timestamp, error);
    case bid:
      return read_price(field, draft.bid, error);
    case ask:
      return read_price(field, draft.ask, error);
    case price:
      return read_price(field, draft.price, error);
    case bid_size:
    case ask_size:
      return check_size(field, error);
    case key_count:
      break;
  }
  return true;
}

bool TickCodec::settle(const Draft& draft, stages::Tick& tick, DecodeError& error) noexcept {
  const bool is_quote = draft.bid.is_present && draft.ask.is_present;
  if (draft.symbol == nullptr || (!is_quote && !draft.price.is_present)) {
    error = {DeadLetterCode::missing_key, 0};
    return false;
  }
  if (draft.price.is_present && (draft.bid.is_present || draft.ask.is_present)) {
    error = {DeadLetterCode::range,
             std::max({draft.price.offset, draft.bid.offset, draft.ask.offset})};
    return false;
  }
  if (is_quote && draft.bid.value > draft.ask.value) {
    error = {DeadLetterCode::range, std::max(draft.bid.offset, draft.ask.offset)};
    return false;
  }
  std::int64_t unused_unix_ns = 0;
  if (!is_symbol(draft.symbol->text)) {
    error = {DeadLetterCode::symbol, draft.symbol->offset};
    return false;
  }
  if (draft.timestamp != nullptr && !read_timestamp(draft.timestamp->text, unused_unix_ns)) {
    error = {DeadLetterCode::timestamp, draft.timestamp->offset};
    return false;
  }
  tick = is_quote ? stages::Tick{draft.ask.value, draft.bid.value}
                  : stages::Tick{draft.price.value, draft.price.value};
  return true;
}

}  // namespace coreloop::io
