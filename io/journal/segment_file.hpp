// Making the files of a record log: a segment of zeros with its header, whole on the disk before it
// gets its name, and the directory that holds them.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

#include "io/journal/record_format.hpp"

namespace coreloop::io {

/// The directory of a log, made if it is missing (mode 0700), locked against a second process for
/// as long as this lives.
class LogDirectory {
 public:
  LogDirectory() = default;
  ~LogDirectory();
  LogDirectory(const LogDirectory&) = delete;
  LogDirectory& operator=(const LogDirectory&) = delete;

  enum class Result : std::uint8_t { ok, busy, failed };
  /// `busy`: another process has it. `failed`: problem() says why.
  [[nodiscard]] Result open(const std::string& path);
  /// Whether a process has it now, as far as can be seen without taking it or making anything.
  [[nodiscard]] static bool is_taken(const std::string& path);
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }

 private:
  int lock_ = -1;
  std::string problem_;
};

/// Writes a segment's zeros, its header and its name; 0 or errno. What a failure leaves behind is
/// overwritten by the next try. Slow: a helper thread's work. Zeros are written, not reserved:
/// reserved blocks would cost a metadata commit at each first sync.
[[nodiscard]] int make_segment(const std::string& directory, const SegmentHeader& header) noexcept;

/// Writes zeros behind a segment that is shorter than its header says, as a cut copy is; 0 or
/// errno. Without its end record, which such a file may have no room for, what follows it could not
/// be read.
[[nodiscard]] int complete_segment(const std::string& path) noexcept;

/// Writes all of `size` bytes at `offset`; 0 or errno.
[[nodiscard]] int write_all(int descriptor, const char* bytes, std::size_t size,
                            off_t offset) noexcept;

/// Makes names in a directory durable; 0 or errno.
[[nodiscard]] int sync_directory(const std::string& directory) noexcept;

}  // namespace coreloop::io
