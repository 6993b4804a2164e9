// The same entry, written by us and by redis-benchmark.
#include "bench/redis/relay_check.hpp"

#include <cstdio>
#include <cstdlib>

#include "bench/redis/figures.hpp"
#include "bench/redis/relay.hpp"

namespace coreloop::bench {
namespace {

constexpr int pipelined = 1'024;

double relay_rate(Bench& bench, int entries) {
  bench.clear();
  RespSocket socket(bench.socket_path());
  const std::int64_t begin_ns = now_ns();
  int number = 0;
  const CannedCommand approval = canned_approval(true);
  std::string command;
  while (number < entries) {
    command.clear();
    for (int i = 0; i < pipelined; ++i)
      approval.append(command, "*", std::to_string(++number));
    socket.send(command);
    for (int i = 0; i < pipelined; ++i)
      socket.skip();
  }
  const std::int64_t end_ns = now_ns();
  if (entries_added(bench.control(), "trade.signal.safe") != number)
    give_up("the relay's write side has not written each entry once");
  return 1e9 * number / static_cast<double>(end_ns - begin_ns);
}

// Requests a second out of its line of CSV, whose last seven fields are figures; 0 without one.
double csv_rate(const std::string& text) {
  std::size_t comma = text.size();
  for (int field = 0; field < 7 && comma != std::string::npos; ++field)
    comma = comma == 0 ? std::string::npos : text.rfind(",\"", comma - 1);
  return comma == std::string::npos ? 0 : std::strtod(text.c_str() + comma + 2, nullptr);
}

// 0 where there is no redis-benchmark.
double redis_benchmark_rate(Bench& bench, int entries) {
  bench.clear();
  std::vector<std::string> command{
      "redis-benchmark",         "-s", bench.socket_path(),     "-c",   "1", "-P",
      std::to_string(pipelined), "-n", std::to_string(entries), "--csv"};
  for (const std::string_view word : canned_approval_words(true))
    command.emplace_back(word);
  std::string text;
  const int exit_code = bench.run_program(command, text);
  constexpr int exit_no_program = 127;
  if (exit_code == exit_no_program) return 0;
  const double rate = csv_rate(text);
  if (exit_code != 0 || rate <= 0) give_up("redis-benchmark says: " + text);
  if (entries_added(bench.control(), "trade.signal.safe") != entries)
    give_up("redis-benchmark has not written each entry once");
  return rate;
}

}  // namespace

void measure_relay_write(Bench& bench) {
  const int entries = bench.arguments().signals * 2 / pipelined * pipelined;
  Pairs rates;
  for (int pair = 0; pair < bench.arguments().pairs; ++pair) {
    const bool relay_first = pair % 2 == 0;
    if (relay_first) rates.subject.push_back(relay_rate(bench, entries));
    rates.yardstick.push_back(redis_benchmark_rate(bench, entries));
    if (rates.yardstick.back() == 0) {
      std::printf("# relay_write: not measured: no redis-benchmark (Debian: redis-tools)\n");
      return;
    }
    if (!relay_first) rates.subject.push_back(relay_rate(bench, entries));
  }
  print_ratio("relay_write", rates, "relay", "redis-benchmark", "/s");
}

}  // namespace coreloop::bench
