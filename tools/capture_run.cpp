// Conf, source, sink and engine put together, driven to the end.
#include "tools/capture_run.hpp"

#include <cerrno>
#include <cstring>

#include "io/capture/capture_sink.hpp"
#include "io/capture/gzip_file.hpp"
#include "io/capture/tape.hpp"
#include "io/edge/clock.hpp"
#include "io/journal/journal_player.hpp"
#include "tools/conf_file.hpp"
#include "tools/recorded_conf.hpp"
#include "tools/recorded_journal.hpp"
#include "tools/recorded_run.hpp"

namespace coreloop::tools {
namespace {

constexpr std::string_view capture_prefix = "capture:";

bool is_capture(const std::string& text) {
  return text.rfind(capture_prefix, 0) == 0;
}

std::string without_prefix(const std::string& text) {
  return is_capture(text) ? text.substr(capture_prefix.size()) : text;
}

// Whatever in the capture could not be read, told once at the end.
int report_damage(const RecordedRunEnd& end, const io::CaptureSource& source) {
  if (end.fault != io::IngressFault::none) {
    log_line(LogLevel::error, "ingress",
             "line " + std::to_string(source.line_count()) + ": " + fault_text(end.fault));
  }
  for (const io::BrokenLine& line : source.broken_lines()) {
    log_line(LogLevel::error, "capture",
             "line " + std::to_string(line.number) + " is no entry: " + line.problem);
  }
  const std::uint64_t broken = source.broken_line_count() + end.broken_command_count;
  if (broken != 0) {
    log_line(LogLevel::error, "capture",
             std::to_string(broken) + " lines were passed over, all others processed");
  }
  if (!source.damage().empty()) {
    log_line(LogLevel::error, "capture", source.damage() + "; everything before it was processed");
  }
  const bool is_whole =
      broken == 0 && source.damage().empty() && end.fault == io::IngressFault::none;
  return is_whole ? exit_ok : exit_data;
}

/// What a capture and a journal have in common: everything but the source.
class CaptureRun {
 public:
  explicit CaptureRun(const CaptureRunOptions& options) : options_(options) {}

  /// Reads the conf and plans its threads.
  int prepare();
  io::EngineConf& conf() { return conf_; }

  /// Opens the outputs and runs the engine over `source`; `report` tells of what the source was,
  /// and answers an exit code.
  template <class Source, class Report>
  int run(Source& source, bool is_tape, RunSummary& summary, const Report& report,
          std::string_view state = {});

 private:
  const CaptureRunOptions& options_;
  io::EngineConf conf_;
  io::PipelineOptions pipeline_;
};

int CaptureRun::prepare() {
  std::vector<io::ConfOverride> overrides = options_.overrides;
  const bool has_source = !options_.capture.empty() || !options_.journal.empty();
  if (has_source) overrides.push_back(any_source);
  const int exit_code = load_conf(options_.conf_path, overrides, conf_);
  if (exit_code != exit_ok) return exit_code;
  // Set here, not there: a file name need not be anything that TOML can say.
  if (!options_.capture.empty()) conf_.source = std::string{capture_prefix} + options_.capture;
  if (!options_.out.empty()) conf_.sink = std::string{capture_prefix} + options_.out;
  return plan_threads(conf_.threads, pipeline_);
}

template <class Source, class Report>
int CaptureRun::run(Source& source, bool is_tape, RunSummary& summary, const Report& report,
                    std::string_view state) {
  const std::string out = without_prefix(conf_.sink);
  std::unique_ptr<io::File> out_file;
  int exit_code = exit_ok;
  if (is_capture(conf_.sink)) exit_code = open_output(out, out_file);
  if (exit_code != exit_ok) return exit_code;
  io::CaptureSink sink(std::move(out_file), conf_.output_names);
  std::unique_ptr<io::Tape> tape;
  exit_code = open_tape(conf_, tape);
  if (exit_code != exit_ok) return exit_code;
  summary.is_stdout_taken = (is_capture(conf_.sink) && out == "-") || conf_.tape == "-";

  const io::SystemClock clock;
  LatencyLog latency_log(options_.hlog.empty() ? conf_.latency.hlog : options_.hlog,
                         std::chrono::seconds(conf_.latency.hlog_interval_s), clock);
  exit_code = latency_log.open(options_.hlog.empty());
  if (exit_code != exit_ok) return exit_code;

  const RecordedRun<Source, io::CaptureSink> run{conf_,      is_tape,   source,      sink,
                                                 tape.get(), pipeline_, latency_log, state};
  // Rings cycle through all of their storage: small ones stay in the caches.
  constexpr std::uint32_t usual_capacity = 1'024;
  constexpr std::uint32_t largest_capacity = 65'536;
  const RecordedRunEnd end = pipeline_.ring_capacity <= usual_capacity
                                 ? run_recorded_on<usual_capacity>(run, summary)
                                 : run_recorded_on<largest_capacity>(run, summary);
  const int out_error = sink.finish();
  const int tape_error = tape == nullptr ? 0 : tape->finish();
  summary.output_entries = sink.entry_count();
  summary.sha256 = sink.sha256();
  if (out_error != 0) return complain("output", out + ": " + std::strerror(out_error), exit_io);
  if (tape_error != 0)
    return complain("tape", conf_.tape + ": " + std::strerror(tape_error), exit_io);
  const int damage = report(end);
  if (end.invariants_code != exit_ok) return end.invariants_code;
  return damage != exit_ok ? damage : end.latency_code;
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

int run_journal(const CaptureRunOptions& options, CaptureRun& run, RunSummary& summary) {
  RecordedJournal journal;
  int exit_code = journal.open(options.journal);
  if (exit_code != exit_ok) return exit_code;
  exit_code = take_recorded_conf("a journal", journal.conf(), options.overrides, run.conf());
  if (exit_code != exit_ok) return exit_code;
  journal.consume_conf();
  io::JournalPlayer player(journal.source(), journal.reader(),
                           {.to_unix_ns = options.source.to_unix_ns,
                            .speed = options.source.speed,
                            .clock = options.source.clock});
  const auto report = [&journal](const RecordedRunEnd& end) {
    return journal.report_end(end.fault, end.broken_command_count);
  };
  return run.run(player, false, summary, report, journal.begin().state);
}

}  // namespace

int run_capture(const CaptureRunOptions& options, RunSummary& summary) {
  CaptureRun run(options);
  int exit_code = run.prepare();
  if (exit_code != exit_ok) return exit_code;
  if (!options.journal.empty()) return run_journal(options, run, summary);
  std::unique_ptr<io::CaptureSource> source;
  exit_code = open_source(without_prefix(run.conf().source), options.source, source);
  if (exit_code != exit_ok) return exit_code;
  io::RawEntry first;
  const bool is_tape = source->begins_with_conf(first);
  if (is_tape) {
    exit_code = take_recorded_conf("a tape", first, options.overrides, run.conf());
    if (exit_code != exit_ok) return exit_code;
    source->consume();
  }
  return run.run(*source, is_tape, summary,
                 [&source](const RecordedRunEnd& end) { return report_damage(end, *source); });
}

}  // namespace coreloop::tools
