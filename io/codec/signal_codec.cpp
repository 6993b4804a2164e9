// The signal's keys, one by one in text order, and then the contents of its words.
#include "io/codec/signal_codec.hpp"

#include <array>
#include <cstring>

#include "io/codec/timestamp_text.hpp"
#include "stages/random_mix.hpp"

namespace coreloop::io {

using stages::DeadLetterCode;
using stages::Decimal;
using stages::scale;

namespace {

enum Key : std::size_t {
  symbol,
  action,
  confidence,
  timestamp,
  source,
  meta_override,
  ensemble_votes,
  governer_approved,
  position_size_pct,
  meta_confidence,
  consensus,
  account,
  signal_id,
  stop_loss_pct,
  max_slippage_pct,
  ttl_ms,
  key_count,
};

constexpr KnownKeys<key_count> known_keys{
    {"symbol", "action", "confidence", "timestamp", "source", "meta_override", "ensemble_votes",
     "governer_approved", "position_size_pct", "meta_confidence", "consensus", "account",
     "signal_id", "stop_loss_pct", "max_slippage_pct", "ttl_ms"}};

constexpr std::uint32_t required_keys =
    key_bit(symbol) | key_bit(action) | key_bit(confidence) | key_bit(timestamp) | key_bit(source);

constexpr std::size_t source_bytes_max = 64;
constexpr std::size_t signal_id_bytes_max = 64;
constexpr std::int64_t ttl_ms_max = 86'400'000;

bool read_bool(const JsonField& field, bool& out, DecodeError& error) noexcept {
  if (field.type != JsonType::boolean) {
    error = {DeadLetterCode::type, field.offset};
    return false;
  }
  out = field.text == "true";
  return true;
}

// A ratio of [0, 1], or of [0, 1) or (0, 1] where one end is open: checked on the text, then cut to
// eight places.
enum class Ends { closed, open_top, open_bottom };

bool read_ratio(const JsonField& field, Ends ends, stages::SmallRatio& out,
                DecodeError& error) noexcept {
  Decimal number;
  if (!read_number(field, number, error)) return false;
  const bool is_outside = number.is_below_zero() || number.is_above(scale) ||
                          (ends == Ends::open_top && number.is_at_least(scale)) ||
                          (ends == Ends::open_bottom && number.is_zero());
  if (is_outside) return out_of_range(field, error);
  out = static_cast<stages::SmallRatio>(number.floor);
  return true;
}

bool read_ttl(const JsonField& field, std::uint32_t& out, DecodeError& error) noexcept {
  Decimal number;
  if (!read_number(field, number, error)) return false;
  if (number.is_huge || number.is_negative || !number.is_integer() || number.floor < scale ||
      number.floor > ttl_ms_max * scale) {
    return out_of_range(field, error);
  }
  out = static_cast<std::uint32_t>(number.floor / scale);
  return true;
}

bool read_short_string(const JsonField& field, std::size_t bytes_min, std::size_t bytes_max,
                       const JsonField*& out, DecodeError& error) noexcept {
  if (!read_string(field, out, error)) return false;
  return (field.text.size() >= bytes_min && field.text.size() <= bytes_max) ||
         out_of_range(field, error);
}

bool read_action(std::string_view text, stages::Action& out) noexcept {
  if (text == "BUY")
    out = stages::Action::buy;
  else if (text == "SELL")
    out = stages::Action::sell;
  else if (text == "HOLD")
    out = stages::Action::hold;
  else if (text == "CLOSE")
    out = stages::Action::close;
  else
    return false;
  return true;
}

}  // namespace

struct SignalCodec::Draft {
  stages::Signal signal{};
  const JsonField* symbol = nullptr;
  const JsonField* action = nullptr;
  const JsonField* timestamp = nullptr;
  const JsonField* source = nullptr;
  const JsonField* account = nullptr;
  const JsonField* signal_id = nullptr;
  std::uint32_t present_keys = 0;
};

bool SignalCodec::decode(std::string_view payload, stages::Signal& signal, SignalWords& words,
                         DecodeError& error) noexcept {
  if (!message_.open(payload, error)) return false;
  Draft draft;
  draft.signal.position_size_pct = stages::absent_ratio;
  draft.signal.stop_loss_pct = stages::absent_ratio;
  draft.signal.max_slippage_pct = stages::absent_ratio;
  for (const JsonField& field : message_.fields()) {
    if (!read_field(field, draft, error)) return false;
  }
  if ((draft.present_keys & required_keys) != required_keys) {
    error = {DeadLetterCode::missing_key, 0};
    return false;
  }
  const auto refuse = [&error](DeadLetterCode code, const JsonField* field) {
    error = {code, field->offset};
    return false;
  };
  signal = draft.signal;
  if (!is_symbol(draft.symbol->text)) return refuse(DeadLetterCode::symbol, draft.symbol);
  if (!read_action(draft.action->text, signal.action)) {
    return refuse(DeadLetterCode::action, draft.action);
  }
  if (!read_timestamp(draft.timestamp->text, signal.produced_unix_ns)) {
    return refuse(DeadLetterCode::timestamp, draft.timestamp);
  }
  if (draft.account != nullptr && !is_account(draft.account->text)) {
    return refuse(DeadLetterCode::account, draft.account);
  }
  if (draft.signal_id != nullptr) {
    signal.has_id = 1;
    signal.id_hash = hash_signal_id(draft.signal_id->text);
  }
  words = {draft.symbol->text, draft.account != nullptr ? draft.account->text : default_account,
           draft.source->text};
  return true;
}

bool SignalCodec::read_field(const JsonField& field, Draft& draft, DecodeError& error) noexcept {
  std::size_t key = 0;
  if (!message_.take_key(known_keys, field, key, error)) return false;
  if (key == key_count) return true;
  const bool is_optional = (required_keys & key_bit(key)) == 0;
  if (is_optional && field.type == JsonType::null) return true;
  draft.present_keys |= key_bit(key);
  return read_known(key, field, draft, error);
}

bool SignalCodec::read_known(std::size_t key, const JsonField& field, Draft& draft,
                             DecodeError& error) noexcept {
  stages::Signal& signal = draft.signal;
  bool flag = false;
  switch (static_cast<Key>(key)) {
    case symbol:
      return read_string(field, draft.symbol, error);
    case action:
      return read_string(field, draft.action, error);
    case confidence:
      return read_ratio(field, Ends::closed, signal.confidence, error);
    case timestamp:
      return read_string(field, draft.timestamp, error);
    case source:
      return read_short_string(field, 1, source_bytes_max, draft.source, error);
    case meta_override:
      return read_bool(field, flag, error);
    case governer_approved:
      if (!read_bool(field, flag, error)) return false;
      signal.is_vetoed = flag ? 0 : 1;
      return true;
    case position_size_pct:
      return read_ratio(field, Ends::open_bottom, signal.position_size_pct, error);
    case account:
      return read_string(field, draft.account, error);
    case signal_id:
      return read_short_string(field, 0, signal_id_bytes_max, draft.signal_id, error);
    case stop_loss_pct:
      return read_ratio(field, Ends::open_top, signal.stop_loss_pct, error);
    case max_slippage_pct:
      return read_ratio(field, Ends::open_top, signal.max_slippage_pct, error);
    case ttl_ms:
      return read_ttl(field, signal.ttl_ms, error);
    case ensemble_votes:
    case meta_confidence:
    case consensus:
    case key_count:
      return true;
  }
  return true;
}

stages::SignalIdHash hash_signal_id(std::string_view id) noexcept {
  // Two chains of splitmix64 over the same words, each started and stepped differently; the length
  // goes in first.
  stages::SignalIdHash hash{stages::splitmix64(id.size()), stages::splitmix64(~id.size())};
  while (!id.empty()) {
    std::uint64_t word = 0;
    for (std::size_t i = 0; i < 8 && i < id.size(); ++i) {
      word |= static_cast<std::uint64_t>(static_cast<unsigned char>(id[i])) << (8 * i);
    }
    hash.high = stages::splitmix64(hash.high ^ word);
    hash.low = stages::splitmix64(hash.low + word * 0xD6E8FEB86659FD93U);
    id.remove_prefix(id.size() < 8 ? id.size() : 8);
  }
  return hash;
}

}  // namespace coreloop::io
