// Bytes of a snapshot, and its life on the disk.
#include "io/journal/snapshot_file.hpp"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/codec/crc32c.hpp"
#include "io/journal/segment_file.hpp"

namespace coreloop::io {
namespace {

constexpr std::uint32_t snapshot_format_version = 3;
constexpr std::string_view snapshot_suffix = ".snap";
constexpr std::string_view segment_suffix = ".log";
constexpr std::size_t sequence_digits = 20;
constexpr std::size_t sections_count = 5;
constexpr std::uint64_t snapshot_bytes_max = std::uint64_t{1} << 33;

struct SnapshotHeader {
  std::array<char, 8> magic{'c', 'o', 'r', 'e', 's', 'n', 'a', 'p'};
  std::uint32_t format_version = snapshot_format_version;
  std::uint32_t amount_places = 8;
  std::uint64_t sequence = 0;
  std::int64_t log_unix_ns = 0;
  std::uint64_t segment_id = 0;
  std::uint64_t offset = 0;
  std::uint64_t next_number = 0;
  std::array<EntryId, output_stream_count> output_ids{};
  std::array<std::uint64_t, sections_count> section_bytes{};
  std::array<char, 80> build{};
  std::uint32_t reserved = 0;
  std::uint32_t crc = 0;  ///< of all before, and then of the sections
};
static_assert(std::has_unique_object_representations_v<SnapshotHeader>, "no padding: it is hashed");

using Pairs = std::vector<std::pair<std::string, std::string>>;
template <class Place>  // an EntryId or a StreamPlace
using Places = std::map<std::string, Place, std::less<>>;

void append_text(std::string& bytes, std::string_view text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  bytes.append(reinterpret_cast<const char*>(&size), sizeof size);
  bytes.append(text);
}

bool take_text(std::string_view& bytes, std::string& text) {
  std::uint32_t size = 0;
  if (bytes.size() < sizeof size) return false;
  std::memcpy(&size, bytes.data(), sizeof size);
  bytes.remove_prefix(sizeof size);
  if (bytes.size() < size) return false;
  text = bytes.substr(0, size);
  bytes.remove_prefix(size);
  return true;
}

std::string bytes_of(const Pairs& pairs) {
  std::string bytes;
  for (const auto& [name, value] : pairs) {
    append_text(bytes, name);
    append_text(bytes, value);
  }
  return bytes;
}

bool read_pairs(std::string_view bytes, Pairs& pairs) {
  while (!bytes.empty()) {
    auto& [name, value] = pairs.emplace_back();
    if (!take_text(bytes, name) || !take_text(bytes, value)) return false;
  }
  return true;
}

template <class Place>
std::string bytes_of(const Places<Place>& places) {
  Pairs pairs;
  for (const auto& [name, place] : places)
    pairs.emplace_back(name, place.text());
  return bytes_of(pairs);
}

template <class Place, class Parse>
bool read_places(std::string_view bytes, Parse parse, Places<Place>& places) {
  Pairs pairs;
  if (!read_pairs(bytes, pairs)) return false;
  return std::all_of(pairs.begin(), pairs.end(),
                     [&](const auto& pair) { return parse(pair.second, places[pair.first]); });
}

std::string bytes_of(const SkippedInputs& skipped) {
  Pairs pairs;
  for (const auto& [sequence, reason] : skipped)
    pairs.emplace_back(std::to_string(sequence), reason);
  return bytes_of(pairs);
}

bool read_skipped(std::string_view bytes, SkippedInputs& skipped) {
  Pairs pairs;
  if (!read_pairs(bytes, pairs)) return false;
  return std::all_of(pairs.begin(), pairs.end(), [&](const auto& pair) {
    const char* const end = pair.first.data() + pair.first.size();
    std::uint64_t sequence = 0;
    const auto [number_end, error] = std::from_chars(pair.first.data(), end, sequence);
    skipped[sequence] = pair.second;
    return error == std::errc{} && number_end == end;
  });
}

bool parse_id(std::string_view text, EntryId& id) {
  return parse_entry_id(text, id);
}

std::uint32_t crc_of(const SnapshotHeader& header) {
  return crc32c(0, &header, offsetof(SnapshotHeader, crc));
}

std::uint32_t add_crc(std::uint32_t crc, std::string_view bytes) {
  return crc32c(crc, bytes.data(), bytes.size());
}

// Of `sections` what they are; the rest of what `snapshot` says.
SnapshotHeader header_of(const Snapshot& snapshot,
                         const std::array<std::string_view, sections_count>& sections) {
  const JournalContents& journal = snapshot.journal;
  SnapshotHeader header;
  header.sequence = journal.last_sequence;
  header.log_unix_ns = journal.last_log_unix_ns;
  header.segment_id = journal.end.segment_id;
  header.offset = journal.end.offset;
  header.next_number = journal.end.next_number;
  header.output_ids = snapshot.output_ids;
  for (std::size_t i = 0; i < sections.size(); ++i)
    header.section_bytes[i] = sections[i].size();
  std::memcpy(header.build.data(), journal.build.data(),
              std::min(journal.build.size(), header.build.size() - 1));
  header.crc = crc_of(header);
  for (const std::string_view section : sections)
    header.crc = add_crc(header.crc, section);
  return header;
}

// A file, read from its beginning in pieces: it may be larger than what anyone wants to hold.
class FilePieces {
 public:
  explicit FilePieces(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) {
    struct stat status {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
      error_ = errno;
    else
      left_ = static_cast<std::uint64_t>(status.st_size);
    if (error_ == 0 && left_ > snapshot_bytes_max) error_ = EFBIG;
  }
  ~FilePieces() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  FilePieces(const FilePieces&) = delete;
  FilePieces& operator=(const FilePieces&) = delete;

  /// errno of the first failure, EIO where the file became shorter meanwhile; 0: none.
  [[nodiscard]] int error() const noexcept { return error_; }
  /// Bytes that are still to be read.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }

  /// The next `size` bytes; false, with an error: not all of them. Requires: size <= left().
  bool read(char* to, std::size_t size) {
    while (error_ == 0 && size > 0) {
      const ssize_t count = ::read(descriptor_, to, size);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) {
        error_ = count < 0 ? errno : EIO;
        break;
      }
      to += count;
      size -= static_cast<std::size_t>(count);
      left_ -= static_cast<std::uint64_t>(count);
    }
    return error_ == 0;
  }

  /// The next bytes, `size` of them at most; empty at the end or after a failure.
  std::string_view next(std::size_t size) {
    size = std::min({size, buffer_.size(), static_cast<std::size_t>(left_)});
    return read(buffer_.data(), size) ? std::string_view{buffer_.data(), size} : std::string_view{};
  }

 private:
  int descriptor_;
  int error_ = 0;
  std::uint64_t left_ = 0;
  std::array<char, 16'384> buffer_;
};

using Sections = std::array<std::string, sections_count>;

// Whether the sections are as large as the header says, all in all.
bool has_sections(const SnapshotHeader& header, std::uint64_t bytes) {
  for (const std::uint64_t section : header.section_bytes) {
    if (section > bytes) return false;
    bytes -= section;
  }
  return bytes == 0;
}

// Empty, or what is wrong with the file. `sections`: where they go; null: they are only looked at.
std::string read_file(const std::string& path, SnapshotHeader& header, Sections* sections) {
  FilePieces file(path);
  if (file.error() != 0) return std::strerror(file.error());
  if (file.left() < sizeof header) return "shorter than its header";
  file.read(reinterpret_cast<char*>(&header), sizeof header);
  const bool is_ours = header.format_version == snapshot_format_version &&
                       header.amount_places == SnapshotHeader{}.amount_places;
  const bool is_whole = has_sections(header, file.left());
  std::uint32_t crc = crc_of(header);
  for (std::size_t i = 0; sections != nullptr && is_ours && is_whole && i < sections_count; ++i) {
    std::string& section = (*sections)[i];
    section.resize(header.section_bytes[i]);
    if (file.read(section.data(), section.size())) crc = add_crc(crc, section);
  }
  while (file.left() > 0 && file.error() == 0)
    crc = add_crc(crc, file.next(file.left()));
  if (file.error() != 0) return std::strerror(file.error());
  if (header.magic != SnapshotHeader{}.magic || header.crc != crc) return "damaged";
  if (!is_ours) {
    return "format version " + std::to_string(header.format_version) + "; this build reads " +
           std::to_string(snapshot_format_version);
  }
  return is_whole && header.build.back() == '\0' ? "" : "damaged";
}

// False: not what a snapshot's sections say.
bool decode(const SnapshotHeader& header, Sections& sections, Snapshot& snapshot) {
  JournalContents& journal = snapshot.journal;
  journal = {};
  if (!read_pairs(sections[0], journal.conf) ||
      !read_places(sections[1], parse_id, journal.starts) ||
      !read_places(sections[2], parse_stream_place, journal.cursors) ||
      !read_skipped(sections[3], journal.skipped)) {
    return false;
  }
  journal.last_sequence = header.sequence;
  journal.last_log_unix_ns = header.log_unix_ns;
  journal.end = {header.segment_id, header.offset, header.next_number};
  journal.build.assign(header.build.data());
  snapshot.output_ids = header.output_ids;
  snapshot.state = std::move(sections[4]);
  return true;
}

int write_file(const std::string& path, std::span<const std::string_view> parts) {
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return errno;
  int error = 0;
  off_t offset = 0;
  for (const std::string_view part : parts) {
    if (error == 0) error = write_all(descriptor, part.data(), part.size(), offset);
    offset += static_cast<off_t>(part.size());
  }
  if (error == 0 && ::fsync(descriptor) != 0) error = errno;
  if (::close(descriptor) != 0 && error == 0) error = errno;
  return error;
}

// Whether the file's bytes are `parts`; 0, EIO if not, or errno.
int compare_file(const std::string& path, std::span<const std::string_view> parts) {
  FilePieces file(path);
  for (std::string_view part : parts) {
    while (!part.empty()) {
      const std::string_view piece = file.next(part.size());
      if (file.error() != 0) return file.error();
      if (piece.empty() || part.substr(0, piece.size()) != piece) return EIO;
      part.remove_prefix(piece.size());
    }
  }
  return file.error() == 0 && file.left() != 0 ? EIO : file.error();
}

// The numbers of the files in `directory` that are named as `name_of` names them.
std::vector<std::uint64_t> list_numbers(const std::string& directory, std::string_view suffix,
                                        std::string (*name_of)(std::uint64_t)) {
  std::vector<std::uint64_t> numbers;
  const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory.c_str()), &::closedir);
  if (listing == nullptr) return numbers;
  while (const dirent* const entry = ::readdir(listing.get())) {
    const std::string_view name = entry->d_name;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && std::string_view{end} == suffix && name == name_of(number))
      numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

std::string snapshot_name(std::uint64_t sequence) {
  const std::string digits = std::to_string(sequence);
  return std::string(sequence_digits - digits.size(), '0') + digits + std::string{snapshot_suffix};
}

std::vector<std::uint64_t> list_snapshots(const std::string& directory) {
  std::vector<std::uint64_t> sequences = list_numbers(directory, snapshot_suffix, &snapshot_name);
  std::reverse(sequences.begin(), sequences.end());
  return sequences;
}

int write_snapshot(const std::string& directory, const Snapshot& snapshot) {
  const std::string path = directory + "/" + snapshot_name(snapshot.journal.last_sequence);
  const std::string unfinished = directory + "/snapshot.new";
  const std::string conf = bytes_of(snapshot.journal.conf);
  const std::string starts = bytes_of(snapshot.journal.starts);
  const std::string cursors = bytes_of(snapshot.journal.cursors);
  const std::string skipped = bytes_of(snapshot.journal.skipped);
  const SnapshotHeader header =
      header_of(snapshot, {conf, starts, cursors, skipped, snapshot.state});
  const std::array<std::string_view, 1 + sections_count> parts{
      std::string_view{reinterpret_cast<const char*>(&header), sizeof header},
      conf,
      starts,
      cursors,
      skipped,
      snapshot.state};
  int error = write_file(unfinished, parts);
  if (error == 0 && ::rename(unfinished.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(unfinished.c_str());
    return error;
  }
  error = sync_directory(directory);
  return error != 0 ? error : compare_file(path, parts);
}

std::string read_snapshot(const std::string& directory, std::uint64_t sequence,
                          Snapshot& snapshot) {
  const std::string path = directory + "/" + snapshot_name(sequence);
  SnapshotHeader header;
  Sections sections;
  std::string problem = read_file(path, header, &sections);
  if (problem.empty() && !decode(header, sections, snapshot)) problem = "damaged";
  if (problem.empty() && header.sequence != sequence)
    problem = "of another sequence than its name says";
  return problem.empty() ? problem : path + ": " + problem;
}

std::vector<Snapshot> read_snapshots(const std::string& directory,
                                     std::vector<std::string>& problems) {
  std::vector<std::uint64_t> sequences = list_snapshots(directory);
  if (sequences.size() > snapshots_kept) sequences.resize(snapshots_kept);
  std::vector<Snapshot> snapshots;
  for (const std::uint64_t sequence : sequences) {
    Snapshot snapshot;
    std::string problem = read_snapshot(directory, sequence, snapshot);
    if (problem.empty())
      snapshots.push_back(std::move(snapshot));
    else
      problems.push_back(std::move(problem));
  }
  return snapshots;
}

std::size_t remove_what_snapshots_replace(const std::string& directory, std::size_t segments_kept) {
  const std::vector<std::uint64_t> sequences = list_snapshots(directory);
  if (sequences.size() < snapshots_kept) return 0;
  // The segments go first: without the oldest snapshot they would be of no use.
  SnapshotHeader oldest;
  const std::string path = directory + "/" + snapshot_name(sequences[snapshots_kept - 1]);
  if (!read_file(path, oldest, nullptr).empty()) return 0;
  std::size_t removed = 0;
  for (const std::uint64_t id : list_numbers(directory, segment_suffix, &segment_name)) {
    if (id + segments_kept >= oldest.segment_id) break;
    if (::unlink((directory + "/" + segment_name(id)).c_str()) == 0) ++removed;
  }
  for (std::size_t i = snapshots_kept; i < sequences.size(); ++i)
    ::unlink((directory + "/" + snapshot_name(sequences[i])).c_str());
  return removed;
}

}  // namespace coreloop::io
