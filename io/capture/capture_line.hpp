// One line of a capture file, both ways: a stream entry as JSON. Bytes that are not UTF-8 stand as
// `\udc80` to `\udcff`, so that a capture holds every entry exactly. Source of the format: the wire
// page, "Capture files".
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/codec/checksum.hpp"
#include "io/codec/json_scan.hpp"
#include "io/edge/file.hpp"
#include "io/edge/source.hpp"

namespace coreloop::io {

/// Reads lines. Grows its buffers for a longer line than any before; else allocates nothing. One
/// thread.
class CaptureLineReader {
 public:
  /// Readable bytes a line needs behind its end.
  static constexpr std::size_t padding_bytes = 64;

  CaptureLineReader();
  ~CaptureLineReader();
  CaptureLineReader(const CaptureLineReader&) = delete;
  CaptureLineReader& operator=(const CaptureLineReader&) = delete;

  /// Reads `line` (without its newline, followed by padding_bytes readable bytes) into `entry`;
  /// views valid until the next read. False if it is no stream entry; problem() then says why.
  [[nodiscard]] bool read(std::string_view line, RawEntry& entry);

  [[nodiscard]] std::string_view problem() const noexcept { return problem_; }

 private:
  struct Parser;
  [[nodiscard]] bool fail(std::string_view problem) noexcept;
  [[nodiscard]] bool is_strict_value(std::string_view token, std::string_view line) noexcept;

  std::unique_ptr<Parser> parser_;
  JsonScan value_scan_{0};   ///< judges the values of further keys
  std::vector<char> arena_;  ///< unescaped text of the current line
  std::vector<RawField> fields_;
  std::string_view problem_;
};

/// Writes lines to a file through a buffer of its own, and takes the SHA-256 of all of them. One
/// thread.
class CaptureLineWriter {
 public:
  /// `file`: where to, or nullptr to take the checksum only.
  explicit CaptureLineWriter(std::unique_ptr<File> file);

  void write(std::string_view stream, std::uint64_t id_ms, std::uint64_t id_counter,
             std::int64_t unix_ns, std::span<const RawField> fields) noexcept;

  /// Hands the file everything written and ends it; 0 or errno. Nothing may be written afterwards.
  [[nodiscard]] int finish() noexcept;

  /// errno of the first failed write, 0 if none: everything after it is missing. Any thread.
  [[nodiscard]] int error() const noexcept { return error_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t line_count() const noexcept { return line_count_; }
  [[nodiscard]] std::string sha256() const { return sha256_.hex(); }

 private:
  void make_room(std::size_t bytes) noexcept;
  void append(std::string_view text) noexcept;
  void append_escaped(std::string_view text) noexcept;
  void append_number(std::uint64_t value) noexcept;
  void flush() noexcept;

  std::unique_ptr<File> file_;
  Sha256 sha256_;
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  std::uint64_t line_count_ = 0;
  std::atomic<int> error_{0};
};

}  // namespace coreloop::io
