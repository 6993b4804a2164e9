// The conf as the engine uses it: every key read, checked and in its owner's options, once, before
// anything starts. Keys, defaults, ranges and what they mean: io/conf/conf_keys.cpp, and
// conf/README.md for people.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "io/capture/capture_sink.hpp"
#include "io/edge/input_streams.hpp"
#include "io/edge/timer_schedule.hpp"
#include "io/http/listen_address.hpp"
#include "stages/decision_conf.hpp"

namespace coreloop::io {

/// One key with its effective value as TOML text, in the order of the key table.
struct ConfEntry {
  std::string section;
  std::string name;
  std::string text;
  bool is_decision = false;  ///< decides output bytes: recorded in the input log

  [[nodiscard]] std::string full_name() const { return section + "." + name; }
};

enum class PriceSource : std::uint8_t { ticks, simulated };
enum class WaitKind : std::uint8_t { spin, yield, adaptive };

struct ThreadsConf {
  std::vector<std::vector<std::string>> layout;  ///< empty: auto
  std::vector<std::int64_t> cores;               ///< one a thread; empty: auto or none
  bool pins_cores = true;                        ///< false: cores = "none"
  WaitKind wait = WaitKind::adaptive;
  std::int64_t spin_us = 50;
  bool oversubscribe = false;
  std::int64_t ring_capacity = 1'024;
};

struct RedisConf {
  std::string url;
  std::string password_file;            ///< empty: none, or the one in the URL
  std::int64_t connect_deadline_s = 0;  ///< 0: for ever
  std::int64_t read_count = 1'024;
  std::int64_t egress_batch_max = 512;
  bool is_strict = false;  ///< refuses a server that may delete streams to make room
};

struct JournalConf {
  std::string dir;     ///< empty: none
  bool syncs = false;  ///< sync = "batch"
  std::int64_t segment_mb = 64;
  std::int64_t segments_kept = 16;  ///< beside those that recovery needs
  bool accepts_build = false;       ///< what another build recorded is replayed
  bool accepts_lost_tail = false;   ///< outputs whose inputs it has lost are taken over
};

struct LatencyConf {
  std::string hlog;  ///< empty: none
  std::int64_t hlog_interval_s = 10;
};

struct HttpConf {
  std::string token_file;               ///< empty: nobody is asked for a token
  std::vector<std::string> hosts;       ///< names we are asked by, beside addresses
  std::int64_t command_rate_max = 100;  ///< commands a second; 0: any number
};

struct EngineConf {
  stages::DecisionConf decision;
  PriceSource price_source = PriceSource::ticks;
  TimerIntervals timers;
  std::vector<std::pair<std::string, stages::Price>> prices;  ///< of the simulated market
  std::vector<std::pair<std::string, stages::Quantity>> lot_steps;
  std::vector<std::string> account_names;  ///< ids [0, n)
  std::vector<std::string> symbol_names;   ///< ids [0, n)
  std::string source;                      ///< "capture:FILE" or "redis"
  InputStreams streams;  ///< those that are read: no ticks where prices are simulated
  std::string start;
  OnRewind on_rewind = OnRewind::stop;
  std::string sink;  ///< "none", "capture:FILE" or "redis"
  std::string tape;  ///< empty: none
  std::int64_t maxlen = 10'000;
  OutputStreamNames output_names;
  /// Number of the last entry of each output stream before ours: of conf output.bases.
  std::array<std::uint64_t, output_stream_count> numbers_before{};
  RedisConf redis;
  JournalConf journal;
  HttpConf http;
  std::array<std::string, listener_count> http_listen;  ///< host:port each; empty: none
  LatencyConf latency;
  ThreadsConf threads;
  std::vector<ConfEntry> entries;
};

/// Every problem found, one line each, in the form `file:line:column: section.key: message`.
struct ConfProblems {
  std::vector<std::string> lines;
  [[nodiscard]] bool any() const noexcept { return !lines.empty(); }
};

/// A `section.key=value` of the command line. `value` is TOML, or a bare word.
struct ConfOverride {
  std::string text;
};

/// Reads `text` (called `file` in messages) and then `overrides` over the defaults. Everything that
/// is wrong is listed.
[[nodiscard]] ConfProblems read_conf(std::string_view file, std::string_view text,
                                     std::span<const ConfOverride> overrides, EngineConf& conf);

/// The effective conf as a TOML file. `decision_only`: just the keys that decide outputs.
[[nodiscard]] std::string print_conf(const EngineConf& conf, bool decision_only);

}  // namespace coreloop::io
