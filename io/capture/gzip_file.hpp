// Files that may be gzip: reading plain and compressed alike, writing compressed where the name
// says so.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "io/edge/file.hpp"

namespace coreloop::io {

/// Asked by a reader that waits for a pipe whether to go on waiting.
using StopCheck = bool (*)() noexcept;

/// Sequential reading of a plain or gzip file, of a pipe, or of stdin (`-`).
class GzipReader {
 public:
  /// nullptr and `error` = errno when it cannot be opened for reading (a directory: EISDIR).
  /// `is_stopped`: where it says so while a pipe is awaited, the pipe ends there.
  [[nodiscard]] static std::unique_ptr<GzipReader> open(const std::string& path, int& error,
                                                        StopCheck is_stopped = nullptr);
  ~GzipReader();
  GzipReader(const GzipReader&) = delete;
  GzipReader& operator=(const GzipReader&) = delete;

  /// Reads up to buffer.size() bytes; 0 at the end, be it whole or damaged (see damage()).
  [[nodiscard]] std::size_t read(std::span<char> buffer) noexcept;

  /// Empty, or why what follows cannot be read: a truncated or corrupt gzip stream.
  [[nodiscard]] const std::string& damage() const noexcept { return damage_; }

  /// Whether the end was made by `is_stopped`: what came last may be a piece of something.
  [[nodiscard]] bool was_stopped() const noexcept;

  /// Share of the file itself consumed so far, in thousandths; 0 where it has no size.
  [[nodiscard]] std::uint32_t progress_per_mille() const noexcept;

 private:
  struct Handle;
  explicit GzipReader(std::unique_ptr<Handle> handle, std::uint64_t file_bytes);
  [[nodiscard]] std::size_t read_plain(std::span<char> buffer) noexcept;
  [[nodiscard]] std::size_t read_gzip(std::span<char> buffer) noexcept;
  [[nodiscard]] bool start_next_member() noexcept;
  void note_error(int error);

  std::unique_ptr<Handle> handle_;
  std::uint64_t file_bytes_;
  std::string damage_;
};

/// Creates `path` for writing: gzip where it ends in `.gz`, stdout for `-`. nullptr and `error` =
/// errno on failure.
[[nodiscard]] std::unique_ptr<File> create_output_file(const std::string& path, int& error);

}  // namespace coreloop::io
