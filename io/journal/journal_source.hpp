// A journal as a source: its inputs in their recorded order, as the entries a tape would hold, with
// the log times they had. INGRESS's thread, or whoever exports.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <utility>

#include "io/edge/source.hpp"
#include "io/journal/input_record.hpp"
#include "io/journal/journal_contents.hpp"
#include "io/journal/record_reader.hpp"

namespace coreloop::io {

class JournalSource {
 public:
  /// `reader` is open behind input `sequence` and must outlive it. `skipped`: shown without their
  /// fields.
  explicit JournalSource(RecordReader& reader, std::uint64_t sequence = 0,
                         SkippedInputs skipped = {})
      : reader_(reader), skipped_(std::move(skipped)), sequence_(sequence) {}

  [[nodiscard]] SourceStatus peek(RawEntry& entry) noexcept;
  void consume() noexcept { has_record_ = false; }

  /// Empty, or why reading ended early: the journal is damaged, or an input is not where it
  /// belongs.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  /// Sequence of the last input given.
  [[nodiscard]] std::uint64_t sequence() const noexcept { return sequence_; }

 private:
  [[nodiscard]] bool read_next();
  void show(RawEntry& entry) noexcept;

  RecordReader& reader_;
  SkippedInputs skipped_;
  InputRecord record_;
  std::string problem_;
  std::uint64_t sequence_;
  std::array<RawField, 2> timer_fields_;
  std::array<char, 20> due_{};
  bool has_record_ = false;
};

}  // namespace coreloop::io
