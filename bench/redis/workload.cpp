// Children, signals, and how long they take.
#include "bench/redis/workload.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>
#include <unistd.h>

#include "bench/redis/relay.hpp"

namespace coreloop::bench {
namespace {

constexpr int open_loop_warm_up = 2'000;

/// The n of an id `<ms>-<n>`, which counts a stream's entries from 1 without a gap.
int number_of(const std::string& id) {
  return std::atoi(id.c_str() + id.find('-') + 1);
}

/// Asks for what follows `last` in the last output stream.
void ask_outputs(RespSocket& socket, const std::string& last) {
  std::string command;
  append_command(command,
                 {"XREAD", "COUNT", "4096", "BLOCK", "10000", "STREAMS", last_output, last});
  socket.send(command);
}

}  // namespace

std::string signal_text(int i) {
  return std::string{R"({"symbol": "BTCUSDT", "action": ")"} + (i % 2 == 0 ? "BUY" : "SELL") +
         R"(", "confidence": 0.85, "timestamp": "2026-01-12T10:00:00.123456Z", "source": "ensemble_v5", )"
         R"("meta_override": false, "ensemble_votes": {"lstm": "BUY", "xgb": "BUY", "rules": "HOLD"}, )"
         R"("governer_approved": true, "meta_confidence": 0.81, "consensus": 0.667, "model_version": "5.2.1"})";
}

Bench::Bench(Arguments arguments)
    : arguments_(std::move(arguments)), redis_(start_redis(dir_)), control_(socket_path()) {
  std::ofstream conf(dir_.file("bench.toml"));
  conf << "[input]\nsource = \"redis\"\nstart = \"0\"\nstreams = { \"trade.signal.v5\" = "
          "\"signals\" }\n"
          "[output]\nsink = \"redis\"\nmaxlen = 10000\n"
          "[market]\nsource = \"simulated\"\nwalk_interval_s = 0\n[mark]\ninterval_s = 0\n"
          "[accounts]\ninitial_balance = 1000000000.0\n"
          "[risk]\nmax_daily_trades = 1000000000\ncooldown_after_loss_minutes = 0\n"
          "max_drawdown_pct = 1.0\nmax_total_exposure_pct = 100.0\nsizing = \"fixed_fraction\"\n"
          "fixed_fraction = 0.0001\n"
       << "[http]\nlisten = \"\"\n[journal]\ndir = \"\"\n[redis]\nurl = \"unix://" << socket_path()
       << "\"\n";
}

std::string Bench::log() const {
  std::ifstream file(dir_.file("engine.log"));
  return {std::istreambuf_iterator<char>(file), {}};
}

Child Bench::start(Subject subject, const std::vector<std::string>& settings) {
  if (subject == Subject::relay) return start_function([this] { run_relay(socket_path(), "0"); });
  if (subject == Subject::journaled) {
    const std::string journal = dir_.file("journal");
    std::filesystem::remove_all(journal);
    std::vector<std::string> more = settings;
    more.push_back("journal.dir=" + journal);
    return start(Subject::engine, more);
  }
  std::vector<std::string> command{arguments_.engine, dir_.file("bench.toml")};
  for (const std::vector<std::string>* more : {&std::as_const(arguments_).settings, &settings}) {
    for (const std::string& setting : *more) {
      command.push_back("--set");
      command.push_back(setting);
    }
  }
  return start_program(command, dir_.file("engine.log"));
}

Child Bench::start_with(const std::string& conf) {
  const std::string file = dir_.file("given.toml");
  std::ofstream(file) << conf;
  return start_program({arguments_.engine, file}, dir_.file("engine.log"));
}

void Bench::publish(int count) {
  RespSocket socket(socket_path());
  constexpr int batch = 500;
  for (int done = 0; done < count; done += batch) {
    const int size = std::min(batch, count - done);
    std::string command;
    for (int i = done; i < done + size; ++i)
      append_command(command, {"XADD", "trade.signal.v5", "*", "data", signal_text(i)});
    socket.send(command);
    for (int i = 0; i < size; ++i)
      socket.skip();
  }
}

std::int64_t Bench::wait_for_outputs(std::int64_t count) {
  const std::int64_t end_ns = now_ns() + 60'000'000'000;
  while (entries_added(control_, last_output) < count) {
    if (now_ns() > end_ns) give_up("outputs are missing: " + log());
    ::usleep(1'000);
  }
  return now_ns();
}

int Bench::run_program(const std::vector<std::string>& command, std::string& text) {
  const std::string log = dir_.file("program.log");
  const int exit_code = start_program(command, log).wait();
  std::ifstream file(log);
  text.assign(std::istreambuf_iterator<char>(file), {});
  return exit_code;
}

void Bench::check_outputs(std::int64_t signals) {
  for (const char* stream : {"trade.signal.safe", "trade.execution.res", last_output}) {
    const std::int64_t count = entries_added(control_, stream);
    if (count != signals)
      give_up(std::string{stream} + " has " + std::to_string(count) + " entries, not " +
              std::to_string(signals));
  }
}

double percentile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  const double place = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, values.size() - 1);
  return values[below] + (place - static_cast<double>(below)) * (values[above] - values[below]);
}

std::vector<double> ping(Bench& bench, Subject subject) {
  bench.clear();
  const Child child = bench.start(subject);
  RespSocket producer(bench.socket_path());
  RespSocket consumer(bench.socket_path());
  std::vector<double> times;
  std::string last = "0";
  const int warm_up = bench.arguments().pings / 10 + 50;
  for (int i = 0; i < warm_up + bench.arguments().pings; ++i) {
    ask_outputs(consumer, last);
    std::string command;
    append_command(command, {"XADD", "trade.signal.v5", "*", "data", signal_text(i)});
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

Flood flood(Bench& bench, Subject subject) {
  bench.clear();
  const int count = bench.arguments().signals;
  bench.publish(count);
  const Child child = bench.start(subject);
  std::int64_t done = 0;
  while (done < count / 10) {
    done = entries_added(bench.control(), last_output);
    ::usleep(500);
  }
  const std::int64_t begin_ns = now_ns();
  const long begin_cpu_ms = bench.redis_cpu_ms();
  const std::int64_t end_ns = bench.wait_for_outputs(count);
  const auto redis_ms = static_cast<double>(bench.redis_cpu_ms() - begin_cpu_ms);
  ::usleep(20'000);
  bench.check_outputs(count);
  const auto took_ns = static_cast<double>(end_ns - begin_ns);
  return {.per_s = static_cast<double>(count - done) * 1e9 / took_ns,
          .redis_share = redis_ms * 1e6 / took_ns};
}

int open_loop_total(const Bench& bench) {
  return open_loop_warm_up + bench.arguments().open_loop_signals;
}

OpenLoop open_loop(Bench& bench, double rate) {
  const int count = bench.arguments().open_loop_signals;
  constexpr int warm_up = open_loop_warm_up;
  bench.publish(warm_up);
  bench.wait_for_outputs(warm_up);
  RespSocket producer(bench.socket_path());
  RespSocket consumer(bench.socket_path());
  std::string last = "0";
  ask_outputs(consumer, last);
  if (pull_entries(consumer, last) != warm_up || number_of(last) != warm_up)
    give_up("the first outputs are missing: " + bench.log());
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
      // One last output a signal, in the order of the signals. Numbers, not entries: what was
      // trimmed before it could be read counts as read with the entry behind it.
      for (const int end = number_of(last) - warm_up; seen < end; ++seen)
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
      append_command(command, {"XADD", "trade.signal.v5", "*", "data", signal_text(sent)});
    producer.send(command);
    unanswered += batch;
    for (; unanswered > 2'000; --unanswered)
      producer.skip();
  }
  reader.join();
  return result;
}

}  // namespace coreloop::bench
