// The verdict, check by check. Ratios are compared by cross-multiplication; a quotient is formed
// only to be shown.
#include "stages/risk.hpp"

#include <algorithm>

#include "engine/check.hpp"
#include "stages/headroom.hpp"
#include "stages/sizing.hpp"

namespace coreloop::stages {
namespace {

constexpr std::int64_t never_lost = -1;

constexpr std::int64_t shown_count(std::int64_t count) noexcept {
  return count * scale;
}

constexpr Side side_of(Action action) noexcept {
  return action == Action::sell ? Side::sell : Side::buy;
}

// A limit that is a share of the balance.
Money balance_limit(Money balance, Ratio pct) noexcept {
  return balance <= 0 ? 0 : saturated(times_truncated(balance, pct));
}

}  // namespace

Risk::Risk(const DecisionConf& conf)
    : limits_(conf.risk),
      fill_costs_(conf.fill),
      lot_steps_(conf.lot_steps),
      book_(conf.book),
      market_(conf.symbols_max, conf.walk, conf.walk_prices),
      valuation_(book_, conf.symbols_max, conf.risk.drawdown_basis),
      entries_(conf.book.accounts_max, conf.risk.order_rate_max),
      signal_ids_(conf.risk.dedup_window),
      last_loss_unix_ns_(conf.book.positions_max, never_lost),
      is_halted_(conf.risk.emergency_stop) {
  for (AccountId account = 0; account < conf.named_account_count; ++account) {
    valuation_.open_account(account);
  }
}

void Risk::on_event(Event& event) noexcept {
  HOT_CHECK(!is_order_out(), "one order out at most");
  event.outcome = Outcome::none;
  event.reason = Reason::none;
  if (event.account != no_id) valuation_.open_account(event.account);
  if (market_.apply(event)) on_prices(event);
  if (event.kind == EventKind::signal) on_signal(event);
  if (event.kind == EventKind::command) on_command(event);
}

void Risk::on_prices(const Event& event) noexcept {
  if (event.kind == EventKind::timer) {
    for (SymbolId symbol = 0; symbol < market_.walking_symbol_count(); ++symbol) {
      valuation_.refresh_symbol(symbol, market_.price(symbol).mark);
    }
  } else {
    valuation_.refresh_symbol(event.symbol, market_.price(event.symbol).mark);
  }
  valuation_.look_at_peaks();
}

void Risk::on_fill(const FillReport& report) noexcept {
  HOT_CHECK(report.sequence == order_out_sequence_, "FILL answers the order that is out");
  order_out_sequence_ = 0;
  const BookChange change = book_.apply(report.fill);
  if (change.position_index == no_id) return;
  if (change.position.realized < 0) last_loss_unix_ns_[change.position_index] = report.log_unix_ns;
  valuation_.refresh_position(change.position_index, market_.price(report.fill.symbol).mark);
  valuation_.look_at_peaks();
}

void Risk::on_signal(Event& event) noexcept {
  const bool is_known_account = event.account != no_id;
  const std::uint32_t index =
      is_known_account && event.symbol != no_id ? book_.find(event.account, event.symbol) : no_id;
  const Position* position = index == no_id ? nullptr : &book_.position(index);
  const Finding refusal = check_signal(event, position);
  if (refusal.is_refusal()) {
    if (refusal.reason == Reason::hold_signal) {
      event.outcome = Outcome::held;
      event.reason = Reason::hold_signal;
      return;
    }
    return reject(event, refusal);
  }
  Candidate candidate = propose(event, position, index);
  Finding finding = check_entry(event, candidate);
  Order order = order_of(event, candidate);
  if (!finding.is_refusal() && !would_fit(event, candidate, order)) finding = {Reason::overflow};
  if (finding.is_refusal()) {
    // Limits bind entries, never exits: what reduces a position goes through alone.
    if (candidate.reducing() <= 0) return reject(event, finding);
    candidate.notional = candidate.reducing();
    candidate.entry = 0;
    order = order_of(event, candidate);
    if (!would_fit(event, candidate, order)) return reject(event, {Reason::overflow});
  }
  if (candidate.entry > 0) entries_.add_approval(event.account, event.log_unix_ns);
  send(event, Outcome::approved, order);
}

Risk::Finding Risk::check_signal(const Event& event, const Position* position) noexcept {
  const Signal& signal = event.signal;
  const bool is_repeat = signal.has_id != 0 && signal_ids_.seen_before(signal.id_hash);
  if (event.account == no_id) return {Reason::table_full};
  if (signal.action == Action::hold) return {Reason::hold_signal};
  const bool is_close = signal.action == Action::close;
  if (is_close && (position == nullptr || !position->is_open())) return {Reason::nothing_to_close};
  if (is_repeat) return {Reason::duplicate_signal};
  if (!is_close) {
    const std::int64_t age_ns = event.log_unix_ns - signal.produced_unix_ns;
    std::int64_t age_limit_ms = limits_.max_signal_age_ms;
    if (signal.ttl_ms != 0 && (age_limit_ms == 0 || signal.ttl_ms < age_limit_ms)) {
      age_limit_ms = signal.ttl_ms;
    }
    if (age_limit_ms != 0) {
      if (age_ns > age_limit_ms * ns_per_ms) {
        return {Reason::stale_signal, age_ns, age_limit_ms * ns_per_ms};
      }
      if (age_ns < -future_tolerance_ns)
        return {Reason::stale_signal, age_ns, -future_tolerance_ns};
    }
    if (signal.confidence < limits_.min_confidence_threshold) {
      return {Reason::low_confidence, signal.confidence, limits_.min_confidence_threshold};
    }
    if (is_halted_) return {Reason::emergency_stop_active};
    if (signal.is_vetoed != 0) return {Reason::governer_veto};
  }
  if (event.symbol == no_id || !market_.price(event.symbol).is_set()) {
    return {Reason::no_market_price};
  }
  return {};
}

Risk::Candidate Risk::propose(const Event& event, const Position* position,
                              std::uint32_t position_index) const noexcept {
  const Signal& signal = event.signal;
  const bool is_close = signal.action == Action::close;
  Candidate candidate{.position_index = position_index};
  const Quantity held = position == nullptr ? 0 : position->quantity;
  candidate.side = is_close ? (held > 0 ? Side::sell : Side::buy) : side_of(signal.action);
  if (held != 0 && (held > 0) != (candidate.side == Side::buy)) {
    candidate.opposite_quantity = position->size();
    candidate.opposite_value =
        times_half_even(position->size(), market_.price(event.symbol).reference(candidate.side));
  }
  if (is_close) {
    candidate.notional = candidate.opposite_value;
    return candidate;
  }
  const Size size = entry_size(limits_.sizing, book_.balance(event.account), signal.confidence,
                               signal.position_size_pct, book_.account(event.account).closes);
  candidate.fraction = size.fraction;
  candidate.notional = size.notional;
  candidate.entry = size.notional;
  if (!candidate.has_opposite()) return candidate;
  switch (limits_.on_opposite) {
    case OnOpposite::close:
      candidate.notional = candidate.opposite_value;
      candidate.entry = 0;
      break;
    case OnOpposite::reverse:
      candidate.notional = candidate.opposite_value + size.notional;
      break;
    case OnOpposite::net:
      candidate.entry = std::max<Int128>(size.notional - candidate.opposite_value, 0);
      break;
  }
  return candidate;
}

// Rows 8 (age) to 15: they look at the entry part; an order without one that works against a
// position passes them, unless it is of size zero.
Risk::Finding Risk::check_entry(const Event& event, Candidate& candidate) noexcept {
  if (candidate.entry == 0 && candidate.has_opposite()) return check_size(candidate);
  const std::int64_t now = event.log_unix_ns;
  const AccountId account = event.account;
  if (limits_.max_price_age_ms != 0) {
    const std::int64_t age_ns = now - market_.price(event.symbol).set_unix_ns;
    const std::int64_t limit_ns = limits_.max_price_age_ms * ns_per_ms;
    if (age_ns > limit_ns) return {Reason::stale_market_price, age_ns, limit_ns};
  }
  const bool is_deep = valuation_.is_drawdown_above(account, limits_.max_drawdown_pct);
  if (is_deep || entries_.is_latched(account)) {
    if (is_deep && limits_.drawdown_latch) entries_.latch(account);
    return {Reason::max_drawdown_exceeded, valuation_.drawdown(account), limits_.max_drawdown_pct};
  }
  const std::int64_t approvals = entries_.approvals_today(account, now);
  if (approvals >= limits_.max_daily_trades) {
    return {Reason::daily_trade_limit_reached, shown_count(approvals),
            shown_count(limits_.max_daily_trades)};
  }
  if (candidate.position_index != no_id &&
      last_loss_unix_ns_[candidate.position_index] != never_lost) {
    const std::int64_t elapsed_ns = now - last_loss_unix_ns_[candidate.position_index];
    if (elapsed_ns < limits_.cooldown_after_loss_minutes * ns_per_minute) {
      return {Reason::cooldown_active,
              static_cast<std::int64_t>(truncated(product(elapsed_ns, scale), ns_per_minute)),
              shown_count(limits_.cooldown_after_loss_minutes)};
    }
  }
  const Finding exposure = check_exposure(event, candidate);
  return exposure.is_refusal() ? exposure : check_room(event, candidate);
}

Risk::Finding Risk::check_exposure(const Event& event, Candidate& candidate) const noexcept {
  const AccountId account = event.account;
  const Money balance = book_.balance(account);
  const Money held = valuation_.position_value(candidate.position_index);
  const Int128 elsewhere = valuation_.exposure(account) - held;
  const Int128 same_side = candidate.has_opposite() ? 0 : held;
  const Money limit = balance_limit(balance, limits_.max_total_exposure_pct);
  const Int128 exposure_after = elsewhere + same_side + candidate.entry;
  if (exposure_after > limit) {
    const Int128 room = limit - (elsewhere + same_side);
    if (!limits_.clip_to_exposure || room <= 0) {
      return {Reason::max_exposure_exceeded, saturated(exposure_after), limit};
    }
    candidate.notional -= candidate.entry - room;
    candidate.entry = room;
  }
  const Money symbol_limit = balance_limit(balance, limits_.max_symbol_exposure_pct);
  const Int128 position_after = same_side + candidate.entry;
  if (position_after > symbol_limit) {
    return {Reason::max_position_exceeded, saturated(position_after), symbol_limit};
  }
  return {};
}

Risk::Finding Risk::check_room(const Event& event, const Candidate& candidate) const noexcept {
  const AccountId account = event.account;
  const std::int64_t entry = saturated(candidate.entry);
  if (limits_.max_order_notional != 0 && entry > limits_.max_order_notional) {
    return {Reason::max_order_notional, entry, limits_.max_order_notional};
  }
  if (limits_.max_open_positions != 0) {
    const std::int64_t open = book_.account(account).open_position_count;
    const bool holds_symbol =
        candidate.position_index != no_id && book_.position(candidate.position_index).is_open();
    if (open >= limits_.max_open_positions && !holds_symbol) {
      return {Reason::max_open_positions, shown_count(open),
              shown_count(limits_.max_open_positions)};
    }
  }
  if (limits_.order_rate_max != 0) {
    const std::int64_t rate = entries_.rate_with_one_more(account, event.log_unix_ns);
    if (rate > limits_.order_rate_max) {
      return {Reason::order_rate_exceeded, shown_count(rate), shown_count(limits_.order_rate_max)};
    }
  }
  if (limits_.min_order_notional != 0 && entry < limits_.min_order_notional) {
    return {Reason::min_order_notional, entry, limits_.min_order_notional};
  }
  const Finding size = check_size(candidate);
  if (size.is_refusal()) return size;
  return book_.has_room(account, event.symbol) ? Finding{} : Finding{Reason::table_full};
}

Risk::Finding Risk::check_size(const Candidate& candidate) noexcept {
  return candidate.notional == 0 && !candidate.closes_whole() ? Finding{Reason::size_zero}
                                                              : Finding{};
}

Order Risk::order_of(const Event& event, const Candidate& candidate) const noexcept {
  const Ratio stop_loss =
      event.kind == EventKind::signal && event.signal.stop_loss_pct != absent_ratio
          ? event.signal.stop_loss_pct
          : limits_.stop_loss_pct;
  const Money notional = saturated(candidate.notional);
  return {.number = order_count_ + 1,
          .notional = notional,
          .entry_notional = saturated(candidate.entry),
          .risk_amount = static_cast<Money>(times_truncated(notional, stop_loss)),
          .opposite_quantity = candidate.opposite_quantity,
          .fraction = static_cast<SmallRatio>(candidate.fraction),
          .side = candidate.side,
          .closes_whole = static_cast<std::uint8_t>(candidate.closes_whole()),
          .unused = 0};
}

// The fill is a pure function of what RISK knows too, so "would not fit" is exact.
bool Risk::would_fit(const Event& event, const Candidate& candidate,
                     const Order& order) const noexcept {
  const bool has_row = candidate.position_index != no_id;
  const Price reference = market_.price(event.symbol).reference(order.side);
  if ((has_row || book_.has_free_row()) &&
      has_headroom(fill_costs_,
                   {candidate.notional, candidate.entry, candidate.opposite_value, reference},
                   has_row ? &book_.position(candidate.position_index) : nullptr,
                   book_.account(event.account), book_.limits().initial_balance)) {
    return true;
  }
  if (!fits(candidate.notional) || !fits(candidate.opposite_value)) return false;
  const bool is_signal = event.kind == EventKind::signal;
  const Ratio u = slippage(fill_costs_, cause_of(event),
                           is_signal ? event.signal.max_slippage_pct : absent_ratio);
  Fill fill;
  if (!simulate_fill(fill_costs_, order, reference, u, lot_step(event.symbol), fill)) return false;
  return fill.quantity == 0 || book_.would_fit({event.account, event.symbol, order.side, fill.price,
                                                fill.quantity, fill.fee});
}

void Risk::on_command(Event& event) noexcept {
  switch (event.command.kind) {
    case CommandKind::halt:
      is_halted_ = true;
      return;
    case CommandKind::resume:
      is_halted_ = false;
      entries_.release_latches();
      return;
    case CommandKind::close:
      break;
    case CommandKind::price:
    case CommandKind::reset:
    case CommandKind::adopt:
      return;
  }
  if (event.account == no_id || event.symbol == no_id) return;
  const std::uint32_t index = book_.find(event.account, event.symbol);
  if (index == no_id || !book_.position(index).is_open()) return;
  const Position& position = book_.position(index);
  Candidate candidate{.position_index = index,
                      .side = position.quantity > 0 ? Side::sell : Side::buy,
                      .opposite_quantity = position.size()};
  candidate.opposite_value =
      times_half_even(position.size(), market_.price(event.symbol).reference(candidate.side));
  candidate.notional = candidate.opposite_value;
  const Order order = order_of(event, candidate);
  if (would_fit(event, candidate, order)) send(event, Outcome::command_close, order);
}

void Risk::send(Event& event, Outcome outcome, const Order& order) noexcept {
  event.outcome = outcome;
  event.order = order;
  order_count_ = order.number;
  order_out_sequence_ = event.sequence;
}

void Risk::reject(Event& event, const Finding& finding) noexcept {
  event.outcome = Outcome::rejected;
  event.reason = finding.reason;
  event.rejection = {finding.value, finding.limit};
}

}  // namespace coreloop::stages
