// Redis to Redis, the engine against the relay, in turns: one signal at a time, flood, open loop,
// scraped or not; with a journal against without; and what the engine takes of the machine.
// bench/README.md says what each figure means.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "bench/redis/children.hpp"
#include "bench/redis/figures.hpp"
#include "bench/redis/percentile_files.hpp"
#include "bench/redis/relay_check.hpp"
#include "bench/redis/resources.hpp"
#include "bench/redis/resp_socket.hpp"
#include "bench/redis/scraping.hpp"
#include "bench/redis/workload.hpp"

namespace {

using namespace coreloop::bench;

/// Pairs of runs, each first in turn.
template <class Measure>
Pairs in_turns(const Bench& bench, Subject subject, Subject yardstick, Measure measure) {
  Pairs pairs;
  for (int pair = 0; pair < bench.arguments().pairs; ++pair) {
    const bool subject_first = pair % 2 == 0;
    if (subject_first) pairs.subject.push_back(measure(subject));
    pairs.yardstick.push_back(measure(yardstick));
    if (!subject_first) pairs.subject.push_back(measure(subject));
  }
  return pairs;
}

struct PingPairs {
  Pairs p50;
  Pairs p99;
};

/// One signal at a time; all times of a subject are added to `all`, by subject.
PingPairs ping_pairs(Bench& bench, Subject subject, Subject yardstick,
                     std::map<Subject, std::vector<double>>& all) {
  PingPairs result;
  result.p50 = in_turns(bench, subject, yardstick, [&](Subject measured) {
    const std::vector<double> times = ping(bench, measured);
    all[measured].insert(all[measured].end(), times.begin(), times.end());
    (measured == subject ? result.p99.subject : result.p99.yardstick)
        .push_back(percentile(times, 0.99));
    return percentile(times, 0.5);
  });
  return result;
}

void measure_ping(Bench& bench, PercentileFiles& files) {
  std::map<Subject, std::vector<double>> all;
  const PingPairs pairs = ping_pairs(bench, Subject::engine, Subject::relay, all);
  for (const auto& [subject, times] : all) {
    files.add(PercentileFiles::Load::ping, subject, times);
    print_percentiles("one signal at a time", subject == Subject::engine ? "engine" : "relay",
                      times);
  }
  print_ratio("redis_ping_p50", pairs.p50, "engine", "relay", "us");
  print_ratio("redis_ping_p99", pairs.p99, "engine", "relay", "us");
}

Pairs measure_flood(Bench& bench) {
  std::map<Subject, std::vector<double>> redis_shares;
  const Pairs rates = in_turns(bench, Subject::engine, Subject::relay, [&](Subject subject) {
    const Flood measured = flood(bench, subject);
    redis_shares[subject].push_back(measured.redis_share);
    return measured.per_s;
  });
  print_ratio("redis_flood", rates, "engine", "relay", "/s");
  print_figure("redis_flood_per_s", rates.subject, "signals a second of the engine");
  print_figure("redis_flood_redis_share", redis_shares[Subject::engine],
               "of a core, redis-server beside the engine");
  print_figure("redis_flood_relay_redis_share", redis_shares[Subject::relay],
               "of a core, redis-server beside the relay");
  return rates;
}

void measure_open_loop(Bench& bench, PercentileFiles& files, const Pairs& rates) {
  const double half =
      0.5 * std::min(percentile(rates.subject, 0.5), percentile(rates.yardstick, 0.5));
  double late_us = 0;
  std::map<Subject, std::vector<double>> all;
  const Pairs pairs = in_turns(bench, Subject::engine, Subject::relay, [&](Subject subject) {
    bench.clear();
    const Child child = bench.start(subject);
    const OpenLoop result = open_loop(bench, half);
    bench.check_outputs(open_loop_total(bench));
    all[subject].insert(all[subject].end(), result.times.begin(), result.times.end());
    late_us = std::max(late_us, result.late_us);
    return percentile(result.times, 0.99);
  });
  for (const auto& [subject, times] : all) {
    files.add(PercentileFiles::Load::open_loop, subject, times);
    print_percentiles("open loop", subject == Subject::engine ? "engine" : "relay", times);
  }
  std::printf("# open loop: %.0f signals/s; the sender itself was at most %.0f us late\n", half,
              late_us);
  print_ratio("redis_open_loop_p99", pairs, "engine", "relay", "us");
  measure_scraped(bench, "redis_scraped", half, 10);
}

void measure_journal(Bench& bench) {
  std::map<Subject, std::vector<double>> all;
  const PingPairs pings = ping_pairs(bench, Subject::journaled, Subject::engine, all);
  for (const auto& [subject, times] : all)
    print_percentiles("one signal at a time", subject == Subject::engine ? "no journal" : "journal",
                      times);
  const Pairs rates = in_turns(bench, Subject::journaled, Subject::engine,
                               [&](Subject subject) { return flood(bench, subject).per_s; });
  print_ratio("journal_flood", rates, "journal", "none", "/s");
  print_ratio("journal_ping_p50", pings.p50, "journal", "none", "us");
  print_ratio("journal_ping_p99", pings.p99, "journal", "none", "us");
}

constexpr std::string_view usual_loads = "relay_write,ping,flood,open_loop,journal,memory,idle";
/// Only where it is asked for: a thousand reads a second, far below what floods the engine.
constexpr std::string_view scraping_load = "scraping";
constexpr double scraping_signals_per_s = 2'000;
constexpr double scrapes_per_s = 1'000;

void run(Bench& bench, PercentileFiles& files, const std::string& loads) {
  const auto wants = [&loads](const std::string& load) {
    return ("," + loads + ",").find("," + load + ",") != std::string::npos;
  };
  if (wants("relay_write")) measure_relay_write(bench);
  if (wants("ping")) measure_ping(bench, files);
  if (wants("flood") || wants("open_loop")) {
    const Pairs rates = measure_flood(bench);
    if (wants("open_loop")) measure_open_loop(bench, files, rates);
  }
  files.write();
  if (wants("journal")) measure_journal(bench);
  if (wants("memory")) measure_memory(bench);
  if (wants("idle")) measure_idle(bench);
  if (wants("scraping"))
    measure_scraped(bench, "redis_flooded_with_scrapes", scraping_signals_per_s, scrapes_per_s);
}

bool are_known(const std::string& loads) {
  std::istringstream words(loads);
  for (std::string load; std::getline(words, load, ',');) {
    if (load != scraping_load &&
        ("," + std::string{usual_loads} + ",").find("," + load + ",") == std::string::npos)
      return false;
  }
  return !loads.empty();
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  std::string hgrm;
  std::string loads{usual_loads};
  bool is_usable = true;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&] { return i + 1 < argc ? std::string{argv[++i]} : std::string{}; };
    if (word == "--engine") {
      arguments.engine = next();
    } else if (word == "--set") {
      arguments.settings.push_back(next());
    } else if (word == "--hgrm") {
      hgrm = next();
    } else if (word == "--only") {
      loads = next();
      is_usable = is_usable && are_known(loads);
    } else if (word == "--pairs") {
      arguments.pairs = std::max(1, std::atoi(next().c_str()));
    } else if (word == "--open-loop-signals") {
      arguments.open_loop_signals = std::max(1'000, std::atoi(next().c_str()));
    } else if (word == "--quick") {
      arguments.pairs = 2;
      arguments.pings = 500;
      arguments.signals = arguments.open_loop_signals = 10'000;
      arguments.idle_s = 3;
      arguments.memory_events = 100'000;
    } else {
      is_usable = false;
    }
  }
  if (!is_usable) {
    std::fprintf(stderr,
                 "usage: redis_bench [--engine FILE] [--only LOAD,…] [--pairs N] [--quick] "
                 "[--open-loop-signals N] [--hgrm PREFIX] [--set key=value]…\nLOAD: %s; and %s\n",
                 usual_loads.data(), scraping_load.data());
    return 64;
  }
  PercentileFiles files(std::move(hgrm));
  Bench bench(std::move(arguments));
  run(bench, files, loads);
  return 0;
}
