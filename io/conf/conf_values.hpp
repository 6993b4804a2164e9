// Ways to read one conf value of a kind: each makes the `allowed` text and the reader of a row of
// the key table.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/conf/engine_conf.hpp"
#include "io/conf/toml_text.hpp"

namespace coreloop::io {

/// What a row allows, in words, and how it is read.
struct ConfRule {
  std::string allowed;
  std::function<bool(const TomlValue&, EngineConf&)> read;
};

/// Reads a decimal at 1e-8 from a number's text; false if it is none, has more than `places`
/// decimals or does not fit.
[[nodiscard]] bool read_conf_decimal(const TomlValue& value, int places, std::int64_t& out);
/// Reads a whole number written in decimal.
[[nodiscard]] bool read_conf_integer(const TomlValue& value, std::int64_t& out);

/// Where a value goes.
template <class T>
using Setter = std::function<void(EngineConf&, T)>;

/// A whole number in [min, max].
[[nodiscard]] ConfRule integer_rule(std::int64_t min, std::int64_t max, Setter<std::int64_t> set);

/// Which ends of a range belong to it.
enum class RangeEnds : std::uint8_t { closed, above_min, below_max };

/// A number at 1e-8 between two bounds given as text; `places`: most decimals.
[[nodiscard]] ConfRule decimal_rule(std::string_view min, std::string_view max, RangeEnds ends,
                                    Setter<std::int64_t> set, int places = 8);

[[nodiscard]] ConfRule boolean_rule(Setter<bool> set);

/// One of a few words.
[[nodiscard]] ConfRule choice_rule(std::initializer_list<std::string_view> words,
                                   Setter<std::size_t> set);

/// Any string without a NUL that `is_allowed` accepts.
[[nodiscard]] ConfRule string_rule(std::string allowed,
                                   std::function<bool(std::string_view)> is_allowed,
                                   Setter<std::string> set);

/// An array of strings, each accepted by `is_allowed`, none twice, at most `count_max`.
[[nodiscard]] ConfRule strings_rule(std::string allowed,
                                    std::function<bool(std::string_view)> is_allowed,
                                    std::size_t count_max, Setter<std::vector<std::string>> set);

/// A table of symbol -> number above zero.
[[nodiscard]] ConfRule symbol_numbers_rule(
    std::string allowed, Setter<std::vector<std::pair<std::string, std::int64_t>>> set);

}  // namespace coreloop::io
