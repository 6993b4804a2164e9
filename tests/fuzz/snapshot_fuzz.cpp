// Snapshots: whatever a file holds, it is refused with a reason, or read as what reads the same
// once it is written again; one damaged byte, or a byte more or less, is always seen; and a state
// is read whole or refused.
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>
#include <unistd.h>

#include "engine/check.hpp"
#include "io/codec/crc32c.hpp"
#include "io/journal/segment_file.hpp"
#include "io/journal/snapshot_file.hpp"
#include "stages/saved_state.hpp"
#include "tests/fuzz/input_bytes.hpp"
#include "tests/fuzz/scratch_folder.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

namespace coreloop::tests {
namespace {

constexpr std::uint64_t sequence = 7;
constexpr std::uint64_t segments = 4;

const ScratchFolder& folder() {
  static const ScratchFolder folder;
  return folder;
}

/// What reads a snapshot's state: a few members, as stages have them.
struct Members {
  std::uint64_t used = 0;
  std::vector<std::uint32_t> some = std::vector<std::uint32_t>(4);
  std::vector<std::uint16_t> all = std::vector<std::uint16_t>(3);

  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.value(used);
    visitor.rows(some, used);
    visitor.rows(all);
  }
};

std::string read(io::Snapshot& snapshot) {
  return io::read_snapshot(folder().root(), sequence, snapshot);
}

void check_same(const io::Snapshot& one, const io::Snapshot& other) {
  const io::JournalContents& a = one.journal;
  const io::JournalContents& b = other.journal;
  CHECK(
      a.conf == b.conf && a.starts == b.starts && a.cursors == b.cursors && a.skipped == b.skipped,
      "the same journal");
  CHECK(a.last_sequence == b.last_sequence && a.last_log_unix_ns == b.last_log_unix_ns &&
            a.build == b.build,
        "up to the same input, by the same build");
  CHECK(a.end.segment_id == b.end.segment_id && a.end.offset == b.end.offset &&
            a.end.next_number == b.end.next_number,
        "that ends at the same place");
  CHECK(one.output_ids == other.output_ids && one.state == other.state, "and the same state");
}

void check_state(std::string_view bytes) {
  Members members;
  stages::StateReader reader(bytes);
  members.visit_state(reader);
  if (!reader.is_complete()) return;
  std::string written;
  stages::StateWriter writer(written);
  members.visit_state(writer);
  CHECK(written == bytes, "a state that is read is the one that would be written");
}

// Beside two newer ones it goes, and what lies before the older of these, but for what is kept.
void check_replaced(io::Snapshot snapshot, std::size_t segments_kept) {
  const std::uint64_t begin = snapshot.journal.end.segment_id;
  for (std::uint64_t id = 1; id <= segments; ++id)
    folder().write(io::segment_name(id), {});
  for (snapshot.journal.last_sequence = sequence + 1; snapshot.journal.last_sequence < sequence + 3;
       ++snapshot.journal.last_sequence)
    CHECK(io::write_snapshot(folder().root(), snapshot) == 0, "a newer one");
  const std::size_t removed = io::remove_what_snapshots_replace(folder().root(), segments_kept);
  const std::vector<std::uint64_t> newest{sequence + 2, sequence + 1};
  CHECK(io::list_snapshots(folder().root()) == newest, "two are kept");
  std::size_t left = 0;
  for (std::uint64_t id = 1; id <= segments; ++id) {
    const bool is_there = ::access(folder().path(io::segment_name(id)).c_str(), F_OK) == 0;
    CHECK(is_there == (id + segments_kept >= begin), "what is needed, and what is to be kept");
    left += is_there ? 1 : 0;
    folder().remove(io::segment_name(id));
  }
  CHECK(left + removed == segments, "the others are counted");
  for (const std::uint64_t other : newest)
    folder().remove(io::snapshot_name(other));
}

void check_refused(std::string_view bytes) {
  folder().write(io::snapshot_name(sequence), bytes);
  io::Snapshot snapshot;
  CHECK(!read(snapshot).empty(), "damage is seen");
}

void check_input(std::string_view input) {
  folder().write(io::snapshot_name(sequence), input);
  io::Snapshot snapshot;
  const std::string problem = read(snapshot);
  std::vector<std::string> problems;
  const std::vector<io::Snapshot> good = io::read_snapshots(folder().root(), problems);
  CHECK(good.size() == (problem.empty() ? 1U : 0U) && problems.size() == 1 - good.size(),
        "either good or told");
  if (!problem.empty()) return;
  CHECK(snapshot.journal.last_sequence == sequence, "of the input it is named for");
  check_state(snapshot.state);
  CHECK(io::write_snapshot(folder().root(), snapshot) == 0, "it can be written again");
  io::Snapshot again;
  CHECK(read(again).empty(), "and read");
  check_same(snapshot, again);
  CHECK(io::list_snapshots(folder().root()) == std::vector<std::uint64_t>{sequence}, "one file");
  const std::size_t where = mixed(input);
  check_replaced(snapshot, where % 3);
  std::string damaged{input};
  damaged[where % damaged.size()] ^= static_cast<char>(1 << where % 8);
  check_refused(damaged);
  check_refused(input.substr(0, where % input.size()));
  check_refused(std::string{input} + '\0');
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_input(coreloop::tests::text_of(data, size));
  return 0;
}

#ifdef CORELOOP_LIBFUZZER
namespace coreloop::tests {
namespace {

// Where things stand in the file.
constexpr std::size_t header_bytes = 256;
constexpr std::size_t crc_at = header_bytes - 4;
constexpr std::size_t sections_at = 136;
constexpr std::size_t section_count = 4;

// Sections as long as the file, and the checksum it needs.
void repair(char* bytes, std::size_t size, bool sections_too) {
  if (size < header_bytes) return;
  if (sections_too) {
    std::size_t left = size - header_bytes;
    for (std::size_t i = 0; i < section_count; ++i) {
      std::uint64_t section = 0;
      std::memcpy(&section, bytes + sections_at + 8 * i, sizeof section);
      section = i + 1 == section_count ? left : std::min<std::uint64_t>(section, left);
      std::memcpy(bytes + sections_at + 8 * i, &section, sizeof section);
      left -= section;
    }
    std::memcpy(bytes + 16, &sequence, sizeof sequence);
  }
  std::uint32_t crc = io::crc32c(0, bytes, crc_at);
  crc = io::crc32c(crc, bytes + header_bytes, size - header_bytes);
  std::memcpy(bytes + crc_at, &crc, sizeof crc);
}

}  // namespace
}  // namespace coreloop::tests

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, size_max);
  // Mostly whole files; sometimes a true checksum over what cannot be, sometimes neither.
  if (seed % 8 != 0) coreloop::tests::repair(reinterpret_cast<char*>(data), size, seed % 8 > 2);
  return size;
}
#endif
