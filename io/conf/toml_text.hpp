// TOML as a tree that remembers where each value stands and how it was written: numbers keep their
// text, so that no decimal ever passes through a binary floating-point number, and tables keep the
// order of the file.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace coreloop::io {

enum class TomlKind : std::uint8_t { string, integer, decimal, boolean, array, table, date };

/// Most dots of one key: it bounds how deep the tree can go.
inline constexpr std::size_t toml_key_parts_max = 64;

struct TomlMember;

struct TomlValue {
  TomlKind kind = TomlKind::string;
  std::string text;                 ///< as written; a table always on one line
  std::string string;               ///< decoded, when kind is string
  std::vector<TomlValue> elements;  ///< of an array
  std::vector<TomlMember> members;  ///< of a table, in order of appearance
  std::uint32_t line = 0;           ///< 1-based
  std::uint32_t column = 0;
};

struct TomlMember {
  std::string key;
  TomlValue value;
};

/// Why a text is no TOML.
struct TomlProblem {
  std::string message;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

/// Parses `text` into `root` (a table). False and `problem` if it is no TOML 1.0.
[[nodiscard]] bool parse_toml(std::string_view text, TomlValue& root, TomlProblem& problem);

}  // namespace coreloop::io
