// Intervals, and their lines.
#include "tools/latency_log.hpp"

#include <cstring>
#include <optional>

#include "engine/stage_thread.hpp"
#include "io/latency/hdr_log.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"

namespace coreloop::tools {

int LatencyLog::open(bool goes_on) {
  if (path_.empty()) return exit_ok;
  const std::string problem = file_.open(path_, goes_on);
  if (problem.empty()) return exit_ok;
  return complain("latency", path_ + ": cannot be created: " + problem, exit_cannot_create);
}

void LatencyLog::start(CopyRows copy_rows) {
  if (path_.empty()) return;
  copy_rows_ = std::move(copy_rows);
  base_ns_ = clock_.monotonic_ns();
  header_ = io::hdr_log_header(clock_.unix_ns());
  thread_ = std::thread([this] { run(); });
}

void LatencyLog::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  is_stopping_changed_.notify_all();
  thread_.join();
}

int LatencyLog::finish() {
  if (!thread_.joinable()) return exit_ok;
  stop();
  const int error = write_lines();
  if (error == 0) return exit_ok;
  return complain("latency", path_ + ": " + std::strerror(error) + "; the log lacks its end",
                  exit_io);
}

void LatencyLog::run() {
  static_cast<void>(engine::prepare_this_thread("latency_log", std::nullopt));
  auto end = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!is_stopping_) {
    end += interval_;
    if (is_stopping_changed_.wait_until(lock, end, [this] { return is_stopping_; })) return;
    lock.unlock();
    tell(write_lines());
    lock.lock();
  }
}

int LatencyLog::write_lines() {
  std::vector<LatencyRow> rows = copy_rows_();
  const std::int64_t now_ns = clock_.monotonic_ns() - base_ns_;
  written_.resize(rows.size());  // before the first lines: without a value
  const io::HdrLogInterval interval{interval_start_ns_, now_ns - interval_start_ns_};
  std::string block = header_;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    block += io::hdr_log_line(latency_tag(rows[i].name), interval,
                              rows[i].histogram.since(written_[i].histogram));
  }
  const int error = file_.append(block);
  if (error != 0) return error;
  header_.clear();
  written_ = std::move(rows);
  interval_start_ns_ = now_ns;
  return 0;
}

void LatencyLog::tell(int error) {
  if (error == told_error_) return;
  told_error_ = error;
  if (error == 0) {
    log_line(LogLevel::info, "latency", path_ + ": lines are written again");
    return;
  }
  log_line(LogLevel::warning, "latency",
           path_ + ": " + std::strerror(error) +
               "; the engine goes on, and one longer interval follows when there is room");
}

}  // namespace coreloop::tools
