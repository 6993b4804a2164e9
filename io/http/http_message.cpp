// Headers by name, and errors as JSON.
#include "io/http/http_message.hpp"

#include <algorithm>
#include <array>

#include "io/http/json_writer.hpp"

namespace coreloop::io {
namespace {

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

struct StatusTitle {
  int status;
  std::string_view title;
};
constexpr std::array<StatusTitle, 19> titles{{{200, "OK"},
                                              {202, "Accepted"},
                                              {400, "Bad Request"},
                                              {401, "Unauthorized"},
                                              {403, "Forbidden"},
                                              {404, "Not Found"},
                                              {405, "Method Not Allowed"},
                                              {408, "Request Timeout"},
                                              {409, "Conflict"},
                                              {411, "Length Required"},
                                              {413, "Content Too Large"},
                                              {414, "URI Too Long"},
                                              {415, "Unsupported Media Type"},
                                              {417, "Expectation Failed"},
                                              {421, "Misdirected Request"},
                                              {422, "Unprocessable Content"},
                                              {429, "Too Many Requests"},
                                              {431, "Request Header Fields Too Large"},
                                              {503, "Service Unavailable"}}};

}  // namespace

std::vector<std::string_view> HttpRequest::header(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : headers) {
    const bool is_same = std::equal(key.begin(), key.end(), name.begin(), name.end(),
                                    [](char a, char b) { return lower(a) == lower(b); });
    if (is_same) values.push_back(value);
  }
  return values;
}

std::string_view title_of(int status) noexcept {
  for (const StatusTitle& row : titles) {
    if (row.status == status) return row.title;
  }
  return status < 500 ? "Error" : "Internal Server Error";
}

HttpAnswer problem(int status, std::string_view detail) {
  JsonWriter json;
  json.open_object()
      .add("type", "about:blank")
      .add("title", title_of(status))
      .add("status", static_cast<std::uint64_t>(status))
      .add("detail", detail)
      .close();
  return {status, problem_type, json.take()};
}

}  // namespace coreloop::io
