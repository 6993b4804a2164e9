// FILL: answers every order exactly once, with a fill or a refusal, at the prices of the same
// sequence. It holds no positions: the order says what there is to close. FILL's thread only.
#pragma once

#include "engine/check.hpp"
#include "stages/decision_conf.hpp"
#include "stages/event.hpp"
#include "stages/fill_model.hpp"
#include "stages/market.hpp"
#include "stages/position.hpp"

namespace coreloop::stages {

/// FILL's answer as it goes back to RISK.
struct FillReport {
  std::uint64_t sequence = 0;  ///< of the input whose order this answers
  std::int64_t log_unix_ns = 0;
  BookFill fill;
};

/// The fill that `event` carries, as books see it. Requires: has_order(event), answered by FILL.
[[nodiscard]] inline BookFill book_fill_of(const Event& event) noexcept {
  return {.account = event.account,
          .symbol = event.symbol,
          .side = event.order.side,
          .price = event.fill.price,
          .quantity = event.fill.quantity,
          .fee = event.fill.fee,
          .log_unix_ns = event.log_unix_ns,
          .order_number = event.order.number};
}

class FillSimulator {
 public:
  /// Allocates its market; call before the threads start.
  explicit FillSimulator(const DecisionConf& conf)
      : costs_(conf.fill),
        lot_steps_(conf.lot_steps),
        market_(conf.symbols_max, conf.walk, conf.walk_prices) {}

  /// Takes the next input in sequence; writes event.fill if it carries an order.
  void on_event(Event& event) noexcept {
    market_.apply(event);
    event.fill.status = FillStatus::none;
    if (!has_order(event)) return;
    const SmallRatio signal_limit =
        event.kind == EventKind::signal ? event.signal.max_slippage_pct : absent_ratio;
    const Ratio u = slippage(costs_, cause_of(event), signal_limit);
    const Price reference = market_.price(event.symbol).reference(event.order.side);
    const Quantity lot_step =
        event.symbol < lot_steps_.size() ? lot_steps_[event.symbol] : Quantity{1};
    [[maybe_unused]] const bool is_fitting =
        simulate_fill(costs_, event.order, reference, u, lot_step, event.fill);
    HOT_CHECK(is_fitting, "RISK refuses what does not fit");
  }

  /// What RISK hears of it. Requires: has_order(event), after on_event.
  [[nodiscard]] static FillReport report_of(const Event& event) noexcept {
    return {event.sequence, event.log_unix_ns, book_fill_of(event)};
  }

  /// As stages/saved_state.hpp says.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    market_.visit_state(visitor);
  }

 private:
  FillCosts costs_;
  std::vector<Quantity> lot_steps_;
  Market market_;
};

}  // namespace coreloop::stages
