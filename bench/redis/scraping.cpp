// Runs with and without a reader.
#include "bench/redis/scraping.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <unistd.h>

#include "bench/redis/figures.hpp"
#include "bench/redis/scraper.hpp"

namespace coreloop::bench {
namespace {

constexpr std::int64_t patience_ns = 10'000'000'000;

struct ScrapedRun {
  double outside_us = 0;
  double inside_us = 0;
  double scrapes_per_s = 0;
};

/// The engine's own p99 of a part of it.
double p99_us(std::uint16_t port, const std::string& part) {
  const std::string told = http_get(port, "/latency");
  const std::size_t row = told.find('"' + part + '"');
  constexpr std::string_view key = "\"p99\": ";
  const std::size_t value = row == told.npos ? told.npos : told.find(key, row);
  if (value == told.npos) give_up("no p99 of " + part + " at /latency: " + told);
  return std::atof(told.c_str() + value + key.size()) / 1e3;
}

/// `scrapes`: reads a second; 0: nobody reads.
ScrapedRun run_once(Bench& bench, double signals_per_s, double scrapes) {
  bench.clear();
  const std::uint16_t port = free_port();
  const Child child =
      bench.start(Subject::engine, {"http.listen=127.0.0.1:" + std::to_string(port)});
  const std::int64_t deadline_ns = now_ns() + patience_ns;
  while (http_get(port, "/ready").rfind("HTTP/1.1 200", 0) != 0) {
    if (now_ns() > deadline_ns) give_up("the endpoint does not get ready: " + bench.log());
    ::usleep(1'000);
  }
  std::optional<Scraper> scraper;
  if (scrapes > 0) scraper.emplace(port, scrapes);
  const std::int64_t start_ns = now_ns();
  const OpenLoop result = open_loop(bench, signals_per_s);
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

}  // namespace

void measure_scraped(Bench& bench, const char* name, double signals_per_s, double scrapes) {
  Pairs outside;
  Pairs inside;
  std::vector<double> answered;
  for (int pair = 0; pair < bench.arguments().pairs; ++pair) {
    for (const bool is_first : {true, false}) {
      const bool is_scraped = is_first == (pair % 2 == 0);
      const ScrapedRun run = run_once(bench, signals_per_s, is_scraped ? scrapes : 0);
      (is_scraped ? outside.subject : outside.yardstick).push_back(run.outside_us);
      (is_scraped ? inside.subject : inside.yardstick).push_back(run.inside_us);
      if (is_scraped) answered.push_back(run.scrapes_per_s);
    }
  }
  std::printf("# scraped: %.0f signals/s; %.0f scrapes answered a second, median\n", signals_per_s,
              percentile(answered, 0.5));
  const std::string what{name};
  print_ratio((what + "_p99").c_str(), outside, "scraped", "not scraped", "us");
  print_ratio((what + "_inside_p99").c_str(), inside, "scraped", "not scraped", "us");
}

}  // namespace coreloop::bench
