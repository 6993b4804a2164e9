// Canned outputs.
#include "bench/redis/relay.hpp"

#include <array>
#include <chrono>
#include <initializer_list>

#include "bench/redis/resp_socket.hpp"
#include "io/redis/resp_command.hpp"

namespace coreloop::bench {
namespace {

// Taken from a run of the engine on the benchmark's own signals.
constexpr std::string_view approval =
    R"({"symbol": "BTCUSDT", "action": "BUY", "confidence": 0.85, "position_size_usd": 100000.0, "position_size_pct": 0.0001, "risk_amount_usd": 2000.0, "kelly_optimal": 0.0001, "timestamp": "2026-11-22T20:44:58.330219Z", "source": "ensemble_v5", "approved_by": "risk_safety"})";
constexpr std::string_view execution =
    R"({"symbol": "BTCUSDT", "action": "BUY", "entry_price": 95020.02300024, "position_size_usd": 99999.99273865, "leverage": 1.0, "timestamp": "2026-11-22T20:44:58.330219Z", "order_id": "PAPER-0005DEECE66E", "status": "filled", "slippage_pct": 0.00020024, "fee_usd": 39.99999710})";
constexpr std::string_view position =
    R"({"symbol": "BTCUSDT", "side": "LONG", "entry_price": 95020.02300024, "current_price": 95000.0, "size_usd": 99999.99273865, "unrealized_pnl": -21.06546181, "realized_pnl": 0.0, "timestamp": "2026-11-22T20:44:58.330219Z"})";
constexpr std::string_view cause = "trade.signal.v5/1795395879300-0";

// What stands in a canned command where an id and a number will be.
constexpr std::string_view id_place = "\x01";
constexpr std::string_view number_place = "\x02";

using Words = std::vector<std::string_view>;

Words output_words(std::string_view stream, std::string_view id, bool trims,
                   std::initializer_list<std::string_view> fields) {
  Words words{"XADD", stream};
  if (trims) words.insert(words.end(), {"MAXLEN", "~", "10000"});
  words.push_back(id);
  words.insert(words.end(), fields);
  return words;
}

Words approval_words(std::string_view id, std::string_view n, bool trims) {
  return output_words("trade.signal.safe", id, trims,
                      {"data", approval, "seq", n, "cause", cause, "acct", "main"});
}

Words execution_words(std::string_view id, std::string_view n, bool trims) {
  return output_words("trade.execution.res", id, trims,
                      {"data", execution, "seq", n, "cause", cause, "acct", "main", "qty",
                       "1.05240907", "model", "uniform"});
}

Words position_words(std::string_view id, std::string_view n, bool trims) {
  return output_words("trade.position.update", id, trims,
                      {"data", position, "seq", n, "cause", cause, "acct", "main"});
}

}  // namespace

CannedCommand::CannedCommand(const std::vector<std::string_view>& words) {
  append_command(before_id_, words);
  const auto split = [](std::string& text, std::string_view place) {
    std::string mark;
    io::append_word(mark, place);
    const std::size_t at = text.find(mark);
    std::string rest = text.substr(at + mark.size());
    text.resize(at);
    return rest;
  };
  before_number_ = split(before_id_, id_place);
  rest_ = split(before_number_, number_place);
}

void CannedCommand::append(std::string& out, std::string_view id, std::string_view n) const {
  out += before_id_;
  io::append_word(out, id);
  out += before_number_;
  io::append_word(out, n);
  out += rest_;
}

CannedCommand canned_approval(bool trims) {
  return CannedCommand(approval_words(id_place, number_place, trims));
}

std::vector<std::string_view> canned_approval_words(bool trims) {
  return approval_words("*", "1", trims);
}

void run_relay(const std::string& socket_path, const std::string& start) {
  RespSocket socket(socket_path);
  std::string last = start;
  std::string command;
  std::uint64_t number = 0;
  const auto outputs = [](bool trims) {
    return std::array{canned_approval(trims),
                      CannedCommand(execution_words(id_place, number_place, trims)),
                      CannedCommand(position_words(id_place, number_place, trims))};
  };
  const auto first_outputs = outputs(true);
  const auto further_outputs = outputs(false);
  std::string id;
  if (start == "$") {
    // Resolved once, as the engine does.
    append_command(command, {"XREVRANGE", "trade.signal.v5", "+", "-", "COUNT", "1"});
    socket.send(command);
    last = "0";
    for (std::int64_t left = socket.array(); left > 0; --left) {
      static_cast<void>(socket.array());
      last = socket.bulk();
      socket.skip();
    }
  }
  for (;;) {
    command.clear();
    append_command(command,
                   {"XREAD", "COUNT", "1024", "BLOCK", "1000", "STREAMS", "trade.signal.v5", last});
    socket.send(command);
    const std::int64_t count = pull_entries(socket, last);
    if (count == 0) continue;
    const std::string ms = std::to_string(std::chrono::system_clock::now().time_since_epoch() /
                                          std::chrono::milliseconds{1});
    command.clear();
    for (std::int64_t i = 0; i < count; ++i) {
      const std::string n = std::to_string(++number);
      id.assign(ms).append("-").append(n);
      for (const CannedCommand& output : i == 0 ? first_outputs : further_outputs)
        output.append(command, id, n);
    }
    socket.send(command);
    for (std::int64_t i = 0; i < 3 * count; ++i)
      socket.skip();
  }
}

}  // namespace coreloop::bench
