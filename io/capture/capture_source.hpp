// A capture file as a source: its entries one by one, as fast as they are asked for or at the pace
// they were recorded. A line that is no entry is counted, remembered and passed over; a file that
// ends too early gives what it has and says so. INGRESS's thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "io/capture/capture_line.hpp"
#include "io/capture/gzip_file.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/pace.hpp"
#include "io/edge/source.hpp"

namespace coreloop::io {

struct CaptureSourceOptions {
  std::int64_t from_unix_ns = 0;  ///< entries received before are passed over
  std::int64_t to_unix_ns =
      std::numeric_limits<std::int64_t>::max();  ///< those received at or after too
  std::uint32_t speed = 0;       ///< 0: as fast as possible; else that many times the recorded pace
  const Clock* clock = nullptr;  ///< needed where speed is not 0
  std::size_t buffer_bytes = std::size_t{1} << 20;  ///< at first; grows for a longer line
};

/// A line that is no entry.
struct BrokenLine {
  std::uint64_t number = 0;  ///< 1-based
  std::string problem;
};

class CaptureSource {
 public:
  static constexpr std::size_t broken_lines_kept_max = 10;

  CaptureSource(std::unique_ptr<GzipReader> reader, CaptureSourceOptions options);

  SourceStatus peek(RawEntry& entry) noexcept;
  void consume() noexcept { has_entry_ = false; }

  /// Whether the file begins with `@conf`, and its entry then; looks at the first line without
  /// consuming it.
  [[nodiscard]] bool begins_with_conf(RawEntry& entry) noexcept;

  /// Lines that were no entries: their number, and the first few of them.
  [[nodiscard]] std::uint64_t broken_line_count() const noexcept { return broken_line_count_; }
  [[nodiscard]] const std::vector<BrokenLine>& broken_lines() const noexcept {
    return broken_lines_;
  }
  /// Empty, or how the file ends too early.
  [[nodiscard]] const std::string& damage() const noexcept { return damage_; }
  [[nodiscard]] std::uint64_t line_count() const noexcept { return line_count_; }
  /// Share of the file read, in thousandths; 0 where the size is unknown. Any thread.
  [[nodiscard]] std::uint32_t progress_per_mille() const noexcept {
    return progress_per_mille_.load(std::memory_order_relaxed);
  }

 private:
  [[nodiscard]] bool read_next_entry();
  [[nodiscard]] bool next_line(std::string_view& line);
  void fill();
  void note_broken(std::string_view problem);

  std::unique_ptr<GzipReader> reader_;
  CaptureSourceOptions options_;
  CaptureLineReader line_reader_;
  std::vector<char> buffer_;  ///< [begin_, end_) is read and not yet consumed; padding behind it
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_at_end_ = false;
  std::atomic<std::uint32_t> progress_per_mille_{0};
  RawEntry entry_;
  bool has_entry_ = false;
  std::uint64_t line_count_ = 0;
  std::uint64_t broken_line_count_ = 0;
  std::vector<BrokenLine> broken_lines_;
  std::string damage_;
  Pace pace_;
};

}  // namespace coreloop::io
