// One pass over a journal.
#include "io/journal/journal_contents.hpp"

#include "io/journal/input_record.hpp"
#include "io/journal/record_reader.hpp"

namespace coreloop::io {
namespace {

// The places of a start record; false if one is none.
bool read_starts(const InputRecord& input, JournalContents& contents) {
  for (const RawField& field : input.fields) {
    StreamPlace place;
    if (!parse_stream_place(field.value, place)) return false;
    contents.starts.emplace(field.name, place.id);
    contents.cursors.emplace(field.name, place);
  }
  return true;
}

bool read_input(const InputRecord& input, JournalContents& contents) {
  if (contents.starts.empty() || input.sequence != contents.last_sequence + 1) return false;
  contents.last_sequence = input.sequence;
  const auto cursor = contents.cursors.find(input.stream);
  if (cursor != contents.cursors.end()) {
    cursor->second = {{input.id_ms, input.id_counter}, input.stream_index};
  }
  return true;
}

bool read_skip(const InputRecord& input, JournalContents& contents) {
  if (input.sequence > contents.last_sequence) return false;
  if (input.fields.empty())
    contents.skipped.erase(input.sequence);
  else
    contents.skipped[input.sequence] = input.fields.front().value;
  return true;
}

bool read_record(const InputRecord& input, JournalContents& contents) {
  contents.last_log_unix_ns = input.log_unix_ns;
  switch (input.type) {
    case InputRecordType::conf:
      if (!contents.conf.empty()) return false;
      for (const RawField& field : input.fields)
        contents.conf.emplace_back(field.name, field.value);
      return !contents.conf.empty();
    case InputRecordType::start:
      if (contents.conf.empty() || !contents.starts.empty()) return false;
      return read_starts(input, contents);
    case InputRecordType::input:
    case InputRecordType::cut:
    case InputRecordType::timer:
      return read_input(input, contents);
    case InputRecordType::skip:
      return read_skip(input, contents);
  }
  return false;
}

}  // namespace

std::string read_journal_contents(const std::string& directory, JournalContents& contents,
                                  std::uint64_t last_segment) {
  RecordReader reader(directory);
  if (!reader.open(contents.end, last_segment)) return reader.problem();
  InputRecord input;
  for (;;) {
    Record record;
    switch (reader.next(record)) {
      case RecordStatus::corrupt:
        return reader.problem();
      case RecordStatus::end:
        contents.torn_bytes = reader.torn_bytes();
        contents.build = reader.build();
        contents.end = reader.end();
        return {};
      case RecordStatus::record:
        break;
    }
    if (contents.conf.empty() && record.number != 1)
      return "its first segments are gone, and no snapshot stands in their place";
    if (!read_input_record(record, input) || !read_record(input, contents)) {
      return "record " + std::to_string(record.number) +
             " is whole, but not what belongs there: written by another program or version";
    }
  }
}

}  // namespace coreloop::io
