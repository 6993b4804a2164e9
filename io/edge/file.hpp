// The File seam: append-only writing, to the disk or to a script of a test that fails where it
// likes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace coreloop::io {

class File {
 public:
  virtual ~File() = default;
  /// Appends all of `bytes`; 0, or the errno of the failure. Goes on after EINTR and short writes.
  [[nodiscard]] virtual int append(std::string_view bytes) noexcept = 0;
  /// Makes everything appended durable; 0 or errno. Never retried by the caller.
  [[nodiscard]] virtual int sync() noexcept = 0;
  /// Ends the file, nothing may be appended afterwards; 0 or errno.
  [[nodiscard]] virtual int finish() noexcept = 0;
};

/// A file of the system, created or truncated with mode 0644; `-` is stdout.
class SystemFile final : public File {
 public:
  /// nullptr and `error` = errno when it cannot be created.
  [[nodiscard]] static std::unique_ptr<SystemFile> create(const std::string& path, int& error);
  ~SystemFile() override;
  SystemFile(const SystemFile&) = delete;
  SystemFile& operator=(const SystemFile&) = delete;

  [[nodiscard]] int append(std::string_view bytes) noexcept override;
  [[nodiscard]] int sync() noexcept override;
  [[nodiscard]] int finish() noexcept override;

 private:
  explicit SystemFile(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

}  // namespace coreloop::io
