// Output objects, key by key.
#include "io/codec/report_codec.hpp"

#include <array>

#include "io/codec/json_text.hpp"
#include "stages/decimal.hpp"
#include "stages/fill_model.hpp"

namespace coreloop::io {

using stages::Event;

namespace {

constexpr std::array<std::string_view, 4> action_names{"BUY", "SELL", "HOLD", "CLOSE"};
constexpr std::array<std::string_view, 2> side_names{"BUY", "SELL"};
constexpr std::array<std::string_view, 4> position_side_names{"", "LONG", "SHORT", "CLOSED"};
constexpr std::array<std::string_view, 3> fill_status_names{"", "filled", "rejected"};

template <std::size_t n, class Enum>
std::string_view name_in(const std::array<std::string_view, n>& names, Enum value) noexcept {
  return names[static_cast<std::size_t>(value)];
}

// `key` holds the literal text between the values: `{"symbol": "` and the like.
char* append_number(char* out, std::string_view key, std::int64_t value) noexcept {
  return stages::write_decimal(append_text(out, key), value);
}

char* append_words(char* out, std::string_view key, std::string_view words) noexcept {
  return append_text(append_text(out, key), words);
}

char* append_reason_number(char* out, stages::ReasonUnit unit, std::int64_t value) noexcept {
  switch (unit) {
    case stages::ReasonUnit::milliseconds:
      return stages::write_wide_decimal(out, value, 6);
    case stages::ReasonUnit::nothing:
    case stages::ReasonUnit::amount:
      break;
  }
  return stages::write_decimal(out, value);
}

char* append_order_id(char* out, std::uint64_t bits) noexcept {
  constexpr std::string_view digits = "0123456789ABCDEF";
  out = append_text(out, "PAPER-");
  for (int shift = 44; shift >= 0; shift -= 4)
    *out++ = digits[(bits >> shift) & 0xF];
  return out;
}

}  // namespace

char* ReportCodec::append_timestamp(char* out, const Event& event) noexcept {
  return timestamps_.write(append_text(out, ", \"timestamp\": \""), event.log_unix_ns);
}

char* ReportCodec::write_approval(char* out, const Event& event, const EventWords& words) noexcept {
  const stages::Order& order = event.order;
  out = append_words(out, "{\"symbol\": \"", words.symbol);
  out = append_words(out, "\", \"action\": \"", name_in(side_names, order.side));
  out = append_number(out, "\", \"confidence\": ", event.signal.confidence);
  out = append_number(out, ", \"position_size_usd\": ", order.notional);
  out = append_number(out, ", \"position_size_pct\": ", order.fraction);
  out = append_number(out, ", \"risk_amount_usd\": ", order.risk_amount);
  out = append_number(out, ", \"kelly_optimal\": ", order.fraction);
  out = append_timestamp(out, event);
  out = escape_json(append_text(out, "\", \"source\": \""), words.source);
  return append_text(out, "\", \"approved_by\": \"risk_safety\"}");
}

char* ReportCodec::write_rejection(char* out, const Event& event,
                                   const EventWords& words) noexcept {
  const stages::ReasonUnit unit = stages::reason_facts[static_cast<std::size_t>(event.reason)].unit;
  out = append_words(out, "{\"symbol\": \"", words.symbol);
  out = append_words(out, "\", \"action\": \"", name_in(action_names, event.signal.action));
  out = append_number(out, "\", \"confidence\": ", event.signal.confidence);
  out = append_words(out, ", \"reason\": \"", stages::name_of(event.reason));
  out = append_text(out, "\", \"value\": ");
  out = append_reason_number(out, unit, event.rejection.value);
  out = append_text(out, ", \"limit\": ");
  out = append_reason_number(out, unit, event.rejection.limit);
  out = append_timestamp(out, event);
  out = escape_json(append_text(out, "\", \"source\": \""), words.source);
  return append_text(out, "\"}");
}

char* ReportCodec::write_execution(char* out, const Event& event,
                                   const EventWords& words) noexcept {
  const stages::Fill& fill = event.fill;
  out = append_words(out, "{\"symbol\": \"", words.symbol);
  out = append_words(out, "\", \"action\": \"", name_in(side_names, event.order.side));
  out = append_number(out, "\", \"entry_price\": ", fill.price);
  out = append_number(out, ", \"position_size_usd\": ", fill.notional);
  out = append_text(out, ", \"leverage\": 1.0");
  out = append_timestamp(out, event);
  out = append_order_id(append_text(out, "\", \"order_id\": \""),
                        stages::order_id_bits(event.order.number, seed_));
  out = append_words(out, "\", \"status\": \"", name_in(fill_status_names, fill.status));
  out = append_number(out, "\", \"slippage_pct\": ", fill.slippage);
  out = append_number(out, ", \"fee_usd\": ", fill.fee);
  return append_text(out, "}");
}

char* ReportCodec::write_position(char* out, const Event& event, std::string_view symbol) noexcept {
  const stages::PositionUpdate& position = event.position;
  out = append_words(out, "{\"symbol\": \"", symbol);
  out = append_words(out, "\", \"side\": \"", name_in(position_side_names, event.position_side));
  out = append_number(out, "\", \"entry_price\": ", position.average_entry);
  out = append_number(out, ", \"current_price\": ", position.mark);
  out = append_number(out, ", \"size_usd\": ", position.size);
  out = append_number(out, ", \"unrealized_pnl\": ", position.unrealized_pnl);
  out = append_number(out, ", \"realized_pnl\": ", position.realized_pnl);
  out = append_timestamp(out, event);
  return append_text(out, "\"}");
}

char* ReportCodec::write_dead_letter(char* out, const Event& event, std::string_view stream,
                                     std::string_view id, std::string_view payload) noexcept {
  const stages::DeadLetter& letter = event.dead_letter;
  out = escape_json(append_text(out, "{\"stream\": \""), stream);
  out = append_words(out, "\", \"id\": \"", id);
  out = append_words(out, "\", \"code\": \"", stages::name_of(letter.code));
  out = append_integer(append_text(out, "\", \"offset\": "), letter.offset);
  out = escape_json_latin1(append_text(out, ", \"payload\": \""), payload);
  out = append_integer(append_text(out, "\", \"payload_crc32\": "), letter.payload_crc32);
  out = append_timestamp(out, event);
  return append_text(out, "\"}");
}

}  // namespace coreloop::io
