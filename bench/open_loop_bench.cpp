// Five pinned threads under a fixed rate: from the time a signal is due, on the way through
// INGRESS, RISK, FILL, MARK and EGRESS, to the encoding of its last report, against the round trip
// of a cache line. No Redis: signals lie in memory, reports are copied into a buffer.
//
// What is late counts as late: each signal's time runs from when it was due, not from when INGRESS
// came to it. Prints open_loop_p50 and open_loop_p99_9.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string_view>
#include <vector>

#include "bench/pipeline_run.hpp"
#include "bench/round_trip.hpp"
#include "engine/check.hpp"

namespace coreloop::bench {
namespace {

constexpr double signals_a_second = 100'000;
constexpr std::uint64_t warm_up_signals = 2'000;  // not timed
constexpr std::size_t thread_count = 5;

/// When each signal is due, in ticks: the source sets the start, the sink reads it later.
struct Schedule {
  std::uint64_t start_tsc = 0;
  double ticks_a_signal = 0;

  [[nodiscard]] std::uint64_t due_tsc(std::uint64_t number) const noexcept {
    return start_tsc + static_cast<std::uint64_t>(static_cast<double>(number) * ticks_a_signal);
  }
};

/// A quote, and then signals as they become due.
class PacedSource {
 public:
  struct Input {
    std::uint64_t signal_count;
    Schedule* schedule;
  };

  explicit PacedSource(const Input& input) : source_(input.signal_count), input_(input) {}

  io::SourceStatus peek(io::RawEntry& entry) noexcept {
    if (next_ != 0 && next_ <= input_.signal_count) {
      const std::uint64_t now_tsc = tsc_clock().now_tsc();
      if (next_ == 1 && input_.schedule->start_tsc == 0) input_.schedule->start_tsc = now_tsc;
      if (now_tsc < input_.schedule->due_tsc(next_ - 1)) return io::SourceStatus::none;
    }
    return source_.peek(entry);
  }
  void consume() noexcept {
    source_.consume();
    ++next_;
  }

 private:
  FloodSource source_;
  Input input_;
  std::uint64_t next_ = 0;  // 0: the quote
};

/// Takes the time of each signal's last report, the position update.
class TimedSink {
 public:
  explicit TimedSink(const Schedule& schedule)
      : schedule_(schedule), time_ns_(std::make_unique<engine::LatencyHistogram>()) {}

  [[nodiscard]] bool has_room() const noexcept { return true; }
  void write(const io::OutputEntry& entry) noexcept {
    buffer_.write(entry);
    const std::uint64_t number = buffer_.entry_counts[3];
    if (static_cast<std::size_t>(entry.stream) != 3 || number <= warm_up_signals) return;
    const std::uint64_t now_tsc = tsc_clock().now_tsc();
    time_ns_->record(tsc_clock().to_ns(now_tsc - schedule_.due_tsc(number - 1)));
  }

  [[nodiscard]] bool has_all(std::uint64_t signal_count) const noexcept {
    return buffer_.entry_counts[0] == signal_count && buffer_.entry_counts[2] == signal_count &&
           buffer_.entry_counts[3] == signal_count;
  }
  [[nodiscard]] std::unique_ptr<engine::HistogramCopy> times() const {
    auto copy = std::make_unique<engine::HistogramCopy>();
    time_ns_->copy_to(*copy);
    return copy;
  }

 private:
  const Schedule& schedule_;
  BufferSink buffer_;
  std::unique_ptr<engine::LatencyHistogram> time_ns_;
};

/// The median round trip of a cache line between the first two cores.
double line_ns(bool& is_right) {
  const ScopedPin pin(0);
  const auto trip_ns = std::make_unique<engine::LatencyHistogram>();
  Tracks<Line> lines;
  for (int block = 0; block < 16; ++block)
    is_right = lines.run(2'048, *trip_ns) && is_right;
  return median_ns(*trip_ns);
}

stages::DecisionConf lasting_conf() {
  stages::DecisionConf conf = open_conf(stages::OnOpposite::close);
  conf.risk.sizing.sizing = stages::SizingModel::fixed_notional;
  conf.risk.sizing.fixed_notional = 10 * stages::scale;
  conf.book.initial_balance = 1'000'000 * stages::scale;
  return conf;
}

/// Percentiles of one run, in ns.
std::unique_ptr<engine::HistogramCopy> open_loop(std::uint64_t signal_count, bool& is_right) {
  Schedule schedule;
  // to_ns is linear: ten million ticks say how many ns one is.
  schedule.ticks_a_signal =
      1e9 / signals_a_second * 1e7 / static_cast<double>(tsc_clock().to_ns(10'000'000));
  PacedSource source({signal_count, &schedule});
  TimedSink sink(schedule);
  stages::Names names = default_names();
  io::PipelineOptions options = pipeline_options(thread_count);
  if (core_count() >= thread_count) options.wait.policy = engine::WaitPolicy::spin;
  const auto engine = std::make_unique<io::PipelineEngine<PacedSource, TimedSink, ring_capacity>>(
      lasting_conf(), names, source, io::IngressOptions{.streams = flood_streams(), .timers = {}},
      sink, io::EgressOptions{.streams = flood_streams()}, std::move(options));
  engine->start();
  engine->join();
  is_right = is_right && sink.has_all(signal_count) && engine->is_drained() &&
             engine->risk().book().hash() == engine->mark().book().hash();
  return sink.times();
}

void print_figure(const char* name, std::vector<double> values, double median_of_line_ns) {
  std::sort(values.begin(), values.end());
  std::printf("%s %.6g %.6g %.6g  line %.0f ns\n", name, values[values.size() / 2], values.front(),
              values.back(), median_of_line_ns);
}

int run(bool is_quick) {
  const int repetitions = is_quick ? 1 : 5;
  const std::uint64_t signal_count = is_quick ? 10'000 : 200'000;
  std::vector<double> p50;
  std::vector<double> p99_9;
  double line = 0;
  bool is_right = true;
  for (int repetition = 0; repetition < repetitions; ++repetition) {
    line = line_ns(is_right);
    const auto times = open_loop(signal_count, is_right);
    std::printf("# line %.0f ns; p50 %llu, p90 %llu, p99 %llu, p99.9 %llu, max %llu ns\n", line,
                static_cast<unsigned long long>(times->percentile_ns(50'000)),
                static_cast<unsigned long long>(times->percentile_ns(90'000)),
                static_cast<unsigned long long>(times->percentile_ns(99'000)),
                static_cast<unsigned long long>(times->percentile_ns(99'900)),
                static_cast<unsigned long long>(times->max_ns()));
    p50.push_back(static_cast<double>(times->percentile_ns(50'000)) / line);
    p99_9.push_back(static_cast<double>(times->percentile_ns(99'900)) / line);
  }
  if (!is_right) {
    std::puts("ERROR: a signal without its three reports, or books that differ");
    return engine::exit_invariant_broken;
  }
  print_figure("open_loop_p50", p50, line);
  print_figure("open_loop_p99_9", p99_9, line);
  return 0;
}

}  // namespace
}  // namespace coreloop::bench

int main(int argc, char** argv) {
  const bool is_quick = argc == 2 && std::string_view{argv[1]} == "--quick";
  if (argc > 1 && !is_quick) {
    std::fputs("usage: open_loop_bench [--quick]\n", stderr);
    return 64;
  }
  if (coreloop::bench::core_count() < 2) {
    std::puts("open_loop: not measured: fewer than two cores");
    return 0;
  }
  return coreloop::bench::run(is_quick);
}
