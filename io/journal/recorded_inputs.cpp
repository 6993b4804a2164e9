// One pass over two segments.
#include "io/journal/recorded_inputs.hpp"

#include <cstdint>
#include <unistd.h>

#include "io/journal/input_record.hpp"
#include "io/journal/record_reader.hpp"

namespace coreloop::io {
namespace {

EntryId id_before(EntryId id) {
  if (id.counter > 0) return {id.ms, id.counter - 1};
  return id.ms > 0 ? EntryId{id.ms - 1, UINT64_MAX} : EntryId{};
}

std::uint32_t content_checksum(const InputRecord& input) {
  if (input.type == InputRecordType::cut) return ContentChecksum::any;
  ContentChecksum checksum;
  for (const RawField& field : input.fields)
    checksum.add_field(field.name, field.value);
  return checksum.value();
}

/// Adds the entries from `begin` on; false if something cannot be read.
bool add_entries(const std::string& directory, const LogPosition& begin,
                 const JournalContents& contents, const InputStreams& streams,
                 std::vector<InputHistory>& histories) {
  const bool is_beginning = begin.segment_id <= 1;
  std::vector<bool> is_begun(streams.size(), is_beginning);
  if (is_beginning) {
    for (std::size_t i = 0; i < streams.size(); ++i)
      histories[i] = InputHistory(contents.starts.at(streams[i].name));
  }
  RecordReader reader(directory);
  if (!reader.open(begin)) return false;
  Record record;
  InputRecord input;
  RecordStatus status = reader.next(record);
  for (; status == RecordStatus::record; status = reader.next(record)) {
    if (!read_input_record(record, input)) return false;
    if (input.type != InputRecordType::input && input.type != InputRecordType::cut) continue;
    for (std::size_t i = 0; i < streams.size(); ++i) {
      if (streams[i].name != input.stream) continue;
      const EntryId id{input.id_ms, input.id_counter};
      if (!is_begun[i]) histories[i] = InputHistory(id_before(id));
      is_begun[i] = true;
      histories[i].add(id, content_checksum(input));
    }
  }
  return status == RecordStatus::end;
}

}  // namespace

std::vector<InputHistory> read_input_histories(const std::string& directory,
                                               const JournalContents& contents,
                                               const InputStreams& streams) {
  const auto know_nothing = [&] {
    std::vector<InputHistory> histories;
    for (const InputStream& stream : streams)
      histories.emplace_back(contents.cursors.at(stream.name).id);
    return histories;
  };
  std::vector<InputHistory> histories = know_nothing();
  LogPosition begin{contents.end.segment_id, 0, 1};
  if (begin.segment_id > 1) {
    const std::string before = directory + "/" + segment_name(begin.segment_id - 1);
    if (::access(before.c_str(), R_OK) == 0) --begin.segment_id;
  }
  if (!add_entries(directory, begin, contents, streams, histories)) return know_nothing();
  return histories;
}

}  // namespace coreloop::io
