// The whole engine over one source and one sink, in any layout: five stages, the rings between
// those that do not share a thread, the feedback ring from FILL to RISK, and the threads that turn
// the loops. What it publishes does not depend on the layout, the rings' capacity or the speed.
//
//   source -> INGRESS ═> RISK ═> FILL ═> MARK ═> EGRESS -> sink
//                          ^ ═════ ┘ feedback
//
// ═> is a ring, or the slot of a loop where stages share a thread.
//
// Who calls what: constructor, step(), run() and everything after run() belong to one thread, the
// main one; while run() is under way other threads may call stop(), abort(), wake_stage(),
// statistics() and read latencies and counters; views are asked for through EngineViews.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "engine/check.hpp"
#include "engine/layout.hpp"
#include "engine/published.hpp"
#include "engine/ring.hpp"
#include "engine/stage_loop.hpp"
#include "engine/stage_thread.hpp"
#include "engine/world.hpp"
#include "io/edge/egress.hpp"
#include "io/edge/engine_views.hpp"
#include "io/edge/ingress.hpp"
#include "stages/names.hpp"
#include "stages/pipeline.hpp"
#include "stages/text_ring.hpp"

namespace coreloop::io {

/// Stages of the chain, in order: the names of the conf's threads.layout, of threads and of
/// metrics.
inline constexpr std::array<std::string_view, 5> stage_names{"ingress", "risk", "fill", "mark",
                                                             "egress"};
inline constexpr std::uint32_t ingress_stage = 0;
inline constexpr std::uint32_t risk_stage = 1;
inline constexpr std::uint32_t mark_stage = 3;
inline constexpr std::uint32_t egress_stage = 4;

struct PipelineOptions {
  std::vector<engine::ThreadPlan> threads;  ///< a checked layout
  std::uint32_t ring_capacity = 1'024;
  engine::WaitOptions wait;
  engine::TscClock clock = engine::TscClock::calibrated();  ///< takes 20 ms to make
  /// Where the thread of the source, and that of the sink, looks outside and sleeps; nullptr where
  /// nothing is awaited there. One and the same if one thread runs both. Must outlive the engine.
  engine::World* source_world = nullptr;
  engine::World* sink_world = nullptr;
  EngineViews* views = nullptr;  ///< filled on request; or nullptr. Must outlive the engine.
};

template <Source SourceType, Sink SinkType, std::uint32_t ring_capacity_max>
class PipelineEngine {
 public:
  /// Makes every table; nothing on an event's way allocates afterwards. All references must outlive
  /// it. `names`: tables that already hold the conf's accounts and symbols.
  PipelineEngine(const stages::DecisionConf& decision, stages::Names& names, SourceType& source,
                 IngressOptions ingress_options, SinkType& sink, EgressOptions egress_options,
                 PipelineOptions options)
      : options_(std::move(options)),
        names_(names),
        text_(text_capacity_log2),
        feedback_(feedback_capacity),
        feedback_reader_(feedback_),
        feedback_writer_(feedback_),
        risk_(decision, feedback_reader_),
        fill_(decision, feedback_writer_),
        mark_(decision),
        ingress_(source, names, text_, std::move(ingress_options)),
        egress_(sink, names, text_, std::move(egress_options)),
        chain_{ingress_, {risk_, fill_, mark_, egress_}, options_.clock, {}, {}} {
    for (std::size_t i = 0; i + 1 < options_.threads.size(); ++i) {
      rings_.push_back(std::make_unique<MessageRing>(options_.ring_capacity));
    }
    for (std::size_t i = 0; i < options_.threads.size(); ++i) {
      const engine::ThreadPlan& plan = options_.threads[i];
      MessageRing* const input = i == 0 ? nullptr : rings_[i - 1].get();
      MessageRing* const output = i == rings_.size() ? nullptr : rings_[i].get();
      loops_.push_back(std::make_unique<Loop>(chain_, plan.first, plan.last, input, output));
      wakers_.push_back(std::make_unique<engine::Waker>());
      worlds_.push_back(world_of(plan));
    }
  }

  /// One turn of each loop, by hand, on the calling thread: the way tests drive any layout.
  engine::StepResult step() noexcept {
    bool has_worked = false;
    bool is_blocked = false;
    std::size_t finished_count = 0;
    for (std::size_t i = 0; i < loops_.size(); ++i) {
      if (worlds_[i] != nullptr && worlds_[i]->poll()) has_worked = true;
      switch (loops_[i]->step()) {
        case engine::StepResult::worked:
          has_worked = true;
          break;
        case engine::StepResult::blocked:
          is_blocked = true;
          break;
        case engine::StepResult::finished:
          ++finished_count;
          break;
        case engine::StepResult::idle:
          break;
      }
    }
    if (finished_count == loops_.size()) {
      settle();
      return engine::StepResult::finished;
    }
    if (has_worked) return engine::StepResult::worked;
    return is_blocked ? engine::StepResult::blocked : engine::StepResult::idle;
  }

  /// Starts a thread for each loop, from the end of the chain to its head. Pins them as planned; a
  /// core that cannot be had is counted in unpinned_count().
  void start() {
    for (std::size_t i = 0; i < loops_.size(); ++i)
      neighbours_.push_back(neighbours_of(i));
    for (std::size_t i = loops_.size(); i-- > 0;)
      threads_.emplace_back([this, i] { run_loop(i); });
  }

  /// Waits for all threads, and settles.
  void join() {
    for (std::thread& thread : threads_)
      thread.join();
    threads_.clear();
    settle();
  }

  /// Whether every thread has finished. Any thread.
  [[nodiscard]] bool is_finished() const noexcept {
    return finished_count_.load(std::memory_order_acquire) == loops_.size();
  }

  /// Whether a thread has finished: the engine is on its way out. Any thread.
  [[nodiscard]] bool has_finished_thread() const noexcept {
    return finished_count_.load(std::memory_order_acquire) != 0;
  }

  /// Ends the source: what has been taken is finished. Any thread.
  void stop() noexcept {
    flags_.stops_source.store(true, std::memory_order_relaxed);
    wake_all();
  }

  /// Ends everything now. Any thread.
  void abort() noexcept {
    flags_.aborts.store(true, std::memory_order_relaxed);
    wake_all();
  }

  /// Wakes the thread that runs `stage`, if it sleeps: a command has been queued (INGRESS), or a
  /// view asked for. Any thread, between start() and join().
  void wake_stage(std::uint32_t stage) noexcept {
    for (std::size_t i = 0; i < options_.threads.size(); ++i) {
      if (runs(options_.threads[i], stage)) waker(i).wake();
    }
  }

  /// Books the last answer, so that both books have finished the same input. Between steps.
  void settle() noexcept { risk_.settle(); }

  /// Everything that decides what comes next, as stages/saved_state.hpp says; what is read back is
  /// that of an engine with the same conf. Between inputs (step() has had nothing to do, or the
  /// engine has been drained), or before the first one.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    settle();
    names_.visit_state(visitor);
    ingress_.visit_state(visitor);
    risk_.visit_state(visitor);
    fill_.visit_state(visitor);
    mark_.visit_state(visitor);
    egress_.visit_state(visitor);
    inputs_before_ = ingress_.sequence() - std::as_const(*loops_[0]).counters().messages_in.get();
  }

  /// The last published statistics; false if there are none yet. Any thread.
  [[nodiscard]] bool read_statistics(stages::Statistics& statistics) const noexcept {
    return published_statistics_.read(statistics);
  }

  // After join() or between steps.
  [[nodiscard]] const stages::Risk& risk() const noexcept { return risk_.risk(); }
  [[nodiscard]] const stages::Mark& mark() const noexcept { return mark_.mark(); }
  [[nodiscard]] const Ingress<SourceType>& ingress() const noexcept { return ingress_; }
  [[nodiscard]] const Egress<SinkType>& egress() const noexcept { return egress_; }

  // Any thread, any time.
  [[nodiscard]] const engine::StageLatency& latency(std::uint32_t stage) const noexcept {
    return chain_.latency[stage];
  }
  [[nodiscard]] const engine::LatencyHistogram& end_to_end() const noexcept {
    return chain_.end_to_end;
  }
  [[nodiscard]] const engine::TscClock& clock() const noexcept { return chain_.clock; }
  [[nodiscard]] std::size_t thread_count() const noexcept { return loops_.size(); }
  [[nodiscard]] const engine::LoopCounters& loop_counters(std::size_t thread) const noexcept {
    return std::as_const(*loops_[thread]).counters();
  }
  /// Stages of a thread, joined by `+`; the system shows the first 15 characters.
  [[nodiscard]] std::string thread_name(std::size_t thread) const {
    const engine::ThreadPlan& plan = options_.threads[thread];
    std::string name{stage_names[plan.first]};
    for (std::uint32_t stage = plan.first + 1; stage <= plan.last; ++stage) {
      name += "+" + std::string{stage_names[stage]};
    }
    return name;
  }
  [[nodiscard]] std::uint32_t unpinned_count() const noexcept {
    return unpinned_count_.load(std::memory_order_relaxed);
  }

  /// Messages in and out of every ring agree, and all are through. Requires: everything has
  /// finished.
  [[nodiscard]] bool is_drained() const noexcept {
    for (std::size_t i = 0; i + 1 < loops_.size(); ++i) {
      if (loop_counters(i).messages_out.get() != loop_counters(i + 1).messages_in.get())
        return false;
    }
    return inputs_before_ + loop_counters(0).messages_in.get() == ingress_.sequence() &&
           egress_.statistics().inputs == ingress_.sequence();
  }

 private:
  static constexpr unsigned text_capacity_log2 = 20;
  // RISK has one order out at most; the ring has room for more, so that the writer always finds
  // some.
  static constexpr std::uint32_t feedback_capacity = 2;

  using MessageRing = engine::Ring<stages::Event, ring_capacity_max>;
  using FeedbackRing = engine::Ring<stages::FillReport, feedback_capacity>;
  using FeedbackReader = engine::RingReader<stages::FillReport, feedback_capacity>;
  using FeedbackWriter = engine::RingWriter<stages::FillReport, feedback_capacity>;
  using Chain =
      engine::StageChain<stages::Event, Ingress<SourceType>, stages::RiskStage<FeedbackReader>,
                         stages::FillStage<FeedbackWriter>, stages::MarkStage, Egress<SinkType>>;
  using Loop = engine::StageLoop<Chain, ring_capacity_max>;
  static_assert(Chain::stage_count == stage_names.size());

  // Threads that may wait for what thread i does: both ring neighbours; and INGRESS for the text
  // EGRESS gives back.
  std::vector<engine::Waker*> neighbours_of(std::size_t i) {
    std::vector<engine::Waker*> neighbours;
    if (i > 0) neighbours.push_back(&waker(i - 1));
    if (i + 1 < wakers_.size()) neighbours.push_back(&waker(i + 1));
    if (i + 1 == wakers_.size() && i > 1) neighbours.push_back(&waker(0));
    return neighbours;
  }

  engine::World* world_of(const engine::ThreadPlan& plan) const {
    engine::World* const source_world = plan.first == 0 ? options_.source_world : nullptr;
    engine::World* const sink_world = plan.last == egress_stage ? options_.sink_world : nullptr;
    CHECK(source_world == nullptr || sink_world == nullptr || source_world == sink_world,
          "a thread looks into one world");
    return source_world != nullptr ? source_world : sink_world;
  }

  engine::Waker& waker(std::size_t i) noexcept {
    return worlds_[i] != nullptr ? *worlds_[i] : *wakers_[i];
  }

  void run_loop(std::size_t i) noexcept {
    const engine::ThreadPlan& plan = options_.threads[i];
    if (!engine::prepare_this_thread(thread_name(i), plan.core))
      unpinned_count_.fetch_add(1, std::memory_order_relaxed);
    engine::turn_loop(*loops_[i], chain_.clock,
                      {.wait = options_.wait,
                       .waker = waker(i),
                       .neighbours = neighbours_[i],
                       .flags = flags_,
                       .world = worlds_[i]},
                      Housekeeping{*this, plan});
    finished_count_.fetch_add(1, std::memory_order_release);
  }

  [[nodiscard]] static bool runs(const engine::ThreadPlan& plan, std::uint32_t stage) noexcept {
    return plan.first <= stage && stage <= plan.last;
  }

  /// Cold work of one thread: publishing, and the views that have been asked for.
  struct Housekeeping {
    PipelineEngine& owner;
    const engine::ThreadPlan& plan;

    void operator()() const noexcept { owner.keep_house(plan); }
    [[nodiscard]] bool is_wanted() const noexcept { return owner.has_requests(plan); }
  };

  [[nodiscard]] bool has_requests(const engine::ThreadPlan& plan) const noexcept {
    if (options_.views == nullptr) return false;
    const EngineViews& views = *options_.views;
    return (runs(plan, risk_stage) && views.risk.is_requested()) ||
           (runs(plan, mark_stage) && views.books.is_requested()) ||
           (runs(plan, egress_stage) && views.outcomes.is_requested());
  }

  void keep_house(const engine::ThreadPlan& plan) noexcept {
    if (runs(plan, egress_stage)) published_statistics_.publish(egress_.statistics());
    if (options_.views == nullptr) return;
    EngineViews& views = *options_.views;
    if (runs(plan, risk_stage)) {
      views.risk.serve([this](RiskView& view) {
        risk_.settle();  // the last answer may wait for an input to be booked with
        copy_risk(risk_.risk(), risk_.progress(), view);
      });
    }
    if (runs(plan, mark_stage)) {
      views.books.serve(
          [this](BooksView& view) { copy_books(mark_.mark(), mark_.progress(), view); });
    }
    if (runs(plan, egress_stage))
      views.outcomes.serve([this](OutcomesView& view) { egress_.copy_outcomes(view); });
  }

  void wake_all() noexcept {
    for (std::size_t i = 0; i < wakers_.size(); ++i)
      waker(i).wake();
  }

  // Immutable after construction.
  PipelineOptions options_;
  // Stages and what joins them.
  stages::Names& names_;
  stages::TextRing text_;
  FeedbackRing feedback_;
  FeedbackReader feedback_reader_;
  FeedbackWriter feedback_writer_;
  stages::RiskStage<FeedbackReader> risk_;
  stages::FillStage<FeedbackWriter> fill_;
  stages::MarkStage mark_;
  Ingress<SourceType> ingress_;
  Egress<SinkType> egress_;
  Chain chain_;
  std::vector<std::unique_ptr<MessageRing>> rings_;
  std::vector<std::unique_ptr<Loop>> loops_;
  // Threads.
  std::vector<std::unique_ptr<engine::Waker>> wakers_;
  std::vector<engine::World*> worlds_;  ///< one a thread, nullptr where it sees none of the outside
  std::vector<std::vector<engine::Waker*>> neighbours_;
  std::vector<std::thread> threads_;
  engine::RunFlags flags_;
  std::uint64_t inputs_before_ = 0;  ///< of the state that was read back
  // Published.
  engine::Published<stages::Statistics> published_statistics_;
  std::atomic<std::size_t> finished_count_{0};
  std::atomic<std::uint32_t> unpinned_count_{0};
};

}  // namespace coreloop::io
