// Inputs into records.
#include "io/journal/journal.hpp"

#include <array>

#include "io/codec/checksum.hpp"
#include "io/codec/json_document.hpp"
#include "io/edge/input_decoder.hpp"

namespace coreloop::io {

bool Journal::record_conf(std::int64_t log_unix_ns, std::span<const RawField> keys) {
  return record_parts(InputRecordType::conf, log_unix_ns, parts_.pairs(keys));
}

bool Journal::record_start(std::int64_t log_unix_ns, std::span<const RawField> ids) {
  return record_parts(InputRecordType::start, log_unix_ns, parts_.pairs(ids));
}

bool Journal::record_skip(std::int64_t log_unix_ns, std::uint64_t sequence,
                          std::string_view reason) {
  const RawField why{"reason", reason};
  const std::span<const RawField> words{&why, reason.empty() ? 0U : 1U};
  return record_parts(InputRecordType::skip, log_unix_ns, parts_.skip(sequence, words));
}

bool Journal::record_parts(InputRecordType type, std::int64_t log_unix_ns,
                           std::span<const std::string_view> parts) {
  if (!writer_.has_room(parts_.size())) return false;
  writer_.append(static_cast<std::uint32_t>(type), log_unix_ns, parts);
  return true;
}

void Journal::on_entry(std::uint64_t sequence, std::int64_t log_unix_ns,
                       const RawEntry& entry) noexcept {
  if (input_record_bytes(entry) > whole_record_bytes_max)
    return record_long(sequence, log_unix_ns, entry);
  writer_.append(static_cast<std::uint32_t>(InputRecordType::input), log_unix_ns,
                 parts_.input(sequence, entry));
}

void Journal::record_long(std::uint64_t sequence, std::int64_t log_unix_ns,
                          const RawEntry& entry) noexcept {
  // Two of them decide as much as more: that there is not one.
  std::array<RawField, 2> fields;
  std::size_t count = 0;
  for (const RawField& field : entry.fields) {
    if (field.name != "data" || count == fields.size()) continue;
    fields[count] = {"data", count == 0 ? field.value : std::string_view{}};
    ++count;
  }
  RawEntry kept = entry;
  kept.fields = {fields.data(), count};
  if (count == 0 || fields[0].value.size() <= JsonDocument::payload_bytes_max) {
    writer_.append(static_cast<std::uint32_t>(InputRecordType::input), log_unix_ns,
                   parts_.input(sequence, kept));
    return;
  }
  kept.payload_crc32 = crc32_of(fields[0].value);
  fields[0].value = fields[0].value.substr(0, dead_letter_payload_bytes_max);
  kept.fields = {fields.data(), 1};
  writer_.append(static_cast<std::uint32_t>(InputRecordType::cut), log_unix_ns,
                 parts_.cut(sequence, kept));
}

void Journal::on_timer(std::uint64_t sequence, std::int64_t log_unix_ns,
                       const stages::Timer& timer) noexcept {
  writer_.append(static_cast<std::uint32_t>(InputRecordType::timer), log_unix_ns,
                 parts_.timer(sequence, timer.kind));
}

}  // namespace coreloop::io
