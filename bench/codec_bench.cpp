// What reading and writing messages costs, against the bare walk of a 300-byte signal: the strict
// decode of a signal and of a tick, the three outputs of an approved signal, one line of a capture.
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "bench/bare_walk.hpp"
#include "bench/bench_support.hpp"
#include "bench/core_stages.hpp"
#include "bench/sample_messages.hpp"
#include "io/capture/capture_line.hpp"
#include "io/codec/json_document.hpp"
#include "io/codec/report_codec.hpp"
#include "io/codec/signal_codec.hpp"
#include "io/codec/tick_codec.hpp"
#include "stages/decimal.hpp"
#include "tests/support/memory_file.hpp"

namespace coreloop::bench {
namespace {

constexpr std::int64_t rounds = 64;
constexpr std::int64_t block_items = rounds * static_cast<std::int64_t>(sample_count);

constexpr auto nothing_to_prepare = [] {};

// The yardstick as a benchmark of its own: its time in ns, and how steady it is (per_walk is about
// 1).
void BM_bare_walk(benchmark::State& state) {
  const ScopedPin pin(last_core());
  BareWalk walk;
  compare_with_walk(state, block_items, nothing_to_prepare, [&walk] {
    for (std::int64_t round = 0; round < rounds; ++round)
      walk.walk_samples();
  });
  check_answer(state, walk.is_right(), "the bare walk has misread a signal");
}

void BM_signal_decode(benchmark::State& state) {
  const ScopedPin pin(last_core());
  io::SignalCodec codec;
  const SampleSignals& samples = sample_signals();
  std::int64_t wrong = 0;
  compare_with_walk(state, block_items, nothing_to_prepare, [&] {
    stages::Signal signal;
    io::SignalWords words;
    io::DecodeError error;
    for (std::int64_t round = 0; round < rounds; ++round) {
      for (const SampleSignal& sample : samples) {
        const bool is_decoded = codec.decode(sample.text.view(), signal, words, error);
        const auto action = sample.is_buy ? stages::Action::buy : stages::Action::sell;
        const bool is_right = is_decoded && signal.confidence == sample.confidence &&
                              signal.produced_unix_ns == sample.produced_unix_ns &&
                              signal.action == action && words.symbol.size() == 7 &&
                              words.account.size() == 4;
        wrong += is_right ? 0 : 1;
      }
    }
  });
  check_answer(state, wrong == 0, "a signal was decoded wrongly");
}

void BM_tick_decode(benchmark::State& state) {
  const ScopedPin pin(last_core());
  io::TickCodec codec;
  const std::string_view text = sample_quote().view();
  std::int64_t wrong = 0;
  compare_with_walk(state, block_items, nothing_to_prepare, [&] {
    stages::Tick tick;
    std::string_view symbol;
    io::DecodeError error;
    for (std::int64_t item = 0; item < block_items; ++item) {
      const bool is_decoded = codec.decode(text, tick, symbol, error);
      const bool is_right = is_decoded && tick.buy_reference == sample_ask &&
                            tick.sell_reference == sample_bid && symbol.size() == 7;
      wrong += is_right ? 0 : 1;
    }
  });
  check_answer(state, wrong == 0, "a tick was decoded wrongly");
}

// Approved signals as MARK leaves them: alternately opening and closing a position, so that each
// stands for three outputs.
std::vector<stages::Event> approved_events() {
  CoreStages core(open_conf(stages::OnOpposite::close));
  InputWriter inputs;
  stages::Event event{};
  inputs.write_quote(event, 0, sample_bid, sample_ask);
  core.pass(event);
  std::vector<stages::Event> events;
  for (std::size_t i = 0; i < sample_count; ++i) {
    inputs.write_signal(event, i % 2 == 0 ? stages::Action::buy : stages::Action::sell, 0, 0);
    CHECK(core.pass(event) == 1 && event.outcome == stages::Outcome::approved &&
              event.position_side != stages::PositionSide::none,
          "an approved signal with one position update");
    events.push_back(event);
  }
  return events;
}

/// Writes the three outputs of an event, one behind the other.
class ThreeOutputs {
 public:
  /// Bytes written.
  std::size_t write(const stages::Event& event) noexcept {
    ends_[0] = codec_.write_approval(text_.data(), event, words_);
    ends_[1] = codec_.write_execution(ends_[0], event, words_);
    ends_[2] = codec_.write_position(ends_[1], event, words_.symbol);
    return static_cast<std::size_t>(ends_[2] - text_.data());
  }

  /// Whether what was written last, of `event`, are three objects of strict JSON with as many keys
  /// as they must have and the amounts of the event behind some of them.
  [[nodiscard]] bool is_right(const stages::Event& event) const {
    struct Amount {
      std::size_t key;
      std::int64_t value;
    };
    struct Output {
      std::size_t key_count;
      std::array<Amount, 3> amounts;
    };
    const std::array<Output, 3> outputs{
        {{10,
          {{{2, event.signal.confidence}, {3, event.order.notional}, {6, event.order.fraction}}}},
         {10, {{{2, event.fill.price}, {3, event.fill.notional}, {9, event.fill.fee}}}},
         {8,
          {{{2, event.position.average_entry},
            {4, event.position.size},
            {6, event.position.realized_pnl}}}}}};
    io::JsonDocument document;
    const char* begin = text_.data();
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      stages::DeadLetterCode error{};
      const std::string_view object{begin, static_cast<std::size_t>(ends_[i] - begin)};
      if (!document.parse(object, error)) return false;
      if (document.fields().size() != outputs[i].key_count) return false;
      for (const Amount& amount : outputs[i].amounts) {
        if (stages::read_decimal(document.fields()[amount.key].text).cut() != amount.value)
          return false;
      }
      begin = ends_[i];
    }
    return true;
  }

 private:
  io::ReportCodec codec_{1};
  io::EventWords words_{sample_symbol, "main", "ensemble_v5"};
  std::array<char, 3 * io::report_bytes_max> text_{};
  std::array<char*, 3> ends_{};
};

void BM_encode_three_outputs(benchmark::State& state) {
  const ScopedPin pin(last_core());
  const std::vector<stages::Event> events = approved_events();
  ThreeOutputs outputs;
  std::size_t bytes_a_round = 0;
  bool is_right = true;
  for (const stages::Event& event : events) {
    bytes_a_round += outputs.write(event);
    is_right = is_right && outputs.is_right(event);
  }
  std::size_t bytes = 0;
  std::size_t expected_bytes = 0;
  compare_with_walk(state, block_items, nothing_to_prepare, [&] {
    for (std::int64_t round = 0; round < rounds; ++round) {
      for (const stages::Event& event : events)
        bytes += outputs.write(event);
    }
    benchmark::ClobberMemory();
    expected_bytes += rounds * bytes_a_round;
  });
  state.counters["bytes"] = static_cast<double>(bytes_a_round) / sample_count;
  check_answer(state, is_right && bytes == expected_bytes, "an output was written wrongly");
}

// One line of a capture that holds `sample`.
PaddedText capture_line(const SampleSignal& sample) {
  tests::MemoryFilePair file;
  io::CaptureLineWriter writer(std::move(file.file));
  const std::array<io::RawField, 1> fields{{{"data", sample.text.view()}}};
  writer.write("trade.signal.v5", static_cast<std::uint64_t>(sample.produced_unix_ns / 1'000'000),
               0, sample.produced_unix_ns, fields);
  CHECK(writer.finish() == 0, "memory takes everything");
  std::string_view line{file.content->bytes};
  line.remove_suffix(1);
  return PaddedText(line);
}

void BM_capture_line_read(benchmark::State& state) {
  const ScopedPin pin(last_core());
  static_assert(PaddedText::padding_bytes >= io::CaptureLineReader::padding_bytes);
  std::vector<PaddedText> lines;
  for (const SampleSignal& sample : sample_signals())
    lines.push_back(capture_line(sample));
  io::CaptureLineReader reader;
  io::RawEntry entry;
  bool is_right = true;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    is_right = is_right && reader.read(lines[i].view(), entry) && entry.fields.size() == 1 &&
               entry.fields[0].value == sample_signals()[i].text.view();
  }
  std::int64_t wrong = 0;
  compare_with_walk(state, block_items, nothing_to_prepare, [&] {
    for (std::int64_t round = 0; round < rounds; ++round) {
      for (const PaddedText& line : lines) {
        const bool is_read = reader.read(line.view(), entry) && entry.fields.size() == 1 &&
                             entry.fields[0].value.size() == signal_bytes;
        wrong += is_read ? 0 : 1;
      }
    }
  });
  check_answer(state, is_right && wrong == 0, "a capture line was read wrongly");
}

}  // namespace

void register_benchmarks() {
  benchmark::RegisterBenchmark("BM_bare_walk", BM_bare_walk);
  benchmark::RegisterBenchmark("BM_signal_decode", BM_signal_decode);
  benchmark::RegisterBenchmark("BM_tick_decode", BM_tick_decode);
  benchmark::RegisterBenchmark("BM_encode_three_outputs", BM_encode_three_outputs);
  benchmark::RegisterBenchmark("BM_capture_line_read", BM_capture_line_read);
}

}  // namespace coreloop::bench
