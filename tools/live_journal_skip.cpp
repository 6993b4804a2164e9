// An input that cannot be taken: somebody's word, recorded in the journal, that it is to be passed
// over.
#include <algorithm>

#include "io/journal/journal_source.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/live_journal.hpp"
#include "tools/log_line.hpp"

namespace coreloop::tools {
namespace {

constexpr std::size_t shown_bytes_max = 120;

// What somebody has to recognize it by.
std::string words_on(const io::RawEntry& entry) {
  std::string words =
      std::string{entry.stream} + " " + io::EntryId{entry.id_ms, entry.id_counter}.text();
  for (const io::RawField& field : entry.fields) {
    words += ", " + std::string{field.name} + " " +
             std::string{field.value.substr(0, shown_bytes_max)} +
             (field.value.size() > shown_bytes_max ? "…" : "");
  }
  return words;
}

int refuse(std::uint64_t sequence, const std::string& why) {
  return complain("journal", "input " + std::to_string(sequence) + " " + why, exit_usage);
}

}  // namespace

int LiveJournal::skip(std::uint64_t sequence, const std::string& reason) {
  if (!is_begun())
    return complain("journal", conf_.journal.dir + " holds no journal yet", exit_no_input);
  if (!snapshots_.empty()) restart_ = std::move(snapshots_.front());
  const std::uint64_t behind = restart_.journal.last_sequence;
  if (sequence <= behind)
    return refuse(sequence,
                  "is none that a start replays: the first is " + std::to_string(behind + 1));
  if (sequence > contents_.last_sequence)
    return refuse(sequence,
                  "does not stand there: the last is " + std::to_string(contents_.last_sequence));
  int exit_code = check_build();
  if (exit_code != exit_ok) return exit_code;

  io::RecordReader reader(conf_.journal.dir);
  if (!reader.open(restart_.journal.end)) return complain("journal", reader.problem(), exit_data);
  io::JournalSource source(reader, behind);
  io::RawEntry entry;
  while (source.peek(entry) == io::SourceStatus::entry && source.sequence() < sequence)
    source.consume();
  const bool is_entry =
      std::any_of(conf_.streams.begin(), conf_.streams.end(),
                  [&](const io::InputStream& stream) { return stream.name == entry.stream; });
  if (!is_entry)
    return refuse(sequence,
                  "is a timer or a command; only entries of input streams can be skipped");

  const std::string words = words_on(entry);
  exit_code = open_writer({});
  if (exit_code != exit_ok) return exit_code;
  if (!journal_->record_skip(contents_.last_log_unix_ns, sequence, reason))
    return complain("journal", "journal.segment_mb is too small for that reason", exit_conf);
  exit_code = close();
  if (exit_code != exit_ok) return exit_code;
  log_line(LogLevel::warning, "journal",
           "input " + std::to_string(sequence) +
               (reason.empty() ? " will be replayed as it came: "
                               : " will be taken as an entry without fields, a dead letter: ") +
               words);
  return exit_ok;
}

}  // namespace coreloop::tools
