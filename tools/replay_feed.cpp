// `replay feed`: publishes the entries of a capture to Redis, open loop.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include <CLI/CLI.hpp>

#include "io/capture/capture_source.hpp"
#include "io/edge/clock.hpp"
#include "io/redis/redis_session.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/log_line.hpp"
#include "tools/progress_line.hpp"
#include "tools/replay_commands.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {
namespace {

struct FeedArguments {
  std::string capture;
  std::string redis = "redis://127.0.0.1:6379/0";
  std::vector<std::string> streams{"trade.signal.v5", "market.tick"};
  std::string speed = "max";
  double rate = 0;
  std::uint64_t maxlen = 0;
  std::uint64_t window = 4'096;
  std::int64_t deadline_s = 5;
  bool keeps_ids = false;
};

/// One connection that publishes, and what came of it.
class Feeder final : public io::RedisSessionOwner {
 public:
  explicit Feeder(const io::RedisAddress& address)
      : session_(loop_, *this, {.name = "feed", .address = address}) {}

  void on_open() override {}
  void on_reply(std::uint64_t, io::RedisReply reply) override {
    if (reply.is_error() && refused_count_++ == 0) refusal_ = reply.text();
    ++answered_count_;
  }
  void on_closed(io::RedisLoss) override { is_lost_ = true; }

  /// 0 once it is open; 69 at the deadline, 77 if the login is refused.
  int open(std::int64_t deadline_s) {
    session_.open();
    const std::int64_t end_ns = clock_.monotonic_ns() + deadline_s * stages::ns_per_second;
    while (!session_.is_open()) {
      loop_.wait(10'000'000);
      if (session_.health().fault() != io::RedisFault::none)
        return complain("redis", session_.health().fault_text(), exit_permission);
      if (clock_.monotonic_ns() > end_ns)
        return complain("redis", "no connection within " + std::to_string(deadline_s) + " s",
                        exit_unavailable);
    }
    return exit_ok;
  }

  void publish(const io::RawEntry& entry, const FeedArguments& arguments) {
    command_.clear();
    const std::size_t words = 3 + 2 * entry.fields.size() + (arguments.maxlen != 0 ? 3 : 0);
    io::begin_command(command_, words);
    io::append_word(command_, "XADD");
    io::append_word(command_, entry.stream);
    if (arguments.maxlen != 0) {
      io::append_word(command_, "MAXLEN");
      io::append_word(command_, "~");
      io::append_word(command_, std::to_string(arguments.maxlen));
    }
    io::append_word(command_, arguments.keeps_ids ? std::to_string(entry.id_ms) + "-" +
                                                        std::to_string(entry.id_counter)
                                                  : "*");
    for (const io::RawField& field : entry.fields) {
      io::append_word(command_, field.name);
      io::append_word(command_, field.value);
    }
    if (session_.send(0, command_)) ++sent_count_;
  }

  void flush() { session_.flush(); }
  void poll() { loop_.poll(); }
  void wait(std::int64_t ns) { loop_.wait(ns); }

  [[nodiscard]] std::uint64_t awaited_count() const { return sent_count_ - answered_count_; }
  [[nodiscard]] std::uint64_t accepted_count() const { return answered_count_ - refused_count_; }
  [[nodiscard]] std::uint64_t refused_count() const { return refused_count_; }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }
  [[nodiscard]] bool is_lost() const { return is_lost_; }

 private:
  io::EventLoop loop_;
  io::RedisSession session_;
  io::SystemClock clock_;
  std::string command_;
  std::uint64_t sent_count_ = 0;
  std::uint64_t answered_count_ = 0;
  std::uint64_t refused_count_ = 0;
  std::string refusal_;
  bool is_lost_ = false;
};

/// When each entry should go: as recorded (scaled), at a fixed rate, or at once.
class Pace {
 public:
  Pace(double speed, double rate, std::int64_t start_ns)
      : speed_(speed), rate_(rate), start_ns_(start_ns) {}

  [[nodiscard]] std::int64_t due_ns(std::uint64_t index, std::int64_t recorded_ns) {
    if (first_recorded_ns_ == 0) first_recorded_ns_ = recorded_ns;
    if (rate_ > 0)
      return start_ns_ + static_cast<std::int64_t>(static_cast<double>(index) * 1e9 / rate_);
    if (speed_ > 0)
      return start_ns_ + static_cast<std::int64_t>(
                             static_cast<double>(recorded_ns - first_recorded_ns_) / speed_);
    return start_ns_;
  }
  [[nodiscard]] bool is_paced() const { return rate_ > 0 || speed_ > 0; }

 private:
  double speed_;
  double rate_;
  std::int64_t start_ns_;
  std::int64_t first_recorded_ns_ = 0;
};

int feed(const FeedArguments& arguments) {
  block_stop_signals();
  double speed = 0;
  if (arguments.speed != "max") {
    char* end = nullptr;
    speed = std::strtod(arguments.speed.c_str(), &end);
    if (*end != '\0' || !(speed > 0))
      return complain("replay", "--speed takes a factor above 0, or max", exit_usage);
  }
  int error = 0;
  auto reader = io::GzipReader::open(arguments.capture, error, is_stop_wanted);
  if (reader == nullptr)
    return complain("capture", arguments.capture + ": " + std::strerror(error), exit_no_input);
  io::CaptureSource source(std::move(reader), {});
  io::RedisAddress address;
  std::string problem;
  if (!io::parse_redis_url(arguments.redis, address, problem))
    return complain("replay", "--redis: " + problem, exit_usage);
  if (!io::resolve_host(address, problem)) return complain("redis", problem, exit_unavailable);
  Feeder feeder(address);
  const int opened = feeder.open(arguments.deadline_s);
  if (opened != exit_ok) return opened;

  constexpr std::int64_t late_ns = 5'000'000;
  const io::SystemClock clock;
  const std::int64_t start_ns = clock.monotonic_ns();
  Pace pace(speed, arguments.rate, start_ns);
  ProgressLine progress;
  std::uint64_t sent = 0;
  std::uint64_t late = 0;
  std::int64_t late_ns_max = 0;
  io::RawEntry entry;
  while (!feeder.is_lost() && source.peek(entry) == io::SourceStatus::entry) {
    if (std::find(arguments.streams.begin(), arguments.streams.end(), entry.stream) ==
        arguments.streams.end()) {
      source.consume();
      continue;
    }
    const std::int64_t due_ns = pace.due_ns(sent, entry.receive_unix_ns);
    std::int64_t now_ns = clock.monotonic_ns();
    if (now_ns < due_ns) {
      feeder.flush();
      while (now_ns < due_ns) {
        feeder.wait(due_ns - now_ns);
        now_ns = clock.monotonic_ns();
        if (take_stop_signal()) return complain("replay", "stopped by a signal", exit_ok);
      }
    } else if (pace.is_paced() && now_ns - due_ns > late_ns) {
      ++late;
      late_ns_max = std::max(late_ns_max, now_ns - due_ns);
    }
    feeder.publish(entry, arguments);
    source.consume();
    if (++sent % 64 == 0) {
      feeder.flush();
      feeder.poll();
      progress.show(source.progress_per_mille(), sent);
      if (take_stop_signal()) break;
    }
    while (feeder.awaited_count() >= arguments.window && !feeder.is_lost())
      feeder.wait(1'000'000'000);
  }
  feeder.flush();
  while (feeder.awaited_count() != 0 && !feeder.is_lost())
    feeder.wait(1'000'000'000);
  progress.clear();
  const double seconds = static_cast<double>(clock.monotonic_ns() - start_ns) / 1e9;
  std::printf("published %llu entries in %.3f s, %.0f/s\n",
              static_cast<unsigned long long>(feeder.accepted_count()), seconds,
              static_cast<double>(feeder.accepted_count()) / seconds);
  if (late != 0) {
    std::printf("fell behind: %llu entries left more than 5 ms late, at most %.1f ms\n",
                static_cast<unsigned long long>(late), static_cast<double>(late_ns_max) / 1e6);
  }
  if (feeder.is_lost()) {
    return complain("redis",
                    "the connection was lost; " + std::to_string(feeder.awaited_count()) +
                        " entries more may have been published",
                    exit_io);
  }
  if (feeder.refused_count() != 0) {
    return complain("redis",
                    "refused " + std::to_string(feeder.refused_count()) +
                        " entries, the first: " + feeder.refusal(),
                    exit_io);
  }
  if (!source.damage().empty() || source.broken_line_count() != 0) {
    return complain("capture",
                    "not whole: " + std::to_string(source.broken_line_count()) + " broken lines " +
                        source.damage(),
                    exit_data);
  }
  return exit_ok;
}

}  // namespace

void add_feed_command(CLI::App& app, int& exit_code) {
  auto arguments = std::make_shared<FeedArguments>();
  CLI::App* command = app.add_subcommand(
      "feed", "publish a capture to Redis at the recorded pace, a scaled or fixed one, or at once");
  command->add_option("--capture", arguments->capture, "the capture, or - for stdin")->required();
  command->add_option("--redis", arguments->redis, "where to: redis://… or unix:///path")
      ->capture_default_str();
  command->add_option("--streams", arguments->streams, "only entries of these streams")
      ->delimiter(',')
      ->capture_default_str();
  command->add_option("--speed", arguments->speed, "times the recorded pace, or max")
      ->capture_default_str();
  command->add_option("--rate", arguments->rate, "entries per second, instead of --speed")
      ->check(CLI::Range(0.001, 1e9));
  command
      ->add_option("--maxlen", arguments->maxlen, "about how many entries a stream keeps; 0: all")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  command->add_option("--window", arguments->window, "most entries not yet confirmed")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->add_option("--deadline", arguments->deadline_s, "seconds to wait for the connection")
      ->capture_default_str();
  command->add_flag("--keep-ids", arguments->keeps_ids,
                    "with the ids of the capture, not new ones");
  command->callback([arguments, &exit_code] { exit_code = feed(*arguments); });
}

}  // namespace coreloop::tools
