// Two passes, as the engine makes them at a start: one that trusts nothing, then the replay.
#include "tools/recover_check.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "io/codec/timestamp_text.hpp"
#include "io/edge/entry_id.hpp"
#include "io/journal/journal_contents.hpp"
#include "io/journal/segment_file.hpp"
#include "tools/engine_setup.hpp"
#include "tools/exit_codes.hpp"
#include "tools/journal_outputs.hpp"
#include "tools/json_builder.hpp"
#include "tools/stop_signals.hpp"

namespace coreloop::tools {
namespace {

/// Last id of each output stream.
class LastOutputs final : public OutputConsumer {
 public:
  explicit LastOutputs(const std::array<io::EntryId, io::output_stream_count>& bases)
      : last_(bases) {}

  void take(const io::OutputEntry& entry) noexcept override {
    last_[static_cast<std::size_t>(entry.stream)] = {entry.id_ms, entry.id_number};
    ++count_;
  }

  [[nodiscard]] io::EntryId last(std::size_t stream) const { return last_[stream]; }
  [[nodiscard]] std::uint64_t count() const { return count_; }

 private:
  std::array<io::EntryId, io::output_stream_count> last_;
  std::uint64_t count_ = 0;
};

void print_row(std::string_view label, const std::string& text) {
  std::printf("%-14.*s %s\n", static_cast<int>(label.size()), label.data(), text.c_str());
}

std::string seconds_text(std::int64_t ns) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.3f s", static_cast<double>(ns) / 1e9);
  return text.data();
}

std::string rate_text(std::uint64_t count, std::int64_t ns) {
  if (count == 0 || ns <= 0) return {};
  const double per_s = static_cast<double>(count) * 1e9 / static_cast<double>(ns);
  return ", " + std::to_string(static_cast<std::uint64_t>(per_s)) + "/s";
}

std::string state_text(const RunSummary& summary) {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "crc32c %08x of %llu bytes", summary.state_crc32c,
                static_cast<unsigned long long>(summary.state_bytes));
  return text.data();
}

// First pass: checksums, numbers, sequence; 0, 65 or 66.
int print_contents(const std::string& directory, const RecordedJournal& journal, bool is_running) {
  if (!journal.damage().empty()) return complain("journal", journal.damage(), exit_data);
  const io::JournalContents& contents = journal.contents();
  print_row("journal", directory + ": " + std::to_string(journal.segment_count()) +
                           " segments, written by " + contents.build);
  if (is_running)
    print_row("", "an engine has it: checked as far as it was written when this began");
  print_row("read", "up to record " + std::to_string(contents.end.next_number - 1) + " in " +
                        seconds_text(journal.read_ns()) +
                        ": every checksum, number and sequence is right");
  if (contents.torn_bytes != 0 && !is_running) {
    print_row("", std::to_string(contents.torn_bytes) +
                      " bytes of a last record that was never completed; a start drops them");
  }
  for (const auto& [sequence, reason] : contents.skipped)
    print_row("skipped", "input " + std::to_string(sequence) + ": " + reason);
  return exit_ok;
}

void print_books(const RunSummary& summary) {
  const auto print = [](const std::string& label, const AccountSummary& account) {
    print_row(label, "balance " + amount_text(account.balance) + ", realized " +
                         amount_text(account.realized_pnl) + ", unrealized " +
                         amount_text(account.unrealized_pnl) + ", fees " +
                         amount_text(account.fees) + ", open positions " +
                         std::to_string(account.open_positions));
  };
  for (const AccountSummary& account : summary.accounts)
    print("account " + account.name, account);
  if (summary.accounts.size() != 1) print("all accounts", summary.total);
}

void print_recovered(const io::JournalContents& contents, const io::EngineConf& conf,
                     const RunSummary& summary, std::uint64_t behind, const LastOutputs& outputs) {
  const stages::Statistics& s = summary.statistics;
  print_row("replayed", std::to_string(s.inputs - behind) + " inputs in " +
                            seconds_text(summary.elapsed_ns) +
                            rate_text(s.inputs - behind, summary.elapsed_ns) + ": " +
                            std::to_string(outputs.count()) + " outputs");
  print_row("in all", std::to_string(s.inputs) + " inputs: " + std::to_string(s.signals) +
                          " signals, " + std::to_string(s.ticks) + " ticks, " +
                          std::to_string(s.timers) + " timers, " + std::to_string(s.commands) +
                          " commands");
  std::string time = "none";
  if (contents.last_sequence != 0) {
    std::array<char, io::timestamp_bytes> text{};
    io::TimestampWriter writer;
    time.assign(text.data(), writer.write(text.data(), contents.last_log_unix_ns));
  }
  print_row("recovered", "sequence " + std::to_string(s.last_sequence) + ", log time " + time +
                             ", books hash " + std::to_string(summary.books_hash));
  print_row("state", state_text(summary));
  print_books(summary);
  for (const io::InputStream& stream : conf.streams) {
    const auto cursor = contents.cursors.find(stream.name);
    if (cursor != contents.cursors.end())
      print_row("reads on", stream.name + " behind " + cursor->second.id.text());
  }
  for (std::size_t i = 0; i < io::output_stream_count; ++i) {
    print_row("publishes", conf.output_names[i] + " from number " +
                               std::to_string(outputs.last(i).counter + 1) + " on, behind " +
                               outputs.last(i).text());
  }
}

}  // namespace

int check_recovery(const std::string& directory) {
  unblock_stop_signals();
  RecordedJournal journal;
  io::EngineConf conf;
  int exit_code = open_journal(directory, journal, conf, RecordedJournal::Begin::newest);
  if (exit_code != exit_ok) return exit_code;
  const bool is_running = io::LogDirectory::is_taken(directory);
  exit_code = print_contents(directory, journal, is_running);
  if (exit_code != exit_ok) return exit_code;
  const io::JournalContents& contents = journal.contents();
  std::array<io::EntryId, io::output_stream_count> bases{};
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const auto found = contents.starts.find(conf.output_names[i]);
    if (found != contents.starts.end()) bases[i] = found->second;
  }
  const std::uint64_t behind = journal.begin().journal.last_sequence;
  if (behind != 0) {
    bases = journal.begin().output_ids;
    print_row("snapshot", "behind input " + std::to_string(behind));
  }
  LastOutputs outputs(bases);
  RunSummary summary;
  exit_code = replay_outputs(journal, conf, outputs, summary, contents.last_sequence);
  if (exit_code != exit_ok) return exit_code;
  print_recovered(contents, conf, summary, behind, outputs);
  return exit_ok;
}

}  // namespace coreloop::tools
