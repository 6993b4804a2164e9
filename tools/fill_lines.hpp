// Fills out of a file: the executions of an output capture, or plain lines of JSON.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "io/capture/capture_line.hpp"
#include "io/capture/capture_source.hpp"
#include "io/capture/gzip_file.hpp"
#include "io/codec/json_document.hpp"
#include "tools/execution_reader.hpp"
#include "tools/fill_folder.hpp"

namespace coreloop::tools {

class FillLines {
 public:
  /// `stream`: entries of other streams are passed over.
  explicit FillLines(std::string stream) : stream_(std::move(stream)) {}

  /// False and errno where the file cannot be opened.
  [[nodiscard]] bool open(const std::string& path, int& error);
  /// The next fill; false at the end.
  [[nodiscard]] bool next(NamedFill& fill);

  [[nodiscard]] std::uint64_t line_number() const { return line_number_; }
  [[nodiscard]] const std::vector<io::BrokenLine>& broken_lines() const { return broken_lines_; }
  [[nodiscard]] const std::string& damage() const { return reader_->damage(); }
  [[nodiscard]] std::uint32_t progress_per_mille() const { return reader_->progress_per_mille(); }

 private:
  enum class Kind { fill, other, broken };

  [[nodiscard]] bool next_line(std::string& line);
  [[nodiscard]] Kind read_line(std::string& line, NamedFill& fill, std::string& problem);

  std::string stream_;
  std::unique_ptr<io::GzipReader> reader_;
  io::CaptureLineReader line_reader_;
  ExecutionReader executions_;
  io::JsonDocument document_;
  std::vector<char> buffer_;
  std::size_t at_ = 0;
  std::size_t size_ = 0;
  std::uint64_t line_number_ = 0;
  std::vector<io::BrokenLine> broken_lines_;
};

}  // namespace coreloop::tools
