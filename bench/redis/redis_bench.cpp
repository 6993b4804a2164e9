// Redis to Redis, the engine against the relay, in turns: one signal at a time, flood, open loop,
// scraped or not, and what the engine takes while it does so. bench/README.md says what each row
// means.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>
#include <unistd.h>

#include "bench/redis/children.hpp"
#include "bench/redis/percentile_files.hpp"
#include "bench/redis/resp_socket.hpp"
#include "bench/redis/scraper.hpp"
#include "bench/redis/workload.hpp"

namespace {

using namespace coreloop::bench;

struct Ratio {
  double engine;
  double relay;
  [[nodiscard]] double value() const { return engine / relay; }
};

void print_row(int row, const char* what, const char* unit, const std::vector<Ratio>& ratios,
               const char* wanted) {
  std::vector<double> engine;
  std::vector<double> relay;
  std::vector<double> values;
  for (const Ratio& ratio : ratios) {
    engine.push_back(ratio.engine);
    relay.push_back(ratio.relay);
    values.push_back(ratio.value());
  }
  const std::string number = row < 0 ? "-" : std::to_string(row);
  std::printf("| %2s | %-36s | %9.1f %-4s | %9.1f %-4s | %.3f (%.3f to %.3f) | %s |\n",
              number.c_str(), what, percentile(engine, 0.5), unit, percentile(relay, 0.5), unit,
              percentile(values, 0.5), percentile(values, 0), percentile(values, 1), wanted);
  std::fflush(stdout);
}

template <class Measure>
void in_turns(int pairs, Measure measure) {
  for (int pair = 0; pair < pairs; ++pair) {
    const bool engine_first = pair % 2 == 0;
    measure(engine_first ? Subject::engine : Subject::relay);
    measure(engine_first ? Subject::relay : Subject::engine);
  }
}

/// p99 of the open loop with somebody who reads /metrics ten times a second, and without.
std::vector<Ratio> scraped(Bench& bench, double rate) {
  const auto measure = [&](bool is_scraped) {
    bench.clear();
    const std::uint16_t port = free_port();
    const Child child =
        bench.start(Subject::engine, {"http.listen=127.0.0.1:" + std::to_string(port)});
    std::optional<Scraper> scraper;
    if (is_scraped) scraper.emplace(port, 10.0);
    const OpenLoop result = open_loop(bench, rate);
    if (is_scraped && scraper->good_count() == 0) give_up("no scrape was answered: " + bench.log());
    return percentile(result.times, 0.99);
  };
  std::vector<Ratio> ratios;
  for (int pair = 0; pair < bench.arguments().pairs; ++pair) {
    const bool scraped_first = pair % 2 == 0;
    const double first = measure(scraped_first);
    const double second = measure(!scraped_first);
    ratios.push_back(scraped_first ? Ratio{first, second} : Ratio{second, first});
  }
  return ratios;
}

void run(Bench& bench, PercentileFiles& files) {
  const int pairs = bench.arguments().pairs;
  std::printf("| row | what | engine | relay | ratio, median (least to most) | to reach |\n");
  std::printf("| --- | --- | --- | --- | --- | --- |\n");

  std::vector<double> p50[2], p99[2];
  in_turns(pairs, [&](Subject subject) {
    const std::vector<double> times = ping(bench, subject);
    files.add(PercentileFiles::Load::ping, subject, times);
    p50[subject == Subject::relay].push_back(percentile(times, 0.5));
    p99[subject == Subject::relay].push_back(percentile(times, 0.99));
  });
  const auto ratios = [](const std::vector<double>(&values)[2]) {
    std::vector<Ratio> made;
    for (std::size_t i = 0; i < values[0].size(); ++i)
      made.push_back({values[0][i], values[1][i]});
    return made;
  };
  print_row(6, "one signal at a time, p50", "us", ratios(p50), "<= 1.05");
  print_row(6, "one signal at a time, p99", "us", ratios(p99), "<= 1.10");

  std::vector<double> rate[2];
  in_turns(pairs, [&](Subject subject) {
    rate[subject == Subject::relay].push_back(flood(bench, subject));
  });
  print_row(7, "flood, signals per second", "/s", ratios(rate), ">= 1.25");

  const double half = 0.5 * std::min(percentile(rate[0], 0.5), percentile(rate[1], 0.5));
  std::vector<double> open[2];
  double late_us = 0;
  in_turns(pairs, [&](Subject subject) {
    bench.clear();
    const Child child = bench.start(subject);
    const OpenLoop result = open_loop(bench, half);
    files.add(PercentileFiles::Load::open_loop, subject, result.times);
    open[subject == Subject::relay].push_back(percentile(result.times, 0.99));
    late_us = std::max(late_us, result.late_us);
  });
  files.write();
  print_row(8, "open loop at half the flood, p99", "us", ratios(open), "<= 1.10");
  std::printf("\nopen loop: %.0f signals/s; the sender itself was at most %.0f us late\n", half,
              late_us);

  print_row(-1, "the same, scraped 10/s / not scraped", "us", scraped(bench, half), "<= 1.05");

  bench.clear();
  const Child engine = bench.start(Subject::engine);
  bench.publish(bench.arguments().signals);
  bench.wait_for_outputs(bench.arguments().signals);
  const long first_kib = resident_kib(engine.pid());
  for (int round = 2; round <= 6; ++round) {
    bench.publish(bench.arguments().signals);
    bench.wait_for_outputs(std::int64_t{bench.arguments().signals} * round);
  }
  const long last_kib = resident_kib(engine.pid());
  std::printf(
      "| 13 | resident memory after %d and %d signals | %.1f MiB | %.1f MiB | - | <= 64 MiB, flat "
      "|\n",
      bench.arguments().signals, bench.arguments().signals * 6,
      static_cast<double>(first_kib) / 1024, static_cast<double>(last_kib) / 1024);
  ::usleep(500'000);
  const long before_ms = cpu_ms(engine.pid());
  ::sleep(static_cast<unsigned>(bench.arguments().idle_s));
  const long after_ms = cpu_ms(engine.pid());
  std::printf("| 14 | idle, share of one core over %d s | %.2f %% | - | - | < 2 %% |\n",
              bench.arguments().idle_s,
              static_cast<double>(after_ms - before_ms) / (10.0 * bench.arguments().idle_s));
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  std::string hgrm;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&] { return i + 1 < argc ? std::string{argv[++i]} : std::string{}; };
    if (word == "--engine") {
      arguments.engine = next();
    } else if (word == "--set") {
      arguments.settings.push_back(next());
    } else if (word == "--hgrm") {
      hgrm = next();
    } else if (word == "--pairs") {
      arguments.pairs = std::max(1, std::atoi(next().c_str()));
    } else if (word == "--quick") {
      arguments.pairs = 2;
      arguments.pings = 500;
      arguments.signals = arguments.open_loop_signals = 10'000;
      arguments.idle_s = 2;
    } else {
      std::fprintf(stderr,
                   "usage: redis_bench [--engine FILE] [--pairs N] [--quick] [--hgrm PREFIX] "
                   "[--set key=value]…\n");
      return 64;
    }
  }
  PercentileFiles files(std::move(hgrm));
  Bench bench(std::move(arguments));
  run(bench, files);
  return 0;
}
