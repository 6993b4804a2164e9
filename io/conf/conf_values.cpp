// Readers of single conf values.
#include "io/conf/conf_values.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "io/codec/field_reader.hpp"
#include "stages/decimal.hpp"

namespace coreloop::io {
namespace {

// TOML allows `_` between digits and a leading `+`; the value's text without them.
std::string plain_number(std::string_view text) {
  std::string plain;
  for (const char c : text) {
    if (c != '_') plain += c;
  }
  if (!plain.empty() && plain.front() == '+') plain.erase(0, 1);
  return plain;
}

std::int64_t bound(std::string_view text) {
  return stages::read_decimal(text).cut();
}

}  // namespace

bool read_conf_decimal(const TomlValue& value, int places, std::int64_t& out) {
  if (value.kind != TomlKind::integer && value.kind != TomlKind::decimal) return false;
  const std::string text = plain_number(value.text);
  if (!stages::is_json_number(text)) return false;
  const stages::Decimal number = stages::read_decimal(text);
  if (number.is_huge || number.rest != stages::Rest::none) return false;
  std::int64_t unit = 1;
  for (int i = places; i < 8; ++i)
    unit *= 10;
  out = number.cut();
  return out % unit == 0;
}

bool read_conf_integer(const TomlValue& value, std::int64_t& out) {
  if (value.kind != TomlKind::integer) return false;
  const std::string text = plain_number(value.text);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

ConfRule integer_rule(std::int64_t min, std::int64_t max, Setter<std::int64_t> set) {
  return {"a whole number from " + std::to_string(min) + " to " + std::to_string(max),
          [=](const TomlValue& value, EngineConf& conf) {
            std::int64_t number = 0;
            if (!read_conf_integer(value, number) || number < min || number > max) return false;
            set(conf, number);
            return true;
          }};
}

ConfRule decimal_rule(std::string_view min, std::string_view max, RangeEnds ends,
                      Setter<std::int64_t> set, int places) {
  std::string allowed = "a number ";
  allowed += ends == RangeEnds::above_min ? "above " : "from ";
  allowed +=
      std::string{min} + (ends == RangeEnds::below_max ? " to below " : " to ") + std::string{max};
  allowed += " with at most " + std::to_string(places) + " decimals";
  const std::int64_t low = bound(min) + (ends == RangeEnds::above_min ? 1 : 0);
  const std::int64_t high = bound(max) - (ends == RangeEnds::below_max ? 1 : 0);
  return {allowed, [=](const TomlValue& value, EngineConf& conf) {
            std::int64_t number = 0;
            if (!read_conf_decimal(value, places, number) || number < low || number > high)
              return false;
            set(conf, number);
            return true;
          }};
}

ConfRule boolean_rule(Setter<bool> set) {
  return {"true or false", [=](const TomlValue& value, EngineConf& conf) {
            if (value.kind != TomlKind::boolean) return false;
            set(conf, value.text == "true");
            return true;
          }};
}

ConfRule choice_rule(std::initializer_list<std::string_view> words, Setter<std::size_t> set) {
  const std::vector<std::string> choices(words.begin(), words.end());
  std::string allowed = "one of";
  for (const std::string& word : choices)
    allowed += (allowed.size() == 6 ? " \"" : ", \"") + word + "\"";
  return {allowed, [=](const TomlValue& value, EngineConf& conf) {
            if (value.kind != TomlKind::string) return false;
            const auto found = std::find(choices.begin(), choices.end(), value.string);
            if (found == choices.end()) return false;
            set(conf, static_cast<std::size_t>(found - choices.begin()));
            return true;
          }};
}

ConfRule string_rule(std::string allowed, std::function<bool(std::string_view)> is_allowed,
                     Setter<std::string> set) {
  return {std::move(allowed), [=](const TomlValue& value, EngineConf& conf) {
            // The system would cut a file name at a NUL.
            const bool has_nul = value.string.find('\0') != std::string::npos;
            if (value.kind != TomlKind::string || has_nul || !is_allowed(value.string))
              return false;
            set(conf, value.string);
            return true;
          }};
}

ConfRule strings_rule(std::string allowed, std::function<bool(std::string_view)> is_allowed,
                      std::size_t count_max, Setter<std::vector<std::string>> set) {
  return {std::move(allowed), [=](const TomlValue& value, EngineConf& conf) {
            if (value.kind != TomlKind::array || value.elements.size() > count_max) return false;
            std::vector<std::string> strings;
            for (const TomlValue& element : value.elements) {
              if (element.kind != TomlKind::string || !is_allowed(element.string)) return false;
              strings.push_back(element.string);
            }
            if (std::set<std::string>(strings.begin(), strings.end()).size() != strings.size())
              return false;
            set(conf, strings);
            return true;
          }};
}

ConfRule symbol_numbers_rule(std::string allowed,
                             Setter<std::vector<std::pair<std::string, std::int64_t>>> set) {
  return {std::move(allowed), [=](const TomlValue& value, EngineConf& conf) {
            if (value.kind != TomlKind::table) return false;
            std::vector<std::pair<std::string, std::int64_t>> numbers;
            for (const TomlMember& member : value.members) {
              std::int64_t number = 0;
              if (!is_symbol(member.key) || !read_conf_decimal(member.value, 8, number) ||
                  number <= 0) {
                return false;
              }
              numbers.emplace_back(member.key, number);
            }
            set(conf, numbers);
            return true;
          }};
}

}  // namespace coreloop::io
