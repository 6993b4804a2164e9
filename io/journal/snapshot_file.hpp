// Snapshots: the whole state between two inputs of a journal, so that recovery begins there and not
// at the first input.
//
//   00000000000001234567.snap:  | header | conf | starts | cursors | skipped | state |
//
// The name is the last input's sequence. A snapshot is written aside, synced, renamed and read back
// before anything it replaces is removed; one checksum covers it all. Little-endian.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "io/edge/entry_id.hpp"
#include "io/edge/sink.hpp"
#include "io/journal/journal_contents.hpp"

namespace coreloop::io {

struct Snapshot {
  JournalContents journal;  ///< up to here
  /// Last id made for each output stream, or above which ours began.
  std::array<EntryId, output_stream_count> output_ids{};
  std::string state;  ///< of the engine, as stages/saved_state.hpp says
};

/// Two are kept: a damaged one leaves the other, and a longer replay.
inline constexpr std::size_t snapshots_kept = 2;

/// Sequences of the snapshots in `directory`, newest first; none where it cannot be read.
[[nodiscard]] std::vector<std::uint64_t> list_snapshots(const std::string& directory);

/// `00000000000001234567.snap`
[[nodiscard]] std::string snapshot_name(std::uint64_t sequence);

/// Writes `snapshot` and reads it back; 0 or errno, EIO if other bytes come back. Slow: a cold
/// thread's work. All records before it must be on the disk.
[[nodiscard]] int write_snapshot(const std::string& directory, const Snapshot& snapshot);

/// Reads a snapshot. Empty, or what is wrong: file and reason.
[[nodiscard]] std::string read_snapshot(const std::string& directory, std::uint64_t sequence,
                                        Snapshot& snapshot);

/// Those of the newest `snapshots_kept` that are good, newest first. `problems`: what is wrong with
/// each of the others; not empty, with no snapshot answered: none is good.
[[nodiscard]] std::vector<Snapshot> read_snapshots(const std::string& directory,
                                                   std::vector<std::string>& problems);

/// Removes all but the newest `snapshots_kept` snapshots, and the segments that end more than
/// `segments_kept` segments before the oldest of these. Answers the segments removed.
std::size_t remove_what_snapshots_replace(const std::string& directory, std::size_t segments_kept);

}  // namespace coreloop::io
