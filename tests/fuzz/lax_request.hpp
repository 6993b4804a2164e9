// A request's head as the most careless reader would take it: what such a reader and the strict one
// read differently is what a request can be smuggled through. And a head, written from a request.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/http/http_message.hpp"
#include "tests/fuzz/input_bytes.hpp"

namespace coreloop::tests {

struct LaxRequest {
  std::vector<std::string_view> words;  ///< of the first line, between blanks of any kind
  std::vector<std::pair<std::string, std::string>> headers;  ///< names in lower case

  /// How many lines have this name, which is in lower case.
  [[nodiscard]] std::size_t count(std::string_view name) const {
    std::size_t found = 0;
    for (const auto& header : headers)
      found += header.first == name ? 1u : 0u;
    return found;
  }
};

[[nodiscard]] inline std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks{" \t\r\v\f\0", 6};
  const std::size_t begin = text.find_first_not_of(blanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

[[nodiscard]] inline std::string in_lower_case(std::string_view text) {
  std::string lower{text};
  for (char& c : lower)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

/// Reads `head`: CR and LF each end a line, blanks of any kind stand for nothing, and a line
/// without a colon is a name.
[[nodiscard]] inline LaxRequest read_laxly(std::string_view head) {
  LaxRequest request;
  bool is_first = true;
  for (const std::string_view part : pieces_of(head, '\n')) {
    for (const std::string_view line : pieces_of(part, '\r')) {
      if (trimmed(line).empty()) continue;
      if (is_first) {
        is_first = false;
        for (const std::string_view word : pieces_of(line, ' '))
          if (!trimmed(word).empty()) request.words.push_back(trimmed(word));
        continue;
      }
      const std::size_t colon = std::min(line.find(':'), line.size());
      const std::string_view value = line.substr(std::min(colon + 1, line.size()));
      request.headers.emplace_back(in_lower_case(trimmed(line.substr(0, colon))), trimmed(value));
    }
  }
  return request;
}

inline void write_encoded(std::string_view text, std::string& out) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '/';
    if (is_plain) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    (out += '%') += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

/// The plainest head that says the same.
[[nodiscard]] inline std::string written(const io::HttpRequest& request) {
  std::string head = request.method + " ";
  write_encoded(request.path, head);
  for (std::size_t i = 0; i < request.query.size(); ++i) {
    head += i == 0 ? '?' : '&';
    write_encoded(request.query[i].first, head);
    head += '=';
    write_encoded(request.query[i].second, head);
  }
  head += " HTTP/1.1\r\n";
  for (const auto& [name, value] : request.headers)
    head += name + ": " + value + "\r\n";
  return head + "\r\n";
}

}  // namespace coreloop::tests
