// Conf, source, sink and engine put together, driven to the end.
#include "tools/capture_run.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unistd.h>

#include "io/capture/capture_sink.hpp"
#include "io/capture/gzip_file.hpp"
#include "io/capture/tape.hpp"
#include "io/conf/conf_keys.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "tools/conf_file.hpp"
#include "tools/engine_report.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/latency_log.hpp"
#include "tools/log_line.hpp"
#include "tools/progress_line.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {
namespace {

template <std::uint32_t ring_capacity_max>
using Engine = io::PipelineEngine<io::CaptureSource, io::CaptureSink, ring_capacity_max>;

constexpr std::string_view capture_prefix = "capture:";

// Fills a key that must be given and is not looked at.
const io::ConfOverride any_capture{"input.source=\"capture:-\""};

bool is_capture(const std::string& text) {
  return text.rfind(capture_prefix, 0) == 0;
}

std::string without_prefix(const std::string& text) {
  return is_capture(text) ? text.substr(capture_prefix.size()) : text;
}

// The conf of a tape's @conf entry: every key it names, as overrides of the defaults.
std::vector<io::ConfOverride> overrides_of_tape(const io::RawEntry& entry) {
  std::vector<io::ConfOverride> overrides;
  for (const io::RawField& field : entry.fields) {
    overrides.push_back({std::string{field.name} + "=" + std::string{field.value}});
  }
  return overrides;
}

bool is_decision_override(const io::ConfOverride& override_text) {
  const std::string name = override_text.text.substr(0, override_text.text.find('='));
  const auto keys = io::conf_keys();
  return std::any_of(keys.begin(), keys.end(), [&](const io::ConfKey& key) {
    return key.is_decision && key.full_name() == name;
  });
}

std::string fault_text(io::IngressFault fault) {
  switch (fault) {
    case io::IngressFault::none:
      break;
    case io::IngressFault::time_jump:
      return "time jumps by more than 31 days between two inputs; split the capture there";
    case io::IngressFault::timer_outside_tape:
      return "an @timer entry in a capture that does not begin with @conf; replay the whole tape";
    case io::IngressFault::second_conf:
      return "a second @conf entry; this build replays one conf a tape";
    case io::IngressFault::broken_timer:
      return "an @timer entry without kind and due time";
    case io::IngressFault::log_diverges:
      return "timers that are not those of these inputs";
  }
  return {};
}

// Lets the engine's threads run until the source ends, a signal comes or an output fails.
template <class EngineType>
void drive(EngineType& engine, const io::CaptureSource& source, const io::CaptureSink& sink,
           const io::Tape* tape, LatencyLog& latency_log) {
  ProgressLine progress;
  // Soon at first, for short runs; then seldom enough to cost nothing.
  unsigned look_interval_us = 1'000;
  constexpr unsigned look_interval_us_max = 10'000;
  engine.start();
  latency_log.start([&engine] { return latency_rows(engine); });
  while (!engine.is_finished()) {
    ::usleep(look_interval_us);
    look_interval_us = std::min(look_interval_us + 100, look_interval_us_max);
    progress.show(source.progress_per_mille(), engine.loop_counters(0).messages_in.get());
    if (sink.error() != 0 || (tape != nullptr && tape->error() != 0)) engine.abort();
    if (take_stop_signal()) {
      log_line(LogLevel::info, "engine",
               "stopped by a signal; what was read is decided and written");
      engine.stop();
    }
  }
  progress.clear();
  engine.join();
}

// Whatever in the capture could not be read, told once at the end.
template <class EngineType>
int report_damage(const EngineType& engine, const io::CaptureSource& source) {
  if (engine.ingress().fault() != io::IngressFault::none) {
    log_line(LogLevel::error, "ingress",
             "line " + std::to_string(source.line_count()) + ": " +
                 fault_text(engine.ingress().fault()));
  }
  for (const io::BrokenLine& line : source.broken_lines()) {
    log_line(LogLevel::error, "capture",
             "line " + std::to_string(line.number) + " is no entry: " + line.problem);
  }
  const std::uint64_t broken = source.broken_line_count() + engine.ingress().broken_command_count();
  if (broken != 0) {
    log_line(LogLevel::error, "capture",
             std::to_string(broken) + " lines were passed over, all others processed");
  }
  if (!source.damage().empty()) {
    log_line(LogLevel::error, "capture", source.damage() + "; everything before it was processed");
  }
  const bool is_whole =
      broken == 0 && source.damage().empty() && engine.ingress().fault() == io::IngressFault::none;
  return is_whole ? exit_ok : exit_data;
}

/// What a run is made of, once everything is open.
struct RunParts {
  const io::EngineConf& conf;
  bool is_tape;
  io::CaptureSource& source;
  io::CaptureSink& sink;
  io::Tape* tape;
  const std::string& out;
  const io::PipelineOptions& pipeline;
  LatencyLog& latency_log;
};

// Runs an engine whose rings have storage for ring_capacity_max messages.
template <std::uint32_t ring_capacity_max>
int run_engine(const RunParts& parts, RunSummary& summary) {
  const io::EngineConf& conf = parts.conf;
  stages::Names names(conf.decision.symbols_max, conf.decision.book.accounts_max);
  name_conf_ids(conf, names);
  const auto engine = std::make_unique<Engine<ring_capacity_max>>(
      conf.decision, names, parts.source,
      io::IngressOptions{.streams = conf.streams,
                         .timers = conf.timers,
                         .is_tape = parts.is_tape,
                         .tape = parts.tape},
      parts.sink,
      io::EgressOptions{.streams = conf.streams,
                        .seed = conf.decision.fill.seed,
                        .model = conf.decision.fill.model,
                        .numbers_before = conf.numbers_before},
      parts.pipeline);
  const io::SystemClock clock;
  const std::int64_t start_ns = clock.monotonic_ns();
  drive(*engine, parts.source, parts.sink, parts.tape, parts.latency_log);
  summary.elapsed_ns = clock.monotonic_ns() - start_ns;
  const int log_code = parts.latency_log.finish();
  const int out_error = parts.sink.finish();
  const int tape_error = parts.tape == nullptr ? 0 : parts.tape->finish();
  summarize_engine(conf, *engine, names, summary);
  summary.output_entries = parts.sink.entry_count();
  summary.sha256 = parts.sink.sha256();
  if (out_error != 0)
    return complain("output", parts.out + ": " + std::strerror(out_error), exit_io);
  if (tape_error != 0)
    return complain("tape", conf.tape + ": " + std::strerror(tape_error), exit_io);
  const int damage = report_damage(*engine, parts.source);
  const int invariants = check_invariants(*engine);
  if (invariants != exit_ok) return invariants;
  return damage != exit_ok ? damage : log_code;
}

int open_source(const std::string& path, const io::CaptureSourceOptions& options,
                std::unique_ptr<io::CaptureSource>& source) {
  int error = 0;
  auto reader = io::GzipReader::open(path, error, is_stop_wanted);
  if (reader == nullptr) {
    return complain("capture", path + ": " + std::strerror(error),
                    error == EACCES ? exit_permission : exit_no_input);
  }
  source = std::make_unique<io::CaptureSource>(std::move(reader), options);
  return exit_ok;
}

// The conf's decision keys give way to those of a tape.
int take_tape_conf(const CaptureRunOptions& options, const io::RawEntry& entry,
                   io::EngineConf& conf) {
  for (const io::ConfOverride& override_text : options.overrides) {
    if (is_decision_override(override_text)) {
      return complain("conf",
                      "--set " + override_text.text + ": a tape brings its own decision keys",
                      exit_usage);
    }
  }
  std::vector<io::ConfOverride> overrides = overrides_of_tape(entry);
  overrides.push_back(any_capture);
  io::EngineConf tape_conf;
  const int exit_code = load_conf({}, overrides, tape_conf);
  if (exit_code != exit_ok) return exit_data;
  tape_conf.threads = conf.threads;
  tape_conf.sink = conf.sink;
  tape_conf.tape = conf.tape;
  tape_conf.latency = conf.latency;
  conf = std::move(tape_conf);
  return exit_ok;
}

}  // namespace

int run_capture(const CaptureRunOptions& options, RunSummary& summary) {
  std::vector<io::ConfOverride> overrides = options.overrides;
  if (!options.capture.empty()) overrides.push_back(any_capture);
  io::EngineConf conf;
  int exit_code = load_conf(options.conf_path, overrides, conf);
  if (exit_code != exit_ok) return exit_code;
  // Set here, not there: a file name need not be anything that TOML can say.
  if (!options.capture.empty()) conf.source = std::string{capture_prefix} + options.capture;
  if (!options.out.empty()) conf.sink = std::string{capture_prefix} + options.out;

  io::PipelineOptions pipeline;
  exit_code = plan_threads(conf.threads, pipeline);
  if (exit_code != exit_ok) return exit_code;
  std::unique_ptr<io::CaptureSource> source;
  exit_code = open_source(without_prefix(conf.source), options.source, source);
  if (exit_code != exit_ok) return exit_code;
  io::RawEntry first;
  const bool is_tape = source->begins_with_conf(first);
  if (is_tape) {
    exit_code = take_tape_conf(options, first, conf);
    if (exit_code != exit_ok) return exit_code;
    source->consume();
  }

  const std::string out = without_prefix(conf.sink);
  std::unique_ptr<io::File> out_file;
  if (is_capture(conf.sink)) exit_code = open_output(out, out_file);
  if (exit_code != exit_ok) return exit_code;
  io::CaptureSink sink(std::move(out_file), conf.output_names);
  std::unique_ptr<io::Tape> tape;
  exit_code = open_tape(conf, tape);
  if (exit_code != exit_ok) return exit_code;
  summary.is_stdout_taken = (is_capture(conf.sink) && out == "-") || conf.tape == "-";

  const io::SystemClock clock;
  LatencyLog latency_log(options.hlog.empty() ? conf.latency.hlog : options.hlog,
                         std::chrono::seconds(conf.latency.hlog_interval_s), clock);
  exit_code = latency_log.open(options.hlog.empty());
  if (exit_code != exit_ok) return exit_code;

  const RunParts parts{conf, is_tape, *source, sink, tape.get(), out, pipeline, latency_log};
  // Rings cycle through all of their storage: small ones stay in the caches.
  constexpr std::uint32_t usual_capacity = 1'024;
  constexpr std::uint32_t largest_capacity = 65'536;
  return pipeline.ring_capacity <= usual_capacity ? run_engine<usual_capacity>(parts, summary)
                                                  : run_engine<largest_capacity>(parts, summary);
}

}  // namespace coreloop::tools
