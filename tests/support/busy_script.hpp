// A run with everything in it: quotes, signals of every action and outcome, flips, dead letters of
// every code, commands good and broken, entries of streams nobody reads, pauses that make timers
// fire. The same inputs on every machine.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/support/payload_text.hpp"
#include "tests/support/scripted_source.hpp"

namespace coreloop::tests {

/// The conf of the run as `section.key=value`: small tables, so that they fill up, and limits wide
/// enough that much is traded.
[[nodiscard]] inline std::vector<std::string> busy_settings() {
  return {"input.source=capture:none",    "accounts.names=[\"main\", \"desk-1\"]",
          "accounts.accounts_max=5",      "accounts.symbols_max=8",
          "accounts.positions_max=24",    "risk.on_opposite=reverse",
          "risk.max_daily_trades=100000", "risk.cooldown_after_loss_minutes=0",
          "risk.max_drawdown_pct=0.9",    "risk.max_total_exposure_pct=2",
          "risk.dedup_window=16",         "mark.interval_s=1",
          "market.walk_interval_s=2"};
}

class BusyScript {
 public:
  static constexpr std::int64_t start_unix_ns = 1'768'212'000'000'000'000;

  /// Adds `count` entries behind those of before.
  void add_to(ScriptedSource& source, int count) {
    for (int i = 0; i < count; ++i, ++made_)
      add_one(source);
  }
  /// Receive time of the last entry.
  [[nodiscard]] std::int64_t unix_ns() const { return unix_ns_; }

 private:
  std::uint64_t below(std::uint64_t bound) {
    random_ = random_ * 6'364'136'223'846'793'005U + 1'442'695'040'888'963'407U;
    return (random_ >> 33) % bound;
  }
  template <std::size_t n>
  const char* one_of(const std::array<const char*, n>& words) {
    return words[below(n)];
  }

  void add_one(ScriptedSource& source) {
    unix_ns_ += static_cast<std::int64_t>(below(97)) * stages::ns_per_ms - 5 * stages::ns_per_ms;
    if (below(50) == 0) unix_ns_ += 3 * stages::ns_per_second;
    const std::uint64_t kind = below(100);
    if (kind < 40)
      add(source, "market.tick", quote());
    else if (kind < 80)
      add(source, "trade.signal.v5", signal());
    else if (kind < 92)
      add_dead_letter(source);
    else if (kind < 98)
      source.add_fields("@command", unix_ns_, command());
    else
      source.add_data("market.trade", unix_ns_ + stages::ns_per_second, "nobody reads this");
  }

  void add(ScriptedSource& source, std::string stream, std::string data) {
    source.add({std::move(stream),
                static_cast<std::uint64_t>(unix_ns_ / stages::ns_per_ms),
                static_cast<std::uint64_t>(made_ % 7),
                unix_ns_,
                {{"trace", "x"}, {"data", std::move(data)}}});
  }

  // Ten symbols for a table of eight; two orders of magnitude of prices.
  std::string symbol() {
    return one_of<10>({"\"BTCUSDT\"", "\"ETHUSDT\"", "\"BNBUSDT\"", "\"SOLUSDT\"", "\"XRPUSDT\"",
                       "\"A\"", "\"B.C\"", "\"D/E\"", "\"F-G\"", "\"LATE\""});
  }

  std::string quote() {
    const std::uint64_t price = 900 + below(200);
    MemberTexts members{{"symbol", symbol()}};
    if (below(4) == 0) return object_text(with(members, "price", std::to_string(price) + ".25"));
    members.emplace_back("bid", std::to_string(price) + ".125");
    members.emplace_back("ask", std::to_string(price + below(2)) + ".5e0");
    return object_text(members);
  }

  std::string signal() {
    MemberTexts members{
        {"symbol", symbol()},
        {"action", one_of<9>({"\"BUY\"", "\"BUY\"", "\"BUY\"", "\"SELL\"", "\"SELL\"", "\"SELL\"",
                              "\"CLOSE\"", "\"CLOSE\"", "\"HOLD\""})},
        {"confidence", one_of<4>({"0.9", "0.75", "1", "0.5"})},
        {"timestamp", "\"2026-01-12T10:00:00.123456Z\""},
        {"source", one_of<4>({"\"meta_v5\"", "\"a\\u00e9\\n\"", "\"\xF0\x9F\x98\x80\"", "\"x\""})}};
    if (below(2) == 0)
      members.emplace_back("account", one_of<7>({"\"main\"", "\"desk-1\"", "\"desk-2\"", "\"a\"",
                                                 "\"b\"", "\"beyond-the-table\"", "null"}));
    if (below(4) == 0)
      members.emplace_back("signal_id", "\"id-" + std::to_string(below(40)) + "\"");
    if (below(4) == 0)
      members.emplace_back("position_size_pct", one_of<4>({"0.01", "0.5", "1e-12", "0.03"}));
    if (below(6) == 0) members.emplace_back("governer_approved", one_of<2>({"true", "false"}));
    if (below(6) == 0) members.emplace_back("max_slippage_pct", "0.0002");
    if (below(6) == 0) members.emplace_back("ttl_ms", one_of<2>({"1", "86400000"}));
    if (below(8) == 0) members.emplace_back("votes", "{\"m\": [1, 2, {\"x\": null}]}");
    for (std::uint64_t i = 0, more = below(20) == 0 ? 40 : 0; i < more; ++i)
      members.emplace_back("k" + std::to_string(i), "0");
    return object_text(members);
  }

  // One payload for each code.
  void add_dead_letter(ScriptedSource& source) {
    const MemberTexts base = base_signal();
    const std::array<std::string, 14> payloads{
        std::string(20'000, ' '),
        "",
        "{\"symbol\":}\x80",
        "{\"a\":[1,,2]}",
        object_text(followed_by(base, "symbol", "\"B\"")),
        object_text(with(base, "confidence", "\"0.8\"")),
        object_text(with(base, "confidence", "1.5")),
        object_text(without(base, "source")),
        object_text(with(base, "symbol", "\"btc\"")),
        object_text(with(base, "action", "\"buy\"")),
        object_text(with(base, "timestamp", "\"now\"")),
        object_text(with(base, "account", "\"a b\"")),
        "{\"x\":" + std::string(70, '[') + std::string(70, ']') + "}",
        "{\"x\":\"\\ud800\"}"};
    const std::string& payload = payloads[below(payloads.size())];
    if (below(10) == 0)
      source.add_fields("trade.signal.v5", unix_ns_, {{"data", payload}, {"data", payload}});
    else
      add(source, below(3) == 0 ? "market.tick" : "trade.signal.v5", payload);
  }

  FieldTexts command() {
    static const std::array<const char*, 6> symbols{"BTCUSDT", "ETHUSDT", "BNBUSDT",
                                                    "A",       "B.C",     "NEVER"};
    switch (below(8)) {
      case 0:
        return {{"command", "price"},
                {"symbol", one_of(symbols)},
                {"price", std::to_string(950 + below(100))}};
      case 1:
      case 2:
      case 3:
        return {{"command", "close"}, {"symbol", one_of(symbols)}};
      case 4:
        return {{"command", "close"}, {"symbol", one_of(symbols)}, {"account", "desk-1"}};
      case 5:
        return {{"command", below(4) == 0 ? "halt" : "resume"}};
      case 6:
        return {{"command", "reset"}};
      default:
        return {{"command", "jump"}};
    }
  }

  std::uint64_t random_ = 20'260'112;
  std::int64_t unix_ns_ = start_unix_ns;
  int made_ = 0;
};

}  // namespace coreloop::tests
