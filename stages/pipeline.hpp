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

/// How far a stage has come, and which ids it has met: what a reader of its state must know.
struct StageProgress {
  std::uint64_t sequence = 0;  ///< last input taken; 0: none yet
  std::int64_t log_unix_ns = 0;
  AccountId account_count = 0;  ///< ids [0, n) have appeared
  SymbolId symbol_count = 0;

  /// Starts with the ids the conf gives.
  explicit StageProgress(const DecisionConf& conf)
      : account_count(conf.named_account_count), symbol_count(conf.walk.symbol_count) {}

  void on_event(const Event& event) noexcept {
    sequence = event.sequence;
    log_unix_ns = event.log_unix_ns;
    // no_id + 1 is 0: a name without an id counts for nothing.
    if (event.account + 1 > account_count) account_count = event.account + 1;
    if (event.symbol + 1 > symbol_count) symbol_count = event.symbol + 1;
  }
};

/// RISK as a stage: feedback first, then the input; retry while an order is out.
template <class FeedbackReader>
class RiskStage {
 public:
  RiskStage(const DecisionConf& conf, FeedbackReader& feedback)
      : risk_(conf), progress_(conf), feedback_(feedback) {}

  engine::Progress on_message(Event& event) noexcept {
    if (!settle()) return engine::Progress::retry;
    progress_.on_event(event);
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
  [[nodiscard]] const StageProgress& progress() const noexcept { return progress_; }

  /// As stages/saved_state.hpp says. Requires: settle().
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    risk_.visit_state(visitor);
    visitor.value(progress_);
  }

 private:
  Risk risk_;
  StageProgress progress_;
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

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    fill_.visit_state(visitor);
  }

 private:
  FillSimulator fill_;
  FeedbackWriter& feedback_;
};

/// MARK as a stage.
class MarkStage {
 public:
  explicit MarkStage(const DecisionConf& conf) : mark_(conf), progress_(conf) {}

  engine::Progress on_message(Event& event) noexcept {
    progress_.on_event(event);
    return mark_.on_event(event);
  }

  [[nodiscard]] const Mark& mark() const noexcept { return mark_; }
  [[nodiscard]] const StageProgress& progress() const noexcept { return progress_; }

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    mark_.visit_state(visitor);
    visitor.value(progress_);
  }

 private:
  Mark mark_;
  StageProgress progress_;
};

}  // namespace coreloop::stages
