// Redis to Redis, the engine against the relay, in turns: one signal at a time, flood, open loop,
// scraped or not, and what the engine takes while it does so; with --scraping that alone, at a
// thousand reads a second. bench/README.md says what each row means.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
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

/// What the open loop saw while somebody read the endpoint, or nobody did.
struct ScrapedRun {
  double outside_us = 0;  ///< p99 from the intended send time to the last output
  double inside_us = 0;   ///< p99 from the receipt of an input to its last encoding
  double scrapes_per_s = 0;
};

/// p99 of a part of the engine, of what it says at /latency.
double p99_us(std::uint16_t port, const std::string& part) {
  const std::string told = http_get(port, "/latency");
  const std::size_t row = told.find('"' + part + '"');
  constexpr std::string_view key = "\"p99\": ";
  const std::size_t value = row == told.npos ? told.npos : told.find(key, row);
  if (value == told.npos) give_up("no p99 of " + part + " at /latency: " + told);
  return std::atof(told.c_str() + value + key.size()) / 1e3;
}

/// `scrapes`: reads of /metrics a second; 0: nobody reads.
ScrapedRun scraped_run(Bench& bench, double rate, double scrapes) {
  bench.clear();
  const std::uint16_t port = free_port();
  const Child child =
      bench.start(Subject::engine, {"http.listen=127.0.0.1:" + std::to_string(port)});
  const std::int64_t patience_ns = now_ns() + 10'000'000'000;
  while (http_get(port, "/ready").rfind("HTTP/1.1 200", 0) != 0) {
    if (now_ns() > patience_ns) give_up("the endpoint does not get ready: " + bench.log());
    ::usleep(1'000);
  }
  std::optional<Scraper> scraper;
  if (scrapes > 0) scraper.emplace(port, scrapes);
  const std::int64_t start_ns = now_ns();
  const OpenLoop result = open_loop(bench, rate);
  const double seconds = static_cast<double>(now_ns() - start_ns) / 1e9;
  ScrapedRun run{.outside_us = percentile(result.times, 0.99)};
  if (scraper) {
    if (scraper->good_count() == 0 || scraper->failed_count() != 0)
      give_up(std::to_string(scraper->failed_count()) +
              " scrapes were not answered: " + bench.log());
    run.scrapes_per_s = static_cast<double>(scraper->good_count()) / seconds;
    scraper.reset();
  }
  run.inside_us = p99_us(port, "end to end");
  return run;
}

struct Scraped {
  std::vector<Ratio> outside;  ///< scraped / not scraped
  std::vector<Ratio> inside;
  std::vector<double> scrapes_per_s;
};

/// The same load with somebody who reads /metrics `scrapes` times a second, and without, in turn.
Scraped scraped(Bench& bench, double rate, double scrapes) {
  Scraped all;
  for (int pair = 0; pair < bench.arguments().pairs; ++pair) {
    const bool scraped_first = pair % 2 == 0;
    const ScrapedRun first = scraped_run(bench, rate, scraped_first ? scrapes : 0);
    const ScrapedRun second = scraped_run(bench, rate, scraped_first ? 0 : scrapes);
    const ScrapedRun& with = scraped_first ? first : second;
    const ScrapedRun& without = scraped_first ? second : first;
    all.outside.push_back({with.outside_us, without.outside_us});
    all.inside.push_back({with.inside_us, without.inside_us});
    all.scrapes_per_s.push_back(with.scrapes_per_s);
  }
  return all;
}

constexpr double scraping_rate = 2'000;  ///< signals a second, far below what floods it
constexpr double scrapes_wanted = 1'000;

/// What a thousand readers a second cost those who trade.
void run_scraping(Bench& bench) {
  std::printf(
      "| row | what | scraped | not scraped | ratio, median (least to most) | to reach |\n");
  std::printf("| --- | --- | --- | --- | --- | --- |\n");
  const Scraped all = scraped(bench, scraping_rate, scrapes_wanted);
  print_row(-1, "1,000 scrapes/s, receipt to encoding, p99", "us", all.inside, "< 1.05");
  print_row(-1, "1,000 scrapes/s, send time to output, p99", "us", all.outside, "none");
  std::printf("\n%d signals at %.0f/s a run; scrapes answered a second, median: %.0f\n",
              bench.arguments().open_loop_signals, scraping_rate,
              percentile(all.scrapes_per_s, 0.5));
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

  print_row(-1, "the same, scraped 10/s / not scraped", "us", scraped(bench, half, 10).outside,
            "<= 1.05");

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
  bool only_scraping = false;
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
    } else if (word == "--scraping") {
      only_scraping = true;
      arguments.open_loop_signals =
          static_cast<int>(scraping_rate) * std::max(1, std::atoi(next().c_str()));
    } else if (word == "--quick") {
      arguments.pairs = 2;
      arguments.pings = 500;
      arguments.signals = arguments.open_loop_signals = 10'000;
      arguments.idle_s = 2;
    } else {
      std::fprintf(stderr,
                   "usage: redis_bench [--engine FILE] [--pairs N] [--quick] [--hgrm PREFIX] "
                   "[--scraping SECONDS] [--set key=value]…\n");
      return 64;
    }
  }
  PercentileFiles files(std::move(hgrm));
  Bench bench(std::move(arguments));
  if (only_scraping) {
    run_scraping(bench);
  } else {
    run(bench, files);
  }
  return 0;
}
