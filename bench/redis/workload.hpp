// The loads of the Redis benchmark: one signal at a time, a backlog, a fixed rate; each against the
// engine or the relay on a private redis-server, each with its outputs counted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/redis/children.hpp"
#include "bench/redis/resp_socket.hpp"

namespace coreloop::bench {

struct Arguments {
  std::string engine = "build/release/engine";
  int pairs = 10;
  int pings = 3'000;
  int signals = 60'000;
  int open_loop_signals = 40'000;
  int idle_s = 12;
  std::int64_t memory_events = 10'000'000;
  std::vector<std::string> settings;  ///< --set of the engine
};

/// `journaled`: the engine with a journal, begun anew at each start.
enum class Subject { engine, relay, journaled };

/// The text of signal `i`: BUY opens, SELL closes, so that each is approved and has three outputs.
[[nodiscard]] std::string signal_text(int i);

/// A redis-server of its own, and the engine's conf for it.
class Bench {
 public:
  explicit Bench(Arguments arguments);

  [[nodiscard]] std::string socket_path() const { return dir_.file("redis.sock"); }
  [[nodiscard]] const Arguments& arguments() const { return arguments_; }
  /// What the engine has logged.
  [[nodiscard]] std::string log() const;
  RespSocket& control() { return control_; }
  /// User and system time of redis-server so far.
  [[nodiscard]] long redis_cpu_ms() const { return cpu_ms(redis_.pid()); }

  void clear() { control_.call({"FLUSHALL"}); }

  /// Starts the subject, reading from the beginning. `settings`: more --set of the engine.
  [[nodiscard]] Child start(Subject subject, const std::vector<std::string>& settings = {});

  /// Starts the engine with this conf and no other.
  [[nodiscard]] Child start_with(const std::string& conf);

  /// Appends `count` signals, pipelined.
  void publish(int count);

  /// Waits for `count` last outputs; answers when, by the monotonic clock.
  std::int64_t wait_for_outputs(std::int64_t count);

  /// Runs a program to its end; its output in `text`, its exit code, 127 where there is none.
  [[nodiscard]] int run_program(const std::vector<std::string>& command, std::string& text);

  /// Every signal must have its three outputs, no more and no less.
  void check_outputs(std::int64_t signals);

 private:
  Arguments arguments_;
  WorkDir dir_;
  Child redis_;
  RespSocket control_;
};

/// The output stream that has one entry a signal, the last of its three.
inline constexpr const char* last_output = "trade.position.update";

/// One signal at a time: from just before its XADD to the arrival of its last output. Microseconds.
[[nodiscard]] std::vector<double> ping(Bench& bench, Subject subject);

struct Flood {
  double per_s = 0;
  double redis_share = 0;  ///< of one core, used by redis-server; in steps of 10 ms
};

/// A backlog of signals, worked off: signals per second from the first tenth to the last.
[[nodiscard]] Flood flood(Bench& bench, Subject subject);

struct OpenLoop {
  std::vector<double> times;  ///< us, from the intended send time
  double late_us = 0;         ///< how far the sender itself fell behind, at most
};

/// Signals at a fixed rate, whatever comes back, to a subject that is running.
[[nodiscard]] OpenLoop open_loop(Bench& bench, double rate);
/// Signals that open_loop() sends, those that warm up too.
[[nodiscard]] int open_loop_total(const Bench& bench);

/// The value below which `share` of `values` lie, between two of them in proportion: 0.5 of an even
/// number is the mean of the middle two.
[[nodiscard]] double percentile(std::vector<double> values, double share);

}  // namespace coreloop::bench
