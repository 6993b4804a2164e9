// A Sink that keeps what is published, and has no room as often as a test says.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/edge/sink.hpp"

namespace coreloop::tests {

struct PublishedEntry {
  io::OutputStream stream{};
  std::uint64_t id_ms = 0;
  std::uint64_t id_number = 0;
  std::int64_t log_unix_ns = 0;
  std::vector<std::pair<std::string, std::string>> fields;

  /// The value of the field `name`, or "(none)".
  [[nodiscard]] std::string field(std::string_view name) const {
    for (const auto& [key, value] : fields) {
      if (key == name) return value;
    }
    return "(none)";
  }
};

class MemorySink {
 public:
  std::vector<PublishedEntry> entries;
  int refusals = 0;  ///< how often there is no room from now on

  [[nodiscard]] bool has_room() noexcept {
    if (refusals == 0) return true;
    --refusals;
    return false;
  }

  void write(const io::OutputEntry& entry) noexcept {
    PublishedEntry& kept = entries.emplace_back();
    kept.stream = entry.stream;
    kept.id_ms = entry.id_ms;
    kept.id_number = entry.id_number;
    kept.log_unix_ns = entry.log_unix_ns;
    for (const io::OutputField& field : entry.fields)
      kept.fields.emplace_back(field.name, field.value);
  }
};

static_assert(io::Sink<MemorySink>);

}  // namespace coreloop::tests
