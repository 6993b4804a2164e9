// `replay run`: the engine over a capture or a journal, with everything it came to.
#include <charconv>
#include <cstring>
#include <memory>

#include <CLI/CLI.hpp>

#include "io/codec/timestamp_text.hpp"
#include "io/edge/clock.hpp"
#include "tools/capture_run.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/latency_files.hpp"
#include "tools/log_line.hpp"
#include "tools/replay_commands.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {
namespace {

struct RunArguments {
  std::string conf;
  std::string capture;
  std::string journal;
  std::string out;
  std::string summary;
  std::string hlog;
  std::string hgrm;
  std::string from;
  std::string to;
  std::string speed = "max";
  std::string layout;
  std::string wait;
  std::vector<std::string> settings;
};

// A moment as ns since the epoch or as a UTC timestamp.
bool read_moment(const std::string& text, std::int64_t& unix_ns) {
  if (text.empty()) return true;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, unix_ns);
  if (stop == end && error == std::errc{} && unix_ns >= 0) return true;
  return io::read_timestamp(text, unix_ns);
}

// A number of threads as a layout: the ends alone from three on, then the stages behind INGRESS one
// by one. Anything else is a layout already.
std::string layout_text(const std::string& text) {
  constexpr std::size_t stage_count = io::stage_names.size();
  std::size_t thread_count = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, thread_count);
  if (stop != end || error != std::errc{} || thread_count == 0 || thread_count > stage_count)
    return text;
  std::string layout = "[[";
  for (std::size_t stage = 0; stage < stage_count; ++stage) {
    const bool begins_thread = thread_count == 2 ? stage == 2
                                                 : thread_count > 2 && (stage + 2 <= thread_count ||
                                                                        stage + 1 == stage_count);
    if (stage != 0) layout += begins_thread ? "], [" : ", ";
    layout += "\"" + std::string{io::stage_names[stage]} + "\"";
  }
  return layout + "]]";
}

int usage(const std::string& message) {
  log_line(LogLevel::error, "replay", message);
  return exit_usage;
}

int write_summary(const std::string& path, const std::string& text) {
  std::unique_ptr<io::File> file;
  const int exit_code = open_output(path, file);
  if (exit_code != exit_ok) return exit_code;
  const int append_error = file->append(text);
  const int finish_error = file->finish();
  const int error = append_error != 0 ? append_error : finish_error;
  return error == 0 ? exit_ok : complain("output", path + ": " + std::strerror(error), exit_io);
}

int run(const RunArguments& arguments) {
  block_stop_signals();
  const io::SystemClock clock;
  CaptureRunOptions options{.conf_path = arguments.conf,
                            .overrides = {},
                            .capture = arguments.capture,
                            .journal = arguments.journal,
                            .out = arguments.out,
                            .hlog = arguments.hlog,
                            .source = {}};
  for (const std::string& text : arguments.settings)
    options.overrides.push_back({text});
  if (!arguments.layout.empty())
    options.overrides.push_back({"threads.layout=" + layout_text(arguments.layout)});
  if (!arguments.wait.empty()) options.overrides.push_back({"threads.wait=" + arguments.wait});
  options.source.clock = &clock;
  if (arguments.speed != "max")
    options.source.speed = static_cast<std::uint32_t>(std::stoul(arguments.speed));
  if (!read_moment(arguments.from, options.source.from_unix_ns) ||
      !read_moment(arguments.to, options.source.to_unix_ns)) {
    return usage("--from and --to take ns since the epoch or YYYY-MM-DDTHH:MM:SS[.ns]Z");
  }
  if (!arguments.journal.empty() && !arguments.from.empty())
    return usage("--from: a journal is replayed from its beginning; --to is possible");
  RunSummary summary;
  const int exit_code = run_capture(options, summary);
  if (summary.sha256.empty()) return exit_code;
  print_table(summary, arguments.summary == "-");
  int output_code = exit_ok;
  if (!arguments.hgrm.empty()) output_code = write_hgrm_files(arguments.hgrm, summary.latencies);
  if (!arguments.summary.empty()) {
    const int summary_code = write_summary(arguments.summary, summary_json(summary));
    if (summary_code != exit_ok) output_code = summary_code;
  }
  return output_code != exit_ok ? output_code : exit_code;
}

}  // namespace

void add_run_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<RunArguments>();
  CLI::App* command =
      app.add_subcommand("run",
                         "run the engine over a capture, a tape or a journal and say what "
                         "came of it");
  command->add_option("--conf", arguments->conf,
                      "the conf; a tape and a journal bring their decision keys with them");
  CLI::Option* const capture = command->add_option("--capture", arguments->capture,
                                                   "the capture or tape; replaces input.source");
  command
      ->add_option("--journal", arguments->journal,
                   "conf journal.dir: replay what an engine has recorded there; replaces "
                   "input.source; only reads the journal")
      ->excludes(capture);
  command->add_option("--out", arguments->out,
                      "write every output entry here; replaces output.sink");
  command->add_option("--summary", arguments->summary, "write the summary here as JSON");
  command
      ->add_option("--hlog", arguments->hlog,
                   "write a HdrHistogram log of the latencies here; replaces latency.hlog")
      ->check([](const std::string& name) {
        return name.empty() || name == "-" ? "must be a file name" : std::string{};
      });
  command
      ->add_option("--hgrm", arguments->hgrm,
                   "write PREFIX.<stage>.<part>.hgrm, percentiles in ns for plotFiles")
      ->type_name("PREFIX");
  command->add_option("--from", arguments->from,
                      "pass over entries received before this moment (UTC or ns)");
  command->add_option("--to", arguments->to, "pass over entries received at this moment or later");
  command->add_option("--speed", arguments->speed, "1 or 10 times the recorded pace, or max")
      ->check(CLI::IsMember({"1", "10", "max"}))
      ->capture_default_str();
  command->add_option("--layout", arguments->layout,
                      "1 to 5 threads, auto, or a list as in threads.layout");
  command->add_option("--wait", arguments->wait, "how idle threads wait: spin, yield or adaptive");
  command
      ->add_option("--set", arguments->settings,
                   "section.key=value: override one conf key; may be given again")
      ->take_all()
      ->allow_extra_args(false);
  command->callback([arguments, &exit_code] { exit_code = run(*arguments); });
}

}  // namespace coreloop::tools
