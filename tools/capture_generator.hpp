// A synthetic capture: ticks that walk and signals about them, with bursts, quiet hours, day
// changes, repeats, overrides, closes, commands and messages that are wrong in many ways. The same
// options give the same bytes on every machine.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/capture/capture_line.hpp"
#include "stages/fixed_point.hpp"

namespace coreloop::tools {

struct GeneratorOptions {
  std::uint64_t signal_count = 1'000;
  std::uint32_t symbol_count = 4;
  std::uint32_t account_count = 2;
  std::uint64_t seed = 1;
  stages::Ratio bad_share = 0;      ///< of signals and ticks that are malformed
  stages::Ratio command_share = 0;  ///< of inputs that are commands
  stages::Ratio tick_share = stages::scale / 2;
};

class CaptureGenerator {
 public:
  CaptureGenerator(GeneratorOptions options, std::unique_ptr<io::File> file);

  /// Writes everything; 0 or errno.
  [[nodiscard]] int write_all();

  [[nodiscard]] std::uint64_t line_count() const { return writer_.line_count(); }

 private:
  [[nodiscard]] std::uint64_t draw();
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) { return draw() % bound; }
  [[nodiscard]] bool chance(stages::Ratio share) {
    return below(static_cast<std::uint64_t>(stages::scale)) < static_cast<std::uint64_t>(share);
  }
  void advance_time();
  [[nodiscard]] std::string timestamp(std::int64_t offset_ns);
  [[nodiscard]] std::string symbol_name(std::uint64_t index) const;
  [[nodiscard]] std::string ratio_text(std::uint64_t max_millionths);
  [[nodiscard]] std::string signal_text();
  [[nodiscard]] std::string tick_text();
  [[nodiscard]] std::string spoiled(std::string text);
  void write_signal();
  void write_tick();
  void write_command();
  void write_entry(std::string_view stream, std::vector<io::RawField> fields);

  GeneratorOptions options_;
  io::CaptureLineWriter writer_;
  std::vector<stages::Price> prices_;  ///< by symbol
  std::uint64_t draws_ = 0;
  std::int64_t now_ns_;
  std::uint64_t last_ms_ = 0;
  std::uint64_t counter_ = 0;
  std::uint64_t burst_left_ = 0;
};

}  // namespace coreloop::tools
