// A replay into a consumer.
#include "tools/journal_outputs.hpp"

#include <chrono>

#include "io/edge/clock.hpp"
#include "io/journal/journal_player.hpp"
#include "tools/recorded_conf.hpp"
#include "tools/recorded_run.hpp"

namespace coreloop::tools {
namespace {

/// A consumer as a sink.
class ConsumerSink {
 public:
  explicit ConsumerSink(OutputConsumer& consumer) : consumer_(consumer) {}

  [[nodiscard]] bool has_room() const noexcept { return consumer_.error() == 0; }
  void write(const io::OutputEntry& entry) noexcept { consumer_.take(entry); }
  [[nodiscard]] int error() const noexcept { return consumer_.error(); }

 private:
  OutputConsumer& consumer_;
};

}  // namespace

int open_journal(const std::string& directory, RecordedJournal& journal, io::EngineConf& conf,
                 RecordedJournal::Begin begin) {
  int exit_code = journal.open(directory, begin);
  if (exit_code != exit_ok) return exit_code;
  exit_code = read_recorded_conf(journal.conf(), conf);
  if (exit_code != exit_ok) return exit_code;
  journal.consume_conf();
  return exit_ok;
}

int replay_outputs(RecordedJournal& journal, const io::EngineConf& conf, OutputConsumer& consumer,
                   RunSummary& summary, std::uint64_t last_sequence) {
  io::PipelineOptions pipeline;
  const int exit_code = plan_threads(conf.threads, pipeline);
  if (exit_code != exit_ok) return exit_code;
  io::JournalPlayer player(journal.source(), journal.reader(), {.last_sequence = last_sequence});
  ConsumerSink sink(consumer);
  const io::SystemClock clock;
  LatencyLog no_log({}, std::chrono::seconds(1), clock);
  constexpr std::uint32_t ring_capacity = 1'024;  // as by default: a journal says nothing of it
  const RecordedRunEnd end = run_recorded_on<ring_capacity>(
      RecordedRun<io::JournalPlayer, ConsumerSink>{conf, false, player, sink, nullptr, pipeline,
                                                   no_log, journal.begin().state},
      summary);
  const int damage = journal.report_end(end.fault, end.broken_command_count);
  return end.invariants_code != exit_ok ? end.invariants_code : damage;
}

}  // namespace coreloop::tools
