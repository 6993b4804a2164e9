// The journal: every sequenced input, recorded before the pipeline sees it, so that a run can be
// taken up again or repeated. INGRESS's thread.
#pragma once

#include <cstdint>
#include <span>

#include "io/edge/input_log.hpp"
#include "io/journal/input_record.hpp"
#include "io/journal/record_writer.hpp"

namespace coreloop::io {

class Journal final : public InputLog {
 public:
  /// `writer` is open and must outlive it.
  explicit Journal(RecordWriter& writer) : writer_(writer) {}

  /// The keys that decide outputs, first and at each change. False if there is no room now.
  [[nodiscard]] bool record_conf(std::int64_t log_unix_ns, std::span<const RawField> keys);

  /// Where reading of each input stream begins, once. False if there is no room now.
  [[nodiscard]] bool record_start(std::int64_t log_unix_ns, std::span<const RawField> ids);

  /// Requires: has_room_for(entry).
  void on_entry(std::uint64_t sequence, std::int64_t log_unix_ns,
                const RawEntry& entry) noexcept override;
  /// Requires: has_room_for({}).
  void on_timer(std::uint64_t sequence, std::int64_t log_unix_ns,
                const stages::Timer& timer) noexcept override;

  [[nodiscard]] bool has_room_for(const RawEntry& entry) const noexcept {
    return writer_.has_room(input_record_bytes(entry));
  }

 private:
  [[nodiscard]] bool record_pairs(InputRecordType type, std::int64_t log_unix_ns,
                                  std::span<const RawField> pairs);

  RecordWriter& writer_;
  InputRecordParts parts_;
};

}  // namespace coreloop::io
