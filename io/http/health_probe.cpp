// The probe, over the client of the library that the server is made of.
#include "io/http/health_probe.hpp"

#include <string_view>

#include <httplib.h>

namespace coreloop::io {
namespace {

constexpr std::string_view scheme = "http://";
constexpr int connect_patience_s = 1;
constexpr int answer_patience_s = 2;
constexpr std::size_t body_bytes_max = 65'536;

std::size_t path_begin(const std::string& url) {
  return url.find('/', scheme.size());
}

std::string path_of(const std::string& url) {
  const std::size_t begin = path_begin(url);
  return begin == std::string::npos ? "/health" : url.substr(begin);
}

std::string one_line(std::string text) {
  text.resize(text.find_last_not_of("\r\n") + 1);
  for (char& letter : text) {
    if (static_cast<unsigned char>(letter) < ' ') letter = ' ';
  }
  return text;
}

}  // namespace

bool is_health_url(const std::string& url) {
  if (url.compare(0, scheme.size(), scheme) != 0) return false;
  if (path_begin(url) == scheme.size() || url.size() == scheme.size()) return false;
  return url.find_first_of(" \t\r\n") == std::string::npos &&
         httplib::Client(url.substr(0, path_begin(url))).is_valid();
}

HealthFinding probe_health(const std::string& url) {
  httplib::Client client(url.substr(0, path_begin(url)));
  client.set_connection_timeout(connect_patience_s);
  client.set_read_timeout(answer_patience_s);
  std::string body;
  const httplib::Result answer = client.Get(path_of(url), [&](const char* data, std::size_t size) {
    body.append(data, size);
    return body.size() <= body_bytes_max;
  });
  if (!answer) return {false, url + ": " + httplib::to_string(answer.error())};
  if (body.empty()) body = url + ": " + std::to_string(answer->status);
  return {answer->status == 200, one_line(std::move(body))};
}

}  // namespace coreloop::io
