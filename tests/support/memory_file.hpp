// A File in memory that fails where a test says so. The test keeps the content; the file itself
// goes to whoever writes it.
#pragma once

#include <limits>
#include <memory>
#include <string>
#include <string_view>

#include "io/edge/file.hpp"

namespace coreloop::tests {

/// What has been written, and which call fails with which errno (0: none).
struct MemoryFileContent {
  std::string bytes;
  std::size_t bytes_max = std::numeric_limits<std::size_t>::max();  ///< then append fails
  int append_error = 0;
  int finish_error = 0;
  int append_count = 0;
  bool is_finished = false;
};

class MemoryFile final : public io::File {
 public:
  explicit MemoryFile(std::shared_ptr<MemoryFileContent> content) : content_(std::move(content)) {}

  [[nodiscard]] int append(std::string_view bytes) noexcept override {
    ++content_->append_count;
    if (content_->bytes.size() + bytes.size() > content_->bytes_max) return content_->append_error;
    content_->bytes += bytes;
    return 0;
  }
  [[nodiscard]] int sync() noexcept override { return 0; }
  [[nodiscard]] int finish() noexcept override {
    content_->is_finished = true;
    return content_->finish_error;
  }

 private:
  std::shared_ptr<MemoryFileContent> content_;
};

/// A content and a file over it.
struct MemoryFilePair {
  std::shared_ptr<MemoryFileContent> content = std::make_shared<MemoryFileContent>();
  std::unique_ptr<io::File> file = std::make_unique<MemoryFile>(content);
};

}  // namespace coreloop::tests
