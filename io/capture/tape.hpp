// The tape: the sequenced input itself as a capture, with the conf's decision keys first and every
// timer and command in its place; a replay of it repeats the run exactly. Conf output.tape.
// INGRESS's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "io/capture/capture_line.hpp"
#include "io/edge/input_log.hpp"

namespace coreloop::io {

class Tape final : public InputLog {
 public:
  explicit Tape(std::unique_ptr<File> file) : writer_(std::move(file)) {}

  /// The first line: conf keys and their values as TOML text. Its time is that of the first input,
  /// told with it.
  void set_conf(std::span<const RawField> keys);

  [[nodiscard]] bool has_room() const noexcept override { return true; }
  void on_entry(std::uint64_t sequence, std::int64_t log_unix_ns,
                const RawEntry& entry) noexcept override;
  void on_timer(std::uint64_t sequence, std::int64_t log_unix_ns,
                const stages::Timer& timer) noexcept override;

  /// Writes out what is buffered; 0 or errno.
  [[nodiscard]] int finish() noexcept { return writer_.finish(); }
  /// errno of the first failed write, 0 if none.
  [[nodiscard]] int error() const noexcept { return writer_.error(); }

 private:
  void write_conf_once(std::int64_t log_unix_ns) noexcept;

  CaptureLineWriter writer_;
  std::vector<std::string> conf_words_;  ///< name, value, name, value, …
  bool has_conf_ = false;
};

}  // namespace coreloop::io
