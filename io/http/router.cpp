// Paths, methods and parameters.
#include "io/http/router.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>

#include "io/codec/field_reader.hpp"
#include "io/codec/signal_codec.hpp"
#include "io/http/book_totals.hpp"
#include "io/http/command_json.hpp"
#include "io/http/metrics.hpp"
#include "io/http/request_guards.hpp"
#include "io/http/service_json.hpp"
#include "stages/decimal.hpp"

namespace coreloop::io {
namespace {

constexpr std::array<std::string_view, 9> get_paths{"/health",    "/ready",     "/metrics",
                                                    "/latency",   "/risk",      "/execution",
                                                    "/portfolio", "/positions", "/prices"};
constexpr std::array<std::string_view, 3> post_paths{"/halt", "/resume", "/reset"};
constexpr std::string_view prices_prefix = "/prices/";
constexpr std::string_view close_prefix = "/close/";
constexpr std::size_t price_bytes_max = 64;

bool begins_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

template <class Paths>
bool has(const Paths& paths, std::string_view path) {
  return std::find(paths.begin(), paths.end(), path) != paths.end();
}

bool is_post_path(std::string_view path) {
  return has(post_paths, path) || begins_with(path, prices_prefix) ||
         begins_with(path, close_prefix);
}

HttpAnswer json_answer(std::string body, int status = 200) {
  return {status, json_type, std::move(body)};
}

HttpAnswer wrong_method(const char* allowed) {
  HttpAnswer answer = problem(405, "this path is asked another way: see Allow");
  answer.headers.emplace_back("Allow", allowed);
  return answer;
}

HttpAnswer busy(std::string_view detail) {
  HttpAnswer answer = problem(503, detail);
  answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

/// The one parameter a route takes, or why it cannot be had.
struct Parameter {
  std::string_view value;
  bool is_given = false;
  bool is_wrong = false;  ///< another parameter, or this one twice
};

Parameter only_parameter(const HttpRequest& request, std::string_view name) {
  Parameter found;
  for (const auto& [key, value] : request.query) {
    if (key != name || found.is_given) found.is_wrong = true;
    found.is_given = true;
    found.value = value;
  }
  return found;
}

bool is_positive_price(std::string_view text) {
  if (text.size() > price_bytes_max || !stages::is_json_number(text)) return false;
  const stages::Decimal number = stages::read_decimal(text);
  return !number.rounds_out() && number.rounded() > 0;
}

/// Counts the thread in while it waits for a command.
class WaitingPlace {
 public:
  explicit WaitingPlace(std::atomic<int>& waiting) : waiting_(waiting), before_(waiting_++) {}
  ~WaitingPlace() { --waiting_; }
  WaitingPlace(const WaitingPlace&) = delete;
  WaitingPlace& operator=(const WaitingPlace&) = delete;
  [[nodiscard]] int before() const { return before_; }

 private:
  std::atomic<int>& waiting_;
  int before_;
};

}  // namespace

HttpAnswer Router::answer(const HttpRequest& request) {
  requests_.fetch_add(1, std::memory_order_relaxed);
  if (auto refusal = refusal_of(request)) return *std::move(refusal);
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (has(get_paths, request.path)) return is_get ? get(request) : wrong_method("GET, HEAD");
  if (is_post_path(request.path))
    return request.method == "POST" ? post(request) : wrong_method("POST");
  return problem(404, "no such path");
}

HttpAnswer Router::get(const HttpRequest& request) {
  if (request.path == "/portfolio" || request.path == "/positions" || request.path == "/risk")
    return get_books(request);
  if (!request.query.empty()) return problem(400, "this path takes no parameter");
  if (request.path == "/metrics") return metrics();
  if (request.path == "/latency") return json_answer(latency_json(desk_.timing()));
  if (request.path == "/ready") {
    const LifeState state = desk_.state();
    const RedisFacts redis = desk_.redis();
    return json_answer(ready_json(state, redis), is_ready(state, redis) ? 200 : 503);
  }
  const ViewCopies views = desk_.views();
  if (request.path == "/health")
    return json_answer(health_json(desk_.state(), desk_.uptime_ns(), views));
  if (!views.is_complete()) return busy("the engine is not running yet");
  return json_answer(request.path == "/execution" ? execution_json(views) : prices_json(views));
}

HttpAnswer Router::get_books(const HttpRequest& request) {
  const Parameter account = only_parameter(request, "account");
  if (account.is_wrong) return problem(400, "this path takes one parameter, account");
  if (account.is_given && !is_account(account.value))
    return problem(400, "account must be 1 to 32 of [A-Za-z0-9._-]");
  const ViewCopies views = desk_.views();
  if (!views.is_complete()) return busy("the engine is not running yet");
  const std::string_view name = account.is_given ? account.value : default_account;
  const std::size_t count = std::min(views.books->accounts.size(), views.risk->accounts.size());
  const auto id = find_account(*views.names, count, name);
  if (!id && name != default_account) return problem(404, "no such account");
  if (request.path == "/risk") return json_answer(risk_json(views, id));
  if (request.path == "/portfolio") return json_answer(portfolio_json(views, id));
  return json_answer(positions_json(views, id, desk_.order_seed()));
}

HttpAnswer Router::metrics() {
  const auto begin = std::chrono::steady_clock::now();
  const ViewCopies views = desk_.views();
  const TimingFacts timing = desk_.timing();
  const RedisFacts redis = desk_.redis();
  MetricsText text;
  write_business_metrics(views, timing, redis, text);
  write_engine_metrics(desk_.state(), views, timing, desk_.build(), text);
  write_redis_metrics(redis, text);
  write_process_metrics(read_process_facts(), start_unix_ns_, text);
  text.counter("coreloop_http_requests_total", "HTTP requests.")
      .sample({}, requests_.load(std::memory_order_relaxed));
  text.counter("coreloop_http_commands_total", "Commands that were queued.")
      .sample({}, commands_.load(std::memory_order_relaxed));
  text.gauge("coreloop_scrape_duration_seconds", "What the scrape before this one took.")
      .seconds({}, scrape_ns_.load(std::memory_order_relaxed));
  const std::chrono::nanoseconds spent = std::chrono::steady_clock::now() - begin;
  scrape_ns_.store(spent.count(), std::memory_order_relaxed);
  return {200, metrics_type, text.take()};
}

HttpAnswer Router::post(const HttpRequest& request) {
  const std::string_view path = request.path;
  if (begins_with(path, prices_prefix))
    return post_price(request, path.substr(prices_prefix.size()));
  if (begins_with(path, close_prefix)) return post_close(request, path.substr(close_prefix.size()));
  if (path == "/reset") return post_reset(request);
  if (!request.query.empty()) return problem(400, "this path takes no parameter");
  return run_command({.command = path.substr(1)});
}

HttpAnswer Router::post_price(const HttpRequest& request, std::string_view symbol) {
  if (!is_symbol(symbol)) return problem(400, "symbol must be 1 to 32 of [A-Z0-9._:/-]");
  const Parameter price = only_parameter(request, "price");
  if (!price.is_given || price.is_wrong)
    return problem(400, "this path takes one parameter, price");
  if (!is_positive_price(price.value)) return problem(400, "price must be a number above 0");
  return run_command({.command = "price", .symbol = symbol, .price = price.value});
}

HttpAnswer Router::post_close(const HttpRequest& request, std::string_view symbol) {
  if (!is_symbol(symbol)) return problem(400, "symbol must be 1 to 32 of [A-Z0-9._:/-]");
  const Parameter account = only_parameter(request, "account");
  if (account.is_wrong) return problem(400, "this path takes one parameter, account");
  if (account.is_given && !is_account(account.value))
    return problem(400, "account must be 1 to 32 of [A-Za-z0-9._-]");
  return run_command({.command = "close", .symbol = symbol, .account = account.value});
}

HttpAnswer Router::post_reset(const HttpRequest& request) {
  const Parameter service = only_parameter(request, "service");
  constexpr std::array<std::string_view, 3> services{"risk", "execution", "position"};
  if (service.is_wrong || (service.is_given && !has(services, service.value)))
    return problem(400, "this path takes one parameter, service: risk, execution or position");
  return run_command({.command = "reset", .service = service.value});
}

HttpAnswer Router::run_command(const CommandRequest& command) {
  if (desk_.state() != LifeState::running)
    return busy("the engine is not running; nothing was changed");
  const WaitingPlace place(waiting_);
  if (place.before() >= waiting_max)
    return busy("too many commands are waiting; nothing was changed");
  const std::uint64_t ticket = desk_.submit(command);
  if (ticket == 0) return busy("no command can be taken now; nothing was changed");
  commands_.fetch_add(1, std::memory_order_relaxed);
  return command_answer(command, desk_.wait(ticket));
}

}  // namespace coreloop::io
