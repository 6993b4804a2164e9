// Follows a journal that is being written, one full segment behind, and makes a snapshot at the end
// of each: a second engine on one thread, which runs through the recorded inputs as a recovery
// would, on a thread of low priority. So the live engine never stops for a snapshot, and what
// recovery rests on is used every day.
//
//   RecordWriter ──full segment──> follower: replay ──> sync segments ──> snapshot ──> remove what
//                                                                                      it replaces
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "io/conf/engine_conf.hpp"
#include "io/journal/record_writer.hpp"
#include "io/journal/snapshot_file.hpp"

namespace coreloop::tools {

class SnapshotFollower {
 public:
  /// `begin`: where it begins, with its state; an empty state: at the journal's beginning. `conf`:
  /// of the journal, `writer`: open; both must outlive it. Starts its thread.
  SnapshotFollower(const io::EngineConf& conf, const io::RecordWriter& writer, io::Snapshot begin);
  ~SnapshotFollower();
  SnapshotFollower(const SnapshotFollower&) = delete;
  SnapshotFollower& operator=(const SnapshotFollower&) = delete;

  /// Ends its thread, between two inputs. Idempotent.
  void stop();

  /// How far it has come. Requires: stop().
  [[nodiscard]] const io::JournalContents& journal() const noexcept { return here_.journal; }

  // Any thread.
  /// Sequence of the newest snapshot; 0: none yet.
  [[nodiscard]] std::uint64_t snapshot_sequence() const noexcept {
    return snapshot_sequence_.load(std::memory_order_acquire);
  }
  /// Whether the last try to write one failed. The next full segment is the next try.
  [[nodiscard]] bool is_failing() const noexcept {
    return is_failing_.load(std::memory_order_relaxed);
  }
  /// Tries that failed, and errno of the last of them.
  [[nodiscard]] std::uint64_t failures() const noexcept {
    return failures_.load(std::memory_order_acquire);
  }
  [[nodiscard]] int error() const noexcept { return error_.load(std::memory_order_relaxed); }
  /// Segments removed because snapshots have replaced them.
  [[nodiscard]] std::uint64_t removed_segments() const noexcept {
    return removed_segments_.load(std::memory_order_relaxed);
  }
  /// Whether what stands on the disk is not what was recorded, or does not lead where it led; see
  /// problem().
  [[nodiscard]] bool has_problem() const noexcept {
    return has_problem_.load(std::memory_order_acquire);
  }
  /// Requires: has_problem().
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  class Engine;

  void run();
  void follow_segments();
  [[nodiscard]] std::uint64_t wait_for_segment();
  /// Empty, or what is wrong.
  [[nodiscard]] std::string follow(Engine& engine, std::uint64_t last_segment);
  void make_snapshot(Engine& engine);
  void note_failure(int error) noexcept;
  [[nodiscard]] int sync_segments(std::uint64_t last_segment);

  // Immutable after construction.
  const io::EngineConf& conf_;
  const io::RecordWriter& writer_;
  // Its thread's.
  io::Snapshot here_;  ///< how far it has come; the state of the last try
  std::uint64_t followed_segment_ = 0;
  std::uint64_t synced_segment_ = 0;
  std::string problem_;  ///< published by has_problem_
  // Shared.
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stops_ = false;  ///< under the mutex
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> snapshot_sequence_{0};
  std::atomic<std::uint64_t> removed_segments_{0};
  std::atomic<bool> is_failing_{false};
  std::atomic<int> error_{0};
  std::atomic<std::uint64_t> failures_{0};
  std::atomic<bool> has_problem_{false};
  std::thread thread_;
};

/// Ids of the last entries an engine has made, `starts` where it has made none for a stream.
[[nodiscard]] std::array<io::EntryId, io::output_stream_count> output_ids_of(
    const io::EngineConf& conf, const std::array<io::EntryId, io::output_stream_count>& last_ids,
    const io::JournalContents& journal);

}  // namespace coreloop::tools
