// Conf, source, sink and engine put together, driven to the end.
#include "tools/capture_run.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include "io/capture/capture_sink.hpp"
#include "io/capture/gzip_file.hpp"
#include "io/capture/tape.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/one_thread_engine.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {
namespace {

using Engine = io::OneThreadEngine<io::CaptureSource, io::CaptureSink>;

constexpr std::string_view capture_prefix = "capture:";

int complain(std::string_view component, const std::string& message, int exit_code) {
  log_line(LogLevel::error, component, message);
  return exit_code;
}

std::string without_prefix(const std::string& text) {
  return text.rfind(capture_prefix, 0) == 0 ? text.substr(capture_prefix.size()) : text;
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
  return name.rfind("output.", 0) != 0 && name.rfind("threads.", 0) != 0 &&
         name.rfind("rings.", 0) != 0 && name != "input.source" && name != "input.start";
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
  }
  return {};
}

/// A line on a terminal about anything that takes more than two seconds.
class ProgressLine {
 public:
  void show(const io::CaptureSource& source, std::uint64_t inputs) {
    const std::int64_t now = clock_.monotonic_ns();
    if (!is_terminal_ || now - last_ns_ < stages::ns_per_second / 2 ||
        now - start_ns_ < 2 * stages::ns_per_second)
      return;
    last_ns_ = now;
    is_shown_ = true;
    std::fprintf(stderr, "\r%5.1f %%  %llu inputs, %lld s ", source.progress_per_mille() / 10.0,
                 static_cast<unsigned long long>(inputs),
                 static_cast<long long>((now - start_ns_) / stages::ns_per_second));
  }
  void clear() {
    if (is_shown_) std::fprintf(stderr, "\r%60s\r", "");
  }

 private:
  io::SystemClock clock_;
  bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  bool is_shown_ = false;
  std::int64_t start_ns_ = clock_.monotonic_ns();
  std::int64_t last_ns_ = 0;
};

void name_conf_ids(const io::EngineConf& conf, stages::Names& names) {
  for (const std::string& account : conf.account_names)
    static_cast<void>(names.accounts.find_or_add(account));
  for (const std::string& symbol : conf.symbol_names)
    static_cast<void>(names.symbols.find_or_add(symbol));
}

void give_tape_conf(const io::EngineConf& conf, io::Tape& tape) {
  std::vector<std::string> names;
  for (const io::ConfEntry& entry : conf.entries)
    names.push_back(entry.full_name());
  std::vector<io::RawField> keys;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (conf.entries[i].is_decision) keys.push_back({names[i], conf.entries[i].text});
  }
  tape.set_conf(keys);
}

int open_file(const std::string& path, std::unique_ptr<io::File>& file) {
  int error = 0;
  file = io::create_output_file(path, error);
  return file != nullptr ? exit_ok
                         : complain("output", path + ": cannot be created: " + std::strerror(error),
                                    exit_cannot_create);
}

// Steps the engine until its source ends; answers an exit code.
int drive(Engine& engine, const io::CaptureSource& source, const io::CaptureSink& sink,
          const io::Tape* tape) {
  ProgressLine progress;
  constexpr std::uint32_t steps_between_looks = 4'096;
  int exit_code = exit_ok;
  for (std::uint32_t steps = 1;; ++steps) {
    const engine::StepResult result = engine.step();
    if (result == engine::StepResult::finished) break;
    if (sink.error() != 0 || (tape != nullptr && tape->error() != 0)) break;
    if (result == engine::StepResult::idle) ::usleep(100);
    if (steps % steps_between_looks != 0 && result != engine::StepResult::idle) continue;
    progress.show(source, engine.ingress().sequence());
    if (take_stop_signal()) {
      log_line(LogLevel::info, "engine",
               "stopped by a signal; what was read has been decided and written");
      break;
    }
  }
  progress.clear();
  engine.settle();
  if (engine.ingress().fault() != io::IngressFault::none) {
    exit_code = complain(
        "ingress",
        "line " + std::to_string(source.line_count()) + ": " + fault_text(engine.ingress().fault()),
        exit_data);
  }
  return exit_code;
}

// Whatever in the capture could not be read, told once at the end.
int report_damage(const Engine& engine, const io::CaptureSource& source) {
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
  return broken != 0 || !source.damage().empty() ? exit_data : exit_ok;
}

int check_invariants(const Engine& engine) {
  if (!engine.egress().statistics().is_balanced()) {
    return complain("engine", "a signal has no outcome, or more than one", exit_invariant);
  }
  if (engine.risk().book().hash() != engine.mark().book().hash()) {
    return complain("engine", "the books of RISK and MARK differ", exit_invariant);
  }
  return exit_ok;
}

void summarize(const io::EngineConf& conf, const Engine& engine, const io::CaptureSink& sink,
               const stages::Names& names, RunSummary& summary) {
  summary.statistics = engine.egress().statistics();
  for (std::size_t i = 0; i < conf.streams.size(); ++i) {
    summary.inputs.push_back({conf.streams[i].name, engine.ingress().entry_counts()[i]});
  }
  summary.unread_entries = engine.ingress().unread_entry_count();
  for (std::size_t i = 0; i < io::output_stream_count; ++i) {
    summary.outputs.push_back(
        {conf.output_names[i], engine.egress().entry_count(static_cast<io::OutputStream>(i))});
  }
  summary.output_entries = sink.entry_count();
  summary.sha256 = sink.sha256();
  summarize_books(names, engine.mark(), engine.risk(), summary);
}

int open_source(const std::string& path, const io::CaptureSourceOptions& options,
                std::unique_ptr<io::CaptureSource>& source) {
  int error = 0;
  auto reader = io::GzipReader::open(path, error);
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
  overrides.push_back({"input.source=\"" + std::string{capture_prefix} + "-\""});
  io::EngineConf tape_conf;
  const int exit_code = load_conf({}, overrides, tape_conf);
  if (exit_code != exit_ok) return exit_data;
  tape_conf.threads = conf.threads;
  tape_conf.sink = conf.sink;
  tape_conf.tape = conf.tape;
  conf = std::move(tape_conf);
  return exit_ok;
}

}  // namespace

int read_file(const std::string& path, std::string& text) {
  if (std::filesystem::is_directory(path))
    return complain("conf", path + ": is a directory", exit_conf);
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return complain("conf", path + ": " + std::strerror(errno),
                    errno == EACCES ? exit_permission : exit_no_input);
  }
  std::ostringstream content;
  content << file.rdbuf();
  text = content.str();
  return exit_ok;
}

int load_conf(const std::string& path, std::span<const io::ConfOverride> overrides,
              io::EngineConf& conf) {
  std::string text;
  if (!path.empty()) {
    const int exit_code = read_file(path, text);
    if (exit_code != exit_ok) return exit_code;
  }
  const io::ConfProblems problems =
      io::read_conf(path.empty() ? "defaults" : std::string_view{path}, text, overrides, conf);
  for (const std::string& line : problems.lines)
    std::fprintf(stderr, "%s\n", line.c_str());
  return problems.any() ? exit_conf : exit_ok;
}

int run_capture(const CaptureRunOptions& options, RunSummary& summary) {
  std::vector<io::ConfOverride> overrides = options.overrides;
  if (!options.capture.empty()) {
    overrides.push_back({"input.source=\"" + std::string{capture_prefix} + options.capture + "\""});
  }
  io::EngineConf conf;
  int exit_code = load_conf(options.conf_path, overrides, conf);
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

  const std::string out = options.out.empty() ? without_prefix(conf.sink) : options.out;
  std::unique_ptr<io::File> out_file;
  if (out != "none") exit_code = open_file(out, out_file);
  if (exit_code != exit_ok) return exit_code;
  io::CaptureSink sink(std::move(out_file), conf.output_names);
  std::unique_ptr<io::Tape> tape;
  if (!conf.tape.empty()) {
    std::unique_ptr<io::File> tape_file;
    exit_code = open_file(conf.tape, tape_file);
    if (exit_code != exit_ok) return exit_code;
    tape = std::make_unique<io::Tape>(std::move(tape_file));
    give_tape_conf(conf, *tape);
  }

  stages::Names names(conf.decision.symbols_max, conf.decision.book.accounts_max);
  name_conf_ids(conf, names);
  const io::SystemClock clock;
  Engine engine(
      conf.decision, names, *source,
      {.streams = conf.streams, .timers = conf.timers, .is_tape = is_tape, .input_log = tape.get()},
      sink,
      {.streams = conf.streams,
       .seed = conf.decision.fill.seed,
       .model = conf.decision.fill.model});
  const std::int64_t start_ns = clock.monotonic_ns();
  exit_code = drive(engine, *source, sink, tape.get());
  summary.elapsed_ns = clock.monotonic_ns() - start_ns;
  const int out_error = sink.finish();
  const int tape_error = tape == nullptr ? 0 : tape->finish();
  summarize(conf, engine, sink, names, summary);
  if (out_error != 0) return complain("output", out + ": " + std::strerror(out_error), exit_io);
  if (tape_error != 0)
    return complain("tape", conf.tape + ": " + std::strerror(tape_error), exit_io);
  const int damage = report_damage(engine, *source);
  const int invariants = check_invariants(engine);
  if (invariants != exit_ok) return invariants;
  return exit_code != exit_ok ? exit_code : damage;
}

}  // namespace coreloop::tools
