// Rounds of ticks and signals, with the engine's own counters as the check; then silence.
#include "bench/redis/resources.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <unistd.h>

#include "bench/redis/figures.hpp"
#include "bench/redis/scraper.hpp"

namespace coreloop::bench {
namespace {

constexpr int signals_a_round = 5'000;
constexpr int ticks_a_round = 9 * signals_a_round;
constexpr int symbol_count = 64;
// More than two rounds: an entry that is trimmed unread would show as a missing input.
constexpr std::string_view kept = "200000";

// The sum of all samples of `metric` whose labels contain `label`; -1 if there is none.
double metric_sum(const std::string& metrics, std::string_view metric, std::string_view label) {
  double sum = -1;
  for (std::size_t begin = 0; begin < metrics.size();) {
    const std::size_t end = std::min(metrics.find('\n', begin), metrics.size());
    const std::string line = metrics.substr(begin, end - begin);
    begin = end + 1;
    const std::size_t value = line.rfind(' ');
    if (value == std::string::npos || line.rfind(metric, 0) != 0) continue;
    if (line.find(label) > value) continue;
    sum = std::max(sum, 0.0) + std::strtod(line.c_str() + value, nullptr);
  }
  return sum;
}

/// Publishes rounds to an engine and follows its counters.
class Rounds {
 public:
  Rounds(Bench& bench, std::uint16_t port)
      : bench_(bench), port_(port), socket_(bench.socket_path()) {}

  void publish() {
    constexpr int batch = 500;
    for (int done = 0; done < ticks_a_round + signals_a_round; done += batch) {
      std::string command;
      for (int i = 0; i < batch; ++i)
        append(command);
      socket_.send(command);
      for (int i = 0; i < batch; ++i)
        socket_.skip();
    }
  }

  /// Waits until the engine has taken all but `missing` of what was sent.
  void wait_for_all_but(double missing) {
    const std::int64_t end_ns = now_ns() + 60'000'000'000;
    for (;;) {
      metrics_ = http_get(port_, "/metrics");
      const double taken = count("signal") + count("tick");
      if (taken + missing >= static_cast<double>(sent_)) return;
      if (now_ns() > end_ns) give_up("inputs are missing: " + bench_.log());
      ::usleep(2'000);
    }
  }

  /// Every tick and every signal once, all readable, each signal with its three outputs.
  void check() {
    if (count("tick") != static_cast<double>(ticks_) ||
        count("signal") != static_cast<double>(signals_)) {
      give_up("the engine has counted other inputs than were sent: " + bench_.log());
    }
    if (metric_sum(metrics_, "coreloop_dead_letters_total", "reason=") != 0)
      give_up("an input was not readable: " + bench_.log());
    bench_.wait_for_outputs(signals_);
    bench_.check_outputs(signals_);
  }

  [[nodiscard]] std::int64_t sent() const { return sent_; }

 private:
  // Every tenth is a signal; a symbol's first price comes before its first signal.
  void append(std::string& command) {
    const std::int64_t number = sent_++;
    if (number % 10 == 9) {
      append_command(command, {"XADD", "trade.signal.v5", "MAXLEN", "~", kept, "*", "data",
                               signal_text(static_cast<int>(signals_++))});
      return;
    }
    ++ticks_;
    const std::int64_t symbol = number % symbol_count;
    const std::string name = symbol == 0 ? "BTCUSDT" : "SYM" + std::to_string(symbol) + "USDT";
    const std::string cents = std::to_string(10 + number / symbol_count % 64);
    append_command(
        command, {"XADD", "market.tick", "MAXLEN", "~", kept, "*", "data",
                  R"({"symbol": ")" + name + R"(", "bid": 95000.)" + cents + R"(, "ask": 95001.)" +
                      cents + R"(, "timestamp": "2026-01-12T10:00:00.123456Z"})"});
  }

  double count(const char* kind) const {
    return metric_sum(metrics_, "coreloop_inputs_total",
                      std::string{"kind=\""} + kind + std::string{"\""});
  }

  Bench& bench_;
  std::uint16_t port_;
  RespSocket socket_;
  std::string metrics_;
  std::int64_t sent_ = 0;
  std::int64_t ticks_ = 0;
  std::int64_t signals_ = 0;
};

}  // namespace

void measure_memory(Bench& bench) {
  bench.clear();
  const std::uint16_t port = free_port();
  const Child engine =
      bench.start(Subject::engine,
                  {"http.listen=127.0.0.1:" + std::to_string(port), "market.source=ticks",
                   R"(input.streams={ "trade.signal.v5" = "signals", "market.tick" = "ticks" })"});
  Rounds rounds(bench, port);
  constexpr std::int64_t round = ticks_a_round + signals_a_round;
  const std::int64_t round_count =
      std::max<std::int64_t>(2, bench.arguments().memory_events / round);
  std::vector<double> mib;
  for (std::int64_t i = 1; i <= round_count; ++i) {
    rounds.publish();
    rounds.wait_for_all_but(round);
    // Ten samples, the first after a tenth of the events.
    if (i * 10 / round_count != (i - 1) * 10 / round_count)
      mib.push_back(static_cast<double>(resident_kib(engine.pid())) / 1'024);
  }
  rounds.wait_for_all_but(0);
  rounds.check();
  const double last = static_cast<double>(resident_kib(engine.pid())) / 1'024;
  mib.push_back(last);
  const std::string words = "after " + std::to_string(rounds.sent()) + " events";
  std::printf("# resident MiB at each tenth:");
  for (const double value : mib)
    std::printf(" %.1f", value);
  std::printf("\nmemory_mib %.6g %.6g %.6g  %s\n", last, percentile(mib, 0), percentile(mib, 1),
              words.c_str());
  print_figure("memory_growth", {last / mib.front()}, words + " / after the first tenth of them");
}

void measure_idle(Bench& bench) {
  bench.clear();
  const std::uint16_t port = free_port();
  const Child engine = bench.start_with(
      "[input]\nsource = \"redis\"\n[output]\nsink = \"redis\"\n[redis]\nurl = \"unix://" +
      bench.socket_path() + "\"\n[http]\nlisten = \"127.0.0.1:" + std::to_string(port) +
      "\"\n[journal]\ndir = \"\"\n");
  const std::int64_t end_ns = now_ns() + 30'000'000'000;
  while (http_get(port, "/ready").rfind("HTTP/1.1 200", 0) != 0) {
    if (now_ns() > end_ns) give_up("the engine does not become ready: " + bench.log());
    ::usleep(10'000);
  }
  ::usleep(500'000);
  std::vector<double> percents;
  // CPU time comes in steps of 10 ms: seconds at a time.
  constexpr int parts = 3;
  const int part_s = std::max(1, bench.arguments().idle_s / parts);
  for (int part = 0; part < parts; ++part) {
    const std::int64_t begin_ns = now_ns();
    const long before_ms = cpu_ms(engine.pid());
    ::sleep(static_cast<unsigned>(part_s));
    const long after_ms = cpu_ms(engine.pid());
    percents.push_back(100.0 * static_cast<double>(after_ms - before_ms) * 1e6 /
                       static_cast<double>(now_ns() - begin_ns));
  }
  print_figure("idle_percent", percents,
               "of one core, default conf, " + std::to_string(parts) + " times " +
                   std::to_string(part_s) + " s");
}

}  // namespace coreloop::bench
