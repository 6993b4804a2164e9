// The pipeline as a drawing: which stage hands what to which.
//
//   INGRESS ──event──> RISK ──event──> FILL ──event──> MARK ──event──> EGRESS
//                        ^               │
//                        └─ FillReport ──┘   RISK takes no input while its order is out
//
// Here the four domain objects become stages of engine/stage.hpp. They know nothing of rings or
// threads: the feedback channel is a template parameter.
#pragma once

#include "engine/check.hpp"
#include "engine/stage.hpp"
#include "stages/event.hpp"
#include "stages/fill.hpp"
#include "stages/mark.hpp"
#include "stages/risk.hpp"

namespace coreloop::stages {

/// RISK as a stage: feedback first, then the input; retry while an order is out.
template <class FeedbackReader>
class RiskStage {
 public:
  RiskStage(const DecisionConf& conf, FeedbackReader& feedback)
      : risk_(conf), feedback_(feedback) {}

  engine::Progress on_message(Event& event) noexcept {
    if (!settle()) return engine::Progress::retry;
    risk_.on_event(event);
    return engine::Progress::forwarded;
  }

  /// Books the answer to the order that is out, if it has come; answers whether none is out any
  /// more.
  bool settle() noexcept {
    if (!risk_.is_order_out()) return true;
    FillReport report;
    if (!feedback_.try_pop(report)) return false;
    risk_.on_fill(report);
    return true;
  }

  /// Whether a message would not be answered with retry: what a sleeping thread waits for.
  [[nodiscard]] bool can_take() noexcept {
    return !risk_.is_order_out() || feedback_.has_message();
  }

  [[nodiscard]] const Risk& risk() const noexcept { return risk_; }

 private:
  Risk risk_;
  FeedbackReader& feedback_;
};

/// FILL as a stage. Its feedback always has room: RISK has at most one order out.
template <class FeedbackWriter>
class FillStage {
 public:
  FillStage(const DecisionConf& conf, FeedbackWriter& feedback)
      : fill_(conf), feedback_(feedback) {}

  engine::Progress on_message(Event& event) noexcept {
    fill_.on_event(event);
    if (has_order(event)) {
      const bool has_gone = feedback_.try_push(FillSimulator::report_of(event));
      CHECK(has_gone, "the feedback channel has room for every order out");
    }
    return engine::Progress::forwarded;
  }

 private:
  FillSimulator fill_;
  FeedbackWriter& feedback_;
};

/// MARK as a stage.
class MarkStage {
 public:
  explicit MarkStage(const DecisionConf& conf) : mark_(conf) {}

  engine::Progress on_message(Event& event) noexcept { return mark_.on_event(event); }

  [[nodiscard]] const Mark& mark() const noexcept { return mark_; }

 private:
  Mark mark_;
};

}  // namespace coreloop::stages
