// From the desk to an answer.
#include "io/http/route_views.hpp"

#include <algorithm>
#include <chrono>
#include <string>

#include "io/codec/signal_codec.hpp"
#include "io/http/book_totals.hpp"
#include "io/http/history.hpp"
#include "io/http/live_json.hpp"
#include "io/http/metrics.hpp"
#include "io/http/service_json.hpp"

namespace coreloop::io {
namespace {

HttpAnswer json_answer(std::string body, int status = 200) {
  return {status, json_type, std::move(body)};
}

/// `write` of the views, once there are all.
template <class Write>
HttpAnswer answer_of_views(const ViewRequest& request, const Write& write) {
  const ViewCopies views = request.desk.views();
  if (!views.is_complete()) return busy("the engine is not running yet");
  return json_answer(write(views));
}

/// `write` of the views and the id of the account that is asked for: of `main`, where no other is,
/// which may have no row yet.
template <class Write>
HttpAnswer answer_of_account(const ViewRequest& request, const Write& write) {
  const ViewCopies views = request.desk.views();
  if (!views.is_complete()) return busy("the engine is not running yet");
  const std::string_view name = request.account.empty() ? default_account : request.account;
  const std::size_t count = std::min(views.books->accounts.size(), views.risk->accounts.size());
  const auto id = find_account(*views.names, count, name);
  if (!id && name != default_account) return problem(404, "no such account");
  return json_answer(write(views, id));
}

}  // namespace

HttpAnswer busy(std::string_view detail) {
  HttpAnswer answer = problem(503, detail);
  answer.headers.emplace_back("Retry-After", "1");
  return answer;
}

HttpAnswer show_health(const ViewRequest& request) {
  EngineDesk& desk = request.desk;
  if (!request.is_trusted) return json_answer(liveness_json(desk.state(), desk.uptime_ns()));
  return json_answer(health_json(desk.state(), desk.uptime_ns(), desk.views()));
}

HttpAnswer show_ready(const ViewRequest& request) {
  const LifeState state = request.desk.state();
  const RedisFacts redis = request.desk.redis();
  return json_answer(ready_json(state, redis), is_ready(state, redis) ? 200 : 503);
}

HttpAnswer show_metrics(const ViewRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  EngineDesk& desk = request.desk;
  HttpCounters& counters = request.counters;
  const ViewCopies views = desk.views();
  const TimingFacts timing = desk.timing();
  const RedisFacts redis = desk.redis();
  MetricsText text;
  write_business_metrics(views, timing, redis, text);
  write_engine_metrics(desk.state(), views, timing, desk.build(), text);
  write_redis_metrics(redis, text);
  write_journal_metrics(desk.journal(), text);
  write_process_metrics(read_process_facts(), desk.start_unix_ns(), text);
  text.counter("coreloop_http_requests_total", "HTTP requests.")
      .sample({}, counters.requests.load(std::memory_order_relaxed));
  text.counter("coreloop_http_commands_total", "Commands that were queued.")
      .sample({}, counters.commands.load(std::memory_order_relaxed));
  text.counter("coreloop_http_commands_repeated_total",
               "Commands that an Idempotency-Key had brought before, answered from memory.")
      .sample({}, counters.commands_repeated.load(std::memory_order_relaxed));
  text.counter("coreloop_http_commands_limited_total",
               "Commands refused because there were too many in a second.")
      .sample({}, counters.commands_limited.load(std::memory_order_relaxed));
  text.counter("coreloop_http_without_token_total",
               "HTTP requests refused for want of the token, or with a wrong one.")
      .sample({}, counters.without_token.load(std::memory_order_relaxed));
  text.counter("coreloop_http_deadline_total", "Connections cut before their request was there.")
      .sample({}, counters.heads_cut.load(std::memory_order_relaxed));
  text.gauge("coreloop_scrape_duration_seconds", "What the scrape before this one took.")
      .seconds({}, counters.scrape_ns.load(std::memory_order_relaxed));
  const std::chrono::nanoseconds spent = std::chrono::steady_clock::now() - begin;
  counters.scrape_ns.store(spent.count(), std::memory_order_relaxed);
  return {200, metrics_type, text.take()};
}

HttpAnswer show_latency(const ViewRequest& request) {
  return json_answer(latency_json(request.desk.timing()));
}

HttpAnswer show_risk(const ViewRequest& request) {
  return answer_of_account(request, [](const ViewCopies& views, auto account) {
    return risk_json(views, account, KeySet::engine);
  });
}

HttpAnswer show_risk_stats(const ViewRequest& request) {
  return answer_of_account(request, [](const ViewCopies& views, auto account) {
    return risk_json(views, account, KeySet::service);
  });
}

HttpAnswer show_execution(const ViewRequest& request) {
  return answer_of_views(
      request, [](const ViewCopies& views) { return execution_json(views, KeySet::engine); });
}

HttpAnswer show_execution_stats(const ViewRequest& request) {
  return answer_of_views(
      request, [](const ViewCopies& views) { return execution_json(views, KeySet::service); });
}

HttpAnswer show_portfolio(const ViewRequest& request) {
  return answer_of_account(request, [](const ViewCopies& views, auto account) {
    return portfolio_json(views, account, KeySet::engine);
  });
}

HttpAnswer show_position_portfolio(const ViewRequest& request) {
  return answer_of_account(request, [](const ViewCopies& views, auto account) {
    return portfolio_json(views, account, KeySet::service);
  });
}

HttpAnswer show_risk_health(const ViewRequest& request) {
  return json_answer(risk_health_json(request.desk.uptime_ns(), request.desk.views()));
}

HttpAnswer show_execution_health(const ViewRequest& request) {
  return json_answer(execution_health_json(request.desk.uptime_ns(), request.desk.views()));
}

HttpAnswer show_position_health(const ViewRequest& request) {
  return json_answer(position_health_json(request.desk.uptime_ns(), request.desk.views()));
}

HttpAnswer show_positions(const ViewRequest& request) {
  const std::uint64_t seed = request.desk.order_seed();
  return answer_of_account(request, [seed](const ViewCopies& views, auto account) {
    return positions_json(views, account, seed);
  });
}

HttpAnswer show_prices(const ViewRequest& request) {
  return answer_of_views(request, prices_json);
}

HttpAnswer show_redis(const ViewRequest& request) {
  return json_answer(redis_json(request.desk.redis()));
}

HttpAnswer show_errors(const ViewRequest& request) {
  return json_answer(errors_json(request.desk.errors(), request.desk.views()));
}

HttpAnswer show_history(const ViewRequest& request) {
  return answer_of_account(request, [&request](const ViewCopies& views, auto account) {
    return history_json(request.desk.history(), views, account);
  });
}

HttpAnswer show_openapi(const ViewRequest& request) {
  return json_answer(std::string{request.listener.openapi});
}

}  // namespace coreloop::io
