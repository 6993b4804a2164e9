// From a directory to a log that can be replayed and written.
#include "tools/live_journal.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <unistd.h>

#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/version.hpp"

namespace coreloop::tools {
namespace {

constexpr std::string_view bases_key = "output.bases";
constexpr const char* advice =
    "; nothing was started. Restore the directory from a copy, or move it away to begin anew with "
    "empty books";

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

// The keys that decide outputs are those of the journal: replayed with others its inputs would lead
// to other outputs than those that were published.
std::string conf_differences(const io::EngineConf& conf, const io::JournalContents& contents) {
  std::string differences;
  for (const auto& [name, value] : decision_keys(conf)) {
    if (name == bases_key) continue;
    const auto found =
        std::find_if(contents.conf.begin(), contents.conf.end(),
                     [&key_name = name](const auto& key) { return key.first == key_name; });
    const bool is_known = found != contents.conf.end();
    if (is_known && found->second == value) continue;
    differences += (differences.empty() ? "" : "; ") + name + " is " + value + ", was " +
                   (is_known ? found->second : "unknown");
  }
  return differences;
}

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
  int exit_code = read_snapshots();
  if (exit_code != exit_ok) return exit_code;
  if (!snapshots_.empty()) contents_ = snapshots_.front().journal;
  const std::string problem = io::read_journal_contents(path, contents_);
  if (!problem.empty()) return complain("journal", path + ": " + problem + advice, exit_data);
  if (contents_.torn_bytes != 0) {
    log_line(LogLevel::info, "journal",
             "dropped " + std::to_string(contents_.torn_bytes) +
                 " bytes of a last record that was never completed");
  }
  if (contents_.conf.empty()) return exit_ok;
  exit_code = check_conf();
  if (exit_code != exit_ok) return exit_code;
  if (is_begun()) {
    for (const std::string& name : stream_names()) {
      if (contents_.starts.count(name) == 0)
        return complain("journal", path + " does not say where " + name + " began", exit_data);
    }
    log_line(
        LogLevel::info, "journal",
        path + ": " + std::to_string(contents_.last_sequence) + " inputs" +
            (snapshots_.empty() ? ""
                                : ", a snapshot behind input " +
                                      std::to_string(snapshots_.front().journal.last_sequence)) +
            ", written by " + contents_.build);
  }
  return exit_ok;
}

// The two newest count. A damaged one leaves the other; two damaged ones are no accident that an
// engine should decide about.
int LiveJournal::read_snapshots() {
  std::vector<std::string> problems;
  snapshots_ = io::read_snapshots(conf_.journal.dir, problems);
  for (const std::string& problem : problems)
    log_line(LogLevel::warning, "journal", problem + "; going on with what is older");
  if (!snapshots_.empty() || problems.empty()) return exit_ok;
  return complain("journal", conf_.journal.dir + ": no snapshot is good" + std::string{advice},
                  exit_data);
}

std::vector<io::Restart> LiveJournal::restarts() const {
  std::vector<io::Restart> restarts;
  for (const io::Snapshot& snapshot : snapshots_) {
    restarts.push_back(
        {snapshot.output_ids, snapshot.journal.last_sequence != contents_.last_sequence});
  }
  const std::string first_segment = conf_.journal.dir + "/" + io::segment_name(1);
  if (::access(first_segment.c_str(), F_OK) != 0) return restarts;
  io::Restart& beginning = restarts.emplace_back();
  for (std::size_t i = 0; i < beginning.output_ids.size(); ++i)
    beginning.output_ids[i] = contents_.starts.at(conf_.output_names[i]);
  beginning.has_inputs = contents_.last_sequence != 0;
  return restarts;
}

std::vector<std::string> LiveJournal::stream_names() const {
  std::vector<std::string> names(conf_.output_names.begin(), conf_.output_names.end());
  for (const io::InputStream& stream : conf_.streams)
    names.push_back(stream.name);
  return names;
}

int LiveJournal::check_conf() const {
  const std::string differences = conf_differences(conf_, contents_);
  if (differences.empty()) return exit_ok;
  return complain("conf",
                  "the journal in " + conf_.journal.dir + " was begun with another conf: " +
                      differences + ". Change it back, or begin a new journal in another directory",
                  exit_conf);
}

std::vector<io::StreamPlace> LiveJournal::cursors() const {
  std::vector<io::StreamPlace> cursors;
  for (const io::InputStream& stream : conf_.streams)
    cursors.push_back(contents_.cursors.at(stream.name));
  return cursors;
}

int LiveJournal::start_writing(std::size_t restart,
                               const std::array<io::EntryId, io::output_stream_count>& bases,
                               const std::vector<io::StreamPlace>& cursors, std::int64_t unix_ns,
                               std::function<void()> on_durable) {
  if (!is_on()) return exit_ok;
  if (restart < snapshots_.size()) restart_ = std::move(snapshots_[restart]);
  restart_.journal.skipped = contents_.skipped;  // said since, perhaps
  snapshots_.clear();
  if (recorded_count() != 0) {
    const int exit_code = check_build();
    if (exit_code != exit_ok) return exit_code;
    reader_ = std::make_unique<io::RecordReader>(conf_.journal.dir);
    if (!reader_->open(restart_.journal.end))
      return complain("journal", reader_->problem() + advice, exit_data);
    source_ = std::make_unique<io::JournalSource>(*reader_, restart_.journal.last_sequence,
                                                  contents_.skipped);
  }
  const int exit_code = open_writer(std::move(on_durable));
  if (exit_code != exit_ok) return exit_code;
  return is_begun() ? exit_ok : begin(bases, cursors, unix_ns);
}

int LiveJournal::open_writer(std::function<void()> on_durable) {
  writer_ = std::make_unique<io::RecordWriter>(io::RecordWriterOptions{
      .directory = conf_.journal.dir,
      .build = build_name(),
      .segment_bytes = static_cast<std::uint64_t>(conf_.journal.segment_mb) << 20,
      .syncs = conf_.journal.syncs,
      .on_durable = std::move(on_durable)});
  const int error = writer_->open(contents_.end);
  if (error != 0)
    return complain("journal", conf_.journal.dir + ": " + std::strerror(error), exit_io);
  const std::uint64_t others = contents_.end.next_number - 1 - contents_.last_sequence;
  journal_ = is_begun() ? std::make_unique<io::Journal>(*writer_, others)
                        : std::make_unique<io::Journal>(*writer_);
  return exit_ok;
}

// What is replayed was decided, and perhaps published, by another build: this one could come to
// other outputs under the same ids.
int LiveJournal::check_build() const {
  if (contents_.build == build_name()) return exit_ok;
  const std::string what = std::to_string(recorded_count()) +
                           " inputs to be replayed were recorded by " + contents_.build +
                           ", this is " + build_name();
  if (conf_.journal.accepts_build) {
    log_line(LogLevel::warning, "journal", what + "; accepted");
    return exit_ok;
  }
  return complain("journal",
                  what +
                      ". Start that one once more and stop it in order: it leaves nothing to "
                      "replay. Or accept this one: --set journal.accept_build=true",
                  exit_conf);
}

int LiveJournal::begin(const std::array<io::EntryId, io::output_stream_count>& bases,
                       const std::vector<io::StreamPlace>& cursors, std::int64_t unix_ns) {
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
    text += (text.empty() ? "" : ", ") + name + " behind " + id.substr(0, id.find(' '));
  log_line(LogLevel::info, "journal", "begun in " + conf_.journal.dir + ": " + text);
  return exit_ok;
}

void LiveJournal::start_following() {
  if (writer_ == nullptr) return;
  io::Snapshot begin{restart_.journal, restart_.output_ids, std::exchange(restart_.state, {})};
  follower_ = std::make_unique<SnapshotFollower>(conf_, *writer_, std::move(begin));
}

io::JournalFacts LiveJournal::facts() const {
  const std::lock_guard lock(facts_mutex_);
  return facts_;
}

void LiveJournal::note_facts() {
  const std::lock_guard lock(facts_mutex_);
  facts_.is_on = true;
  facts_.segment = writer_->full_segment() + 1;
  facts_.waits_for_room = writer_->next_segment_error() != 0;
  if (follower_ == nullptr) return;
  const std::uint64_t sequence = follower_->snapshot_sequence();
  facts_.snapshot_sequence = sequence != 0 ? sequence : restart_.journal.last_sequence;
  facts_.snapshot_fails = follower_->is_failing();
  facts_.removed_segments = follower_->removed_segments();
}

int LiveJournal::attend() {
  if (writer_ == nullptr) return exit_ok;
  note_facts();
  const int failure = writer_->failure();
  if (failure != 0) {
    return complain(
        "journal", std::string{"a sync failed: "} + std::strerror(failure) + "; stopping", exit_io);
  }
  const int error = writer_->next_segment_error();
  if (error != told_error_) {
    log_line(error != 0 ? LogLevel::warning : LogLevel::info, "journal",
             error != 0 ? std::string{"cannot make the next segment: "} + std::strerror(error) +
                              (error == EIO ? "; stopping"
                                            : "; reading stops once the present one is full, and "
                                              "goes on when there is room")
                        : "the next segment is there again");
    told_error_ = error;
  }
  // Room may come; a disk that fails is not asked again.
  return error == EIO ? exit_io : attend_follower();
}

int LiveJournal::attend_follower() {
  if (follower_ == nullptr) return exit_ok;
  if (follower_->has_problem()) {
    return complain("journal",
                    conf_.journal.dir + ": read back for a snapshot: " + follower_->problem() +
                        "; stopping, for it could not be recovered from",
                    exit_data);
  }
  // Read first: a try that failed before this snapshot has been counted then.
  const std::uint64_t sequence = follower_->snapshot_sequence();
  const std::uint64_t failures = follower_->failures();
  if (failures != told_failures_ && !is_failing_told_) {
    log_line(LogLevel::warning, "journal",
             std::string{"cannot make a snapshot: "} + std::strerror(follower_->error()) +
                 "; nothing is lost, but the next start takes longer and no segment is removed");
  }
  told_failures_ = failures;
  is_failing_told_ = follower_->is_failing();
  if (sequence != told_snapshot_) {
    log_line(LogLevel::info, "journal",
             "snapshot behind input " + std::to_string(sequence) +
                 "; segments removed so far: " + std::to_string(follower_->removed_segments()));
    told_snapshot_ = sequence;
  }
  return exit_ok;
}

void LiveJournal::save(const std::array<io::EntryId, io::output_stream_count>& last_ids,
                       std::string state) {
  if (writer_ == nullptr) return;
  io::Snapshot snapshot;
  // Read from where somebody has been last: older segments may be gone.
  const bool is_followed =
      follower_ != nullptr && follower_->journal().last_sequence > contents_.last_sequence;
  snapshot.journal = is_followed ? follower_->journal() : contents_;
  std::string problem = io::read_journal_contents(conf_.journal.dir, snapshot.journal);
  if (problem.empty() && snapshot.journal.last_sequence != 0) {
    snapshot.output_ids = output_ids_of(conf_, last_ids, snapshot.journal);
    snapshot.state = std::move(state);
    const int error = io::write_snapshot(conf_.journal.dir, snapshot);
    if (error != 0) problem = std::strerror(error);
  }
  if (!problem.empty()) {
    log_line(LogLevel::warning, "journal", "no snapshot at the end: " + problem);
    return;
  }
  static_cast<void>(io::remove_what_snapshots_replace(
      conf_.journal.dir, static_cast<std::size_t>(conf_.journal.segments_kept)));
}

int LiveJournal::close() {
  if (writer_ == nullptr) return exit_ok;
  if (follower_ != nullptr) follower_->stop();
  const int error = writer_->close();
  return error == 0 ? exit_ok : complain("journal", std::strerror(error), exit_io);
}

}  // namespace coreloop::tools
