// The whole engine over a source and a sink of a test, made from conf settings: one thread, stepped
// by hand, or any other cut of the chain.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "io/conf/engine_conf.hpp"
#include "io/edge/pipeline_engine.hpp"

namespace coreloop::tests {

/// The conf of `settings` (section.key=value) over the defaults; a problem fails the test.
[[nodiscard]] inline io::EngineConf conf_of(const std::vector<std::string>& settings) {
  std::vector<io::ConfOverride> overrides;
  for (const std::string& setting : settings)
    overrides.push_back({setting});
  io::EngineConf conf;
  for (const std::string& line : io::read_conf("settings", "", overrides, conf).lines)
    ADD_FAILURE() << line;
  return conf;
}

/// Threads of a cut chain: bit i of `cuts` puts a ring between stages i and i + 1; 0 is one thread,
/// 15 is five.
[[nodiscard]] inline std::vector<engine::ThreadPlan> threads_of_cuts(std::uint32_t cuts) {
  std::vector<engine::ThreadPlan> threads;
  std::uint32_t first = 0;
  for (std::uint32_t stage = 0; stage <= io::egress_stage; ++stage) {
    if (stage != io::egress_stage && (cuts & (1U << stage)) == 0) continue;
    threads.push_back({first, stage, {}});
    first = stage + 1;
  }
  return threads;
}

/// An engine with its name tables.
template <io::Source SourceType, io::Sink SinkType>
class EngineRun {
 public:
  using Engine = io::PipelineEngine<SourceType, SinkType, 64>;

  /// `options`: but for streams and timers, which the conf has.
  EngineRun(const io::EngineConf& conf, SourceType& source, SinkType& sink,
            io::IngressOptions options,
            std::vector<engine::ThreadPlan> threads = threads_of_cuts(0))
      : names_(conf.decision.symbols_max, conf.decision.book.accounts_max) {
    for (const std::string& account : conf.account_names)
      static_cast<void>(names_.accounts.find_or_add(account));
    for (const std::string& symbol : conf.symbol_names)
      static_cast<void>(names_.symbols.find_or_add(symbol));
    options.streams = conf.streams;
    options.timers = conf.timers;
    engine_ = std::make_unique<Engine>(conf.decision, names_, source, std::move(options), sink,
                                       io::EgressOptions{.streams = conf.streams,
                                                         .seed = conf.decision.fill.seed,
                                                         .model = conf.decision.fill.model},
                                       io::PipelineOptions{.threads = std::move(threads),
                                                           .ring_capacity = 16,
                                                           .wait = {},
                                                           .clock = engine::TscClock{}});
  }

  [[nodiscard]] Engine& engine() { return *engine_; }

  /// Steps until the source has ended or has nothing to give; answers the last result.
  engine::StepResult run() {
    engine::StepResult result = engine::StepResult::worked;
    while (result == engine::StepResult::worked || result == engine::StepResult::blocked)
      result = engine_->step();
    return result;
  }

 private:
  stages::Names names_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace coreloop::tests
