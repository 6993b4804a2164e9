// Executions as fills: the fields of an entry of the executions' stream, as a capture holds it or
// EGRESS makes it. One thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "io/codec/json_document.hpp"
#include "io/edge/source.hpp"
#include "tools/fill_folder.hpp"

namespace coreloop::tools {

/// Reads one member of a plain fill or of an execution's data into `fill`; false if its value is
/// wrong. Unknown ones are passed over.
[[nodiscard]] bool read_fill_member(std::string_view key, std::string_view text, NamedFill& fill);

class ExecutionReader {
 public:
  /// Reads an execution into `fill`; false and why where it is none.
  [[nodiscard]] bool read(std::span<const io::RawField> fields, NamedFill& fill,
                          std::string& problem);

 private:
  [[nodiscard]] bool read_data(std::string_view data, NamedFill& fill);

  io::JsonDocument document_;
};

}  // namespace coreloop::tools
