// MARK: books every fill, values what is held, and says so: a position update after each fill, and
// one for every open position at each mark timer. A timer has more to say than one event can carry,
// so MARK keeps a cursor and is called again until it is done (engine::Progress::more). MARK's
// thread only.
#pragma once

#include "engine/stage.hpp"
#include "stages/account_book.hpp"
#include "stages/decision_conf.hpp"
#include "stages/event.hpp"
#include "stages/fill.hpp"
#include "stages/holding_times.hpp"
#include "stages/market.hpp"

namespace coreloop::stages {

class Mark {
 public:
  /// Allocates its books and market; call before the threads start.
  explicit Mark(const DecisionConf& conf)
      : book_(conf.book), market_(conf.symbols_max, conf.walk, conf.walk_prices) {}

  /// Takes the next input in sequence, or goes on with the one it said `more` to; writes the
  /// position section. Answers forwarded or more.
  engine::Progress on_event(Event& event) noexcept;

  [[nodiscard]] const AccountBook& book() const noexcept { return book_; }
  [[nodiscard]] const Market& market() const noexcept { return market_; }
  [[nodiscard]] const HoldingTimes& holding_times() const noexcept { return holding_times_; }

  /// As stages/saved_state.hpp says. Between inputs the cursor has nothing to tell.
  template <class Visitor>
  void visit_state(Visitor& visitor) {
    book_.visit_state(visitor);
    market_.visit_state(visitor);
    holding_times_.visit_state(visitor);
  }

 private:
  void start(Event& event) noexcept;
  void write_closed(Event& event, const Position& position, const PositionChange& change) noexcept;
  void write_open(Event& event, std::uint32_t index) noexcept;
  [[nodiscard]] std::uint32_t next_open(std::uint32_t index) noexcept;

  AccountBook book_;
  Market market_;
  HoldingTimes holding_times_;
  // The cursor: the next open position to tell, and how far the accounts have been walked.
  std::uint32_t pending_ = no_id;
  AccountId pending_account_ = 0;
  bool walks_all_ = false;
  bool is_continuing_ = false;
};

}  // namespace coreloop::stages
