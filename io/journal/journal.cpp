// Inputs into records.
#include "io/journal/journal.hpp"

namespace coreloop::io {

bool Journal::record_conf(std::int64_t log_unix_ns, std::span<const RawField> keys) {
  return record_pairs(InputRecordType::conf, log_unix_ns, keys);
}

bool Journal::record_start(std::int64_t log_unix_ns, std::span<const RawField> ids) {
  return record_pairs(InputRecordType::start, log_unix_ns, ids);
}

bool Journal::record_pairs(InputRecordType type, std::int64_t log_unix_ns,
                           std::span<const RawField> pairs) {
  const std::span<const std::string_view> parts = parts_.pairs(pairs);
  if (!writer_.has_room(parts_.size())) return false;
  writer_.append(static_cast<std::uint32_t>(type), log_unix_ns, parts);
  return true;
}

void Journal::on_entry(std::uint64_t sequence, std::int64_t log_unix_ns,
                       const RawEntry& entry) noexcept {
  writer_.append(static_cast<std::uint32_t>(InputRecordType::input), log_unix_ns,
                 parts_.input(sequence, entry));
}

void Journal::on_timer(std::uint64_t sequence, std::int64_t log_unix_ns,
                       const stages::Timer& timer) noexcept {
  writer_.append(static_cast<std::uint32_t>(InputRecordType::timer), log_unix_ns,
                 parts_.timer(sequence, timer.kind));
}

}  // namespace coreloop::io
