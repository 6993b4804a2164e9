// Outputs of one stream as CSV (RFC 4180): a header line, then a line an entry. Numbers and words
// stand as in the entry (a member of `data` by its key, a further field by its name), so that
// nothing is rounded. EGRESS's thread.
#pragma once

#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "io/codec/json_document.hpp"
#include "io/edge/file.hpp"
#include "io/edge/sink.hpp"
#include "tools/journal_outputs.hpp"

namespace coreloop::tools {

/// Columns of a stream: `id`, the further fields that every output has, the keys of `data` in their
/// order, further fields of its own. Empty for a stream that is not exported.
[[nodiscard]] std::span<const std::string_view> csv_columns(io::OutputStream stream);

/// A cell as RFC 4180 wants it: in quotes where it holds a comma, a quote or an end of line.
[[nodiscard]] std::string csv_cell(std::string_view text);

class OutputCsv final : public OutputConsumer {
 public:
  OutputCsv(io::OutputStream stream, std::unique_ptr<io::File> file);

  void take(const io::OutputEntry& entry) noexcept override;
  [[nodiscard]] int error() const noexcept override {
    return error_.load(std::memory_order_relaxed);
  }

  /// Writes out what is buffered; 0 or errno.
  [[nodiscard]] int finish();
  [[nodiscard]] std::uint64_t line_count() const { return line_count_; }

 private:
  [[nodiscard]] std::string_view cell_of(std::string_view column,
                                         const io::OutputEntry& entry) const;
  void flush() noexcept;

  // Immutable after construction.
  io::OutputStream stream_;
  std::span<const std::string_view> columns_;
  // State, EGRESS's thread only.
  std::unique_ptr<io::File> file_;
  io::JsonDocument document_;
  std::string id_;
  std::string text_;
  std::uint64_t line_count_ = 0;
  // Published.
  std::atomic<int> error_{0};
};

}  // namespace coreloop::tools
