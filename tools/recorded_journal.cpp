// From a directory to the first input.
#include "tools/recorded_journal.hpp"

#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "io/edge/input_streams.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/recorded_run.hpp"

namespace coreloop::tools {

int RecordedJournal::open(const std::string& directory) {
  if (::access((directory + "/.").c_str(), R_OK | X_OK) != 0) {
    const int error = errno;
    return complain("journal", directory + ": " + std::strerror(error),
                    error == EACCES ? exit_permission : exit_no_input);
  }
  reader_ = std::make_unique<io::RecordReader>(directory);
  if (!reader_->open()) {
    // A file where a directory is wanted, or a segment that is gone.
    return complain("journal", reader_->problem(),
                    reader_->segment_count() == 0 ? exit_no_input : exit_data);
  }
  if (reader_->is_empty())
    return complain("journal", directory + " holds no journal", exit_no_input);
  source_ = std::make_unique<io::JournalSource>(*reader_);
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
