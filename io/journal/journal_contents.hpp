// What a journal holds, read once to its end before anything is done with it: whether it is whole,
// the conf it was made with, and where its inputs end.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "io/edge/entry_id.hpp"
#include "io/edge/stream_place.hpp"
#include "io/journal/record_reader.hpp"

namespace coreloop::io {

using SkippedInputs = std::map<std::uint64_t, std::string>;

struct JournalContents {
  /// Decision keys and their values as TOML text; empty: the journal has not been begun.
  std::vector<std::pair<std::string, std::string>> conf;
  /// Where each stream began, by name; empty: no input can have been recorded.
  std::map<std::string, EntryId, std::less<>> starts;
  /// Behind the last recorded entry of each input stream, or where it began.
  std::map<std::string, StreamPlace, std::less<>> cursors;
  /// Inputs that are to be taken as entries without fields, and why.
  SkippedInputs skipped;
  std::uint64_t last_sequence = 0;
  std::int64_t last_log_unix_ns = 0;
  std::uint64_t torn_bytes = 0;  ///< of a last record that was never completed
  std::string build;             ///< that wrote the last segment
  LogPosition end;
};

/// Reads the journal in `directory` from `contents.end` on, whose place in it `contents` describes
/// (default: from its beginning), to its end or that of `last_segment`. Empty, or why it cannot be
/// taken up: file, offset and what is wrong there.
[[nodiscard]] std::string read_journal_contents(
    const std::string& directory, JournalContents& contents,
    std::uint64_t last_segment = RecordReader::no_segment);

}  // namespace coreloop::io
