// The routes: a request in, an answer out. Knows no socket; any number of threads may ask at once.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string_view>

#include "io/http/engine_desk.hpp"
#include "io/http/http_message.hpp"

namespace coreloop::io {

class Router {
 public:
  /// `desk` must outlive it. `start_unix_ns`: when the process began.
  Router(EngineDesk& desk, std::int64_t start_unix_ns)
      : desk_(desk), start_unix_ns_(start_unix_ns) {}

  [[nodiscard]] HttpAnswer answer(const HttpRequest& request);

 private:
  /// Commands that may wait for their result at the same time: fewer than the server has threads,
  /// so that somebody can always look.
  static constexpr int waiting_max = 2;

  [[nodiscard]] HttpAnswer get(const HttpRequest& request);
  [[nodiscard]] HttpAnswer get_books(const HttpRequest& request);
  [[nodiscard]] HttpAnswer metrics();
  [[nodiscard]] HttpAnswer post(const HttpRequest& request);
  [[nodiscard]] HttpAnswer post_price(const HttpRequest& request, std::string_view symbol);
  [[nodiscard]] HttpAnswer post_close(const HttpRequest& request, std::string_view symbol);
  [[nodiscard]] HttpAnswer post_reset(const HttpRequest& request);
  [[nodiscard]] HttpAnswer run_command(const CommandRequest& command);

  EngineDesk& desk_;
  std::int64_t start_unix_ns_;
  std::atomic<int> waiting_{0};
  std::atomic<std::uint64_t> requests_{0};
  std::atomic<std::uint64_t> commands_{0};
  std::atomic<std::int64_t> scrape_ns_{0};  ///< what the last scrape took
};

}  // namespace coreloop::io
