// The .hlog of a run: every interval a line for each stage and part, with what was measured in it.
// Written by a thread of its own; the stages' threads know nothing of it. Where the disk is full
// the run goes on: the interval grows until its lines find room.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "io/edge/clock.hpp"
#include "io/latency/hdr_log_file.hpp"
#include "tools/latency_rows.hpp"

namespace coreloop::tools {

class LatencyLog {
 public:
  /// Makes the present copies. Called on the log's thread, and on finish()'s.
  using CopyRows = std::function<std::vector<LatencyRow>()>;

  /// `path`: empty for no log, then every function does nothing. `clock` must outlive it.
  LatencyLog(std::string path, std::chrono::nanoseconds interval, const io::Clock& clock)
      : path_(std::move(path)), interval_(interval), clock_(clock) {}
  ~LatencyLog() { stop(); }
  LatencyLog(const LatencyLog&) = delete;
  LatencyLog& operator=(const LatencyLog&) = delete;

  /// Creates the file, or goes on behind a log that is there; 0, or 73 after it has been told.
  [[nodiscard]] int open(bool goes_on);

  /// The first interval begins. What `copy_rows` uses must live until stop() or finish().
  void start(CopyRows copy_rows);
  /// Ends the thread without a last line. Idempotent.
  void stop();
  /// Writes the last lines, up to now; 0, or 74 after it has been told that the log lacks its end.
  [[nodiscard]] int finish();

 private:
  void run();
  /// Lines of everything since the last ones that were written; the errno of a failure.
  [[nodiscard]] int write_lines();
  void tell(int error);

  // Immutable after construction.
  std::string path_;
  std::chrono::nanoseconds interval_;
  const io::Clock& clock_;
  // The log's thread only, once it runs.
  io::HdrLogFile file_;
  CopyRows copy_rows_;
  std::vector<LatencyRow> written_;  ///< as of the last lines
  std::string header_;               ///< until it is written
  std::int64_t base_ns_ = 0;         ///< monotonic
  std::int64_t interval_start_ns_ = 0;
  int told_error_ = 0;
  // Shared.
  std::mutex mutex_;
  std::condition_variable is_stopping_changed_;
  bool is_stopping_ = false;
  std::thread thread_;
};

}  // namespace coreloop::tools
