// A journal replayed for its own sake: its inputs up to a moment, as fast as they are asked for or
// at the pace they were recorded. INGRESS's thread, but where it says otherwise.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>

#include "io/edge/pace.hpp"
#include "io/edge/source.hpp"
#include "io/journal/journal_source.hpp"
#include "io/journal/record_reader.hpp"

namespace coreloop::io {

struct JournalPlayerOptions {
  /// The replay ends before the first input of this moment or later.
  std::int64_t to_unix_ns = std::numeric_limits<std::int64_t>::max();
  std::uint64_t last_sequence = std::numeric_limits<std::uint64_t>::max();  ///< it ends behind it
  std::uint32_t speed = 0;       ///< 0: as fast as possible; else that many times the recorded pace
  const Clock* clock = nullptr;  ///< needed where speed is not 0
};

class JournalPlayer {
 public:
  /// `source` reads what `reader` reads; both must outlive it.
  JournalPlayer(JournalSource& source, const RecordReader& reader, JournalPlayerOptions options)
      : source_(source),
        reader_(reader),
        to_unix_ns_(options.to_unix_ns),
        last_sequence_(options.last_sequence),
        pace_(options.speed, options.clock) {}

  [[nodiscard]] SourceStatus peek(RawEntry& entry) noexcept {
    if (source_.peek(entry) == SourceStatus::end) return SourceStatus::end;
    if (entry.receive_unix_ns >= to_unix_ns_ || source_.sequence() > last_sequence_)
      return SourceStatus::end;
    if (!pace_.is_due(entry.receive_unix_ns)) return SourceStatus::none;
    return SourceStatus::entry;
  }

  void consume() noexcept {
    source_.consume();
    if (source_.sequence() % inputs_a_look == 0)
      progress_per_mille_.store(reader_.progress_per_mille(), std::memory_order_relaxed);
  }

  /// Share of the journal read, in thousandths. Any thread.
  [[nodiscard]] std::uint32_t progress_per_mille() const noexcept {
    return progress_per_mille_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::uint64_t inputs_a_look = 1'024;

  JournalSource& source_;
  const RecordReader& reader_;
  std::int64_t to_unix_ns_;
  std::uint64_t last_sequence_;
  Pace pace_;
  std::atomic<std::uint32_t> progress_per_mille_{0};
};

}  // namespace coreloop::io
