// Recorded entries, their source and sink, and engines over them.
#include "tests/pipeline/recorded_run.hpp"

#include <string_view>

#include "stages/random_mix.hpp"
#include "tests/support/engine_run.hpp"

namespace coreloop::tests {

std::vector<RecordedEntry> recorded_entries(std::uint64_t signal_count) {
  MemoryFilePair file;
  tools::CaptureGenerator generator({.signal_count = signal_count,
                                     .symbol_count = 5,
                                     .account_count = 3,
                                     .seed = 21,
                                     .bad_share = stages::scale / 20,
                                     .command_share = stages::scale / 50},
                                    std::move(file.file));
  if (generator.write_all() != 0) return {};
  std::vector<RecordedEntry> entries;
  io::CaptureLineReader reader;
  std::size_t begin = 0;
  for (std::size_t end = file.content->bytes.find('\n'); end != std::string::npos;
       end = file.content->bytes.find('\n', begin)) {
    std::string line = file.content->bytes.substr(begin, end - begin);
    const std::size_t size = line.size();
    line.append(io::CaptureLineReader::padding_bytes, ' ');
    io::RawEntry entry;
    if (reader.read(std::string_view{line}.substr(0, size), entry)) {
      RecordedEntry& kept = entries.emplace_back(RecordedEntry{
          std::string{entry.stream}, entry.id_ms, entry.id_counter, entry.receive_unix_ns, {}});
      for (const io::RawField& field : entry.fields)
        kept.fields.emplace_back(field.name, field.value);
    }
    begin = end + 1;
  }
  return entries;
}

io::SourceStatus RecordedSource::peek(io::RawEntry& entry) noexcept {
  if (next_ == entries_.size()) return io::SourceStatus::end;
  const RecordedEntry& recorded = entries_[next_];
  for (std::size_t i = 0; i < recorded.fields.size(); ++i) {
    views_[i] = {recorded.fields[i].first, recorded.fields[i].second};
  }
  entry = {recorded.stream,
           recorded.id_ms,
           recorded.id_counter,
           recorded.unix_ns,
           {views_.data(), recorded.fields.size()}};
  return io::SourceStatus::entry;
}

void HashSink::write(const io::OutputEntry& entry) noexcept {
  const auto add = [this](std::uint64_t word) { hash = stages::splitmix64(hash ^ word); };
  add(static_cast<std::uint64_t>(entry.stream));
  add(entry.id_ms);
  add(entry.id_number);
  for (const io::OutputField& field : entry.fields) {
    for (const char c : field.value)
      add(static_cast<unsigned char>(c));
  }
  ++entry_count;
}

stages::DecisionConf recorded_decision() {
  stages::DecisionConf decision;
  decision.book.accounts_max = 16;
  decision.symbols_max = 64;
  decision.book.positions_max = 256;
  decision.risk.dedup_window = 1'000;
  decision.risk.on_opposite = stages::OnOpposite::reverse;
  decision.risk.max_daily_trades = 1'000'000;
  decision.risk.cooldown_after_loss_minutes = 0;
  decision.risk.max_total_exposure_pct = 5 * stages::scale;
  decision.risk.max_drawdown_pct = stages::scale;
  return decision;
}

RecordedRun::RecordedRun(const std::vector<RecordedEntry>& entries, std::uint32_t cuts,
                         std::uint32_t ring_capacity, engine::WaitPolicy wait,
                         const RecordedDesk& desk)
    : source(entries), names(64, 16) {
  const io::InputStreams streams{{"trade.signal.v5", io::StreamKind::signals},
                                 {"market.tick", io::StreamKind::ticks}};
  static const engine::TscClock clock = engine::TscClock::calibrated();
  io::PipelineOptions options{.threads = threads_of_cuts(cuts),
                              .ring_capacity = ring_capacity,
                              .wait = {.policy = wait},
                              .clock = clock,
                              .views = desk.views};
  engine = std::make_unique<RecordedEngine>(
      recorded_decision(), names, source,
      io::IngressOptions{.streams = streams,
                         .timers = {.mark_ns = 30 * stages::ns_per_second},
                         .idle_clock = desk.clock,
                         .commands = desk.commands},
      sink, io::EgressOptions{.streams = streams, .clock = desk.clock, .commands = desk.commands},
      options);
}

}  // namespace coreloop::tests
