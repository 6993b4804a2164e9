// The log's one line.
#include "tools/log_line.hpp"

#include <array>
#include <cstdio>
#include <string>

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
  std::fprintf(stderr, "%.*s %s %.*s %s\n", static_cast<int>(time.size()), time.data(),
               name_of(level).data(), static_cast<int>(component.size()), component.data(),
               text.c_str());
  if (level != LogLevel::info) {
    told_errors().add(level == LogLevel::error ? "error" : "warning", component, text, now_unix_ns);
  }
}

DistinctErrors& told_errors() {
  static DistinctErrors errors;
  return errors;
}

}  // namespace coreloop::tools
