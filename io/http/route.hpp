// What a listener answers, as data: a listener is a table of routes over the one desk. A GET shows
// a view of the desk; a POST is a command of the engine's ordered input, and how its result is
// told.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "io/http/command_json.hpp"
#include "io/http/engine_desk.hpp"
#include "io/http/http_message.hpp"

namespace coreloop::io {

struct Listener;

/// Over all listeners.
struct HttpCounters {
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> commands{0};           ///< that were queued
  std::atomic<std::uint64_t> commands_repeated{0};  ///< that an Idempotency-Key had brought before
  std::atomic<std::uint64_t> commands_limited{0};   ///< that were too many in a second
  std::atomic<std::uint64_t> without_token{0};      ///< refused without the token, or a wrong one
  std::atomic<std::uint64_t> heads_cut{0};          ///< connections without a request in time
  std::atomic<std::int64_t> scrape_ns{0};           ///< what the last scrape took
};

/// What a view is made from.
struct ViewRequest {
  EngineDesk& desk;
  HttpCounters& counters;
  const Listener& listener;
  std::string_view account;  ///< of the query; empty: none given
  bool is_trusted = true;    ///< false: without the token that is asked for
};

/// The one parameter that may stand in the query.
enum class Parameter : std::uint8_t { none, account, price, service };

struct Route {
  using View = HttpAnswer (*)(const ViewRequest&);
  using Result = HttpAnswer (*)(const CommandRequest&, const CommandResult&);

  std::string_view path;  ///< with `{symbol}` at its end, a symbol is the rest of the path
  Parameter parameter = Parameter::none;
  View view = nullptr;            ///< of a GET; nullptr: it is a POST
  std::string_view command = {};  ///< of a POST
  std::string_view service = {};  ///< whose counters this POST is about, where that is fixed
  Result result = command_answer;
  bool is_open = false;  ///< asks for no token: shows nothing of the books, changes nothing

  [[nodiscard]] bool is_get() const noexcept { return view != nullptr; }
};

struct Listener {
  std::string_view name;  ///< of the service whose place it takes; empty: our own
  std::span<const Route> routes;
  std::string_view openapi;      ///< JSON
  std::size_t thread_count = 2;  ///< that answer

  /// Commands that may wait for their result at the same time: fewer than the server has threads,
  /// so that somebody can always look.
  [[nodiscard]] int waiting_max() const noexcept { return static_cast<int>(thread_count / 2); }
};

}  // namespace coreloop::io
