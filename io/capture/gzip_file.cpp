// zlib: inflate by hand, so that what comes before a damage is never lost; gzwrite for output.
#include "io/capture/gzip_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <zlib.h>

namespace coreloop::io {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{256} * 1024;
constexpr int gzip_only = 15 + 16;  // inflateInit2: largest window, gzip header wanted

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

/// The open file, its undigested bytes, and the inflater.
struct GzipReader::Handle {
  int descriptor = -1;
  std::unique_ptr<char[]> input = std::make_unique_for_overwrite<char[]>(buffer_bytes);
  std::size_t begin = 0;
  std::size_t end = 0;
  std::uint64_t bytes_read = 0;
  StopCheck is_stopped = nullptr;
  bool may_wait = false;  // a pipe or a terminal
  bool was_stopped = false;
  bool is_at_end = false;
  bool is_gzip = false;
  bool is_inside_member = false;
  z_stream stream{};

  Handle() = default;
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (is_gzip) inflateEnd(&stream);
    if (descriptor >= 0) ::close(descriptor);
  }

  [[nodiscard]] std::size_t available() const noexcept { return end - begin; }

  // Until a pipe has something to say, or is not to be waited for any more.
  void wait_for_bytes() noexcept {
    constexpr int look_interval_ms = 50;
    pollfd pipe{.fd = descriptor, .events = POLLIN, .revents = 0};
    while (!was_stopped && ::poll(&pipe, 1, look_interval_ms) == 0)
      was_stopped = is_stopped();
  }

  // Makes `wanted` bytes available if the file has them; 0 or errno.
  int fill(std::size_t wanted) noexcept {
    std::memmove(input.get(), input.get() + begin, available());
    end -= begin;
    begin = 0;
    while (available() < wanted && !is_at_end) {
      if (may_wait && is_stopped != nullptr) wait_for_bytes();
      if (was_stopped) {
        is_at_end = true;
        return 0;
      }
      const ssize_t got = ::read(descriptor, input.get() + end, buffer_bytes - end);
      if (got < 0) {
        if (errno == EINTR) continue;
        return errno;
      }
      is_at_end = got == 0;
      end += static_cast<std::size_t>(got);
      bytes_read += static_cast<std::uint64_t>(got);
    }
    return 0;
  }

  [[nodiscard]] bool begins_like_gzip() const noexcept {
    return available() >= 2 && input[begin] == '\x1F' && input[begin + 1] == '\x8B';
  }
};

GzipReader::GzipReader(std::unique_ptr<Handle> handle, std::uint64_t file_bytes)
    : handle_(std::move(handle)), file_bytes_(file_bytes) {}

GzipReader::~GzipReader() = default;

std::unique_ptr<GzipReader> GzipReader::open(const std::string& path, int& error,
                                             StopCheck is_stopped) {
  auto handle = std::make_unique<Handle>();
  handle->is_stopped = is_stopped;
  handle->descriptor =
      path == "-" ? ::dup(STDIN_FILENO) : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (handle->descriptor < 0 || ::fstat(handle->descriptor, &status) != 0) {
    error = errno;
    return nullptr;
  }
  handle->may_wait = !S_ISREG(status.st_mode);
  error = S_ISDIR(status.st_mode) ? EISDIR : handle->fill(2);
  if (error != 0) return nullptr;
  handle->is_gzip = handle->begins_like_gzip();
  if (handle->is_gzip && inflateInit2(&handle->stream, gzip_only) != Z_OK) {
    handle->is_gzip = false;
    error = ENOMEM;
    return nullptr;
  }
  handle->is_inside_member = handle->is_gzip;
  const auto size = S_ISREG(status.st_mode) ? static_cast<std::uint64_t>(status.st_size) : 0;
  return std::unique_ptr<GzipReader>(new GzipReader(std::move(handle), size));
}

std::size_t GzipReader::read(std::span<char> buffer) noexcept {
  if (!damage_.empty() || buffer.empty()) return 0;
  return handle_->is_gzip ? read_gzip(buffer) : read_plain(buffer);
}

std::size_t GzipReader::read_plain(std::span<char> buffer) noexcept {
  Handle& handle = *handle_;
  if (handle.available() == 0) note_error(handle.fill(1));
  const std::size_t count = std::min(buffer.size(), handle.available());
  std::memcpy(buffer.data(), handle.input.get() + handle.begin, count);
  handle.begin += count;
  return count;
}

std::size_t GzipReader::read_gzip(std::span<char> buffer) noexcept {
  Handle& handle = *handle_;
  handle.stream.next_out = reinterpret_cast<Bytef*>(buffer.data());
  const auto wanted = static_cast<uInt>(std::min<std::size_t>(buffer.size(), 1U << 30));
  handle.stream.avail_out = wanted;
  while (handle.stream.avail_out == wanted && damage_.empty()) {
    if (handle.available() < 2) note_error(handle.fill(2));
    if (!handle.is_inside_member && !start_next_member()) break;
    handle.stream.next_in = reinterpret_cast<Bytef*>(handle.input.get() + handle.begin);
    handle.stream.avail_in = static_cast<uInt>(handle.available());
    const int result = inflate(&handle.stream, Z_NO_FLUSH);
    handle.begin = handle.end - handle.stream.avail_in;
    if (result == Z_STREAM_END) {
      handle.is_inside_member = false;
    } else if (result == Z_BUF_ERROR && handle.available() == 0 && handle.was_stopped) {
      break;
    } else if (result == Z_BUF_ERROR && handle.available() == 0 && handle.is_at_end) {
      damage_ = "the gzip stream is cut off";  // and nothing is left inside the inflater
    } else if (result != Z_OK && result != Z_BUF_ERROR) {
      damage_ = std::string{"the gzip stream is damaged: "} +
                (handle.stream.msg != nullptr ? handle.stream.msg : "not readable");
    }
  }
  return wanted - handle.stream.avail_out;
}

// A gzip file may have several members one behind the other. False at the end of the file.
bool GzipReader::start_next_member() noexcept {
  Handle& handle = *handle_;
  if (handle.available() == 0) return false;
  if (!handle.begins_like_gzip()) {
    damage_ = "something that is not gzip stands behind the gzip stream";
    return false;
  }
  inflateReset(&handle.stream);
  handle.is_inside_member = true;
  return true;
}

void GzipReader::note_error(int error) {
  if (error != 0) damage_ = std::string{"the file cannot be read further: "} + std::strerror(error);
}

bool GzipReader::was_stopped() const noexcept {
  return handle_->was_stopped;
}

std::uint32_t GzipReader::progress_per_mille() const noexcept {
  if (file_bytes_ == 0) return 0;
  const std::uint64_t consumed = handle_->bytes_read - handle_->available();
  return static_cast<std::uint32_t>(consumed * 1000 / file_bytes_);
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
