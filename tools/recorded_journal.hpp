// A journal read by itself, whether an engine is running on it or not: opened, its conf taken, its
// inputs next: the first there was, or, where its first segments have gone, those behind the older
// snapshot. Never writes. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/edge/ingress.hpp"
#include "io/edge/source.hpp"
#include "io/journal/journal_contents.hpp"
#include "io/journal/journal_source.hpp"
#include "io/journal/record_reader.hpp"
#include "io/journal/snapshot_file.hpp"

namespace coreloop::tools {

class RecordedJournal {
 public:
  enum class Begin : std::uint8_t {
    first,   ///< as far back as it goes
    newest,  ///< where a start would begin: behind the newest snapshot
  };

  /// Opens the journal in `directory`: 0, or 65 damaged, 66 no journal there, 77, explained on
  /// stderr.
  [[nodiscard]] int open(const std::string& directory, Begin begin = Begin::first);

  /// What its first input stands behind; nothing, where that is the first there was. The state is
  /// for an engine with its conf. Requires: open().
  [[nodiscard]] const io::Snapshot& begin() const { return begin_; }

  /// Its conf. Valid until consume_conf(). Requires: open().
  [[nodiscard]] const io::RawEntry& conf() const { return conf_; }
  /// What source() gives next is the first input.
  void consume_conf() {
    if (begin_.journal.conf.empty()) source_->consume();
  }

  /// After a replay: 65, explained on stderr, where it ended early, else 0.
  [[nodiscard]] int report_end(io::IngressFault fault, std::uint64_t broken_command_count) const;

  /// What a first pass over it found, up to where it ended or is damaged. Requires: open().
  [[nodiscard]] const io::JournalContents& contents() const { return contents_; }
  /// Empty, or what is damaged; replayed, it ends there with 65.
  [[nodiscard]] const std::string& damage() const { return damage_; }
  [[nodiscard]] std::int64_t read_ns() const { return read_ns_; }

  [[nodiscard]] std::size_t segment_count() const { return reader_->segment_count(); }

  // Requires: open().
  [[nodiscard]] io::RecordReader& reader() { return *reader_; }
  [[nodiscard]] io::JournalSource& source() { return *source_; }

 private:
  [[nodiscard]] int choose_begin(const std::string& directory, Begin begin);
  void read_contents(const std::string& directory);
  [[nodiscard]] int read_first_record(const std::string& directory);

  io::Snapshot begin_;
  std::vector<io::RawField> begin_conf_;
  io::JournalContents contents_;
  std::string damage_;
  std::int64_t read_ns_ = 0;
  std::unique_ptr<io::RecordReader> reader_;
  std::unique_ptr<io::JournalSource> source_;
  io::RawEntry conf_;
};

}  // namespace coreloop::tools
