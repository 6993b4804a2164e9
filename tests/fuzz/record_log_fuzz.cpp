// Record logs and journals: whatever the files hold, a log reads as consecutive records up to its
// end, or says that it is corrupt; what one damaged byte or a cut leaves is a beginning of them;
// and every record that the journal takes is the one that would be written for its contents.
#include <algorithm>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "engine/check.hpp"
#include "io/journal/journal_contents.hpp"
#include "io/journal/journal_source.hpp"
#include "tests/fuzz/input_bytes.hpp"
#include "tests/fuzz/log_image.hpp"
#include "tests/fuzz/scratch_folder.hpp"

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t size_max);

namespace coreloop::tests {
namespace {

using io::RecordReader;
using io::RecordStatus;

struct ReadRecord {
  std::uint32_t type = 0;
  std::uint64_t number = 0;
  std::int64_t log_unix_ns = 0;
  std::string bytes;
  [[nodiscard]] bool operator==(const ReadRecord&) const = default;
};

struct ReadLog {
  bool is_whole = false;  ///< read to its end; else corrupt
  std::vector<ReadRecord> records;
  io::LogPosition end;
  std::uint64_t torn_bytes = 0;
};

const ScratchFolder& folder() {
  static const ScratchFolder folder;
  return folder;
}

void write_log(const std::vector<std::string>& segments) {
  for (std::size_t i = 0; i < log_segments_max; ++i) {
    const std::string name = io::segment_name(i + 1);
    if (i < segments.size())
      folder().write(name, segments[i]);
    else
      folder().remove(name);
  }
}

ReadLog read_log(const io::LogPosition& begin = {},
                 std::uint64_t last_segment = RecordReader::no_segment) {
  ReadLog log;
  RecordReader reader(folder().root());
  if (!reader.open(begin, last_segment)) {
    CHECK(!reader.problem().empty(), "a reason");
    return log;
  }
  io::Record record;
  RecordStatus status{};
  std::uint32_t progress = reader.progress_per_mille();
  while ((status = reader.next(record)) == RecordStatus::record) {
    CHECK(log.records.empty() || record.number > log.records.back().number, "numbers go up");
    const std::uint32_t before = std::exchange(progress, reader.progress_per_mille());
    CHECK(progress >= before && progress <= 1'000, "so does the share that was read");
    CHECK(!log.records.empty() ||
              reader.place().ends_with(std::to_string(sizeof(io::SegmentHeader))) ||
              begin.offset != 0,
          "the first record stands behind the header");
    log.records.push_back(
        {record.type, record.number, record.log_unix_ns, std::string{record.bytes}});
  }
  CHECK(reader.next(record) == status, "an end stays an end");
  log.is_whole = status == RecordStatus::end;
  CHECK(log.is_whole == reader.problem().empty(), "a reason where it is corrupt");
  log.end = reader.end();
  log.torn_bytes = reader.torn_bytes();
  return log;
}

void check_ends_inside(const ReadLog& log, const std::vector<std::string>& segments) {
  if (!log.is_whole || log.end.segment_id == 0) return;
  CHECK(log.end.segment_id <= segments.size(), "ends in one of its segments");
  const std::size_t size = segments[log.end.segment_id - 1].size();
  CHECK(log.end.offset <= size && log.torn_bytes <= size - log.end.offset, "ends in its file");
}

void check_is_beginning(const ReadLog& part, const ReadLog& whole) {
  CHECK(part.records.size() <= whole.records.size() &&
            std::equal(part.records.begin(), part.records.end(), whole.records.begin()),
        "damage leaves a beginning of the records");
}

// What a writer does before it goes on: nothing of a torn tail may come back, and a segment whose
// beginning was lost gets it back.
void check_wiped(std::vector<std::string> segments, const ReadLog& log) {
  if (log.end.segment_id == 0) return;
  std::string& last = segments[log.end.segment_id - 1];
  std::fill(last.begin() + static_cast<std::ptrdiff_t>(log.end.offset), last.end(), '\0');
  io::SegmentHeader header;
  if (log.end.offset == sizeof header) {
    std::memcpy(&header, last.data(), sizeof header);
    header.first_number = log.end.next_number;
    header.crc = io::segment_header_crc(header);
    std::memcpy(last.data(), &header, sizeof header);
  }
  write_log(segments);
  const ReadLog again = read_log();
  CHECK(again.is_whole && again.records == log.records, "a wiped tail changes no record");
  CHECK(again.end.offset == log.end.offset && again.torn_bytes == 0, "and leaves none");
}

// Read to the end of some segment and on from there, it is the same; from any other place it is
// refused, or its records are some of the log's.
void check_places(const ReadLog& log, std::size_t where) {
  const std::uint64_t last = where % log_segments_max + 1;
  const ReadLog first = read_log({}, last);
  CHECK(first.is_whole, "a part of a whole log is whole");
  ReadLog rest = read_log(first.end);
  CHECK(rest.is_whole && rest.end.offset == log.end.offset, "and so is what follows");
  rest.records.insert(rest.records.begin(), first.records.begin(), first.records.end());
  CHECK(rest.records == log.records, "together they are the log");
  const ReadLog some = read_log({last, where / log_segments_max % 2'048, where % 64});
  if (!some.is_whole) return;
  CHECK(some.records.size() <= log.records.size() &&
            std::equal(some.records.rbegin(), some.records.rend(), log.records.rbegin()),
        "what is read is its end");
}

void check_damaged(std::vector<std::string> segments, const ReadLog& log, std::size_t where) {
  std::string& segment = segments[where % segments.size()];
  if (segment.empty()) return;
  const std::size_t at = where / segments.size() % segment.size();
  const std::string whole = segment;
  segment[at] = static_cast<char>(segment[at] ^ (1 << where % 8));
  write_log(segments);
  check_is_beginning(read_log(), log);
  segment = whole;
  if (&segment != &segments.back()) return;
  segment.resize(at);
  write_log(segments);
  check_is_beginning(read_log(), log);
}

// The record's contents, written again as the journal would.
void check_written_again(const io::Record& record, const io::InputRecord& input) {
  io::InputRecordParts parts;
  io::RawEntry entry{.stream = input.stream,
                     .id_ms = input.id_ms,
                     .id_counter = input.id_counter,
                     .fields = input.fields,
                     .payload_crc32 = input.payload_crc32,
                     .stream_index = input.stream_index};
  std::span<const std::string_view> written;
  switch (input.type) {
    case io::InputRecordType::conf:
    case io::InputRecordType::start:
      written = parts.pairs(input.fields);
      break;
    case io::InputRecordType::input:
      written = parts.input(input.sequence, entry);
      CHECK(parts.size() == io::input_record_bytes(entry), "the size that was told");
      break;
    case io::InputRecordType::cut:
      written = parts.cut(input.sequence, entry);
      break;
    case io::InputRecordType::skip:
      written = parts.skip(input.sequence, input.fields);
      break;
    case io::InputRecordType::timer:
      written = parts.timer(input.sequence, input.timer);
      break;
  }
  std::string bytes;
  for (const std::string_view part : written)
    bytes += part;
  CHECK(bytes == record.bytes, "the record that would be written");
}

void check_records(const ReadLog& log) {
  io::InputRecord input;
  for (const ReadRecord& kept : log.records) {
    const io::Record record{kept.type, kept.number, kept.log_unix_ns, kept.bytes};
    if (io::read_input_record(record, input)) check_written_again(record, input);
  }
}

void check_journal(const ReadLog& log) {
  io::JournalContents contents;
  const std::string problem = io::read_journal_contents(folder().root(), contents);
  RecordReader reader(folder().root());
  if (!reader.open()) {
    CHECK(!problem.empty(), "an unreadable journal is not taken up");
    return;
  }
  io::JournalSource source(reader, 0, contents.skipped);
  io::RawEntry entry;
  std::string texts;  // every view can be read
  while (source.peek(entry) == io::SourceStatus::entry) {
    CHECK(entry.is_recorded, "with its sequence and time");
    texts = entry.stream;
    for (const io::RawField& field : entry.fields)
      (texts += field.name) += field.value;
    source.consume();
  }
  if (!problem.empty()) return;
  CHECK(log.is_whole && source.problem().empty(), "a journal that is taken up can be repeated");
  CHECK(source.sequence() == contents.last_sequence, "up to its last input");
  CHECK(contents.torn_bytes == log.torn_bytes && contents.end.offset == log.end.offset,
        "and is gone on with behind it");
  CHECK(contents.starts.size() == contents.cursors.size(), "a cursor a stream");
}

void check_input(std::string_view input) {
  const std::vector<std::string> segments = log_segments(input);
  write_log(segments);
  const ReadLog log = read_log();
  check_ends_inside(log, segments);
  check_records(log);
  check_journal(log);
  if (!log.is_whole || segments.empty()) return;
  check_wiped(segments, log);
  const std::size_t where = mixed(input);
  write_log(segments);
  check_places(log, where);
  if (log.torn_bytes == 0) check_damaged(segments, log, where);
}

}  // namespace
}  // namespace coreloop::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coreloop::tests::check_input(coreloop::tests::text_of(data, size));
  return 0;
}

#ifdef CORELOOP_LIBFUZZER
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, size_max);
  // Mostly whole logs; sometimes true checksums over wrong numbers, sometimes neither.
  if (seed % 8 != 0) coreloop::tests::repair_log(reinterpret_cast<char*>(data), size, seed % 8 > 2);
  return size;
}
#endif
