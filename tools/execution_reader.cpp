// Fields and members into fills.
#include "tools/execution_reader.hpp"

#include "stages/decimal.hpp"

namespace coreloop::tools {
namespace {

// A number given as a JSON number or as a string of one, not negative.
bool read_amount(std::string_view text, std::int64_t& out) {
  if (!stages::is_json_number(text)) return false;
  const stages::Decimal number = stages::read_decimal(text);
  if (number.rounds_out()) return false;
  out = number.rounded();
  return true;
}

bool read_side(std::string_view text, stages::Side& side) {
  if (text != "BUY" && text != "SELL") return false;
  side = text == "BUY" ? stages::Side::buy : stages::Side::sell;
  return true;
}

}  // namespace

bool read_fill_member(std::string_view key, std::string_view text, NamedFill& fill) {
  if (key == "account")
    fill.account = text;
  else if (key == "symbol")
    fill.symbol = text;
  else if (key == "side" || key == "action")
    return read_side(text, fill.fill.side);
  else if (key == "qty")
    return read_amount(text, fill.fill.quantity) && fill.fill.quantity >= 0;
  else if (key == "price" || key == "entry_price")
    return read_amount(text, fill.fill.price) && fill.fill.price > 0;
  else if (key == "fee" || key == "fee_usd")
    return read_amount(text, fill.fill.fee);
  return true;
}

bool ExecutionReader::read_data(std::string_view data, NamedFill& fill) {
  stages::DeadLetterCode code{};
  if (data.size() > io::JsonDocument::payload_bytes_max || !document_.parse(data, code))
    return false;
  for (const io::JsonField& member : document_.fields()) {
    if (!read_fill_member(member.key, member.text, fill)) return false;
  }
  return true;
}

bool ExecutionReader::read(std::span<const io::RawField> fields, NamedFill& fill,
                           std::string& problem) {
  for (const io::RawField& field : fields) {
    bool is_good = true;
    if (field.name == "acct")
      fill.account = field.value;
    else if (field.name == "qty")
      is_good = read_fill_member("qty", field.value, fill);
    else if (field.name == "data")
      is_good = read_data(field.value, fill);
    if (!is_good) {
      problem = "no execution: field `" + std::string{field.name} + "`";
      return false;
    }
  }
  const bool is_whole = !fill.symbol.empty() && fill.fill.price > 0;
  if (!is_whole) problem = "no execution: `symbol` or `entry_price` is missing";
  return is_whole;
}

}  // namespace coreloop::tools
