// A folder of a fuzz process's own, in memory where the system has one, and files in it that are
// written again for each input. libFuzzer leaves without destructors: tests/fuzz/run names a folder
// in CORELOOP_FUZZ_SCRATCH and removes it.
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
    const char* const given = std::getenv("CORELOOP_FUZZ_SCRATCH");
    std::filesystem::path base = given != nullptr ? given : "/dev/shm";
    if (::access(base.c_str(), W_OK) != 0) base = std::filesystem::temp_directory_path();
    root_ = base / "coreloop-fuzz-XXXXXX";
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
