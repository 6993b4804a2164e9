// The journal: every sequenced input, recorded before the pipeline sees it, so that a run can be
// taken up again or repeated. INGRESS's thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "io/edge/input_log.hpp"
#include "io/edge/safe_inputs.hpp"
#include "io/journal/input_record.hpp"
#include "io/journal/record_writer.hpp"

namespace coreloop::io {

class Journal final : public InputLog, public SafeInputs {
 public:
  /// Of an entry that is longer only what decides about it is recorded: its fields `data`, and of a
  /// payload that is longer than any may be the beginning and the checksum.
  static constexpr std::size_t whole_record_bytes_max = std::size_t{48} * 1024;

  /// `writer` is open and must outlive it. `others`: numbers that stand in the log, or will before
  /// the first input, and are none of inputs: conf and start, and ends of segments.
  explicit Journal(RecordWriter& writer, std::uint64_t others = 2)
      : writer_(writer), others_(others) {}

  /// The keys that decide outputs, first and at each change. False if there is no room now.
  [[nodiscard]] bool record_conf(std::int64_t log_unix_ns, std::span<const RawField> keys);

  /// Where each stream began, once: id behind which an input stream is read, or above which our ids
  /// of an output stream go on. False if there is no room now.
  [[nodiscard]] bool record_start(std::int64_t log_unix_ns, std::span<const RawField> ids);

  /// That input `sequence`, recorded already, is to be taken as an entry without fields from the
  /// next replay on; `reason` empty: not any more. False if there is no room now.
  [[nodiscard]] bool record_skip(std::int64_t log_unix_ns, std::uint64_t sequence,
                                 std::string_view reason);

  [[nodiscard]] bool has_room() const noexcept override {
    return writer_.has_room(whole_record_bytes_max);
  }
  /// Requires: has_room().
  void on_entry(std::uint64_t sequence, std::int64_t log_unix_ns,
                const RawEntry& entry) noexcept override;
  /// Requires: has_room().
  void on_timer(std::uint64_t sequence, std::int64_t log_unix_ns,
                const stages::Timer& timer) noexcept override;

  // SafeInputs.
  [[nodiscard]] std::uint64_t safe_sequence() const noexcept override {
    const std::uint64_t number = writer_.safe_number();
    const std::uint64_t others = others_ + writer_.segment_ends();
    return number > others ? number - others : 0;
  }
  void make_safe() noexcept override { writer_.hand_over(); }

 private:
  [[nodiscard]] bool record_parts(InputRecordType type, std::int64_t log_unix_ns,
                                  std::span<const std::string_view> parts);
  void record_long(std::uint64_t sequence, std::int64_t log_unix_ns,
                   const RawEntry& entry) noexcept;

  RecordWriter& writer_;
  std::uint64_t others_;
  InputRecordParts parts_;
};

}  // namespace coreloop::io
