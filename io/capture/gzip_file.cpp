// zlib's gz functions.
#include "io/capture/gzip_file.hpp"

#include <algorithm>
#include <cerrno>
#include <limits>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

namespace coreloop::io {
namespace {

constexpr unsigned buffer_bytes = 256 * 1024;

class GzipFile final : public File {
 public:
  explicit GzipFile(gzFile handle) : handle_(handle) {}
  ~GzipFile() override {
    if (handle_ != nullptr) gzclose(handle_);
  }
  GzipFile(const GzipFile&) = delete;
  GzipFile& operator=(const GzipFile&) = delete;

  [[nodiscard]] int append(std::string_view bytes) noexcept override {
    while (!bytes.empty()) {
      const auto piece = static_cast<unsigned>(
          std::min<std::size_t>(bytes.size(), std::numeric_limits<int>::max()));
      if (gzwrite(handle_, bytes.data(), piece) <= 0) return failure();
      bytes.remove_prefix(piece);
    }
    return 0;
  }

  [[nodiscard]] int sync() noexcept override {
    return gzflush(handle_, Z_SYNC_FLUSH) == Z_OK ? 0 : failure();
  }
  [[nodiscard]] int finish() noexcept override {
    const int result = gzclose(handle_);
    handle_ = nullptr;
    return result == Z_OK ? 0 : EIO;
  }

 private:
  [[nodiscard]] int failure() const noexcept {
    int code = Z_OK;
    gzerror(handle_, &code);
    return code == Z_ERRNO && errno != 0 ? errno : EIO;
  }

  gzFile handle_;
};

bool ends_with_gz(const std::string& path) noexcept {
  return path.size() > 3 && path.compare(path.size() - 3, 3, ".gz") == 0;
}

}  // namespace

struct GzipReader::Handle {
  gzFile file = nullptr;
  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (file != nullptr) gzclose(file);
  }
};

GzipReader::GzipReader(std::unique_ptr<Handle> handle, std::uint64_t file_bytes)
    : handle_(std::move(handle)), file_bytes_(file_bytes) {}

GzipReader::~GzipReader() = default;

std::unique_ptr<GzipReader> GzipReader::open(const std::string& path, int& error) {
  const int descriptor =
      path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (descriptor < 0 || ::fstat(descriptor, &status) != 0) {
    error = errno;
    return nullptr;
  }
  auto handle = std::make_unique<Handle>();
  if (!S_ISDIR(status.st_mode)) handle->file = gzdopen(descriptor, "rb");
  if (handle->file == nullptr) {
    ::close(descriptor);
    error = S_ISDIR(status.st_mode) ? EISDIR : ENOMEM;
    return nullptr;
  }
  gzbuffer(handle->file, buffer_bytes);
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  return std::unique_ptr<GzipReader>(new GzipReader(std::move(handle), size));
}

std::size_t GzipReader::read(std::span<char> buffer) noexcept {
  if (!damage_.empty()) return 0;
  const auto wanted = static_cast<unsigned>(std::min<std::size_t>(buffer.size(), 1U << 30));
  const int got = gzread(handle_->file, buffer.data(), wanted);
  int code = Z_OK;
  const char* const text = gzerror(handle_->file, &code);
  // A stream that ends too early gives what it has and says so only in gzerror.
  if (got < 0 || code == Z_BUF_ERROR) {
    damage_ = code == Z_BUF_ERROR ? "the gzip stream is cut off" : text;
    if (damage_.empty()) damage_ = "the file cannot be read further";
  }
  return got > 0 ? static_cast<std::size_t>(got) : 0;
}

std::uint64_t GzipReader::file_bytes_read() const noexcept {
  const auto offset = gzoffset(handle_->file);
  return offset > 0 ? static_cast<std::uint64_t>(offset) : 0;
}

std::unique_ptr<File> create_output_file(const std::string& path, int& error) {
  if (!ends_with_gz(path)) return SystemFile::create(path, error);
  gzFile handle = gzopen(path.c_str(), "wbe");
  if (handle == nullptr) {
    error = errno != 0 ? errno : ENOMEM;
    return nullptr;
  }
  gzbuffer(handle, buffer_bytes);
  return std::make_unique<GzipFile>(handle);
}

}  // namespace coreloop::io
