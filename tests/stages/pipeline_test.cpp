// The three stages in one loop: RISK waits for FILL's answer, outputs do not depend on when it
// comes, and the two books agree.
#include "stages/pipeline.hpp"

#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "engine/stage_loop.hpp"
#include "stages/statistics.hpp"
#include "tests/stages/trading_desk.hpp"

namespace coreloop::stages {
namespace {

using engine::Progress;
using engine::StepResult;

class ScriptedSource {
 public:
  explicit ScriptedSource(std::vector<Event> script) : script_(std::move(script)) {}
  Progress on_poll(Event& event) noexcept {
    if (next_ == script_.size()) return Progress::finished;
    event = script_[next_++];
    return Progress::forwarded;
  }
  [[nodiscard]] std::size_t taken_count() const { return next_; }

 private:
  std::vector<Event> script_;
  std::size_t next_ = 0;
};

// What a reader of the outputs can see of an event.
std::string line_of(const Event& event) {
  std::string line = std::to_string(event.sequence);
  const auto add = [&line](std::int64_t value) { line += " " + std::to_string(value); };
  add(static_cast<std::int64_t>(event.outcome));
  add(static_cast<std::int64_t>(event.reason));
  if (event.outcome == Outcome::rejected) {
    add(event.rejection.value);
    add(event.rejection.limit);
  }
  if (has_order(event)) {
    for (const std::int64_t value :
         {static_cast<std::int64_t>(event.order.number), event.order.notional,
          event.order.risk_amount, event.fill.price, event.fill.quantity, event.fill.fee,
          std::int64_t{event.fill.slippage}})
      add(value);
  }
  if (event.position_side != PositionSide::none) {
    for (const std::int64_t value :
         {static_cast<std::int64_t>(event.position_side), std::int64_t{event.position_account},
          std::int64_t{event.position_symbol}, event.position.average_entry, event.position.mark,
          event.position.size, event.position.unrealized_pnl, event.position.realized_pnl})
      add(value);
  }
  return line;
}

struct Observer {
  std::vector<std::string> lines;
  Statistics statistics;
  Progress on_message(Event& event) noexcept {
    lines.push_back(line_of(event));
    statistics.on_event(event);
    return Progress::absorbed;
  }
};

// A channel whose answers arrive when the test says so.
class WithholdingMailbox {
 public:
  bool is_withheld = false;
  [[nodiscard]] bool try_push(const FillReport& report) noexcept {
    if (has_report_) return false;
    report_ = report;
    has_report_ = true;
    return true;
  }
  [[nodiscard]] bool try_pop(FillReport& report) noexcept {
    if (!has_message()) return false;
    report = report_;
    has_report_ = false;
    return true;
  }
  [[nodiscard]] bool has_message() const noexcept { return has_report_ && !is_withheld; }

 private:
  FillReport report_;
  bool has_report_ = false;
};

struct Pipeline {
  Pipeline(const DecisionConf& conf, std::vector<Event> script)
      : source(std::move(script)), risk(conf, feedback), fill(conf, feedback), mark(conf) {}

  WithholdingMailbox feedback;
  ScriptedSource source;
  RiskStage<WithholdingMailbox> risk;
  FillStage<WithholdingMailbox> fill;
  MarkStage mark;
  Observer observer;
  using Chain = engine::StageChain<Event, ScriptedSource, RiskStage<WithholdingMailbox>,
                                   FillStage<WithholdingMailbox>, MarkStage, Observer>;
  Chain chain{source, {risk, fill, mark, observer}, engine::TscClock{}, {}, {}};
  engine::StageLoop<Chain, 2> loop{chain, 0, Chain::stage_count - 1, nullptr, nullptr};
};

// Gives the inputs their sequence and log time, `step_ns` apart.
std::vector<Event> numbered(std::vector<Event> inputs, std::int64_t step_ns = ns_per_ms) {
  std::uint64_t sequence = 0;
  std::int64_t now = midnight_unix_ns;
  for (Event& event : inputs) {
    event.sequence = ++sequence;
    event.log_unix_ns = now += step_ns;
    event.entry_ms = static_cast<std::uint64_t>(now / ns_per_ms);
    event.entry_counter = sequence;
    if (event.kind == EventKind::signal) event.signal.produced_unix_ns = now;
  }
  return inputs;
}

// A day's worth of anything: three accounts, four symbols, all kinds of inputs.
std::vector<Event> random_inputs(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random{seed};
  std::vector<Event> inputs;
  for (SymbolId symbol = 0; symbol < 4; ++symbol)
    inputs.push_back(last_price_of(symbol, 100_e8));
  while (inputs.size() < count) {
    const auto symbol = static_cast<SymbolId>(random() % 4);
    const auto account = static_cast<AccountId>(random() % 3);
    const auto bid = static_cast<Price>(90_e8 + random() % 20_e8);
    switch (random() % 12) {
      case 0:
      case 1:
      case 2:
      case 3:
        inputs.push_back(quote_of(symbol, bid, bid + static_cast<Price>(random() % 1_e8)));
        break;
      case 4:
        inputs.push_back(timer_of(TimerKind::mark, static_cast<std::int64_t>(inputs.size())));
        break;
      case 5:
        inputs.push_back(close_command_of(symbol, account));
        break;
      case 6:
        inputs.push_back(price_command_of(symbol, bid));
        break;
      default: {
        Event signal = signal_of(static_cast<Action>(random() % 4), symbol, account);
        signal.signal.confidence = static_cast<SmallRatio>(0.6_e8 + random() % 0.4_e8);
        inputs.push_back(signal);
      }
    }
  }
  return numbered(std::move(inputs), ns_per_minute);
}

DecisionConf busy_conf() {
  DecisionConf conf = plain_conf();
  conf.book.positions_max = 16;
  conf.fill = {};
  conf.risk.on_opposite = OnOpposite::reverse;
  conf.risk.max_drawdown_pct = 0.9_e8;
  conf.risk.cooldown_after_loss_minutes = 3;
  conf.risk.max_daily_trades = 500;
  return conf;
}

TEST(PipelineTest, AnInputPassesAllStagesInOneStep) {
  Pipeline pipeline(plain_conf(), numbered({last_price_of(0, 100_e8), signal_of(Action::buy, 0)}));
  EXPECT_EQ(pipeline.loop.step(), StepResult::worked);
  EXPECT_EQ(pipeline.loop.step(), StepResult::worked);
  EXPECT_EQ(pipeline.loop.step(), StepResult::finished);
  EXPECT_EQ(pipeline.observer.statistics.approved, 1U);
  EXPECT_EQ(pipeline.observer.statistics.position_updates, 1U);
}

TEST(PipelineTest, RiskTakesNoInputOfAnyKindWhileItsOrderIsOut) {
  for (const Event& next :
       {last_price_of(0, 1_e8), signal_of(Action::hold, 0), timer_of(TimerKind::mark, 1),
        command_of(CommandKind::halt), input_of(EventKind::dead_letter)}) {
    Pipeline pipeline(plain_conf(), numbered({last_price_of(0, 100_e8), signal_of(Action::buy, 0),
                                              next, signal_of(Action::buy, 1)}));
    pipeline.loop.step();
    pipeline.feedback.is_withheld = true;
    EXPECT_EQ(pipeline.loop.step(), StepResult::worked);  // the order goes out and is filled
    EXPECT_TRUE(pipeline.risk.risk().is_order_out());
    const std::size_t line_count = pipeline.observer.lines.size();
    for (int i = 0; i < 10; ++i) {
      EXPECT_EQ(pipeline.loop.step(), StepResult::blocked);
      EXPECT_TRUE(pipeline.loop.holds_message());
    }
    EXPECT_EQ(pipeline.source.taken_count(), 3U);
    EXPECT_EQ(pipeline.observer.lines.size(), line_count);
    EXPECT_EQ(pipeline.risk.risk().book().position_count(), 0U);
    pipeline.feedback.is_withheld = false;
    EXPECT_EQ(pipeline.loop.step(), StepResult::worked);
    EXPECT_EQ(pipeline.risk.risk().book().position_count(), 1U);
    EXPECT_FALSE(pipeline.risk.risk().is_order_out());
  }
}

TEST(PipelineTest, ADecisionSeesTheFillOfTheOrderBeforeIt) {
  DecisionConf conf = plain_conf();
  conf.risk.max_total_exposure_pct = 0.1_e8;  // one order's worth
  Pipeline pipeline(conf, numbered({last_price_of(0, 100_e8), signal_of(Action::buy, 0),
                                    signal_of(Action::buy, 0), signal_of(Action::close, 0)}));
  while (pipeline.loop.step() != StepResult::finished) {
  }
  const Statistics& statistics = pipeline.observer.statistics;
  EXPECT_EQ(statistics.approved, 2U);
  EXPECT_EQ(statistics.rejected_by_reason[static_cast<std::size_t>(Reason::max_exposure_exceeded)],
            1U);
}

TEST(PipelineTest, SettleTellsWhetherAnOrderIsOut) {
  Pipeline pipeline(plain_conf(), numbered({last_price_of(0, 100_e8), signal_of(Action::buy, 0)}));
  EXPECT_TRUE(pipeline.risk.can_take());
  EXPECT_TRUE(pipeline.risk.settle());
  pipeline.loop.step();
  pipeline.feedback.is_withheld = true;
  pipeline.loop.step();
  EXPECT_FALSE(pipeline.risk.can_take());
  EXPECT_FALSE(pipeline.risk.settle());
  EXPECT_NE(pipeline.risk.risk().book().hash(), pipeline.mark.mark().book().hash());
  pipeline.feedback.is_withheld = false;
  EXPECT_TRUE(pipeline.risk.can_take());
  EXPECT_TRUE(pipeline.risk.settle());
  EXPECT_EQ(pipeline.risk.risk().book().hash(), pipeline.mark.mark().book().hash());
}

TEST(PipelineTest, OutputsDoNotDependOnWhenAnswersArrive) {
  const std::vector<Event> inputs = random_inputs(5'000, 18);
  Pipeline prompt(busy_conf(), inputs);
  while (prompt.loop.step() != StepResult::finished) {
  }
  Pipeline late(busy_conf(), inputs);
  std::mt19937_64 random{19};
  std::size_t blocked_count = 0;
  for (StepResult result = StepResult::idle; result != StepResult::finished;) {
    late.feedback.is_withheld = random() % 3 != 0;
    result = late.loop.step();
    blocked_count += result == StepResult::blocked ? 1 : 0;
  }
  EXPECT_GT(blocked_count, 100U);
  EXPECT_EQ(late.observer.lines, prompt.observer.lines);
  // The random day holds what it should: orders, refusals, closes by command.
  EXPECT_GT(prompt.observer.statistics.approved, 200U);
  EXPECT_GT(prompt.observer.statistics.rejected, 200U);
  EXPECT_GT(prompt.observer.statistics.command_closes, 20U);
  EXPECT_TRUE(prompt.observer.statistics.is_balanced());
}

TEST(PipelineTest, OutputsAreThoseOfThePlainCallsWithoutALoop) {
  const std::vector<Event> inputs = random_inputs(5'000, 20);
  Pipeline pipeline(busy_conf(), inputs);
  while (pipeline.loop.step() != StepResult::finished) {
  }
  Risk risk(busy_conf());
  FillSimulator fill(busy_conf());
  Mark mark(busy_conf());
  std::vector<std::string> lines;
  for (Event event : inputs) {
    risk.on_event(event);
    fill.on_event(event);
    if (has_order(event)) risk.on_fill(FillSimulator::report_of(event));
    Progress progress = Progress::more;
    while (progress == Progress::more) {
      progress = mark.on_event(event);
      lines.push_back(line_of(event));
    }
    ASSERT_EQ(risk.book().hash(), mark.book().hash());
  }
  EXPECT_EQ(pipeline.observer.lines, lines);
}

TEST(PipelineTest, TheBooksAgreeAfterEveryInput) {
  Pipeline pipeline(busy_conf(), random_inputs(5'000, 21));
  while (pipeline.loop.step() != StepResult::finished) {
    ASSERT_TRUE(pipeline.risk.settle());
    ASSERT_EQ(pipeline.risk.risk().book().hash(), pipeline.mark.mark().book().hash());
  }
}

}  // namespace
}  // namespace coreloop::stages
