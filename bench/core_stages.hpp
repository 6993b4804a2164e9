// RISK, FILL and MARK on one thread without a loop, joined as io/edge/pipeline_engine.hpp joins
// them (FILL's answer goes back through a ring of two), and the events they are fed: what the stage
// benchmark measures, and what gives the codec benchmark real events to print.
#pragma once

#include <cstdint>

#include "bench/sample_messages.hpp"
#include "engine/ring.hpp"
#include "stages/decision_conf.hpp"
#include "stages/event.hpp"
#include "stages/pipeline.hpp"

namespace coreloop::bench {

/// Tables and costs as by default; no limit ever refuses an entry.
[[nodiscard]] inline stages::DecisionConf open_conf(stages::OnOpposite on_opposite) {
  stages::DecisionConf conf;
  conf.risk.on_opposite = on_opposite;
  conf.risk.max_daily_trades = stages::amount_max;
  conf.risk.cooldown_after_loss_minutes = 0;
  conf.risk.max_drawdown_pct = stages::scale;
  conf.risk.max_total_exposure_pct = 1'000 * stages::scale;
  return conf;
}

class CoreStages {
 public:
  explicit CoreStages(const stages::DecisionConf& conf)
      : feedback_(feedback_capacity),
        feedback_reader_(feedback_),
        feedback_writer_(feedback_),
        risk_(conf, feedback_reader_),
        fill_(conf, feedback_writer_),
        mark_(conf) {}
  CoreStages(const CoreStages&) = delete;
  CoreStages& operator=(const CoreStages&) = delete;

  /// Hands `event` from stage to stage as a loop does; answers how many events MARK made of it.
  std::uint32_t pass(stages::Event& event) noexcept {
    std::uint32_t events = 1;
    static_cast<void>(risk_.on_message(event));
    static_cast<void>(fill_.on_message(event));
    while (mark_.on_message(event) == engine::Progress::more)
      ++events;
    return events;
  }

  /// Whether RISK's books equal MARK's once the last answer is booked.
  [[nodiscard]] bool books_agree() noexcept {
    return risk_.settle() && risk().book().hash() == mark().book().hash();
  }

  [[nodiscard]] const stages::Risk& risk() const noexcept { return risk_.risk(); }
  [[nodiscard]] const stages::Mark& mark() const noexcept { return mark_.mark(); }

 private:
  static constexpr std::uint32_t feedback_capacity = 2;
  using FeedbackReader = engine::RingReader<stages::FillReport, feedback_capacity>;
  using FeedbackWriter = engine::RingWriter<stages::FillReport, feedback_capacity>;

  engine::Ring<stages::FillReport, feedback_capacity> feedback_;
  FeedbackReader feedback_reader_;
  FeedbackWriter feedback_writer_;
  stages::RiskStage<FeedbackReader> risk_;
  stages::FillStage<FeedbackWriter> fill_;
  stages::MarkStage mark_;
};

/// Writes inputs into an event as INGRESS does: header and input section, a millisecond apart.
class InputWriter {
 public:
  void write_signal(stages::Event& event, stages::Action action, stages::AccountId account,
                    stages::SymbolId symbol) noexcept {
    stamp(event, stages::EventKind::signal, account, symbol);
    event.signal = {.id_hash = {},
                    .produced_unix_ns = now_ns_,
                    .confidence = 80'000'000,
                    .position_size_pct = stages::absent_ratio,
                    .stop_loss_pct = stages::absent_ratio,
                    .max_slippage_pct = stages::absent_ratio,
                    .ttl_ms = 0,
                    .action = action,
                    .has_id = 0,
                    .is_vetoed = 0,
                    .unused = 0};
  }

  void write_quote(stages::Event& event, stages::SymbolId symbol, stages::Price bid,
                   stages::Price ask) noexcept {
    stamp(event, stages::EventKind::tick, stages::no_id, symbol);
    event.tick = {.buy_reference = ask, .sell_reference = bid};
  }

 private:
  void stamp(stages::Event& event, stages::EventKind kind, stages::AccountId account,
             stages::SymbolId symbol) noexcept {
    now_ns_ += stages::ns_per_ms;
    event.sequence = ++sequence_;
    event.log_unix_ns = now_ns_;
    event.entry_ms = static_cast<std::uint64_t>(now_ns_ / stages::ns_per_ms);
    event.entry_counter = 0;
    event.text_position = 0;
    event.text_bytes = 0;
    event.stream = 0;
    event.kind = kind;
    event.account = account;
    event.symbol = symbol;
    event.symbol_text_bytes = event.account_text_bytes = 0;
  }

  std::uint64_t sequence_ = 0;
  std::int64_t now_ns_ = sample_start_unix_ns;
};

}  // namespace coreloop::bench
