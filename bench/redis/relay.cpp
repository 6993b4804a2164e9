// Canned outputs.
#include "bench/redis/relay.hpp"

#include <algorithm>
#include <chrono>
#include <initializer_list>
#include <span>

#include "bench/redis/resp_socket.hpp"

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

// Without a call for memory: what the yardstick wastes, the engine would be praised for.
void append_output(std::string& out, std::string_view stream, std::string_view id, bool trims,
                   std::initializer_list<std::string_view> fields) {
  constexpr std::array<std::string_view, 3> trimming{"MAXLEN", "~", "10000"};
  std::array<std::string_view, 24> words{"XADD", stream};
  auto end = words.begin() + 2;
  if (trims) end = std::copy(trimming.begin(), trimming.end(), end);
  *end++ = id;
  end = std::copy(fields.begin(), fields.end(), end);
  append_command(out, std::span<const std::string_view>(
                          words.data(), static_cast<std::size_t>(end - words.begin())));
}

}  // namespace

std::array<std::string_view, 14> canned_approval(std::string_view id, std::string_view n) {
  return {"XADD",   "trade.signal.safe",
          "MAXLEN", "~",
          "10000",  id,
          "data",   approval,
          "seq",    n,
          "cause",  cause,
          "acct",   "main"};
}

void append_canned_outputs(std::string& out, const std::string& ms, const std::string& n,
                           bool trims) {
  const std::string id = ms + "-" + n;
  append_output(out, "trade.signal.safe", id, trims,
                {"data", approval, "seq", n, "cause", cause, "acct", "main"});
  append_output(out, "trade.execution.res", id, trims,
                {"data", execution, "seq", n, "cause", cause, "acct", "main", "qty", "1.05240907",
                 "model", "uniform"});
  append_output(out, "trade.position.update", id, trims,
                {"data", position, "seq", n, "cause", cause, "acct", "main"});
}

void run_relay(const std::string& socket_path, const std::string& start) {
  RespSocket socket(socket_path);
  std::string last = start;
  std::string command;
  std::uint64_t number = 0;
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
    for (std::int64_t i = 0; i < count; ++i)
      append_canned_outputs(command, ms, std::to_string(++number), i == 0);
    socket.send(command);
    for (std::int64_t i = 0; i < 3 * count; ++i)
      socket.skip();
  }
}

}  // namespace coreloop::bench
