// `replay capture`: records streams from Redis into a capture file, live or a range.
#include <cstdio>
#include <cstring>
#include <memory>

#include <CLI/CLI.hpp>

#include "io/capture/capture_line.hpp"
#include "io/capture/gzip_file.hpp"
#include "io/edge/clock.hpp"
#include "io/redis/redis_source.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/progress_line.hpp"
#include "tools/replay_commands.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {
namespace {

struct CaptureArguments {
  std::string redis = "redis://127.0.0.1:6379/0";
  std::vector<std::string> streams{"trade.signal.v5", "market.tick"};
  std::string out;
  std::string from;
  std::string to;
  std::int64_t seconds = 0;
  std::int64_t deadline_s = 5;
};

/// Copies entries from the source to the file until there is no more to wait for.
class Recording {
 public:
  Recording(const CaptureArguments& arguments, const io::RedisAddress& address,
            std::unique_ptr<io::File> file)
      : arguments_(arguments), writer_(std::move(file)), source_(loop_, options(address)) {}

  int run() {
    const bool is_range = !arguments_.from.empty();
    io::EntryId last{UINT64_MAX, UINT64_MAX};
    if (!arguments_.to.empty()) static_cast<void>(io::parse_entry_id(arguments_.to, last, true));
    source_.open();
    const std::int64_t start_ns = clock_.monotonic_ns();
    std::int64_t last_entry_ns = start_ns;
    ProgressLine progress;
    while (!take_stop_signal() && writer_.error() == 0) {
      loop_.wait(20'000'000);
      const std::int64_t now_ns = clock_.monotonic_ns();
      if (source_.health().fault() != io::RedisFault::none)
        return complain("redis", source_.health().fault_text(), exit_permission);
      if (!source_.is_ready()) {
        if (!has_been_ready_ && now_ns - start_ns > arguments_.deadline_s * stages::ns_per_second)
          return complain("redis",
                          "no connection within " + std::to_string(arguments_.deadline_s) + " s",
                          exit_unavailable);
        last_entry_ns = now_ns;
        continue;
      }
      has_been_ready_ = true;
      if (copy(last)) last_entry_ns = now_ns;
      progress.show(0, writer_.line_count());
      // The end of a range: past --to, or nothing more for a second and a half.
      constexpr std::int64_t quiet_ns = 1'500'000'000;
      if (is_range && (is_past_end_ || now_ns - last_entry_ns > quiet_ns)) break;
      if (arguments_.seconds != 0 && now_ns - start_ns > arguments_.seconds * stages::ns_per_second)
        break;
    }
    progress.clear();
    return finish();
  }

 private:
  io::RedisSourceOptions options(const io::RedisAddress& address) {
    io::RedisSourceOptions options;
    options.session.name = "capture";
    options.session.address = address;
    options.session.notice = [](bool is_alarm, const std::string& text) {
      log_line(is_alarm ? LogLevel::warning : LogLevel::info, "redis", text);
    };
    for (const std::string& name : arguments_.streams)
      options.streams.push_back({name, io::StreamKind::signals});
    options.start = arguments_.from.empty() ? "$" : arguments_.from;
    options.clock = &clock_;
    return options;
  }

  bool copy(io::EntryId last) {
    bool has_copied = false;
    io::RawEntry entry;
    while (source_.peek(entry) == io::SourceStatus::entry) {
      if (io::EntryId{entry.id_ms, entry.id_counter} > last) {
        is_past_end_ = true;
        return has_copied;
      }
      // A range was received long ago: its ids tell when.
      const std::int64_t unix_ns = arguments_.from.empty()
                                       ? entry.receive_unix_ns
                                       : static_cast<std::int64_t>(entry.id_ms) * stages::ns_per_ms;
      writer_.write(entry.stream, entry.id_ms, entry.id_counter, unix_ns, entry.fields);
      source_.consume();
      has_copied = true;
    }
    return has_copied;
  }

  int finish() {
    const int error = writer_.finish();
    if (error != 0)
      return complain("capture", arguments_.out + ": " + std::strerror(error), exit_io);
    log_line(LogLevel::info, "replay",
             std::to_string(writer_.line_count()) + " entries written to " + arguments_.out);
    std::uint64_t trimmed = 0;
    for (std::size_t i = 0; i < arguments_.streams.size(); ++i)
      trimmed += source_.counters(i).trimmed.get();
    if (trimmed != 0) {
      return complain("redis",
                      std::to_string(trimmed) + " entries were trimmed before they were read",
                      exit_data);
    }
    return exit_ok;
  }

  const CaptureArguments& arguments_;
  io::SystemClock clock_;
  io::EventLoop loop_;
  io::CaptureLineWriter writer_;
  io::RedisSource source_;
  bool has_been_ready_ = false;
  bool is_past_end_ = false;
};

int capture(const CaptureArguments& arguments) {
  block_stop_signals();
  io::RedisAddress address;
  std::string problem;
  if (!io::parse_redis_url(arguments.redis, address, problem))
    return complain("replay", "--redis: " + problem, exit_usage);
  io::EntryId id;
  for (const std::string& text : {arguments.from, arguments.to}) {
    if (!text.empty() && !io::parse_entry_id(text, id, true))
      return complain("replay",
                      "--from and --to take an entry id: 0, 1723161255088 or 1723161255088-0",
                      exit_usage);
  }
  if (!io::resolve_host(address, problem)) return complain("redis", problem, exit_unavailable);
  std::unique_ptr<io::File> file;
  const int opened = open_output(arguments.out, file);
  if (opened != exit_ok) return opened;
  Recording recording(arguments, address, std::move(file));
  return recording.run();
}

}  // namespace

void add_capture_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<CaptureArguments>();
  CLI::App* command = app.add_subcommand(
      "capture", "record streams from Redis: what comes from now on, or a range with --from");
  command->add_option("--redis", arguments->redis, "where from: redis://… or unix:///path")
      ->capture_default_str();
  command->add_option("--streams", arguments->streams, "which ones")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--out", arguments->out, "the file to write; .gz is gzip, - is stdout")
      ->required();
  command->add_option("--from", arguments->from,
                      "what follows this entry id (0: all), up to what is there now");
  command->add_option("--to", arguments->to, "up to this entry id")->needs("--from");
  command->add_option("--seconds", arguments->seconds, "stop after so long; else at Ctrl-C")
      ->check(CLI::Range(0, 1'000'000'000));
  command->add_option("--deadline", arguments->deadline_s, "seconds to wait for the connection")
      ->capture_default_str();
  command->callback([arguments, &exit_code] { exit_code = capture(*arguments); });
}

}  // namespace coreloop::tools
