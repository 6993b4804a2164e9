// A journal read by itself, whether an engine is running on it or not: opened, its conf taken, its
// inputs next. Never writes. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "io/edge/ingress.hpp"
#include "io/edge/source.hpp"
#include "io/journal/journal_source.hpp"
#include "io/journal/record_reader.hpp"

namespace coreloop::tools {

class RecordedJournal {
 public:
  /// Opens the journal in `directory`: 0, or 65 damaged, 66 no journal there, 77, explained on
  /// stderr.
  [[nodiscard]] int open(const std::string& directory);

  /// Its conf, the first entry. Valid until consume_conf(). Requires: open().
  [[nodiscard]] const io::RawEntry& conf() const { return conf_; }
  /// What source() gives next is the first input.
  void consume_conf() { source_->consume(); }

  /// After a replay: 65, explained on stderr, where it ended early, else 0.
  [[nodiscard]] int report_end(io::IngressFault fault, std::uint64_t broken_command_count) const;

  [[nodiscard]] std::size_t segment_count() const { return reader_->segment_count(); }

  // Requires: open().
  [[nodiscard]] io::RecordReader& reader() { return *reader_; }
  [[nodiscard]] io::JournalSource& source() { return *source_; }

 private:
  std::unique_ptr<io::RecordReader> reader_;
  std::unique_ptr<io::JournalSource> source_;
  io::RawEntry conf_;
};

}  // namespace coreloop::tools
