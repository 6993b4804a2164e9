// One small file, opened once: what is checked is what is read.
#include "tools/token_file.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"

namespace coreloop::tools {
namespace {

int refuse(int exit_code, const std::string& what, std::string& problem) {
  problem = what;
  return exit_code;
}

int read_open_file(int file, io::AccessToken& token, std::string& problem) {
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode))
    return refuse(exit_permission, "is no file", problem);
  if ((status.st_mode & 077) != 0)
    return refuse(exit_permission, "others may read this token; chmod 600 it", problem);
  std::array<char, io::AccessToken::bytes_max + 2> bytes{};
  const ssize_t size = ::read(file, bytes.data(), bytes.size());
  if (size < 0) return refuse(exit_permission, std::strerror(errno), problem);
  std::string_view line{bytes.data(), static_cast<std::size_t>(size)};
  line = line.substr(0, line.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  if (!io::AccessToken::is_token(line)) {
    return refuse(exit_conf, "the first line must be a token of 16 to 256 visible ASCII characters",
                  problem);
  }
  token = io::AccessToken{line};
  return exit_ok;
}

}  // namespace

int read_token_file(const std::string& path, io::AccessToken& token, std::string& problem) {
  // Not blocking: a pipe that nobody writes to would keep the engine from starting.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return refuse(exit_permission, std::strerror(errno), problem);
  const int exit_code = read_open_file(file, token, problem);
  ::close(file);
  return exit_code;
}

int read_token_file(const std::string& path, io::AccessToken& token) {
  std::string problem;
  const int exit_code = read_token_file(path, token, problem);
  if (exit_code == exit_ok) return exit_ok;
  return complain("conf", "http.token_file: " + path + ": " + problem, exit_code);
}

}  // namespace coreloop::tools
