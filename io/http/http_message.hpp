// A request and an answer as the routes see them, whatever server carries them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace coreloop::io {

using HttpFields = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;  ///< upper case
  std::string path;    ///< percent-decoded, without the query
  HttpFields query;    ///< percent-decoded, in order
  HttpFields headers;

  /// Values of a header, whatever the case of its name.
  [[nodiscard]] std::vector<std::string_view> header(std::string_view name) const;
};

struct HttpAnswer {
  int status = 200;
  std::string content_type;
  std::string body;
  HttpFields headers = {};  ///< constant texts only: nothing of the request goes in here
};

inline constexpr const char* json_type = "application/json";
inline constexpr const char* problem_type = "application/problem+json";
inline constexpr const char* metrics_type = "text/plain; version=0.0.4; charset=utf-8";

/// The standard's word for a status we use.
[[nodiscard]] std::string_view title_of(int status) noexcept;

/// An error as RFC 9457 has it. `detail`: our words, nothing of the request.
[[nodiscard]] HttpAnswer problem(int status, std::string_view detail);

}  // namespace coreloop::io
