// MARK's position updates and its cursor over all open positions, by account id and then symbol id.
#include "stages/mark.hpp"

namespace coreloop::stages {

engine::Progress Mark::on_event(Event& event) noexcept {
  event.position_side = PositionSide::none;
  event.is_first = is_continuing_ ? 0 : 1;
  if (is_continuing_) {
    write_open(event, pending_);
    pending_ = walks_all_ ? next_open(book_.position(pending_).next_in_account) : no_id;
  } else {
    start(event);
  }
  is_continuing_ = pending_ != no_id;
  event.is_last = is_continuing_ ? 0 : 1;
  return is_continuing_ ? engine::Progress::more : engine::Progress::forwarded;
}

void Mark::start(Event& event) noexcept {
  market_.apply(event);
  if (event.kind == EventKind::timer && event.timer.kind == TimerKind::mark) {
    walks_all_ = true;
    pending_account_ = 0;
    const std::uint32_t first = next_open(book_.account(0).first_position);
    if (first == no_id) return;
    write_open(event, first);
    pending_ = next_open(book_.position(first).next_in_account);
    return;
  }
  if (!has_order(event)) return;
  walks_all_ = false;
  const BookChange change = book_.apply(book_fill_of(event));
  if (change.position_index == no_id) return;
  const Position& position = book_.position(change.position_index);
  if (!change.position.ended_cycle) return write_open(event, change.position_index);
  holding_times_.add(change.position.closed_held_ns);
  write_closed(event, position, change.position);
  if (position.is_open()) pending_ = change.position_index;
}

void Mark::write_closed(Event& event, const Position& position,
                        const PositionChange& change) noexcept {
  event.position_side = PositionSide::closed;
  event.position_account = position.account;
  event.position_symbol = position.symbol;
  event.position = {.average_entry = change.closed_average,
                    .mark = market_.price(position.symbol).mark,
                    .size = 0,
                    .unrealized_pnl = 0,
                    .realized_pnl = saturated(change.closed_realized)};
}

void Mark::write_open(Event& event, std::uint32_t index) noexcept {
  const Position& position = book_.position(index);
  const Price mark = market_.price(position.symbol).mark;
  event.position_side = position.side();
  event.position_account = position.account;
  event.position_symbol = position.symbol;
  event.position = {.average_entry = position.average_entry(),
                    .mark = mark,
                    .size = position.size_at_cost(),
                    .unrealized_pnl = position.unrealized_at(mark),
                    .realized_pnl = position.realized_in_cycle};
}

// The first open position at `index` or behind it in its account, then in the accounts after it.
std::uint32_t Mark::next_open(std::uint32_t index) noexcept {
  for (;;) {
    for (; index != no_id; index = book_.position(index).next_in_account) {
      if (book_.position(index).is_open()) return index;
    }
    if (++pending_account_ >= book_.limits().accounts_max) return no_id;
    index = book_.account(pending_account_).first_position;
  }
}

}  // namespace coreloop::stages
