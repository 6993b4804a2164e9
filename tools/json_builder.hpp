// JSON for people and scripts (summaries), built as text: nested objects, members in the order they
// are added. Cold code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "stages/fixed_point.hpp"

namespace coreloop::tools {

class JsonBuilder {
 public:
  JsonBuilder& open(std::string_view key = {});
  JsonBuilder& close();
  JsonBuilder& add(std::string_view key, std::uint64_t value);
  JsonBuilder& add(std::string_view key, std::string_view value);
  /// An amount at 1e-8 as a decimal string, which no JSON reader rounds.
  JsonBuilder& add_amount(std::string_view key, stages::Int128 value);

  /// The finished text, one member a line. Requires: everything opened is closed.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  void begin_member(std::string_view key);
  void append_string(std::string_view value);

  std::string text_;
  std::size_t depth_ = 0;
  bool is_first_ = true;
};

/// An amount at 1e-8 as a plain decimal.
[[nodiscard]] std::string amount_text(stages::Int128 value);

}  // namespace coreloop::tools
