// The HTTP endpoint of a live engine: the mailbox and the views it is answered from, and its
// listeners. They are up before Redis is connected and until the drain is over.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "io/conf/engine_conf.hpp"
#include "io/edge/clock.hpp"
#include "io/edge/pipeline_engine.hpp"
#include "io/http/engine_desk.hpp"
#include "io/http/history.hpp"
#include "io/http/listeners.hpp"
#include "io/http/router.hpp"
#include "io/http/stats_server.hpp"
#include "tools/log_line.hpp"

namespace coreloop::tools {

/// What the endpoint needs of a running engine, whatever its type.
class EngineHandle {
 public:
  virtual ~EngineHandle() = default;
  [[nodiscard]] virtual io::TimingFacts timing() const = 0;
  virtual void wake_stage(std::uint32_t stage) = 0;
};

template <class EngineType>
class EngineHandleOf final : public EngineHandle {
 public:
  explicit EngineHandleOf(EngineType& engine) : engine_(engine) {}

  [[nodiscard]] io::TimingFacts timing() const override {
    io::TimingFacts facts;
    for (std::uint32_t stage = 0; stage < io::stage_names.size(); ++stage) {
      const std::string name{io::stage_names[stage]};
      engine_.latency(stage).queue_wait.copy_to(add(facts, name, "waiting"));
      engine_.latency(stage).service.copy_to(add(facts, name, "working"));
    }
    engine_.end_to_end().copy_to(add(facts, "end to end", ""));
    engine_.egress().execution_latency().copy_to(facts.execution_latency);
    for (std::size_t i = 0; i < engine_.thread_count(); ++i)
      add_thread(facts, i);
    return facts;
  }
  void wake_stage(std::uint32_t stage) override { engine_.wake_stage(stage); }

 private:
  static engine::HistogramCopy& add(io::TimingFacts& facts, const std::string& stage,
                                    const std::string& part) {
    return facts.latencies.emplace_back(io::LatencyFacts{stage, part, {}}).histogram;
  }

  void add_thread(io::TimingFacts& facts, std::size_t i) const {
    const engine::LoopCounters& counters = engine_.loop_counters(i);
    io::ThreadFacts& row = facts.threads.emplace_back();
    row.name = engine_.thread_name(i);
    for (std::size_t r = 0; r < engine::regime_count; ++r)
      row.regime_ns[r] = engine_.clock().to_ns(counters.regime_tsc[r].get());
    row.cycle_ns_max = engine_.clock().to_ns(counters.cycle_tsc_max.get());
    row.sleeps = counters.sleeps.get();
    if (i + 1 == engine_.thread_count()) return;
    // The reader's count first: it may run ahead in between, but never of what was written.
    const std::uint64_t taken = engine_.loop_counters(i + 1).messages_in.get();
    const std::uint64_t put = counters.messages_out.get();
    facts.rings.push_back({row.name + "_" + engine_.thread_name(i + 1),
                           put > taken ? put - taken : 0, counters.ring_full.get()});
  }

  EngineType& engine_;
};

/// One view as readers share it: a copy is asked for when the last is too old, and the last serves
/// while none comes.
template <class View>
class SharedView {
 public:
  explicit SharedView(engine::RequestedView<View>& view) : view_(view) {}

  /// A copy of at least `sequence` where that can be had; nullptr if there never was one. `wake`:
  /// wakes the view's owner.
  template <class Wake>
  [[nodiscard]] std::shared_ptr<const View> get(std::uint64_t sequence, const Wake& wake) {
    using std::chrono::steady_clock;
    const std::lock_guard lock(mutex_);
    const bool is_young = last_ != nullptr && steady_clock::now() - taken_at_ < age_max;
    if (is_young && last_->sequence >= sequence) return last_;
    if (view_.is_filled()) {
      asked_at_ = steady_clock::now();
      view_.ask();
      wake();
    }
    // A request that has been open for long is not waited for once more.
    while (!view_.is_filled() && steady_clock::now() - asked_at_ < patience)
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    if (!view_.is_filled()) {
      late_count_.fetch_add(1, std::memory_order_relaxed);
      return last_;
    }
    last_ = std::make_shared<const View>(view_.view());
    taken_at_ = steady_clock::now();
    return last_;
  }

  [[nodiscard]] std::uint64_t late_count() const {
    return late_count_.load(std::memory_order_relaxed);
  }

 private:
  /// However many ask: at most 50 copies a second.
  static constexpr std::chrono::milliseconds age_max{20};
  static constexpr std::chrono::milliseconds patience{200};

  engine::RequestedView<View>& view_;
  std::mutex mutex_;
  std::shared_ptr<const View> last_;
  std::chrono::steady_clock::time_point taken_at_;
  std::chrono::steady_clock::time_point asked_at_;
  std::atomic<std::uint64_t> late_count_{0};
};

class LiveHttp final : private io::EngineDesk {
 public:
  /// `redis`: what both ends say, from any thread. What it uses, and `conf`, must outlive this.
  LiveHttp(const io::EngineConf& conf, const io::Clock& clock,
           std::function<io::RedisFacts()> redis, std::function<io::JournalFacts()> journal);
  ~LiveHttp() override;

  /// Reads the token and takes the ports of the conf, all or none, and begins to answer; 0, or an
  /// exit code after it has been told. Without any port it does nothing.
  [[nodiscard]] int start();

  /// For the engine that is about to run; nullptr where HTTP is off.
  [[nodiscard]] io::CommandBox* commands() noexcept { return is_on() ? &commands_ : nullptr; }
  [[nodiscard]] io::EngineViews* engine_views() noexcept { return views_.get(); }

  /// The engine runs: views and commands from now on. Both must live until stop().
  template <class EngineType>
  void attach(EngineType& engine, const stages::Names& names) {
    handle_ = std::make_unique<EngineHandleOf<EngineType>>(engine);
    names_ = &names;
    commands_.open();
    state_.store(io::LifeState::running, std::memory_order_release);
    start_recorder();
  }
  /// The engine is stopping: no commands from now on.
  void begin_drain();
  /// Ends the servers. Idempotent.
  void stop();

 private:
  /// A listener that the conf wants.
  struct Port {
    Port(std::size_t listener, const io::ListenAddress& address, io::HttpAccess access,
         LiveHttp& http);

    std::size_t listener;  ///< index in io::listeners()
    io::ListenAddress address;
    io::Router router;
    io::StatsServer server;
  };

  [[nodiscard]] bool is_on() const noexcept { return views_ != nullptr; }
  [[nodiscard]] bool has_engine() const noexcept {
    return state_.load(std::memory_order_acquire) != io::LifeState::starting;
  }

  void start_recorder();
  void record_history(const std::stop_token& stop);
  /// 0, or an exit code after it has been told.
  [[nodiscard]] int add_port(std::size_t listener);
  [[nodiscard]] static int bind(Port& port);

  // EngineDesk, on the servers' threads.
  [[nodiscard]] io::LifeState state() const override;
  [[nodiscard]] std::int64_t uptime_ns() const override;
  [[nodiscard]] std::int64_t start_unix_ns() const override { return start_unix_ns_; }
  [[nodiscard]] io::ViewCopies views() override;
  [[nodiscard]] io::TimingFacts timing() override;
  [[nodiscard]] io::RedisFacts redis() override { return redis_(); }
  [[nodiscard]] io::JournalFacts journal() override { return journal_(); }
  [[nodiscard]] io::ToldErrors errors() override { return told_errors().copy(); }
  [[nodiscard]] io::HistoryFacts history() override { return {clock_.unix_ns(), history_.copy()}; }
  [[nodiscard]] const io::BuildFacts& build() const override { return build_; }
  [[nodiscard]] std::uint64_t order_seed() const override { return conf_.decision.fill.seed; }
  [[nodiscard]] std::uint64_t submit(const io::CommandRequest& request) override;
  [[nodiscard]] io::CommandResult wait(std::uint64_t ticket) override;

  // Immutable after construction.
  const io::EngineConf& conf_;
  const io::Clock& clock_;
  std::function<io::RedisFacts()> redis_;
  std::function<io::JournalFacts()> journal_;
  io::BuildFacts build_;
  std::int64_t start_unix_ns_;
  std::int64_t start_monotonic_ns_;
  // Shared with the engine.
  io::CommandBox commands_;
  std::unique_ptr<io::EngineViews> views_;  ///< nullptr: HTTP is off
  // Set by attach() before the state says so.
  std::unique_ptr<EngineHandle> handle_;
  const stages::Names* names_ = nullptr;
  std::atomic<io::LifeState> state_{io::LifeState::starting};
  std::atomic<std::uint64_t> applied_sequence_{0};  ///< of the last command: views show it
  std::unique_ptr<SharedView<io::RiskView>> risk_view_;
  std::unique_ptr<SharedView<io::BooksView>> books_view_;
  std::unique_ptr<SharedView<io::OutcomesView>> outcomes_view_;
  io::HttpCounters counters_;
  io::CommandGate gate_;
  std::vector<std::unique_ptr<Port>> ports_;
  io::History history_;
  std::jthread recorder_;  ///< of the history
};

}  // namespace coreloop::tools
