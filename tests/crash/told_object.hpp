// What the checker looks at in the JSON object of an entry or of a signal. Numbers stay text.
#pragma once

#include <string>
#include <string_view>

#include <simdjson.h>

namespace coreloop::crash {

/// Views that live until the next read(); empty where the object has no such key.
struct Told {
  std::string_view symbol;
  std::string_view action;
  std::string_view side;
  std::string_view order_id;
  std::string_view account;
  std::string_view confidence;
  std::string_view entry_price;
  std::string_view size_usd;
};

class ToldReader {
 public:
  /// False where `text` is no JSON object, or one of its values is of another type.
  bool read(std::string_view text, Told& told) {
    padded_.assign(text);
    padded_.append(simdjson::SIMDJSON_PADDING, ' ');
    simdjson::ondemand::document document;
    simdjson::ondemand::object object;
    told = {};
    if (parser_.iterate(padded_.data(), text.size(), padded_.size()).get(document) ||
        document.get_object().get(object))
      return false;
    for (auto field : object) {
      std::string_view key;
      simdjson::ondemand::value value;
      if (field.unescaped_key().get(key) || field.value().get(value) || !put(key, value, told))
        return false;
    }
    return document.current_location().error() == simdjson::OUT_OF_BOUNDS;  // nothing behind it
  }

 private:
  static bool put(std::string_view key, simdjson::ondemand::value& value, Told& told) {
    if (key == "symbol") return !value.get_string().get(told.symbol);
    if (key == "action") return !value.get_string().get(told.action);
    if (key == "side") return !value.get_string().get(told.side);
    if (key == "order_id") return !value.get_string().get(told.order_id);
    if (key == "account") return !value.get_string().get(told.account);
    if (key == "confidence") return put_number(value, told.confidence);
    if (key == "entry_price") return put_number(value, told.entry_price);
    if (key == "size_usd") return put_number(value, told.size_usd);
    return true;
  }

  static bool put_number(simdjson::ondemand::value& value, std::string_view& text) {
    text = value.raw_json_token();
    while (!text.empty() && (text.back() == ' ' || text.back() == '\n'))
      text.remove_suffix(1);
    return true;
  }

  simdjson::ondemand::parser parser_;
  std::string padded_;
};

}  // namespace coreloop::crash
