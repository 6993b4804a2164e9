// A capture file as a sink: what the engine publishes, one line an entry, and the SHA-256 over all
// lines. EGRESS's thread.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "io/capture/capture_line.hpp"
#include "io/edge/sink.hpp"

namespace coreloop::io {

/// Names of the output streams, by OutputStream: conf output.approvals and so on.
using OutputStreamNames = std::array<std::string, output_stream_count>;

class CaptureSink {
 public:
  /// `file`: where to, or nullptr to take the checksum only.
  CaptureSink(std::unique_ptr<File> file, OutputStreamNames names)
      : writer_(std::move(file)), names_(std::move(names)) {}

  [[nodiscard]] bool has_room() noexcept { return writer_.error() == 0; }

  void write(const OutputEntry& entry) noexcept {
    std::array<RawField, 8> fields;
    std::size_t count = 0;
    for (const OutputField& field : entry.fields)
      fields[count++] = {field.name, field.value};
    writer_.write(names_[static_cast<std::size_t>(entry.stream)], entry.id_ms, entry.id_number,
                  entry.log_unix_ns, {fields.data(), count});
  }

  /// Writes out what is buffered; 0 or errno.
  [[nodiscard]] int finish() noexcept { return writer_.finish(); }
  [[nodiscard]] int error() const noexcept { return writer_.error(); }
  [[nodiscard]] std::uint64_t entry_count() const noexcept { return writer_.line_count(); }
  /// Over all lines, newlines included. Requires: finish().
  [[nodiscard]] std::string sha256() const { return writer_.sha256(); }

 private:
  CaptureLineWriter writer_;
  OutputStreamNames names_;
};

}  // namespace coreloop::io
