// A folder of a fuzz process's own, in memory where the system has one, and files in it that are
// written again for each input.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <fcntl.h>
#include <unistd.h>

#include "engine/check.hpp"

namespace coreloop::tests {

class ScratchFolder {
 public:
  ScratchFolder() {
    const std::filesystem::path memory = "/dev/shm";
    const bool is_there = ::access(memory.c_str(), W_OK) == 0;
    root_ = (is_there ? memory : std::filesystem::temp_directory_path()) / "coreloop-fuzz-XXXXXX";
    CHECK(::mkdtemp(root_.data()) != nullptr, "a folder for the files");
  }
  ~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;

  [[nodiscard]] const std::string& root() const noexcept { return root_; }
  [[nodiscard]] std::string path(std::string_view name) const {
    return root_ + "/" + std::string{name};
  }

  /// Makes the file hold exactly `bytes`.
  void write(std::string_view name, std::string_view bytes) const {
    const int descriptor =
        ::open(path(name).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(descriptor >= 0, "a file");
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    CHECK(written == static_cast<ssize_t>(bytes.size()), "all of it");
    ::close(descriptor);
  }
  void remove(std::string_view name) const { ::unlink(path(name).c_str()); }

 private:
  std::string root_;
};

}  // namespace coreloop::tests
