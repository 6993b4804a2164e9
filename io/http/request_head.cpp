// Lines, words and percent signs.
#include "io/http/request_head.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace coreloop::io {
namespace {

constexpr std::string_view line_end = "\r\n";
constexpr std::array<std::string_view, 9> methods{"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                                  "CONNECT", "OPTIONS", "TRACE", "PATCH"};

bool is_visible(char c) noexcept {
  return c > ' ' && c < 0x7F;
}

bool is_letter_or_digit(char c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool is_name_character(char c) noexcept {
  return is_letter_or_digit(c) || std::string_view{"!#$%&'*+-.^_`|~"}.find(c) != std::string::npos;
}

bool is_value_character(char c) noexcept {
  return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7F);
}

/// Cuts `text` at the first `mark`; the part before it. Without one, all of it.
std::string_view cut(std::string_view& text, std::string_view mark) {
  const std::size_t at = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, at);
  text.remove_prefix(std::min(at + mark.size(), text.size()));
  return part;
}

int digit_of(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

bool decode(std::string_view text, bool plus_is_space, std::string& out) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (text.size() - i < 3) return false;
    const int high = digit_of(text[i + 1]);
    const int low = digit_of(text[i + 2]);
    if (high < 0 || low < 0) return false;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return true;
}

bool read_target(std::string_view target, HttpRequest& request) {
  if (target.empty() || target.front() != '/' || target.find('#') != target.npos ||
      !std::all_of(target.begin(), target.end(), is_visible))
    return false;
  if (!decode(cut(target, "?"), false, request.path)) return false;
  while (!target.empty()) {
    std::string_view value = cut(target, "&");
    if (value.empty()) continue;
    auto& [name, decoded] = request.query.emplace_back();
    if (!decode(cut(value, "="), true, name) || !decode(value, true, decoded)) return false;
  }
  return true;
}

bool read_first_line(std::string_view line, HttpRequest& request) {
  const std::string_view method = cut(line, " ");
  const std::string_view target = cut(line, " ");
  if (std::find(methods.begin(), methods.end(), method) == methods.end()) return false;
  if (line != "HTTP/1.1" && line != "HTTP/1.0") return false;
  request.method = method;
  return read_target(target, request);
}

bool read_header(std::string_view line, HttpRequest& request) {
  const std::size_t colon = line.find(':');
  if (colon == 0 || colon == line.npos) return false;
  const std::string_view name = line.substr(0, colon);
  std::string_view value = line.substr(colon + 1);
  if (!std::all_of(name.begin(), name.end(), is_name_character) ||
      !std::all_of(value.begin(), value.end(), is_value_character))
    return false;
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  value = value.substr(0, value.find_last_not_of(" \t") + 1);
  request.headers.emplace_back(name, value);
  return true;
}

}  // namespace

bool read_request_head(std::string_view head, HttpRequest& request) {
  if (!read_first_line(cut(head, line_end), request)) return false;
  while (!head.empty()) {
    const std::string_view line = cut(head, line_end);
    if (line.empty()) return head.empty();
    if (!read_header(line, request)) return false;
  }
  return false;
}

}  // namespace coreloop::io
