// Redis to Redis, the engine against the relay, in turns: one signal at a time, flood, open loop,
// and what the engine takes while it does so. bench/README.md says what each row means.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>
#include <unistd.h>

#include "bench/redis/children.hpp"
#include "bench/redis/relay.hpp"
#include "bench/redis/resp_socket.hpp"

namespace {

using namespace coreloop::bench;

struct Arguments {
  std::string engine = "build/release/engine";
  int pairs = 10;
  int pings = 3'000;
  int signals = 60'000;
  int open_loop_signals = 40'000;
  int idle_s = 10;
  std::vector<std::string> settings;  ///< --set of the engine
};

enum class Subject { engine, relay };

constexpr const char* last_output = "trade.position.update";

std::string signal_of(int i) {
  // BUY opens, SELL closes: every signal is approved and has three outputs.
  return std::string{R"({"symbol": "BTCUSDT", "action": ")"} + (i % 2 == 0 ? "BUY" : "SELL") +
         R"(", "confidence": 0.85, "timestamp": "2026-01-12T10:00:00.123456Z", "source": "ensemble_v5", )"
         R"("meta_override": false, "ensemble_votes": {"lstm": "BUY", "xgb": "BUY", "rules": "HOLD"}, )"
         R"("governer_approved": true, "meta_confidence": 0.81, "consensus": 0.667, "model_version": "5.2.1"})";
}

class Bench {
 public:
  explicit Bench(Arguments arguments)
      : arguments_(std::move(arguments)), redis_(start_redis(dir_)), control_(socket_path()) {
    std::ofstream conf(dir_.file("bench.toml"));
    conf << "[input]\nsource = \"redis\"\nstreams = { \"trade.signal.v5\" = \"signals\" }\n"
            "[output]\nsink = \"redis\"\nmaxlen = 10000\n"
            "[market]\nsource = \"simulated\"\nwalk_interval_s = 0\n[mark]\ninterval_s = 0\n"
            "[accounts]\ninitial_balance = 1000000000.0\n"
            "[risk]\nmax_daily_trades = 1000000000\ncooldown_after_loss_minutes = 0\n"
            "max_drawdown_pct = 1.0\nmax_total_exposure_pct = 100.0\nsizing = \"fixed_fraction\"\n"
            "fixed_fraction = 0.0001\n"
         << "[redis]\nurl = \"unix://" << socket_path() << "\"\n";
  }

  [[nodiscard]] std::string socket_path() const { return dir_.file("redis.sock"); }
  [[nodiscard]] const Arguments& arguments() const { return arguments_; }

  void clear() { control_.call({"FLUSHALL"}); }

  /// Starts the subject and waits until it reads.
  [[nodiscard]] Child start(Subject subject, const std::string& from) {
    if (subject == Subject::relay)
      return start_function([this, from] { run_relay(socket_path(), from); });
    std::vector<std::string> command{arguments_.engine, dir_.file("bench.toml"), "--set",
                                     "input.start=\"" + from + "\""};
    for (const std::string& setting : arguments_.settings) {
      command.push_back("--set");
      command.push_back(setting);
    }
    return start_program(command, dir_.file("engine.log"));
  }

  /// Appends `count` signals, pipelined.
  void publish(int count) {
    RespSocket socket(socket_path());
    constexpr int batch = 500;
    for (int done = 0; done < count; done += batch) {
      const int size = std::min(batch, count - done);
      std::string command;
      for (int i = done; i < done + size; ++i)
        append_command(command, {"XADD", "trade.signal.v5", "*", "data", signal_of(i)});
      socket.send(command);
      for (int i = 0; i < size; ++i)
        socket.skip();
    }
  }

  /// Waits for `count` last outputs; answers when, by the monotonic clock.
  std::int64_t wait_for_outputs(std::int64_t count) {
    const std::int64_t end_ns = now_ns() + 60'000'000'000;
    while (entries_added(control_, last_output) < count) {
      if (now_ns() > end_ns) give_up("outputs are missing: " + log());
      ::usleep(1'000);
    }
    return now_ns();
  }

  /// Every signal must have its three outputs, no more and no less.
  void check_outputs(std::int64_t signals) {
    for (const char* stream : {"trade.signal.safe", "trade.execution.res", last_output}) {
      const std::int64_t count = entries_added(control_, stream);
      if (count != signals)
        give_up(std::string{stream} + " has " + std::to_string(count) + " entries, not " +
                std::to_string(signals));
    }
  }

  [[nodiscard]] std::string log() const {
    std::ifstream file(dir_.file("engine.log"));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  RespSocket& control() { return control_; }

 private:
  Arguments arguments_;
  WorkDir dir_;
  Child redis_;
  RespSocket control_;
};

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const auto index = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  return values[index];
}

/// Asks for what follows `last` in the last output stream.
void ask_outputs(RespSocket& socket, const std::string& last) {
  std::string command;
  append_command(command,
                 {"XREAD", "COUNT", "4096", "BLOCK", "10000", "STREAMS", last_output, last});
  socket.send(command);
}

/// One signal at a time: from just before its XADD to the arrival of its last output. Microseconds.
std::vector<double> ping(Bench& bench, Subject subject) {
  bench.clear();
  const Child child = bench.start(subject, "0");
  RespSocket producer(bench.socket_path());
  RespSocket consumer(bench.socket_path());
  std::vector<double> times;
  std::string last = "0";
  const int warm_up = bench.arguments().pings / 10 + 50;
  for (int i = 0; i < warm_up + bench.arguments().pings; ++i) {
    ask_outputs(consumer, last);
    std::string command;
    append_command(command, {"XADD", "trade.signal.v5", "*", "data", signal_of(i)});
    const std::int64_t begin_ns = now_ns();
    producer.send(command);
    if (pull_entries(consumer, last) != 1) give_up("not one output for one signal " + bench.log());
    const std::int64_t end_ns = now_ns();
    producer.skip();
    if (i >= warm_up) times.push_back(static_cast<double>(end_ns - begin_ns) / 1e3);
  }
  bench.check_outputs(warm_up + bench.arguments().pings);
  return times;
}

/// A backlog of signals, worked off: signals per second from the first tenth to the last.
double flood(Bench& bench, Subject subject) {
  bench.clear();
  const int count = bench.arguments().signals;
  bench.publish(count);
  const Child child = bench.start(subject, "0");
  std::int64_t done = 0;
  while (done < count / 10) {
    done = entries_added(bench.control(), last_output);
    ::usleep(500);
  }
  const std::int64_t begin_ns = now_ns();
  const std::int64_t end_ns = bench.wait_for_outputs(count);
  ::usleep(20'000);
  bench.check_outputs(count);
  return static_cast<double>(count - done) * 1e9 / static_cast<double>(end_ns - begin_ns);
}

struct OpenLoop {
  std::vector<double> times;  ///< us, from the intended send time
  double late_us = 0;         ///< how far the sender itself fell behind, at most
};

/// Signals at a fixed rate, whatever comes back.
OpenLoop open_loop(Bench& bench, Subject subject, double rate) {
  bench.clear();
  const Child child = bench.start(subject, "0");
  const int count = bench.arguments().open_loop_signals;
  constexpr int warm_up = 2'000;
  bench.publish(warm_up);
  bench.wait_for_outputs(warm_up);
  RespSocket producer(bench.socket_path());
  RespSocket consumer(bench.socket_path());
  std::string last = "0";
  ask_outputs(consumer, last);
  while (pull_entries(consumer, last) > 0 &&
         entries_added(bench.control(), last_output) == warm_up) {
    std::string command;
    append_command(command, {"XREVRANGE", last_output, "+", "-", "COUNT", "1"});
    consumer.send(command);
    static_cast<void>(consumer.array());
    static_cast<void>(consumer.array());
    last = consumer.bulk();
    consumer.skip();
    break;
  }
  OpenLoop result;
  const std::int64_t start_ns = now_ns() + 10'000'000;
  const auto due_ns = [&](int i) {
    return start_ns + static_cast<std::int64_t>(static_cast<double>(i) * 1e9 / rate);
  };
  std::thread reader([&] {
    int seen = 0;
    while (seen < count) {
      ask_outputs(consumer, last);
      const std::int64_t got = pull_entries(consumer, last);
      const std::int64_t now = now_ns();
      if (got == 0) give_up("outputs are missing: " + bench.log());
      // One last output a signal, in the order of the signals.
      for (std::int64_t i = 0; i < got && seen < count; ++i, ++seen)
        result.times.push_back(static_cast<double>(now - due_ns(seen)) / 1e3);
    }
  });
  int unanswered = 0;
  for (int sent = 0; sent < count;) {
    std::int64_t now = now_ns();
    if (now < due_ns(sent)) {
      // Answers are taken in while there is time.
      for (; unanswered > 0; --unanswered)
        producer.skip();
      now = now_ns();
      if (now < due_ns(sent)) ::usleep(static_cast<unsigned>((due_ns(sent) - now) / 1'000));
      continue;
    }
    result.late_us = std::max(result.late_us, static_cast<double>(now - due_ns(sent)) / 1e3);
    std::string command;
    int batch = 0;
    for (; sent < count && due_ns(sent) <= now && batch < 64; ++sent, ++batch)
      append_command(command, {"XADD", "trade.signal.v5", "*", "data", signal_of(sent)});
    producer.send(command);
    unanswered += batch;
    for (; unanswered > 2'000; --unanswered)
      producer.skip();
  }
  reader.join();
  return result;
}

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
  std::printf("| %2d | %-34s | %9.1f %-4s | %9.1f %-4s | %.3f (%.3f to %.3f) | %s |\n", row, what,
              percentile(engine, 0.5), unit, percentile(relay, 0.5), unit, percentile(values, 0.5),
              percentile(values, 0), percentile(values, 1), wanted);
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

void run(Bench& bench) {
  const int pairs = bench.arguments().pairs;
  std::printf("| row | what | engine | relay | ratio, median (least to most) | to reach |\n");
  std::printf("| --- | --- | --- | --- | --- | --- |\n");

  std::vector<double> p50[2], p99[2];
  in_turns(pairs, [&](Subject subject) {
    const std::vector<double> times = ping(bench, subject);
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
    const OpenLoop result = open_loop(bench, subject, half);
    open[subject == Subject::relay].push_back(percentile(result.times, 0.99));
    late_us = std::max(late_us, result.late_us);
  });
  print_row(8, "open loop at half the flood, p99", "us", ratios(open), "<= 1.10");
  std::printf("\nopen loop: %.0f signals/s; the sender itself was at most %.0f us late\n", half,
              late_us);

  bench.clear();
  const Child engine = bench.start(Subject::engine, "0");
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
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto next = [&] { return i + 1 < argc ? std::string{argv[++i]} : std::string{}; };
    if (word == "--engine") {
      arguments.engine = next();
    } else if (word == "--set") {
      arguments.settings.push_back(next());
    } else if (word == "--pairs") {
      arguments.pairs = std::max(1, std::atoi(next().c_str()));
    } else if (word == "--quick") {
      arguments.pairs = 2;
      arguments.pings = 500;
      arguments.signals = arguments.open_loop_signals = 10'000;
      arguments.idle_s = 2;
    } else {
      std::fprintf(stderr,
                   "usage: redis_bench [--engine FILE] [--pairs N] [--quick] [--set key=value]…\n");
      return 64;
    }
  }
  Bench bench(std::move(arguments));
  run(bench);
  return 0;
}
