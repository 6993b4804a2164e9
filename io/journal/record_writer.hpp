// Appends to a record log: one writer, no allocation, no system call on an append. The present
// segment is mapped, so that what was appended survives the death of the process at once; a helper
// thread keeps the next segment ready, and makes what was appended durable where that is asked for.
//
//   append() ──> mapped segment ──(helper: fdatasync)──> disk
//                  ready_ <──(helper: zeros, header, name)── next segment
//
// A log that syncs begins a segment when the one before is on the disk: what a loss of power leaves
// of the last one is the end of the log, never a hole within it.
//
// While the disk is full there is no next segment: has_room() says so before anything is lost, and
// the helper keeps trying. A failed sync is final: failure() stays, and nothing is ever synced
// again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <thread>

#include "io/journal/record_format.hpp"

namespace coreloop::io {

struct RecordWriterOptions {
  std::string directory;
  std::string build;                                     ///< at most 79 bytes are kept
  std::uint64_t segment_bytes = std::uint64_t{1} << 26;  ///< of new segments; a multiple of 4,096
  bool syncs = false;                                    ///< conf journal.sync = "batch"
  std::function<void()> on_durable{};                    ///< after each sync; the helper's thread
};

class RecordWriter {
 public:
  explicit RecordWriter(RecordWriterOptions options);
  ~RecordWriter();
  RecordWriter(const RecordWriter&) = delete;
  RecordWriter& operator=(const RecordWriter&) = delete;

  /// Takes up behind `end` (default: an empty log): wipes what a torn tail left there, and begins a
  /// segment where there is none or the last one is of another build; 0 or errno.
  [[nodiscard]] int open(const LogPosition& end);

  /// Whether a record of `payload_bytes` can be appended now: in this segment, or in the next one,
  /// which is ready. A segment without room for it has its end then, if the log syncs. Thread: the
  /// writer's.
  [[nodiscard]] bool has_room(std::size_t payload_bytes) noexcept;

  /// Appends a record whose bytes are `parts` one after the other, and answers its number.
  /// Requires: has_room(of all parts). Thread: the writer's.
  std::uint64_t append(std::uint32_t type, std::int64_t log_unix_ns,
                       std::span<const std::string_view> parts) noexcept;

  /// Asks the helper to make everything appended so far durable. Without effect unless it syncs.
  /// Any thread.
  void hand_over() noexcept;

  /// Last record that survives what the options promise: appended, or synced. Any thread.
  [[nodiscard]] std::uint64_t safe_number() const noexcept {
    return (options_.syncs ? durable_ : appended_).load(std::memory_order_acquire);
  }
  /// Numbers that ends of segments have taken since open(). Read behind safe_number() it counts all
  /// of them up to there, and perhaps later ones. Any thread.
  [[nodiscard]] std::uint64_t segment_ends() const noexcept {
    return segment_ends_.load(std::memory_order_relaxed);
  }
  /// errno of a failed sync: the process must end. 0: none. Any thread.
  [[nodiscard]] int failure() const noexcept { return failure_.load(std::memory_order_acquire); }
  /// errno of the last try to make the next segment, 0 once it is ready. Any thread.
  [[nodiscard]] int next_segment_error() const noexcept {
    return next_error_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t segment_id() const noexcept { return segment_id_; }
  /// The last segment that is full: nothing more will be written to it. 0: none known. Any thread.
  [[nodiscard]] std::uint64_t full_segment() const noexcept {
    return full_segment_.load(std::memory_order_acquire);
  }

  /// Ends the log: everything is durable when this returns; 0 or errno.
  [[nodiscard]] int close();

 private:
  struct Mapping {
    char* bytes = nullptr;
    std::uint64_t size = 0;
    int descriptor = -1;
  };

  [[nodiscard]] int map_segment(std::uint64_t id, Mapping& mapping) const noexcept;
  [[nodiscard]] int sync_segment(std::uint64_t id) const noexcept;
  static void unmap(Mapping& mapping) noexcept;
  [[nodiscard]] SegmentHeader header_of(std::uint64_t id,
                                        std::uint64_t first_number) const noexcept;
  void write_record(std::uint32_t type, std::int64_t log_unix_ns,
                    std::span<const std::string_view> parts) noexcept;
  [[nodiscard]] bool fits(std::size_t payload_bytes) const noexcept;
  void go_to_next_segment() noexcept;
  void end_segment() noexcept;
  void begin_segment(const Mapping& segment) noexcept;
  void begin_again() noexcept;
  [[nodiscard]] bool is_of_this_build() const noexcept;
  [[nodiscard]] int leave_segment_of_other_build() noexcept;
  void help() noexcept;
  void prepare_next() noexcept;
  void sync_appended() noexcept;

  // Immutable after construction.
  RecordWriterOptions options_;
  // State, the writer's thread only.
  Mapping segment_;
  std::uint64_t segment_id_ = 0;
  std::uint64_t offset_ = 0;
  std::uint64_t number_ = 1;  ///< of the next record
  bool is_ended_ = false;     ///< the segment has its end
  // Shared with the helper, under the mutex.
  std::mutex mutex_;
  std::condition_variable wake_helper_;
  Mapping ready_;    ///< next segment; its header's first number is written when it is taken
  Mapping retired_;  ///< full segment, to be closed
  bool wants_next_ = false;
  bool wants_sync_ = false;
  bool stops_ = false;
  // Published.
  std::atomic<bool> next_is_ready_{false};
  std::atomic<std::uint64_t> segment_ends_{0};  ///< stored before the `appended_` behind it
  std::atomic<std::uint64_t> appended_{0};
  std::atomic<std::uint64_t> durable_{0};
  std::atomic<std::uint64_t> full_segment_{0};
  std::atomic<int> failure_{0};
  std::atomic<int> next_error_{0};
  std::thread helper_;
};

}  // namespace coreloop::io
