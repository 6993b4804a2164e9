// A line on a terminal about anything that takes more than two seconds. Main thread only.
#pragma once

#include <cstdint>

#include "io/edge/clock.hpp"

namespace coreloop::tools {

class ProgressLine {
 public:
  ProgressLine();

  /// Shows or renews the line, at most twice a second, and only where stderr is a terminal.
  /// `entries`: so far, inputs or lines.
  void show(std::uint32_t per_mille, std::uint64_t entries);
  /// Wipes the line.
  void clear();

 private:
  io::SystemClock clock_;
  bool is_terminal_;
  bool is_shown_ = false;
  std::int64_t start_ns_;
  std::int64_t last_ns_ = 0;
};

}  // namespace coreloop::tools
