// EGRESS: the end of the chain. Turns each event into the entries it stands for, numbers them per
// stream, hands them to the sink and gives the event's text back. Outputs of one input leave in the
// order approval or rejection, execution, position update(s). Every event is counted here, where
// everything passes in order. A template over its Sink. One thread.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/latency_histogram.hpp"
#include "engine/stage.hpp"
#include "io/codec/json_text.hpp"
#include "io/codec/report_codec.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/command_box.hpp"
#include "io/edge/engine_views.hpp"
#include "io/edge/entry_id.hpp"
#include "io/edge/input_streams.hpp"
#include "io/edge/sink.hpp"
#include "stages/decimal.hpp"
#include "stages/event.hpp"
#include "stages/fill_model.hpp"
#include "stages/names.hpp"
#include "stages/statistics.hpp"
#include "stages/symbol_statistics.hpp"
#include "stages/text_ring.hpp"

namespace coreloop::io {

struct EgressOptions {
  InputStreams streams;  ///< as INGRESS has them: Event::stream is an index into it
  std::uint64_t seed = 1;
  stages::SlippageModel model = stages::SlippageModel::uniform;
  /// Number of the last entry before ours, one a stream: ours go on from there. With those adopted
  /// later: what is none of ours.
  std::array<std::uint64_t, output_stream_count> numbers_before{};
  /// What log times were taken from, to time executions by; nullptr: they are not timed.
  const Clock* clock = nullptr;
  CommandBox* commands = nullptr;  ///< where those who wait for a command look; or nullptr
  /// Inputs up to here come from the journal: a sink that has `end_of_recovery()` hears when their
  /// outputs are complete. 0: none.
  std::uint64_t recovered_sequence = 0;
};

template <Sink SinkType>
class Egress {
 public:
  /// All references must outlive it.
  Egress(SinkType& sink, const stages::Names& names, stages::TextRing& text, EgressOptions options)
      : sink_(sink),
        names_(names),
        text_(text),
        options_(std::move(options)),
        codec_(options_.seed) {
    for (std::size_t i = 0; i < output_stream_count; ++i)
      last_ids_[i].counter = options_.numbers_before[i];
  }

  engine::Progress on_message(stages::Event& event) noexcept {
    if (!sink_.has_room()) return engine::Progress::retry;
    if (event.is_first != 0) {
      if (event.kind == stages::EventKind::dead_letter) publish_dead_letter(event);
      publish_verdict(event);
    }
    if (event.position_side != stages::PositionSide::none) publish_position(event);
    count(event);
    // A timer's outputs may be cut anywhere; those of any other input belong together.
    if constexpr (requires { sink_.end_of_input(); }) {
      if (event.is_last != 0 || event.kind == stages::EventKind::timer) sink_.end_of_input();
    }
    if constexpr (requires { sink_.end_of_recovery(); }) {
      if (event.sequence == options_.recovered_sequence && event.is_last != 0) [[unlikely]]
        sink_.end_of_recovery();
    }
    if (event.is_last != 0 && event.text_bytes != 0)
      text_.release(event.text_position, event.text_bytes);
    return engine::Progress::absorbed;
  }

  /// Whether a message would not be answered with retry: what a sleeping thread waits for.
  [[nodiscard]] bool can_take() noexcept { return sink_.has_room(); }

  [[nodiscard]] const stages::Statistics& statistics() const noexcept { return statistics_; }
  [[nodiscard]] const stages::SymbolStatistics& symbol_statistics() const noexcept {
    return symbol_statistics_;
  }
  /// From receiving an input to the encoding of its execution. Any thread.
  [[nodiscard]] const engine::LatencyHistogram& execution_latency() const noexcept {
    return execution_latency_;
  }
  /// Thread: EGRESS.
  void copy_outcomes(OutcomesView& view) const noexcept {
    view.sequence = statistics_.last_sequence;
    view.statistics = statistics_;
    view.symbols = symbol_statistics_;
    view.reset_marks = reset_marks_;
  }
  /// Entries published to `stream`.
  [[nodiscard]] std::uint64_t entry_count(OutputStream stream) const noexcept {
    const auto i = static_cast<std::size_t>(stream);
    return last_ids_[i].counter - options_.numbers_before[i];
  }
  /// Id of the last entry made for each stream; time 0 where none was.
  [[nodiscard]] const std::array<EntryId, output_stream_count>& last_ids() const noexcept {
    return last_ids_;
  }

  /// As stages/saved_state.hpp says: what inputs alone have made of it.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    visitor.value(statistics_);
    visitor.value(symbol_statistics_);
    visitor.value(reset_marks_);
    visitor.value(last_ids_);
  }

 private:
  static constexpr std::size_t cause_bytes_max = 512;

  void count(const stages::Event& event) noexcept {
    statistics_.on_event(event);
    symbol_statistics_.on_event(event);
    if (event.kind == stages::EventKind::command) {
      reset_marks_.on_event(event, statistics_);
      if (event.command.kind == stages::CommandKind::adopt) adopt(event);
      if (event.is_last != 0 && options_.commands != nullptr)
        options_.commands->on_command_done(event);
    }
    if (options_.clock != nullptr && event.is_first != 0 && stages::has_order(event) &&
        event.sequence > options_.recovered_sequence) {
      const std::int64_t spent_ns = options_.clock->unix_ns() - event.log_unix_ns;
      execution_latency_.record(spent_ns < 0 ? 0 : static_cast<std::uint64_t>(spent_ns));
    }
  }

  // Outputs that the journal has lost the inputs of stand in a stream: ours go on above them. What
  // we have made beyond that is no news.
  void adopt(const stages::Event& event) noexcept {
    const std::size_t stream = event.command.output;
    const EntryId id{event.entry_ms, event.entry_counter};
    EntryId& last = last_ids_[stream];
    if (id.counter <= last.counter) return;
    options_.numbers_before[stream] += id.counter - last.counter;
    last = id;
    if constexpr (requires { sink_.adopt(OutputStream{}, id); })
      sink_.adopt(static_cast<OutputStream>(stream), id);
  }

  void publish_verdict(const stages::Event& event) noexcept {
    char* const begin = report_.data();
    const EventWords words = words_of(event);
    if (event.outcome == stages::Outcome::approved &&
        !passes_over(OutputStream::approvals, event)) {
      publish(OutputStream::approvals, event, codec_.write_approval(begin, event, words),
              words.account);
    }
    if (event.outcome == stages::Outcome::rejected &&
        !passes_over(OutputStream::rejections, event)) {
      publish(OutputStream::rejections, event, codec_.write_rejection(begin, event, words),
              words.account);
    }
    if (stages::has_order(event) && !passes_over(OutputStream::executions, event)) {
      char* const end = codec_.write_execution(begin, event, words);
      std::array<char, stages::decimal_text_max> quantity;
      const char* const quantity_end = stages::write_decimal(quantity.data(), event.fill.quantity);
      fields_[4] = {"qty",
                    {quantity.data(), static_cast<std::size_t>(quantity_end - quantity.data())}};
      fields_[5] = {"model", stages::name_of(options_.model)};
      publish(OutputStream::executions, event, end, words.account, 2);
    }
  }

  void publish_position(const stages::Event& event) noexcept {
    if (passes_over(OutputStream::positions, event)) return;
    publish(
        OutputStream::positions, event,
        codec_.write_position(report_.data(), event, names_.symbols.name(event.position_symbol)),
        names_.accounts.name(event.position_account));
  }

  void publish_dead_letter(const stages::Event& event) noexcept {
    if (passes_over(OutputStream::dead_letters, event)) return;
    std::array<char, 48> id;
    char* end = append_integer(id.data(), event.entry_ms);
    *end++ = '-';
    end = append_integer(end, event.entry_counter);
    publish(OutputStream::dead_letters, event,
            codec_.write_dead_letter(report_.data(), event, options_.streams[event.stream].name,
                                     {id.data(), static_cast<std::size_t>(end - id.data())},
                                     text_.text(event.text_position, event.text_bytes)),
            {});
  }

  // Of a recovered input: whether its next entry of `stream` needs no text. It takes its number
  // then.
  bool passes_over(OutputStream stream, const stages::Event& event) noexcept {
    if constexpr (requires { sink_.passes_over(stream, EntryId{}); }) {
      if (event.sequence > options_.recovered_sequence) [[likely]]
        return false;
      const EntryId id = next_id(stream, log_ms_of(event));
      if (!sink_.passes_over(stream, id)) return false;
      last_ids_[static_cast<std::size_t>(stream)] = id;
      return true;
    }
    return false;
  }

  [[nodiscard]] static std::uint64_t log_ms_of(const stages::Event& event) noexcept {
    return static_cast<std::uint64_t>(event.log_unix_ns / stages::ns_per_ms);
  }

  // Log time never goes back, but an adopted id may lie ahead of it.
  [[nodiscard]] EntryId next_id(OutputStream stream, std::uint64_t log_ms) const noexcept {
    const EntryId last = last_ids_[static_cast<std::size_t>(stream)];
    return {std::max(last.ms, log_ms), last.counter + 1};
  }

  // `account` empty: no such field. `further`: fields already standing behind it.
  void publish(OutputStream stream, const stages::Event& event, const char* report_end,
               std::string_view account, std::size_t further = 0) noexcept {
    if (event.sequence != named_sequence_) name_input(event);
    fields_[0] = {"data", {report_.data(), static_cast<std::size_t>(report_end - report_.data())}};
    fields_[3] = {"acct", account};
    const std::size_t field_count = account.empty() ? 3 : 4 + further;
    const EntryId id = next_id(stream, log_ms_);
    last_ids_[static_cast<std::size_t>(stream)] = id;
    sink_.write({.stream = stream,
                 .id_ms = id.ms,
                 .id_number = id.counter,
                 .sequence = event.sequence,
                 .log_unix_ns = event.log_unix_ns,
                 .fields = {fields_.data(), field_count}});
  }

  // What all outputs of an input say of it: written once.
  void name_input(const stages::Event& event) noexcept {
    named_sequence_ = event.sequence;
    log_ms_ = log_ms_of(event);
    const char* const end = append_integer(sequence_.data(), event.sequence);
    fields_[1] = {"seq", {sequence_.data(), static_cast<std::size_t>(end - sequence_.data())}};
    fields_[2] = {"cause", cause_of(event)};
  }

  // `<stream>/<id>` of the input entry; a timer and a command are known by log time and sequence.
  [[nodiscard]] std::string_view cause_of(const stages::Event& event) noexcept {
    const bool is_entry = event.stream != stages::no_stream;
    const std::string_view stream = is_entry ? std::string_view{options_.streams[event.stream].name}
                                    : event.kind == stages::EventKind::timer ? timer_stream
                                                                             : command_stream;
    char* out = append_text(cause_.data(), stream.substr(0, cause_bytes_max - 48));
    *out++ = '/';
    out = append_integer(out, is_entry ? event.entry_ms : log_ms_);
    *out++ = '-';
    out = append_integer(out, is_entry ? event.entry_counter : event.sequence);
    return {cause_.data(), static_cast<std::size_t>(out - cause_.data())};
  }

  [[nodiscard]] EventWords words_of(const stages::Event& event) const noexcept {
    std::string_view text = text_.text(event.text_position, event.text_bytes);
    EventWords words;
    words.symbol = event.symbol != stages::no_id ? names_.symbols.name(event.symbol)
                                                 : text.substr(0, event.symbol_text_bytes);
    text.remove_prefix(event.symbol_text_bytes);
    words.account = event.account != stages::no_id ? names_.accounts.name(event.account)
                                                   : text.substr(0, event.account_text_bytes);
    text.remove_prefix(event.account_text_bytes);
    words.source = text;
    return words;
  }

  // Immutable after construction.
  SinkType& sink_;
  const stages::Names& names_;
  stages::TextRing& text_;
  EgressOptions options_;
  // State, EGRESS's thread only.
  ReportCodec codec_;
  stages::Statistics statistics_;
  stages::SymbolStatistics symbol_statistics_;
  stages::ResetMarks reset_marks_;
  engine::LatencyHistogram execution_latency_;
  std::array<EntryId, output_stream_count> last_ids_;
  std::array<OutputField, 6> fields_{};
  std::array<char, report_bytes_max> report_{};
  std::uint64_t named_sequence_ = 0;  ///< of the input that name_input() knows; 0: none
  std::uint64_t log_ms_ = 0;
  std::array<char, 20> sequence_{};
  std::array<char, cause_bytes_max> cause_{};
};

}  // namespace coreloop::io
