// Paths, methods and parameters.
#include "io/http/router.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "io/codec/field_reader.hpp"
#include "io/codec/signal_codec.hpp"
#include "io/http/request_guards.hpp"
#include "io/http/route_views.hpp"
#include "stages/decimal.hpp"

namespace coreloop::io {
namespace {

constexpr std::string_view symbol_mark = "{symbol}";
constexpr std::size_t price_bytes_max = 64;

struct Match {
  const Route* route = nullptr;  ///< nullptr: no such path
  std::optional<std::string_view> symbol;
};

Match find_route(const Listener& listener, std::string_view path) {
  for (const Route& route : listener.routes) {
    if (route.path == path) return {&route, std::nullopt};
    if (!route.path.ends_with(symbol_mark)) continue;
    const std::string_view prefix = route.path.substr(0, route.path.size() - symbol_mark.size());
    if (path.starts_with(prefix)) return {&route, path.substr(prefix.size())};
  }
  return {};
}

HttpAnswer wrong_method(const Route& route) {
  HttpAnswer answer = problem(405, "this path is asked another way: see Allow");
  answer.headers.emplace_back("Allow", route.is_get() ? "GET, HEAD" : "POST");
  return answer;
}

bool is_positive_price(std::string_view text) {
  if (text.size() > price_bytes_max || !stages::is_json_number(text)) return false;
  const stages::Decimal number = stages::read_decimal(text);
  return !number.rounds_out() && number.rounded() > 0;
}

bool is_service(std::string_view text) {
  constexpr std::array<std::string_view, 3> services{"risk", "execution", "position"};
  return std::find(services.begin(), services.end(), text) != services.end();
}

struct ParameterRule {
  std::string_view name;
  bool is_required;
  bool (*is_good)(std::string_view);
  std::string_view takes;  ///< what to say to another parameter, or this one twice
  std::string_view form;   ///< what to say to another value
};

// In the order of Parameter, behind none.
constexpr std::array<ParameterRule, 3> parameter_rules{{
    {"account", false, is_account, "this path takes one parameter, account",
     "account must be 1 to 32 of [A-Za-z0-9._-]"},
    {"price", true, is_positive_price, "this path takes one parameter, price",
     "price must be a number above 0"},
    {"service", false, is_service, "this path takes one parameter, service",
     "service must be risk, execution or position"},
}};

/// The parameter's value; empty: not given. `refusal`: why it cannot be had.
std::string_view read_parameter(const Route& route, const HttpRequest& request,
                                std::optional<HttpAnswer>& refusal) {
  if (route.parameter == Parameter::none) {
    if (!request.query.empty()) refusal = problem(400, "this path takes no parameter");
    return {};
  }
  const ParameterRule& rule = parameter_rules[static_cast<std::size_t>(route.parameter) - 1];
  if (request.query.empty() && !rule.is_required) return {};
  if (request.query.size() != 1 || request.query.front().first != rule.name) {
    refusal = problem(400, rule.takes);
    return {};
  }
  const std::string_view value = request.query.front().second;
  if (!rule.is_good(value)) refusal = problem(400, rule.form);
  return value;
}

CommandRequest command_of(const Route& route, std::string_view symbol, std::string_view value) {
  CommandRequest command{.command = route.command, .symbol = symbol, .service = route.service};
  switch (route.parameter) {
    case Parameter::none:
      break;
    case Parameter::account:
      command.account = value;
      break;
    case Parameter::price:
      command.price = value;
      break;
    case Parameter::service:
      command.service = value;
      break;
  }
  return command;
}

bool is_idempotency_key(std::string_view text) {
  return !text.empty() && text.size() <= CommandMemory::key_bytes_max &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7F; });
}

/// All that makes a command another one.
std::string words_of(const Listener& listener, const HttpRequest& request) {
  std::string words = std::string{listener.name} + " " + request.path;
  for (const auto& [name, value] : request.query)
    words += " " + name + "=" + value;
  return words;
}

/// Whether the command got into the engine's input; else nothing has happened and nothing will.
bool was_taken(const HttpAnswer& answer) {
  return answer.status == 200 || answer.status == 202 || answer.status == 409;
}

/// A key whose command is being run: forgotten unless it is settled, however that ends.
class PendingKey {
 public:
  PendingKey(CommandMemory& memory, std::string_view key) : memory_(memory), key_(key) {}
  ~PendingKey() {
    if (!is_settled_) memory_.settle(key_, std::nullopt);
  }
  PendingKey(const PendingKey&) = delete;
  PendingKey& operator=(const PendingKey&) = delete;
  void settle(const HttpAnswer& answer) {
    memory_.settle(key_, answer);
    is_settled_ = true;
  }

 private:
  CommandMemory& memory_;
  std::string_view key_;
  bool is_settled_ = false;
};

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
  counters_.requests.fetch_add(1, std::memory_order_relaxed);
  if (auto refusal = refusal_of(request, access_)) return *std::move(refusal);
  const Match match = find_route(listener_, request.path);
  const bool is_open = match.route != nullptr && match.route->is_open;
  auto distrust = refusal_without_token(request, access_.token);
  // A wrong token is a guess on an open path, too: /health would tell whether it was right.
  if (distrust && (!is_open || !request.header("Authorization").empty()))
    counters_.without_token.fetch_add(1, std::memory_order_relaxed);
  if (distrust && !is_open) return *std::move(distrust);
  if (match.route == nullptr) return problem(404, "no such path");
  const Route& route = *match.route;
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (route.is_get() ? !reads : request.method != "POST") return wrong_method(route);
  if (match.symbol && !is_symbol(*match.symbol))
    return problem(400, "symbol must be 1 to 32 of [A-Z0-9._:/-]");
  std::optional<HttpAnswer> refusal;
  const std::string_view value = read_parameter(route, request, refusal);
  if (refusal) return *std::move(refusal);
  if (route.is_get()) return route.view({desk_, counters_, listener_, value, !distrust});
  return answer_command(route, command_of(route, match.symbol.value_or(std::string_view{}), value),
                        request);
}

HttpAnswer Router::answer_command(const Route& route, const CommandRequest& command,
                                  const HttpRequest& request) {
  const auto keys = request.header("Idempotency-Key");
  if (keys.empty()) return run_command(route, command);
  if (keys.size() > 1 || !is_idempotency_key(keys.front()))
    return problem(400, "Idempotency-Key must be one of 1 to 64 visible characters");
  CommandMemory::Found found = gate_.memory.look_up(keys.front(), words_of(listener_, request));
  switch (found.recall) {
    case CommandMemory::Recall::fresh:
      break;
    case CommandMemory::Recall::pending:
      return problem(409, "the command of this Idempotency-Key is still on its way");
    case CommandMemory::Recall::answered:
      counters_.commands_repeated.fetch_add(1, std::memory_order_relaxed);
      found.answer.headers.emplace_back("Idempotent-Replayed", "true");
      return std::move(found.answer);
    case CommandMemory::Recall::other:
      return problem(422, "this Idempotency-Key came with another command before");
  }
  PendingKey pending(gate_.memory, keys.front());
  HttpAnswer answer = run_command(route, command);
  if (was_taken(answer)) pending.settle(answer);
  return answer;
}

HttpAnswer Router::run_command(const Route& route, const CommandRequest& command) {
  if (desk_.state() != LifeState::running)
    return busy("the engine is not running; nothing was changed");
  const WaitingPlace place(waiting_);
  if (place.before() >= listener_.waiting_max())
    return busy("too many commands are waiting; nothing was changed");
  if (!gate_.rate.take(desk_.uptime_ns())) {
    counters_.commands_limited.fetch_add(1, std::memory_order_relaxed);
    HttpAnswer answer = problem(429, "too many commands in a second; nothing was changed");
    answer.headers.emplace_back("Retry-After", "1");
    return answer;
  }
  const std::uint64_t ticket = desk_.submit(command);
  if (ticket == 0) return busy("no command can be taken now; nothing was changed");
  counters_.commands.fetch_add(1, std::memory_order_relaxed);
  return route.result(command, desk_.wait(ticket));
}

}  // namespace coreloop::io
