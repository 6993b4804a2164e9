// Results of commands as JSON.
#include "io/http/command_json.hpp"

#include "io/http/json_writer.hpp"
#include "stages/decimal.hpp"

namespace coreloop::io {
namespace {

void add_words(JsonWriter& json, const CommandRequest& command) {
  json.add("command", command.command);
  if (!command.symbol.empty()) json.add("symbol", command.symbol);
  if (!command.account.empty()) json.add("account", command.account);
  if (!command.service.empty()) json.add("service", command.service);
  if (!command.price.empty())
    json.add_amount("price", stages::read_decimal(command.price).rounded());
}

void add_profit(JsonWriter& json, const CommandResult& result) {
  json.add_amount("pnl", result.realized_pnl)
      .add_amount("pnl_pct", quotient(static_cast<stages::Int128>(result.realized_pnl) * 100,
                                      result.entry_value));
}

void add_close(JsonWriter& json, const CommandResult& result) {
  add_profit(json, result);
  json.add_amount("price", result.price)
      .add_amount("quantity", result.quantity)
      .add_amount("fee_usd", result.fee);
}

HttpAnswer refused(const CommandRequest& command, const CommandResult& result) {
  const bool is_close = command.command == "close";
  JsonWriter json;
  json.open_object()
      .add("type", "about:blank")
      .add("title", title_of(409))
      .add("status", std::uint64_t{409})
      .add("detail", is_close ? "no position that could be closed" : "no room for another symbol")
      .add("reason", is_close ? "NOTHING_TO_CLOSE" : "TABLE_FULL")
      .add_flag("applied", false)
      .add("sequence", result.sequence);
  add_words(json, command);
  json.close();
  return {409, problem_type, json.take()};
}

}  // namespace

HttpAnswer command_answer(const CommandRequest& command, const CommandResult& result) {
  JsonWriter json;
  switch (result.state) {
    case CommandState::applied:
      json.open_object().add("sequence", result.sequence).add_flag("applied", true);
      add_words(json, command);
      if (command.command == "close") add_close(json, result);
      json.add_time("applied_at", result.log_unix_ns).close();
      return {200, json_type, json.take()};
    case CommandState::queued:
    case CommandState::claimed:
      json.open_object();
      if (result.sequence == 0)
        json.add_null("sequence");
      else
        json.add("sequence", result.sequence);
      json.add_flag("applied", false);
      add_words(json, command);
      json.close();
      return {202, json_type, json.take()};
    case CommandState::refused:
      return refused(command, result);
    case CommandState::none:
    case CommandState::cancelled:
      break;
  }
  return problem(503, "the engine is stopping; nothing was changed");
}

HttpAnswer position_close_answer(const CommandRequest& command, const CommandResult& result) {
  if (result.state != CommandState::applied) return command_answer(command, result);
  JsonWriter json;
  json.open_object().add("symbol", command.symbol);
  add_profit(json, result);
  json.close();
  return {200, json_type, json.take()};
}

}  // namespace coreloop::io
