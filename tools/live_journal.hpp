// The journal of a live engine: found and checked or begun when the engine starts, replayed into
// the pipeline, then written behind its end. Each function that can fail answers an exit code, 0 or
// one that has been explained on stderr. Main thread, but where it says otherwise.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "io/conf/engine_conf.hpp"
#include "io/edge/entry_id.hpp"
#include "io/edge/input_history.hpp"
#include "io/edge/restart.hpp"
#include "io/edge/sink.hpp"
#include "io/http/engine_desk.hpp"
#include "io/journal/journal.hpp"
#include "io/journal/journal_contents.hpp"
#include "io/journal/journal_source.hpp"
#include "io/journal/record_reader.hpp"
#include "io/journal/record_writer.hpp"
#include "io/journal/recorded_inputs.hpp"
#include "io/journal/segment_file.hpp"
#include "io/journal/snapshot_file.hpp"
#include "tools/snapshot_follower.hpp"

namespace coreloop::tools {

/// How the keys that decide outputs differ from those a journal was begun with; empty: not at all.
[[nodiscard]] std::string conf_differences(const io::EngineConf& conf,
                                           const io::JournalContents& contents);

class LiveJournal {
 public:
  /// `conf` must outlive it. Without journal.dir every function does nothing.
  explicit LiveJournal(const io::EngineConf& conf) : conf_(conf) {}

  /// Locks the directory and reads what stands there to its end: 65 damaged, 73 no such directory
  /// can be made, 75 another engine has it, 78 made with another conf.
  [[nodiscard]] int open();

  /// Whether an earlier run has begun it: streams are taken up where it says.
  [[nodiscard]] bool is_begun() const { return !contents_.starts.empty(); }
  /// Where it can be taken up, newest first: behind each snapshot, and at its beginning if that is
  /// still there. Requires: is_begun().
  [[nodiscard]] std::vector<io::Restart> restarts() const;
  /// Behind the last recorded entry of each input stream, in the conf's order. Requires:
  /// is_begun().
  [[nodiscard]] std::vector<io::StreamPlace> cursors() const;
  /// What was read of each lately, in the same order. Requires: is_begun().
  [[nodiscard]] std::vector<io::InputHistory> histories() const {
    return io::read_input_histories(conf_.journal.dir, contents_, conf_.streams);
  }

  /// Opens it for writing, behind what stands there; a new one with the conf and where streams
  /// begin: 74 on an error of the disk. `restart`: which of restarts() the run begins with.
  /// `on_durable`: called on a thread of its own whenever more inputs are safe.
  [[nodiscard]] int start_writing(std::size_t restart,
                                  const std::array<io::EntryId, io::output_stream_count>& bases,
                                  const std::vector<io::StreamPlace>& cursors, std::int64_t unix_ns,
                                  std::function<void()> on_durable);

  /// Instead of start_writing() and a run: records that input `sequence`, an entry that the next
  /// start would replay, is to be taken as one without fields; `reason` empty: not any more. 64 it
  /// is no such input, 66 no journal there, 74, 78 another build recorded it.
  [[nodiscard]] int skip(std::uint64_t sequence, const std::string& reason);

  /// The state that the engine has to begin with; empty: a new one's. Requires: start_writing().
  [[nodiscard]] std::string_view state() const { return restart_.state; }
  /// What is to be replayed, for INGRESS's thread; nullptr: nothing.
  [[nodiscard]] io::JournalSource* recorded() { return source_.get(); }
  /// As found by open(); 0: no input yet.
  [[nodiscard]] std::uint64_t last_sequence() const { return contents_.last_sequence; }
  /// Inputs to be replayed, and the last one's sequence; 0: none.
  [[nodiscard]] std::uint64_t recorded_count() const {
    return contents_.last_sequence - restart_.journal.last_sequence;
  }
  [[nodiscard]] std::uint64_t recorded_sequence() const {
    return recorded_count() == 0 ? 0 : contents_.last_sequence;
  }
  /// Where INGRESS records; nullptr: nowhere.
  [[nodiscard]] io::Journal* log() { return journal_.get(); }

  /// What outputs have to wait for; nullptr: nothing.
  [[nodiscard]] io::SafeInputs* safe_inputs() {
    return conf_.journal.syncs ? journal_.get() : nullptr;
  }

  /// The engine is live: snapshots follow. The conf has the bases found.
  void start_following();
  /// Looks after it while the engine runs: 65 if what was written does not come back, 74 once a
  /// sync has failed. A disk that is full is told once; reading goes on when there is room.
  [[nodiscard]] int attend();
  /// As of the last attend(). Any thread.
  [[nodiscard]] io::JournalFacts facts() const;
  /// The engine has ended: everything is on the disk when this returns.
  [[nodiscard]] int close();
  /// After close(): a snapshot at the journal's end, so that the next start replays nothing. The
  /// engine has been drained, and everything it made stands in the streams. `last_ids`: of these.
  void save(const std::array<io::EntryId, io::output_stream_count>& last_ids, std::string state);

 private:
  [[nodiscard]] bool is_on() const { return !conf_.journal.dir.empty(); }
  [[nodiscard]] int read_snapshots();
  [[nodiscard]] int check_conf() const;
  [[nodiscard]] int check_build() const;
  [[nodiscard]] std::vector<std::string> stream_names() const;
  [[nodiscard]] int begin(const std::array<io::EntryId, io::output_stream_count>& bases,
                          const std::vector<io::StreamPlace>& cursors, std::int64_t unix_ns);
  [[nodiscard]] int open_writer(std::function<void()> on_durable);
  [[nodiscard]] int attend_follower();
  void note_facts();

  const io::EngineConf& conf_;
  io::LogDirectory directory_;
  std::vector<io::Snapshot> snapshots_;  ///< good ones, newest first
  io::JournalContents contents_;
  io::Snapshot restart_;  ///< what the run begins with
  std::unique_ptr<io::RecordReader> reader_;
  std::unique_ptr<io::JournalSource> source_;
  std::unique_ptr<io::RecordWriter> writer_;
  std::unique_ptr<io::Journal> journal_;
  std::unique_ptr<SnapshotFollower> follower_;
  mutable std::mutex facts_mutex_;
  io::JournalFacts facts_;  ///< under its mutex
  int told_error_ = 0;
  std::uint64_t told_failures_ = 0;
  bool is_failing_told_ = false;
  std::uint64_t told_snapshot_ = 0;
};

}  // namespace coreloop::tools
