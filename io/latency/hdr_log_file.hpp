// A .hlog file on the disk, into which lines go block by block: whole, or not at all.
#pragma once

#include <string>
#include <string_view>

namespace coreloop::io {

class HdrLogFile {
 public:
  HdrLogFile() = default;
  ~HdrLogFile();
  HdrLogFile(const HdrLogFile&) = delete;
  HdrLogFile& operator=(const HdrLogFile&) = delete;

  /// Creates it with mode 0644. A log that is there goes on behind its last whole line if
  /// `goes_on`, else it is replaced. Answers the problem, or an empty string; what is there and is
  /// no log is a problem if `goes_on`, and stays as it is.
  [[nodiscard]] std::string open(const std::string& path, bool goes_on);
  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }

  /// Appends `block` with one system call; 0, or the errno of the failure. Then the file is cut
  /// back to what it held before, so that no reader meets half a line.
  [[nodiscard]] int append(std::string_view block) noexcept;

 private:
  [[nodiscard]] std::string cut_to_whole_lines() noexcept;

  int descriptor_ = -1;
};

}  // namespace coreloop::io
