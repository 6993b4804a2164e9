// The table of all conf keys: name, default, what is allowed, and where the value goes. Reading,
// printing, checking and the test of conf/README.md all go by this one table; a new key is one row
// in it.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "io/conf/engine_conf.hpp"
#include "io/conf/toml_text.hpp"

namespace coreloop::io {

struct ConfKey {
  std::string_view section;
  std::string_view name;
  std::string_view default_text;  ///< TOML; empty: the key must be given
  std::string allowed;            ///< for messages: "a number from 0 to 1"
  bool is_decision;
  /// Puts the value into the conf; false if it is not allowed.
  std::function<bool(const TomlValue&, EngineConf&)> read;

  [[nodiscard]] std::string full_name() const {
    return std::string{section} + "." + std::string{name};
  }
};

/// All keys, section by section, in the order in which they are read and printed.
[[nodiscard]] std::span<const ConfKey> conf_keys();

}  // namespace coreloop::io
