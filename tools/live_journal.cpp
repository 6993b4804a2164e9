// From a directory to a log that can be replayed and written.
#include "tools/live_journal.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/version.hpp"

namespace coreloop::tools {
namespace {

constexpr std::string_view bases_key = "output.bases";

std::string build_name() {
  const BuildWords words = build_words();
  return std::string{words.version} + " " + std::string{words.revision};
}

/// Pairs of owned words as fields.
std::vector<io::RawField> fields_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::vector<io::RawField> fields;
  for (const auto& [name, value] : pairs)
    fields.push_back({name, value});
  return fields;
}

std::vector<std::pair<std::string, std::string>> decision_keys(const io::EngineConf& conf) {
  std::vector<std::pair<std::string, std::string>> keys;
  for (const io::ConfEntry& entry : conf.entries) {
    if (entry.is_decision) keys.emplace_back(entry.full_name(), entry.text);
  }
  return keys;
}

}  // namespace

int LiveJournal::open() {
  if (!is_on()) return exit_ok;
  const std::string& path = conf_.journal.dir;
  switch (directory_.open(path)) {
    case io::LogDirectory::Result::ok:
      break;
    case io::LogDirectory::Result::busy:
      return complain("journal", path + " belongs to an engine that is running",
                      exit_foreign_writer);
    case io::LogDirectory::Result::failed:
      return complain("journal", directory_.problem(), exit_cannot_create);
  }
  const std::string problem = io::read_journal_contents(path, contents_);
  if (!problem.empty()) {
    return complain("journal",
                    path + ": " + problem +
                        "; nothing was started. Restore the directory from a copy, or move it away "
                        "to begin anew with empty books",
                    exit_data);
  }
  if (contents_.torn_bytes != 0) {
    log_line(LogLevel::info, "journal",
             "dropped " + std::to_string(contents_.torn_bytes) +
                 " bytes of a last record that was never completed");
  }
  if (contents_.conf.empty()) return exit_ok;
  const int exit_code = check_conf();
  if (exit_code != exit_ok) return exit_code;
  if (is_begun()) {
    for (const std::string& name : stream_names()) {
      if (contents_.starts.count(name) == 0)
        return complain("journal", path + " does not say where " + name + " began", exit_data);
    }
    log_line(LogLevel::info, "journal",
             path + ": " + std::to_string(recorded_count()) + " inputs in " +
                 std::to_string(contents_.end.segment_id) + " segments, written by " +
                 contents_.build);
  }
  return exit_ok;
}

std::vector<std::string> LiveJournal::stream_names() const {
  std::vector<std::string> names(conf_.output_names.begin(), conf_.output_names.end());
  for (const io::InputStream& stream : conf_.streams)
    names.push_back(stream.name);
  return names;
}

// The keys that decide outputs are those of the journal: replayed with others its inputs would lead
// to other outputs than those that were published.
int LiveJournal::check_conf() const {
  std::string differences;
  for (const auto& [name, value] : decision_keys(conf_)) {
    if (name == bases_key) continue;
    const auto found = std::find_if(contents_.conf.begin(), contents_.conf.end(),
                                    [&name](const auto& key) { return key.first == name; });
    const bool is_known = found != contents_.conf.end();
    if (is_known && found->second == value) continue;
    differences += (differences.empty() ? "" : "; ") + name + " is " + value + ", was " +
                   (is_known ? found->second : "unknown");
  }
  if (differences.empty()) return exit_ok;
  return complain("conf",
                  "the journal in " + conf_.journal.dir + " was begun with another conf: " +
                      differences + ". Change it back, or begin a new journal in another directory",
                  exit_conf);
}

std::array<io::EntryId, io::output_stream_count> LiveJournal::bases() const {
  std::array<io::EntryId, io::output_stream_count> bases;
  for (std::size_t i = 0; i < bases.size(); ++i)
    bases[i] = contents_.starts.at(conf_.output_names[i]);
  return bases;
}

std::vector<io::EntryId> LiveJournal::cursors() const {
  std::vector<io::EntryId> cursors;
  for (const io::InputStream& stream : conf_.streams)
    cursors.push_back(contents_.cursors.at(stream.name));
  return cursors;
}

int LiveJournal::start_writing(const std::array<io::EntryId, io::output_stream_count>& bases,
                               const std::vector<io::EntryId>& cursors, std::int64_t unix_ns,
                               std::function<void()> on_durable) {
  if (!is_on()) return exit_ok;
  if (recorded_count() != 0) {
    reader_ = std::make_unique<io::RecordReader>(conf_.journal.dir);
    if (!reader_->open()) return complain("journal", reader_->problem(), exit_data);
    source_ = std::make_unique<io::JournalSource>(*reader_);
  }
  writer_ = std::make_unique<io::RecordWriter>(io::RecordWriterOptions{
      .directory = conf_.journal.dir,
      .build = build_name(),
      .segment_bytes = static_cast<std::uint64_t>(conf_.journal.segment_mb) << 20,
      .syncs = conf_.journal.syncs,
      .on_durable = std::move(on_durable)});
  const int error = writer_->open(contents_.end);
  if (error != 0)
    return complain("journal", conf_.journal.dir + ": " + std::strerror(error), exit_io);
  journal_ = std::make_unique<io::Journal>(*writer_);
  return is_begun() ? exit_ok : begin(bases, cursors, unix_ns);
}

int LiveJournal::begin(const std::array<io::EntryId, io::output_stream_count>& bases,
                       const std::vector<io::EntryId>& cursors, std::int64_t unix_ns) {
  std::vector<std::pair<std::string, std::string>> starts;
  for (std::size_t i = 0; i < conf_.streams.size(); ++i)
    starts.emplace_back(conf_.streams[i].name, cursors[i].text());
  for (std::size_t i = 0; i < bases.size(); ++i)
    starts.emplace_back(conf_.output_names[i], bases[i].text());
  const auto keys = decision_keys(conf_);
  // A run that was killed between the two has written the conf already.
  const bool is_recorded =
      (!contents_.conf.empty() || journal_->record_conf(unix_ns, fields_of(keys))) &&
      journal_->record_start(unix_ns, fields_of(starts));
  if (!is_recorded)
    return complain("journal", "journal.segment_mb is too small for the conf", exit_conf);
  std::string text;
  for (const auto& [name, id] : starts)
    text += (text.empty() ? "" : ", ") + name + " behind " + id;
  log_line(LogLevel::info, "journal", "begun in " + conf_.journal.dir + ": " + text);
  return exit_ok;
}

int LiveJournal::attend() {
  if (writer_ == nullptr) return exit_ok;
  const int failure = writer_->failure();
  if (failure != 0) {
    return complain(
        "journal", std::string{"a sync failed: "} + std::strerror(failure) + "; stopping", exit_io);
  }
  const int error = writer_->next_segment_error();
  if (error != told_error_) {
    log_line(error != 0 ? LogLevel::warning : LogLevel::info, "journal",
             error != 0 ? std::string{"cannot make the next segment: "} + std::strerror(error) +
                              "; reading stops once the present one is full, and goes on when "
                              "there is room"
                        : "the next segment is there again");
    told_error_ = error;
  }
  return exit_ok;
}

int LiveJournal::close() {
  if (writer_ == nullptr) return exit_ok;
  const int error = writer_->close();
  return error == 0 ? exit_ok : complain("journal", std::strerror(error), exit_io);
}

}  // namespace coreloop::tools
