// From a directory to the first input.
#include "tools/recorded_journal.hpp"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "io/edge/clock.hpp"
#include "io/edge/input_streams.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/recorded_run.hpp"

namespace coreloop::tools {

int RecordedJournal::open(const std::string& directory, Begin begin) {
  if (::access((directory + "/.").c_str(), R_OK | X_OK) != 0) {
    const int error = errno;
    return complain("journal", directory + ": " + std::strerror(error),
                    error == EACCES ? exit_permission : exit_no_input);
  }
  const int exit_code = choose_begin(directory, begin);
  if (exit_code != exit_ok) return exit_code;
  reader_ = std::make_unique<io::RecordReader>(directory);
  if (!reader_->open(begin_.journal.end)) {
    // A file where a directory is wanted, or a segment that is gone.
    return complain("journal", reader_->problem(),
                    reader_->segment_count() == 0 ? exit_no_input : exit_data);
  }
  if (reader_->is_empty())
    return complain("journal", directory + " holds no journal", exit_no_input);
  read_contents(directory);
  source_ = std::make_unique<io::JournalSource>(*reader_, begin_.journal.last_sequence,
                                                contents_.skipped);
  return begin_.journal.conf.empty() ? read_first_record(directory) : exit_ok;
}

// Its first segment, or a snapshot; the conf of a snapshot stands for that record.
int RecordedJournal::choose_begin(const std::string& directory, Begin begin) {
  const bool has_first = ::access((directory + "/" + io::segment_name(1)).c_str(), F_OK) == 0;
  if (has_first && begin == Begin::first) return exit_ok;
  std::vector<std::string> problems;
  std::vector<io::Snapshot> snapshots = io::read_snapshots(directory, problems);
  for (const std::string& problem : problems)
    log_line(LogLevel::warning, "journal", problem);
  if (snapshots.empty()) {
    if (problems.empty()) return exit_ok;
    return complain("journal", directory + ": no snapshot is good", exit_data);
  }
  begin_ = std::move(begin == Begin::newest ? snapshots.front() : snapshots.back());
  for (const auto& [name, value] : begin_.journal.conf)
    begin_conf_.push_back({name, value});
  conf_ = {};
  conf_.stream = io::conf_stream;
  conf_.fields = begin_conf_;
  return exit_ok;
}

// What is said of an input stands behind it.
void RecordedJournal::read_contents(const std::string& directory) {
  const io::SystemClock clock;
  const std::int64_t start_ns = clock.monotonic_ns();
  contents_ = begin_.journal;
  damage_ = io::read_journal_contents(directory, contents_);
  read_ns_ = clock.monotonic_ns() - start_ns;
}

int RecordedJournal::read_first_record(const std::string& directory) {
  const bool has_entry = source_->peek(conf_) == io::SourceStatus::entry;
  if (!source_->problem().empty()) return complain("journal", source_->problem(), exit_data);
  if (!has_entry) return complain("journal", directory + " holds no journal yet", exit_no_input);
  if (conf_.stream != io::conf_stream)
    return complain("journal", reader_->place() + ": a journal begins with its conf", exit_data);
  return exit_ok;
}

int RecordedJournal::report_end(io::IngressFault fault, std::uint64_t broken_command_count) const {
  if (!source_->problem().empty()) {
    return complain("journal", source_->problem() + "; everything before it was processed",
                    exit_data);
  }
  if (fault != io::IngressFault::none) {
    return complain(
        "journal",
        reader_->place() + ": " + fault_text(fault) + "; everything before it was processed",
        exit_data);
  }
  if (broken_command_count == 0) return exit_ok;
  return complain(
      "journal",
      std::to_string(broken_command_count) + " commands are of no known form and were passed over",
      exit_data);
}

}  // namespace coreloop::tools
