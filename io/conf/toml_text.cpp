// toml++'s tree, copied with its places and texts.
#include "io/conf/toml_text.hpp"

#include <algorithm>

#include <toml++/toml.h>

namespace coreloop::io {
namespace {

// Byte offsets of the lines of a text, to find a region's text again. Columns count code points.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {
    starts_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i) {
      if (text[i] == '\n') starts_.push_back(i + 1);
    }
  }

  [[nodiscard]] std::string_view between(const toml::source_region& region) const {
    const std::size_t begin = offset(region.begin);
    const std::size_t end = offset(region.end);
    return begin < end ? text_.substr(begin, end - begin) : std::string_view{};
  }

 private:
  [[nodiscard]] std::size_t offset(const toml::source_position& position) const {
    if (position.line == 0 || position.line > starts_.size()) return 0;
    std::size_t at = starts_[position.line - 1];
    for (toml::source_index column = 1; column < position.column && at < text_.size(); ++column) {
      do
        ++at;
      while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80);
    }
    return at;
  }

  std::string_view text_;
  std::vector<std::size_t> starts_;
};

bool is_bare(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
  });
}

// A key as TOML writes it.
std::string key_text(std::string_view key) {
  if (is_bare(key)) return std::string{key};
  std::string text = "\"";
  for (const char c : key) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + "\"";
}

// A table on one line, however it was written.
std::string inline_text(const TomlValue& table) {
  if (table.members.empty()) return "{}";
  std::string text = "{ ";
  for (const TomlMember& member : table.members) {
    if (text.size() > 2) text += ", ";
    text += key_text(member.key) + " = " + member.value.text;
  }
  return text + " }";
}

bool stands_before(const toml::source_position& a, const toml::source_position& b) {
  return a.line != b.line ? a.line < b.line : a.column < b.column;
}

TomlValue copied(const toml::node& node, const Lines& lines) {
  TomlValue value;
  value.line = node.source().begin.line;
  value.column = node.source().begin.column;
  value.text = lines.between(node.source());
  switch (node.type()) {
    case toml::node_type::string:
      value.kind = TomlKind::string;
      value.string = node.as_string()->get();
      break;
    case toml::node_type::integer:
      value.kind = TomlKind::integer;
      break;
    case toml::node_type::floating_point:
      value.kind = TomlKind::decimal;
      break;
    case toml::node_type::boolean:
      value.kind = TomlKind::boolean;
      break;
    case toml::node_type::array:
      value.kind = TomlKind::array;
      for (const toml::node& element : *node.as_array()) {
        value.elements.push_back(copied(element, lines));
      }
      break;
    case toml::node_type::table: {
      value.kind = TomlKind::table;
      std::vector<std::pair<const toml::key*, const toml::node*>> members;
      for (auto&& [key, member] : *node.as_table())
        members.emplace_back(&key, &member);
      std::sort(members.begin(), members.end(), [](const auto& a, const auto& b) {
        return stands_before(a.first->source().begin, b.first->source().begin);
      });
      for (const auto& [key, member] : members) {
        value.members.push_back({std::string{key->str()}, copied(*member, lines)});
      }
      value.text = inline_text(value);
      break;
    }
    case toml::node_type::none:
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      value.kind = TomlKind::date;
      break;
  }
  return value;
}

// The parser and its tree go one call deeper for each part of a dotted key. Answers the first line
// whose dots outside of strings go beyond the limit before anything else ends the key; 0: none.
std::uint32_t first_deep_key(std::string_view text) {
  std::uint32_t line = 1;
  std::size_t dots = 0;
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line;
      dots = 0;
      quote = 0;
    } else if (quote != 0) {
      if (c == '\\' && quote == '"')
        ++i;
      else if (c == quote)
        quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '.') {
      if (++dots > toml_key_parts_max) return line;
    } else if (c == '=' || c == ',' || c == '{' || c == '[') {
      dots = 0;
    }
  }
  return 0;
}

}  // namespace

bool parse_toml(std::string_view text, TomlValue& root, TomlProblem& problem) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (text.substr(0, byte_order_mark.size()) == byte_order_mark) {
    text.remove_prefix(byte_order_mark.size());
  }
  const std::uint32_t deep_line = first_deep_key(text);
  if (deep_line != 0) {
    problem = {"a key may have at most " + std::to_string(toml_key_parts_max) + " parts", deep_line,
               1};
    return false;
  }
  try {
    const toml::table table = toml::parse(text);
    root = copied(table, Lines{text});
    return true;
  } catch (const toml::parse_error& error) {
    problem = {std::string{error.description()}, error.source().begin.line,
               error.source().begin.column};
    return false;
  }
}

}  // namespace coreloop::io
