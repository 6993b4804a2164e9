// A run of neighbouring stages on one thread, joined by one slot instead of rings.
//
//   source ──> slot ──> stage 0 ──> stage 1 ──> … ──> stage n-1
//
// The slot holds the one message under way; the loop hands it from stage to stage after each
// callback has returned, never by a nested call. A stage that answers `retry` keeps the message,
// one that answers `more` gets it again once the stages below it are done with the copy it
// forwarded. The segment is stepped by exactly one thread.
#pragma once

#include <cstdint>
#include <tuple>
#include <utility>

#include "engine/check.hpp"
#include "engine/stage.hpp"

namespace coreloop::engine {

/// Outcome of one step of a segment.
enum class StepResult : std::uint8_t {
  idle,      ///< nothing to do now
  worked,    ///< at least one callback did something
  blocked,   ///< a message is held by a stage that answered retry
  finished,  ///< the source has ended and the slot is empty
};

template <class Message, class Source, class... Stages>
requires SourceStage<Source, Message> &&(Stage<Stages, Message>&&...) class Segment {
 public:
  static constexpr std::uint32_t stage_count = sizeof...(Stages);
  static_assert(stage_count > 0 && stage_count < 32, "one bit a stage in more_mask_");

  /// Binds the stages in chain order; they must outlive the segment.
  explicit Segment(Source& source, Stages&... stages) noexcept
      : source_(source), stages_(stages...) {}

  /// Takes at most one input and moves it as far as it goes. Thread: the one that owns the segment.
  StepResult step() noexcept {
    if (!holds_message_) {
      switch (source_.on_poll(slot_)) {
        case Progress::forwarded:
          holds_message_ = true;
          at_stage_ = 0;
          break;
        case Progress::finished:
          return StepResult::finished;
        case Progress::retry:
          return StepResult::blocked;
        case Progress::idle:
        case Progress::more:
        case Progress::absorbed:
          return StepResult::idle;
      }
    }
    return advance();
  }

  /// True while a message is between two stages.
  [[nodiscard]] bool holds_message() const noexcept { return holds_message_; }

 private:
  StepResult advance() noexcept {
    bool is_first_call = true;
    while (holds_message_) {
      switch (call(at_stage_)) {
        case Progress::more:
          more_mask_ |= 1U << at_stage_;
          ++at_stage_;
          break;
        case Progress::forwarded:
          more_mask_ &= ~(1U << at_stage_);
          ++at_stage_;
          break;
        case Progress::absorbed:
          more_mask_ &= ~(1U << at_stage_);
          resume_upstream();
          break;
        case Progress::retry:
        case Progress::idle:
        case Progress::finished:
          return is_first_call ? StepResult::blocked : StepResult::worked;
      }
      HOT_CHECK(at_stage_ < stage_count || !holds_message_, "the last stage must absorb");
      is_first_call = false;
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

  Progress call(std::uint32_t index) noexcept {
    return call_at(index, std::make_index_sequence<sizeof...(Stages)>{});
  }

  template <std::size_t... I>
  Progress call_at(std::uint32_t index, std::index_sequence<I...>) noexcept {
    Progress progress = Progress::idle;
    ((index == I ? (progress = std::get<I>(stages_).on_message(slot_), true) : false) || ...);
    return progress;
  }

  // Immutable after construction.
  Source& source_;
  std::tuple<Stages&...> stages_;
  // Hot state, the owning thread only.
  Message slot_{};
  std::uint32_t at_stage_ = 0;
  std::uint32_t more_mask_ = 0;
  bool holds_message_ = false;
};

}  // namespace coreloop::engine
