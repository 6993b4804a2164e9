// Tape lines.
#include "io/capture/tape.hpp"

#include <vector>

#include "io/codec/json_text.hpp"
#include "io/edge/input_streams.hpp"

namespace coreloop::io {
namespace {

std::uint64_t ms_of(std::int64_t unix_ns) noexcept {
  return static_cast<std::uint64_t>(unix_ns / stages::ns_per_ms);
}

}  // namespace

void Tape::set_conf(std::span<const RawField> keys) {
  for (const RawField& key : keys) {
    conf_words_.emplace_back(key.name);
    conf_words_.emplace_back(key.value);
  }
}

void Tape::on_entry(std::uint64_t sequence, std::int64_t log_unix_ns,
                    const RawEntry& entry) noexcept {
  write_conf_once(log_unix_ns);
  if (entry.stream == command_stream) {
    writer_.write(command_stream, ms_of(log_unix_ns), sequence, log_unix_ns, entry.fields);
  } else {
    writer_.write(entry.stream, entry.id_ms, entry.id_counter, log_unix_ns, entry.fields);
  }
}

void Tape::on_timer(std::uint64_t sequence, std::int64_t log_unix_ns,
                    const stages::Timer& timer) noexcept {
  write_conf_once(log_unix_ns);
  std::array<char, 20> due;
  const char* const due_end = append_integer(due.data(), static_cast<std::uint64_t>(log_unix_ns));
  const std::array<RawField, 2> fields{
      {{"kind", timer.kind == stages::TimerKind::walk ? "walk" : "mark"},
       {"due", {due.data(), static_cast<std::size_t>(due_end - due.data())}}}};
  writer_.write(timer_stream, ms_of(log_unix_ns), sequence, log_unix_ns, fields);
}

void Tape::write_conf_once(std::int64_t log_unix_ns) noexcept {
  if (has_conf_) return;
  has_conf_ = true;
  std::vector<RawField> keys;
  for (std::size_t i = 0; i + 1 < conf_words_.size(); i += 2) {
    keys.push_back({conf_words_[i], conf_words_[i + 1]});
  }
  writer_.write(conf_stream, ms_of(log_unix_ns), 0, log_unix_ns, keys);
}

}  // namespace coreloop::io
