// The journal of a live engine: found and checked or begun when the engine starts, replayed into
// the pipeline, then written behind its end. Each function that can fail answers an exit code, 0 or
// one that has been explained on stderr. Main thread, but where it says otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "io/conf/engine_conf.hpp"
#include "io/edge/entry_id.hpp"
#include "io/edge/sink.hpp"
#include "io/journal/journal.hpp"
#include "io/journal/journal_contents.hpp"
#include "io/journal/journal_source.hpp"
#include "io/journal/record_reader.hpp"
#include "io/journal/record_writer.hpp"
#include "io/journal/segment_file.hpp"

namespace coreloop::tools {

class LiveJournal {
 public:
  /// `conf` must outlive it. Without journal.dir every function does nothing.
  explicit LiveJournal(const io::EngineConf& conf) : conf_(conf) {}

  /// Locks the directory and reads what stands there to its end: 65 damaged, 73 no such directory
  /// can be made, 75 another engine has it, 78 made with another conf.
  [[nodiscard]] int open();

  /// Whether an earlier run has begun it: streams are taken up where it says.
  [[nodiscard]] bool is_begun() const { return !contents_.starts.empty(); }
  /// Ids our outputs began above. Requires: is_begun().
  [[nodiscard]] std::array<io::EntryId, io::output_stream_count> bases() const;
  /// Last recorded id of each input stream, in the conf's order. Requires: is_begun().
  [[nodiscard]] std::vector<io::EntryId> cursors() const;
  /// Inputs that wait to be replayed.
  [[nodiscard]] std::uint64_t recorded_count() const { return contents_.last_sequence; }

  /// Opens it for writing, behind what stands there; a new one with the conf and where streams
  /// begin: 74 on an error of the disk.
  /// `on_durable`: called on a thread of its own whenever more inputs are safe.
  [[nodiscard]] int start_writing(const std::array<io::EntryId, io::output_stream_count>& bases,
                                  const std::vector<io::EntryId>& cursors, std::int64_t unix_ns,
                                  std::function<void()> on_durable);

  /// What is to be replayed, for INGRESS's thread; nullptr: nothing.
  [[nodiscard]] io::JournalSource* recorded() { return source_.get(); }
  /// Where INGRESS records; nullptr: nowhere.
  [[nodiscard]] io::Journal* log() { return journal_.get(); }

  /// What outputs have to wait for; nullptr: nothing.
  [[nodiscard]] io::SafeInputs* safe_inputs() {
    return conf_.journal.syncs ? journal_.get() : nullptr;
  }

  /// Looks after it while the engine runs: 74 once a sync has failed. A disk that is full is told
  /// once; reading goes on when there is room.
  [[nodiscard]] int attend();
  /// The engine has ended: everything is on the disk when this returns.
  [[nodiscard]] int close();

 private:
  [[nodiscard]] bool is_on() const { return !conf_.journal.dir.empty(); }
  [[nodiscard]] int check_conf() const;
  [[nodiscard]] std::vector<std::string> stream_names() const;
  [[nodiscard]] int begin(const std::array<io::EntryId, io::output_stream_count>& bases,
                          const std::vector<io::EntryId>& cursors, std::int64_t unix_ns);

  const io::EngineConf& conf_;
  io::LogDirectory directory_;
  io::JournalContents contents_;
  std::unique_ptr<io::RecordReader> reader_;
  std::unique_ptr<io::JournalSource> source_;
  std::unique_ptr<io::RecordWriter> writer_;
  std::unique_ptr<io::Journal> journal_;
  int told_error_ = 0;
};

}  // namespace coreloop::tools
