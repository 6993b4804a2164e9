// Reading fills, both forms.
#include "tools/fill_lines.hpp"

#include <cstring>

#include "io/codec/field_reader.hpp"
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

// One member of a plain line or of an execution's data; false if its value is wrong.
bool read_member(std::string_view key, std::string_view text, NamedFill& fill) {
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

}  // namespace

bool FillLines::open(const std::string& path, int& error) {
  reader_ = io::GzipReader::open(path, error);
  buffer_.resize(std::size_t{256} * 1024);
  return reader_ != nullptr;
}

bool FillLines::next(NamedFill& fill) {
  std::string line;
  while (next_line(line)) {
    ++line_number_;
    if (io::is_blank(line)) continue;
    std::string problem;
    fill = {};
    const Kind kind = read_line(line, fill, problem);
    if (kind == Kind::fill) return true;
    if (kind == Kind::broken) broken_lines_.push_back({line_number_, problem});
  }
  return false;
}

bool FillLines::next_line(std::string& line) {
  line.clear();
  for (;;) {
    if (at_ == size_) {
      at_ = 0;
      size_ = reader_->read(buffer_);
      if (size_ == 0) return !line.empty() && reader_->damage().empty();
    }
    const char* const begin = buffer_.data() + at_;
    const auto* const newline = static_cast<const char*>(std::memchr(begin, '\n', size_ - at_));
    const std::size_t length =
        newline == nullptr ? size_ - at_ : static_cast<std::size_t>(newline - begin);
    line.append(begin, length);
    at_ += length + (newline == nullptr ? 0 : 1);
    if (newline != nullptr) return true;
  }
}

FillLines::Kind FillLines::read_line(std::string& line, NamedFill& fill, std::string& problem) {
  const std::size_t size = line.size();
  line.append(io::CaptureLineReader::padding_bytes, ' ');
  const std::string_view text{line.data(), size};
  io::RawEntry entry;
  if (line_reader_.read(text, entry)) {
    return entry.stream == stream_ ? read_execution(entry, fill, problem) : Kind::other;
  }
  stages::DeadLetterCode code{};
  if (size > io::JsonDocument::payload_bytes_max || !document_.parse(text, code)) {
    problem = "neither an entry nor a fill";
    return Kind::broken;
  }
  for (const io::JsonField& field : document_.fields()) {
    if (!read_member(field.key, field.text, fill)) {
      problem = "`" + std::string{field.key} + "` is wrong";
      return Kind::broken;
    }
  }
  const bool is_whole = !fill.symbol.empty() && fill.fill.price > 0;
  if (!is_whole) problem = "`symbol` or `price` is missing";
  return is_whole ? Kind::fill : Kind::broken;
}

FillLines::Kind FillLines::read_execution(const io::RawEntry& entry, NamedFill& fill,
                                          std::string& problem) {
  for (const io::RawField& field : entry.fields) {
    stages::DeadLetterCode code{};
    bool is_good = true;
    if (field.name == "acct")
      fill.account = field.value;
    else if (field.name == "qty")
      is_good = read_member("qty", field.value, fill);
    else if (field.name == "data") {
      is_good = field.value.size() <= io::JsonDocument::payload_bytes_max &&
                document_.parse(field.value, code);
      for (const io::JsonField& member : document_.fields()) {
        is_good = is_good && read_member(member.key, member.text, fill);
      }
    }
    if (!is_good) {
      problem = "no execution: field `" + std::string{field.name} + "`";
      return Kind::broken;
    }
  }
  const bool is_whole = !fill.symbol.empty() && fill.fill.price > 0;
  if (!is_whole) problem = "no execution: `symbol` or `entry_price` is missing";
  return is_whole ? Kind::fill : Kind::broken;
}

}  // namespace coreloop::tools
