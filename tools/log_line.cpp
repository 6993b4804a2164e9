// The log's one line.
#include "tools/log_line.hpp"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <sys/stat.h>
#include <unistd.h>

#include "io/codec/json_text.hpp"
#include "io/codec/timestamp_text.hpp"
#include "io/edge/clock.hpp"

namespace coreloop::tools {
namespace {

constexpr std::size_t line_text_bytes_max = 2'000;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return "INFO ";
    case LogLevel::warning:
      return "WARN ";
    case LogLevel::error:
      return "ERROR";
  }
  return "";
}

std::string_view priority_of(LogLevel level) {
  switch (level) {
    case LogLevel::info:
      return "<6>";
    case LogLevel::warning:
      return "<4>";
    case LogLevel::error:
      return "<3>";
  }
  return "";
}

// $JOURNAL_STREAM is `device:inode` of the journal's end; it is inherited by whoever writes
// elsewhere, so it counts only where stderr is that very file.
bool is_read_by_the_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat file {};
  if (stream == nullptr || ::fstat(STDERR_FILENO, &file) != 0) return false;
  return stream == std::to_string(file.st_dev) + ":" + std::to_string(file.st_ino);
}

}  // namespace

void log_line(LogLevel level, std::string_view component, std::string_view message) {
  const std::int64_t now_unix_ns = io::SystemClock().unix_ns();
  std::array<char, io::timestamp_bytes> time{};
  io::TimestampWriter().write(time.data(), now_unix_ns);
  message = message.substr(0, line_text_bytes_max);
  std::string escaped(message.size() * io::escaped_bytes_max, '\0');
  escaped.resize(
      static_cast<std::size_t>(io::escape_json(escaped.data(), message) - escaped.data()));
  // Quotes and backslashes need no escape here: only what could break the line does.
  std::string text;
  for (std::size_t i = 0; i < escaped.size(); ++i) {
    if (escaped[i] == '\\' && i + 1 < escaped.size() &&
        (escaped[i + 1] == '"' || escaped[i + 1] == '\\'))
      ++i;
    text += escaped[i];
  }
  static const bool has_priority = is_read_by_the_journal();
  std::fprintf(stderr, "%s%.*s %s %.*s %s\n", has_priority ? priority_of(level).data() : "",
               static_cast<int>(time.size()), time.data(), name_of(level).data(),
               static_cast<int>(component.size()), component.data(), text.c_str());
  if (level != LogLevel::info) {
    told_errors().add(level == LogLevel::error ? "error" : "warning", component, text, now_unix_ns);
  }
}

DistinctErrors& told_errors() {
  static DistinctErrors errors;
  return errors;
}

}  // namespace coreloop::tools
