// Conf files.
#include "tools/conf_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"

namespace coreloop::tools {
namespace {

int read_file(const std::string& path, std::string& text) {
  if (std::filesystem::is_directory(path)) {
    log_line(LogLevel::error, "conf", path + ": is a directory");
    return exit_conf;
  }
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    const int error = errno;
    log_line(LogLevel::error, "conf", path + ": " + std::strerror(error));
    return error == EACCES ? exit_permission : exit_no_input;
  }
  std::ostringstream content;
  content << file.rdbuf();
  text = content.str();
  return exit_ok;
}

}  // namespace

int load_conf(const std::string& path, std::span<const io::ConfOverride> overrides,
              io::EngineConf& conf) {
  std::string text;
  if (!path.empty()) {
    const int exit_code = read_file(path, text);
    if (exit_code != exit_ok) return exit_code;
  }
  const io::ConfProblems problems =
      io::read_conf(path.empty() ? "defaults" : std::string_view{path}, text, overrides, conf);
  for (const std::string& line : problems.lines)
    std::fprintf(stderr, "%s\n", line.c_str());
  return problems.any() ? exit_conf : exit_ok;
}

}  // namespace coreloop::tools
