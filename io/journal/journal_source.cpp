// Records into entries.
#include "io/journal/journal_source.hpp"

#include "io/codec/json_text.hpp"
#include "io/edge/input_streams.hpp"

namespace coreloop::io {

SourceStatus JournalSource::peek(RawEntry& entry) noexcept {
  if (!problem_.empty()) return SourceStatus::end;
  if (!has_record_ && !read_next()) return SourceStatus::end;
  show(entry);
  return SourceStatus::entry;
}

bool JournalSource::read_next() {
  for (;;) {
    Record record;
    switch (reader_.next(record)) {
      case RecordStatus::end:
        return false;
      case RecordStatus::corrupt:
        problem_ = reader_.problem();
        return false;
      case RecordStatus::record:
        break;
    }
    if (!read_input_record(record, record_)) {
      problem_ = "record " + std::to_string(record.number) + " is of no known form";
      return false;
    }
    if (record_.type == InputRecordType::start || record_.type == InputRecordType::skip) continue;
    if (record_.type != InputRecordType::conf) {
      if (record_.sequence != sequence_ + 1) {
        problem_ = "record " + std::to_string(record.number) + " holds input " +
                   std::to_string(record_.sequence) + " where " + std::to_string(sequence_ + 1) +
                   " belongs";
        return false;
      }
      sequence_ = record_.sequence;
    }
    has_record_ = true;
    return true;
  }
}

void JournalSource::show(RawEntry& entry) noexcept {
  entry = {};
  entry.receive_unix_ns = record_.log_unix_ns;
  entry.id_ms = static_cast<std::uint64_t>(record_.log_unix_ns / stages::ns_per_ms);
  entry.id_counter = record_.sequence;
  entry.fields = record_.fields;
  entry.is_recorded = true;
  switch (record_.type) {
    case InputRecordType::conf:
      entry.stream = conf_stream;
      return;
    case InputRecordType::start:
    case InputRecordType::skip:
      return;
    case InputRecordType::cut:
    case InputRecordType::input:
      entry.stream = record_.stream;
      if (skipped_.contains(record_.sequence)) {
        entry.fields = {};
      } else if (record_.type == InputRecordType::cut) {
        entry.is_cut = true;
        entry.payload_crc32 = record_.payload_crc32;
      }
      if (record_.stream != command_stream) {
        entry.id_ms = record_.id_ms;
        entry.id_counter = record_.id_counter;
      }
      return;
    case InputRecordType::timer: {
      const char* const end =
          append_integer(due_.data(), static_cast<std::uint64_t>(record_.log_unix_ns));
      timer_fields_ = {{{"kind", record_.timer == stages::TimerKind::walk ? "walk" : "mark"},
                        {"due", {due_.data(), static_cast<std::size_t>(end - due_.data())}}}};
      entry.stream = timer_stream;
      entry.fields = timer_fields_;
      return;
    }
  }
}

}  // namespace coreloop::io
