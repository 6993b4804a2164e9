// The commands of a start that takes over what output streams hold beyond its journal: one adopt a
// stream that ends above where ours go on. What the replay makes itself, an adopt does not touch.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "io/edge/entry_id.hpp"
#include "io/edge/sink.hpp"
#include "io/edge/source.hpp"

namespace coreloop::tools {

class AdoptCommands {
 public:
  using StreamIds = std::array<io::EntryId, io::output_stream_count>;

  AdoptCommands() = default;
  /// `bases`: ids ours go on above, `found`: that the streams end with, `unix_ns`: time of the
  /// commands, where the journal has not come further.
  AdoptCommands(const StreamIds& bases, const StreamIds& found, std::int64_t unix_ns);
  AdoptCommands(const AdoptCommands&) = delete;
  AdoptCommands& operator=(const AdoptCommands&) = delete;

  /// For INGRESS; views into this.
  [[nodiscard]] std::span<const io::RawEntry> entries() const noexcept {
    return {entries_.data(), count_};
  }

 private:
  std::array<io::RawEntry, io::output_stream_count> entries_;
  std::array<std::array<io::RawField, 3>, io::output_stream_count> fields_;
  std::array<std::string, io::output_stream_count> ids_;
  std::size_t count_ = 0;
};

}  // namespace coreloop::tools
