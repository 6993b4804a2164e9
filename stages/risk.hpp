// RISK: one verdict for every well-formed signal, exactly as one thread would decide it.
//
// It keeps its own books, marks and peaks. After an order has gone out it decides nothing until
// FILL's answer is in the books (is_order_out); the stage adaptor in pipeline.hpp holds the input
// back meanwhile. Checks run in the order of reason.hpp, the first that fails is the reason; limits
// bind entries, never exits. Source: the semantics page, "Risk". RISK's thread only; no clock, no
// allocation after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "stages/account_book.hpp"
#include "stages/decision_conf.hpp"
#include "stages/dedup_window.hpp"
#include "stages/entry_record.hpp"
#include "stages/event.hpp"
#include "stages/fill.hpp"
#include "stages/fill_model.hpp"
#include "stages/market.hpp"
#include "stages/risk_limits.hpp"
#include "stages/valuation.hpp"

namespace coreloop::stages {

class Risk {
 public:
  /// Allocates all tables; call before the threads start.
  explicit Risk(const DecisionConf& conf);
  Risk(const Risk&) = delete;  // its valuation refers to its book
  Risk& operator=(const Risk&) = delete;

  /// Takes the next input in sequence: updates prices, and for a signal or command writes outcome,
  /// reason and order or rejection into `event`. Requires: !is_order_out().
  void on_event(Event& event) noexcept;

  /// Books FILL's answer to the order that is out.
  void on_fill(const FillReport& report) noexcept;

  [[nodiscard]] bool is_order_out() const noexcept { return order_out_sequence_ != 0; }

  [[nodiscard]] const RiskLimits& limits() const noexcept { return limits_; }
  [[nodiscard]] const AccountBook& book() const noexcept { return book_; }
  [[nodiscard]] const Valuation& valuation() const noexcept { return valuation_; }
  [[nodiscard]] const Market& market() const noexcept { return market_; }
  [[nodiscard]] const EntryRecord& entries() const noexcept { return entries_; }
  [[nodiscard]] bool is_halted() const noexcept { return is_halted_; }

  /// As stages/saved_state.hpp says. Requires: !is_order_out().
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    book_.visit_state(visitor);
    market_.visit_state(visitor);
    valuation_.visit_state(visitor);
    entries_.visit_state(visitor);
    signal_ids_.visit_state(visitor);
    visitor.rows(last_loss_unix_ns_);
    visitor.value(order_count_);
    visitor.value(is_halted_);
  }

 private:
  struct Finding {
    Reason reason = Reason::none;
    std::int64_t value = 0;
    std::int64_t limit = 0;
    [[nodiscard]] bool is_refusal() const noexcept { return reason != Reason::none; }
  };
  /// A signal on its way to a verdict.
  struct Candidate {
    std::uint32_t position_index = no_id;
    Side side = Side::buy;
    Quantity opposite_quantity = 0;  ///< of a position on the other side, else 0
    Int128 opposite_value = 0;       ///< V: it at the reference price, half-even
    Int128 notional = 0;             ///< N
    Int128 entry = 0;                ///< entry part of N
    Ratio fraction = 0;              ///< f

    [[nodiscard]] Int128 reducing() const noexcept { return notional - entry; }
    [[nodiscard]] bool has_opposite() const noexcept { return opposite_quantity != 0; }
    [[nodiscard]] bool closes_whole() const noexcept {
      return has_opposite() && notional >= opposite_value;
    }
  };

  void on_signal(Event& event) noexcept;
  void on_command(Event& event) noexcept;
  void on_prices(const Event& event) noexcept;

  [[nodiscard]] Finding check_signal(const Event& event, const Position* position) noexcept;
  [[nodiscard]] Candidate propose(const Event& event, const Position* position,
                                  std::uint32_t position_index) const noexcept;
  [[nodiscard]] Finding check_entry(const Event& event, Candidate& candidate) noexcept;
  [[nodiscard]] Finding check_exposure(const Event& event, Candidate& candidate) const noexcept;
  [[nodiscard]] Finding check_room(const Event& event, const Candidate& candidate) const noexcept;
  [[nodiscard]] static Finding check_size(const Candidate& candidate) noexcept;

  [[nodiscard]] Order order_of(const Event& event, const Candidate& candidate) const noexcept;
  [[nodiscard]] bool would_fit(const Event& event, const Candidate& candidate,
                               const Order& order) const noexcept;
  void send(Event& event, Outcome outcome, const Order& order) noexcept;
  static void reject(Event& event, const Finding& finding) noexcept;

  [[nodiscard]] Quantity lot_step(SymbolId symbol) const noexcept {
    return symbol < lot_steps_.size() ? lot_steps_[symbol] : 1;
  }

  // Immutable after construction.
  RiskLimits limits_;
  FillCosts fill_costs_;
  std::vector<Quantity> lot_steps_;
  // State, RISK's thread only.
  AccountBook book_;
  Market market_;
  Valuation valuation_;
  EntryRecord entries_;
  DedupWindow signal_ids_;
  std::vector<std::int64_t>
      last_loss_unix_ns_;  ///< by position index; never_lost where there is none
  std::uint64_t order_count_ = 0;
  std::uint64_t order_out_sequence_ = 0;  ///< of the input whose order is out; 0: none
  bool is_halted_;
};

}  // namespace coreloop::stages
