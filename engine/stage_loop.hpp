// The loop, written once: every pinned thread turns it, tests step it by hand, and a stage is only
// its callbacks.
//
//   input ring ──> slot ──> stage first ──> … ──> stage last ──> output ring
//
// A loop runs a run of neighbouring stages [first, last] of one chain; stage 0 is the source, the
// last of all is the end. Between two loops a ring joins neighbours; inside one loop a single slot
// does, handed on after each callback has returned, never by a nested call. In one turn (step) a
// loop
// 1. makes sure there is room downstream before it takes an input,
// 2. takes one message: from the source, or from its input ring,
// 3. hands it from stage to stage until it is pushed or absorbed, or a stage answers retry and
//    keeps it. A stage that answers more gets the message again once the stages below are done
//    with it; no new input is taken before.
//
// All ticks between two turns are charged to one regime. A ring crossing is always timed; stages
// that share a loop are timed one input in 64.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <tuple>
#include <utility>

#include "engine/check.hpp"
#include "engine/latency_histogram.hpp"
#include "engine/loop_counters.hpp"
#include "engine/ring.hpp"
#include "engine/stage.hpp"
#include "engine/trace.hpp"
#include "engine/tsc_clock.hpp"

namespace coreloop::engine {

/// Outcome of one turn.
enum class StepResult : std::uint8_t {
  idle,      ///< nothing to do now
  worked,    ///< at least one callback did something
  blocked,   ///< a message is held by a stage that answered retry, or there is no room downstream
  finished,  ///< the input has ended and everything has gone on; said once the output is closed
};

/// Latency of one stage: how long messages waited in the ring before it, and how long it worked on
/// them.
struct StageLatency {
  LatencyHistogram queue_wait;
  LatencyHistogram service;
};

/// The stages of a chain in order, by reference, and their latencies. One per engine; loops share
/// it, each its own stages.
template <class Message, class Source, class... Stages>
requires SourceStage<Source, Message> &&(Stage<Stages, Message>&&...) struct StageChain {
  using MessageType = Message;
  static constexpr std::uint32_t stage_count = 1 + sizeof...(Stages);

  Source& source;
  std::tuple<Stages&...> stages;
  TscClock clock;
  std::array<StageLatency, stage_count> latency{};
  LatencyHistogram end_to_end{};  ///< input taken -> absorbed by the last stage
};

template <class Chain, std::uint32_t capacity_max>
class StageLoop {
 public:
  using Message = typename Chain::MessageType;
  using MessageRing = Ring<Message, capacity_max>;

  /// Runs stages [first, last] of `chain`. `input` joins it to stage first - 1 (nullptr for the
  /// source), `output` to stage last + 1 (nullptr for the end). All must outlive the loop.
  StageLoop(Chain& chain, std::uint32_t first, std::uint32_t last, MessageRing* input,
            MessageRing* output) noexcept
      : chain_(chain), first_(first), last_(last), at_stage_(first) {
    CHECK(first <= last && last < Chain::stage_count, "a run of stages");
    CHECK((input == nullptr) == (first == 0), "only the source has no input ring");
    CHECK((output == nullptr) == (last + 1 == Chain::stage_count),
          "only the end has no output ring");
    if (input != nullptr) input_.emplace(*input);
    if (output != nullptr) output_.emplace(*output);
    last_turn_tsc_ = chain.clock.now_tsc();
  }

  /// One turn. Thread: the loop's.
  StepResult step() noexcept {
    const StepResult result = turn();
    if constexpr (timing_is_on) charge(regime_of(result));
    return result;
  }

  /// Charges the time since the last turn to housekeeping. Thread: the loop's, after cold work
  /// between turns.
  void charge_housekeeping() noexcept { charge(Regime::housekeeping); }

  /// Charges the time since the last turn, which did `result`, to what that one waits for, all but
  /// the last `awake_ns`. Thread: the loop's, after it has slept.
  void charge_sleep(StepResult result, std::uint64_t awake_ns) noexcept {
    if constexpr (!timing_is_on) return;
    const std::uint64_t slept = chain_.clock.now_tsc() - chain_.clock.to_ticks(awake_ns);
    if (static_cast<std::int64_t>(slept - last_turn_tsc_) <= 0) return;
    counters_.regime_tsc[static_cast<std::size_t>(regime_of(result))].add(slept - last_turn_tsc_);
    last_turn_tsc_ = slept;
  }

  /// Whether a turn now could do something: what a thread about to sleep looks at. Thread: the
  /// loop's.
  [[nodiscard]] bool has_work() noexcept {
    if (holds_message_) return can_go_on();
    if (output_ && !output_->has_room()) return false;
    if (input_) return input_->has_message() || input_->is_finished();
    // The last turn asked the source for nothing: there was no room, and now there is.
    if (waits_for_room_) return true;
    return source_stopped_ || says_it_can_take(chain_.source, false);
  }

  /// Whether nobody can tell this loop when its wait is over: its source or its sink is the outside
  /// world. Such a loop looks around by itself. Thread: the loop's.
  [[nodiscard]] bool waits_for_the_world() const noexcept {
    return holds_message_ ? at_stage_ + 1 == Chain::stage_count : first_ == 0;
  }

  /// When the last turn, or a sleep behind it, ended, in ticks; the start where timing is compiled
  /// out. Thread: the loop's.
  [[nodiscard]] std::uint64_t last_turn_tsc() const noexcept { return last_turn_tsc_; }

  /// The source takes no more: the loop finishes what it holds. Thread: the loop's.
  void stop_source() noexcept { source_stopped_ = true; }

  [[nodiscard]] bool holds_message() const noexcept { return holds_message_; }
  [[nodiscard]] bool runs_source() const noexcept { return first_ == 0; }
  [[nodiscard]] LoopCounters& counters() noexcept { return counters_; }
  [[nodiscard]] const LoopCounters& counters() const noexcept { return counters_; }

 private:
  StepResult turn() noexcept {
    if (!holds_message_) {
      if (output_ && !has_room()) return StepResult::blocked;
      const StepResult taken = take_input();
      if (taken != StepResult::worked) return taken;
    }
    return advance();
  }

  StepResult take_input() noexcept {
    if (is_finished_) return StepResult::finished;
    if (input_) {
      if (!input_->try_pop(slot_)) {
        if (!input_->is_finished()) return StepResult::idle;
        return finish();
      }
      if constexpr (timing_is_on) {
        stage_begin_tsc_ = chain_.clock.now_tsc();
        chain_.latency[first_].queue_wait.record(
            chain_.clock.to_ns(stage_begin_tsc_ - slot_.trace.handed_on_tsc));
      }
      at_stage_ = first_;
    } else {
      if (source_stopped_) return finish();
      if constexpr (timing_is_on) stage_begin_tsc_ = last_turn_tsc_;
      switch (chain_.source.on_poll(slot_)) {
        case Progress::forwarded:
          break;
        case Progress::finished:
          return finish();
        case Progress::retry:
          return StepResult::blocked;
        case Progress::idle:
        case Progress::more:
        case Progress::absorbed:
          return StepResult::idle;
      }
      if constexpr (timing_is_on) start_trace();
      at_stage_ = 1;
    }
    counters_.messages_in.add(1);
    holds_message_ = true;
    return StepResult::worked;
  }

  StepResult finish() noexcept {
    is_finished_ = true;
    if (output_) output_->close();
    return StepResult::finished;
  }

  StepResult advance() noexcept {
    bool has_moved = false;
    while (holds_message_) {
      if (at_stage_ > last_) {
        if (!push()) return has_moved ? StepResult::worked : StepResult::blocked;
        resume_upstream();
        has_moved = true;
        continue;
      }
      const Progress progress = call(at_stage_);
      switch (progress) {
        case Progress::more:
          more_mask_ |= 1U << at_stage_;
          break;
        case Progress::forwarded:
          more_mask_ &= ~(1U << at_stage_);
          break;
        case Progress::absorbed:
          more_mask_ &= ~(1U << at_stage_);
          if constexpr (timing_is_on) end_trace();
          resume_upstream();
          has_moved = true;
          continue;
        case Progress::retry:
        case Progress::idle:
        case Progress::finished:
          return has_moved ? StepResult::worked : StepResult::blocked;
      }
      if constexpr (timing_is_on) end_service();
      ++at_stage_;
      has_moved = true;
    }
    return StepResult::worked;
  }

  // Back to the deepest stage that still has more of this input, so that outputs keep their order.
  void resume_upstream() noexcept {
    if (more_mask_ == 0) {
      holds_message_ = false;
      return;
    }
    at_stage_ = 31U - static_cast<std::uint32_t>(__builtin_clz(more_mask_));
  }

  // Room behind this loop; a wait for it is counted once.
  bool has_room() noexcept {
    const bool answer = output_->has_room();
    if (!answer && !waits_for_room_) counters_.ring_full.add(1);
    waits_for_room_ = !answer;
    return answer;
  }

  bool push() noexcept {
    if (!has_room()) return false;
    if constexpr (timing_is_on) slot_.trace.handed_on_tsc = chain_.clock.now_tsc();
    const bool has_gone = output_->try_push(slot_);
    CHECK(has_gone, "room was seen");
    counters_.messages_out.add(1);
    return true;
  }

  [[nodiscard]] bool can_go_on() noexcept {
    if (at_stage_ > last_) return output_->has_room();
    return can_take(at_stage_, std::make_index_sequence<Chain::stage_count - 1>{});
  }

  template <std::size_t... I>
  [[nodiscard]] bool can_take(std::uint32_t stage, std::index_sequence<I...>) noexcept {
    bool answer = true;
    static_cast<void>(
        ((stage == I + 1 ? (answer = says_it_can_take(std::get<I>(chain_.stages), true), true)
                         : false) ||
         ...));
    return answer;
  }

  // A stage may offer can_take() to say when its retry could end (RISK: once FILL's answer is
  // there).
  template <class S>
  [[nodiscard]] static bool says_it_can_take(S& stage, bool unless_it_says) noexcept {
    if constexpr (requires { stage.can_take(); })
      return stage.can_take();
    else
      return unless_it_says;
  }

  Progress call(std::uint32_t stage) noexcept {
    return call_at(stage, std::make_index_sequence<Chain::stage_count - 1>{});
  }

  template <std::size_t... I>
  Progress call_at(std::uint32_t stage, std::index_sequence<I...>) noexcept {
    Progress progress = Progress::idle;
    static_cast<void>(
        ((stage == I + 1 ? (progress = std::get<I>(chain_.stages).on_message(slot_), true)
                         : false) ||
         ...));
    return progress;
  }

  // Timing. A loop of one stage times every message; one of several stages one input in 64.
  [[nodiscard]] bool is_timed() const noexcept {
    return first_ == last_ || is_sampled(slot_.sequence);
  }

  void start_trace() noexcept {
    slot_.trace.started_tsc = 0;
    const bool is_whole_chain = last_ + 1 == Chain::stage_count;
    if (is_whole_chain && !is_sampled(slot_.sequence)) return;
    slot_.trace.started_tsc = stage_begin_tsc_;
    end_service_of(0);
  }

  void end_service() noexcept {
    if (is_timed()) end_service_of(at_stage_);
  }

  void end_service_of(std::uint32_t stage) noexcept {
    const std::uint64_t now = chain_.clock.now_tsc();
    chain_.latency[stage].service.record(chain_.clock.to_ns(now - stage_begin_tsc_));
    stage_begin_tsc_ = now;
  }

  void end_trace() noexcept {
    end_service();
    if (slot_.trace.started_tsc == 0 || at_stage_ + 1 != Chain::stage_count) return;
    chain_.end_to_end.record(chain_.clock.to_ns(chain_.clock.now_tsc() - slot_.trace.started_tsc));
  }

  static Regime regime_of(StepResult result) noexcept {
    switch (result) {
      case StepResult::worked:
        return Regime::processing;
      case StepResult::blocked:
        return Regime::backpressured;
      case StepResult::idle:
      case StepResult::finished:
        return Regime::caught_up;
    }
    return Regime::caught_up;
  }

  void charge(Regime regime) noexcept {
    const std::uint64_t now = chain_.clock.now_tsc();
    const std::uint64_t spent = now - last_turn_tsc_;
    counters_.regime_tsc[static_cast<std::size_t>(regime)].add(spent);
    counters_.cycle_tsc_max.raise_to(spent);
    if (regime == Regime::backpressured && last_regime_ != regime)
      counters_.backpressure_entered.add(1);
    last_regime_ = regime;
    last_turn_tsc_ = now;
  }

  // Immutable after construction.
  Chain& chain_;
  std::uint32_t first_;
  std::uint32_t last_;
  std::optional<RingReader<Message, capacity_max>> input_;
  std::optional<RingWriter<Message, capacity_max>> output_;
  // Hot state, the loop's thread only.
  Message slot_{};
  std::uint32_t at_stage_;
  std::uint32_t more_mask_ = 0;  ///< stages that have more to say of the message in the slot
  bool holds_message_ = false;
  bool is_finished_ = false;
  bool source_stopped_ = false;
  bool waits_for_room_ = false;
  Regime last_regime_ = Regime::caught_up;
  std::uint64_t stage_begin_tsc_ = 0;
  std::uint64_t last_turn_tsc_ = 0;
  // Published, read by others.
  LoopCounters counters_;
};

}  // namespace coreloop::engine
