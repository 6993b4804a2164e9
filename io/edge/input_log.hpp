// Where INGRESS records each input once it has its sequence number, before the pipeline sees it:
// the tape, and the journal.
#pragma once

#include <cstdint>

#include "io/edge/source.hpp"
#include "stages/event.hpp"

namespace coreloop::io {

class InputLog {
 public:
  virtual ~InputLog() = default;
  /// Whether any input could be recorded now; INGRESS takes none where not. Thread: INGRESS.
  [[nodiscard]] virtual bool has_room() const noexcept = 0;
  /// A stream entry or a command, as received. Thread: INGRESS.
  virtual void on_entry(std::uint64_t sequence, std::int64_t log_unix_ns,
                        const RawEntry& entry) noexcept = 0;
  virtual void on_timer(std::uint64_t sequence, std::int64_t log_unix_ns,
                        const stages::Timer& timer) noexcept = 0;
};

}  // namespace coreloop::io
