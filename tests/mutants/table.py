"""The mutants: one-line wrong versions of what decides, each a mistake someone could make.

`right` stands exactly once in the file; `wrong` takes its place. Rows of one file stand together, so that one build
gives way to the next.
"""

from collections import namedtuple

Mutant = namedtuple("Mutant", "id file right wrong mistake")


def _rows(file, *rows):
    return [Mutant(id, file, right, wrong, mistake) for id, right, wrong, mistake in rows]


RISK = _rows(
    "stages/risk.cpp",
    ("confidence-at-limit", "signal.confidence < limits_.min_confidence_threshold",
     "signal.confidence <= limits_.min_confidence_threshold", "<= for < at min_confidence_threshold"),
    ("age-at-limit", "age_ns > age_limit_ms * ns_per_ms", "age_ns >= age_limit_ms * ns_per_ms",
     ">= for > at max_signal_age_ms"),
    ("ttl-larger", "signal.ttl_ms < age_limit_ms", "signal.ttl_ms > age_limit_ms",
     "the larger of max_signal_age_ms and ttl_ms counts"),
    ("future-at-limit", "age_ns < -future_tolerance_ns", "age_ns <= -future_tolerance_ns",
     "a timestamp exactly 5 s ahead is stale"),
    ("hold-forgets-id", "signal.has_id != 0 && signal_ids_",
     "signal.has_id != 0 && signal.action != Action::hold && signal_ids_", "the signal_id of a HOLD is not remembered"),
    ("price-age-at-limit", "if (age_ns > limit_ns)", "if (age_ns >= limit_ns)", ">= for > at max_price_age_ms"),
    ("latch-lost", "if (is_deep && limits_.drawdown_latch) entries_.latch(account);", "",
     "the drawdown latch is not kept"),
    ("resume-keeps-latch", "entries_.release_latches();", "", "resume lifts the halt but not the latches"),
    ("daily-at-limit", "approvals >= limits_.max_daily_trades", "approvals > limits_.max_daily_trades",
     "> for >= at max_daily_trades: one trade more a day"),
    ("daily-counts-exits", "if (candidate.entry > 0) entries_.add_approval", "entries_.add_approval",
     "approvals without an entry part are counted too"),
    ("cooldown-at-limit", "if (elapsed_ns < limits_.cooldown", "if (elapsed_ns <= limits_.cooldown",
     "<= for < at cooldown_after_loss_minutes"),
    ("cooldown-after-zero", "if (change.position.realized < 0)", "if (change.position.realized <= 0)",
     "every fill that does not win starts a cooldown"),
    ("exposure-at-limit", "if (exposure_after > limit)", "if (exposure_after >= limit)",
     ">= for > at max_total_exposure_pct"),
    ("exposure-counts-opposite", "const Int128 same_side = candidate.has_opposite() ? 0 : held;",
     "const Int128 same_side = held;", "exposure after still counts the position that is closed"),
    ("clip-keeps-n", "candidate.notional -= candidate.entry - room;", "", "clipping cuts the entry part but not N"),
    ("position-at-limit", "if (position_after > symbol_limit)", "if (position_after >= symbol_limit)",
     ">= for > at max_symbol_exposure_pct"),
    ("open-positions-all", "open >= limits_.max_open_positions && !holds_symbol", "open >= limits_.max_open_positions",
     "max_open_positions also stops adding to an open position"),
    ("min-notional-at-limit", "entry < limits_.min_order_notional", "entry <= limits_.min_order_notional",
     "<= for < at min_order_notional"),
    ("limits-bind-exits", "if (candidate.reducing() <= 0) return reject(event, finding);",
     "return reject(event, finding);", "a refused entry part takes the reducing part down with it"),
    ("net-opens-n", "std::max<Int128>(size.notional - candidate.opposite_value, 0)",
     "size.notional > candidate.opposite_value ? size.notional : 0",
     "net: beyond zero the whole N is opened, not N - V"),
    ("close-at-mark", "market_.price(event.symbol).reference(candidate.side));\n  }\n  if (is_close)",
     "market_.price(event.symbol).mark);\n  }\n  if (is_close)", "V is valued at the mark, not at the reference price"),
    ("peak-per-symbol", "valuation_.refresh_symbol(symbol, market_.price(symbol).mark);",
     "valuation_.refresh_symbol(symbol, market_.price(symbol).mark), valuation_.look_at_peaks();",
     "a walk looks at the peak after each symbol instead of once"),
)

RISK_HEADERS = [
    *_rows("stages/entry_record.hpp",
           ("rate-at-second", "<= unix_ns - ns_per_second", "< unix_ns - ns_per_second",
            "the approval of exactly 1 s ago still counts for order_rate_max"),
           ("day-never-ends", "row.day == unix_ns / ns_per_day ? row.approvals_today : 0", "row.approvals_today",
            "the daily count is not reset at midnight UTC")),
    *_rows("stages/dedup_window.hpp",
           ("dedup-renews", "if (slots_[slot] != empty) return true;",
            "if (slots_[slot] != empty) { for (auto at = slots_[slot], to = at; (to = at + 1 == ring_.size() ? 0 : "
            "at + 1) != next_; at = to) { auto& a = slots_[slot_of(ring_[at])]; auto& b = slots_[slot_of(ring_[to])]; "
            "std::swap(ring_[at], ring_[to]), std::swap(a, b); } return true; }",
            "a repeat renews its place in the dedup window")),
]

SIZING = [
    *_rows("stages/sizing.hpp",
           ("kelly-away", "return truncated((p - t) * kelly_fraction, scale);",
            "return away((p - t) * kelly_fraction, scale);", "kelly is rounded away from zero"),
           ("loss-odds-away", "const Int128 t = ratio_truncated(scale - p, b);",
            "const Int128 t = away(product(scale - p, scale), b);", "(1 - p) / b is rounded away from zero"),
           ("share-away", "static_cast<Money>(times_truncated(balance, ratio))",
            "static_cast<Money>(times_away(balance, ratio))", "balance x f is rounded away from zero"),
           ("signal-cap-ignored", "std::min<Ratio>(limits.max_position_size_pct, position_size_pct)",
            "limits.max_position_size_pct", "the signal's position_size_pct does not cap"),
           ("record-one-late", "closes.close_count() >= tracked_closes_min",
            "closes.close_count() > tracked_closes_min", "tracked_kelly waits for a 21st close")),
    *_rows("stages/close_history.hpp",
           ("zero-is-a-win", "if (realized > 0) {\n      ++win_count_;", "if (realized >= 0) {\n      ++win_count_;",
            "a close at zero counts as a win"),
           ("history-short", "closes_max = 100", "closes_max = 98", "the record holds 98 closes")),
]

FILL = [
    *_rows("stages/fill_model.hpp",
           ("fee-toward-zero", "times_away(static_cast<Money>(notional), costs.taker_fee_pct)",
            "times_truncated(static_cast<Money>(notional), costs.taker_fee_pct)", "the fee is rounded toward zero"),
           ("buy-toward-zero", "times_away(reference, scale + u)", "times_truncated(reference, scale + u)",
            "a BUY's price is rounded toward zero"),
           ("price-zero", "return std::max<Int128>(price, 1);", "return price;", "a SELL's price may fall to zero"),
           ("lot-ignored", "lot_step == 1 ? quantity : truncated(quantity, lot_step) * lot_step", "quantity",
            "the lot step is ignored"),
           ("flip-opens-n", "quantity_for(order.entry_notional, price, lot_step)",
            "quantity_for(order.notional, price, lot_step)", "a flip opens N instead of the entry part"),
           ("partial-overshoots", "std::min<Int128>(quantity, order.opposite_quantity)", "quantity",
            "a partial reduction may close more than there is"),
           ("bps-over-signal", "std::min<Ratio>(costs.slippage, signal_limit)", "costs.slippage",
            "fixed_bps ignores the signal's max_slippage_pct"),
           ("command-cause", "event.log_unix_ns / ns_per_ms), event.sequence", "event.log_unix_ns), event.sequence",
            "a command's draw is keyed by ns instead of ms")),
    *_rows("stages/random_mix.hpp",
           ("draw-lower-half", "static_cast<UInt128>(mixed >> 32)", "static_cast<UInt128>(mixed & 0xFFFFFFFFU)",
            "the lower half of the mixed bits is used")),
]

BOOKS = [
    *_rows("stages/position.hpp",
           ("part-at-average", "average.whole * q +", "average.whole * q + 0 *",
            "the cost of a part is its quantity x the cut average"),
           ("short-sign", "half_even(position.quantity > 0 ? gain : -gain, scale)", "half_even(gain, scale)",
            "realized has the wrong sign for shorts"),
           ("unrealized-cut", "half_even(quantity < 0 ? -gain : gain, scale)",
            "truncated(quantity < 0 ? -gain : gain, scale)", "unrealized is truncated"),
           ("average-cut", "half_even(cost, size())", "truncated(cost, size())", "average entry is truncated"),
           ("flip-at-old-average", "position.cost += product(rest, fill.price);",
            "position.cost += product(rest, change.ended_cycle ? change.closed_average : fill.price);",
            "the opening part of a flip enters at the old average"),
           ("cycle-goes-on", "position.realized_in_cycle = 0;", "", "realized is not reset when flat")),
    *_rows("stages/account_book.cpp",
           ("every-fill-closes", "if (change.is_reducing) account.closes.add", "account.closes.add",
            "an opening fill counts as a close at zero"),
           ("symbols-backwards", "positions_[*link].symbol < symbol", "positions_[*link].symbol > symbol",
            "an account's positions are told in falling symbol order")),
    *_rows("stages/account_book.hpp",
           ("fees-forgotten", "+ accounts_[id].realized - accounts_[id].fees", "+ accounts_[id].realized",
            "balance leaves the fees out"),
           ("full-is-full", "return has_free_row() || find(account, symbol) != no_id;", "return has_free_row();",
            "with the table full, known pairs find no room")),
]

MARK = [
    *_rows("stages/valuation.cpp",
           ("exposure-at-cost", "const Money value = position.value_at(mark);",
            "const Money value = position.size_at_cost();", "exposure is taken at cost, not at the mark")),
    *_rows("stages/valuation.hpp",
           ("drawdown-at-limit", "(peak - measured(account)) * scale > peak * limit",
            "(peak - measured(account)) * scale >= peak * limit", ">= for > at max_drawdown_pct"),
           ("basis-ignored", "return basis_ == DrawdownBasis::equity ?", "return true ?",
            "drawdown_basis = balance is ignored")),
    *_rows("stages/market.hpp",
           ("mid-cut", "half_even(static_cast<Int128>(bid) + ask, 2)", "truncated(static_cast<Int128>(bid) + ask, 2)",
            "the mark between bid and ask is truncated"),
           ("walk-cut", "times_half_even(prices_[symbol].mark, scale + step)",
            "times_truncated(prices_[symbol].mark, scale + step)", "a walked price is truncated"),
           ("conf-price-undated", "date_conf_prices(event.log_unix_ns);", "is_dated_ = true;",
            "conf prices are not dated by the first input")),
    *_rows("stages/mark.cpp",
           ("flip-told-once", "if (position.is_open()) pending_ = change.position_index;", "",
            "a flip says CLOSED but not the new side"),
           ("closed-last-part", "saturated(change.closed_realized)", "saturated(change.realized)",
            "CLOSED shows the last fill's profit, not the cycle's"),
           ("size-at-mark", ".size = position.size_at_cost(),", ".size = position.value_at(mark),",
            "size_usd is taken at the mark, not at cost")),
]

TIMERS = [
    *_rows("io/edge/timer_schedule.hpp",
           ("mark-before-walk", "if (next_walk_ns_ <= next_mark_ns_) {", "if (next_walk_ns_ < next_mark_ns_) {",
            "of two timers due at once the mark goes first"),
           ("first-at-once", "later(now_ns / interval_ns * interval_ns, interval_ns)",
            "later((now_ns - 1) / interval_ns * interval_ns, interval_ns)",
            "a timer due at the first input's time fires"),
           ("walk-index", "next_walk_ns_ / intervals_.walk_ns, stages",
            "next_walk_ns_ / intervals_.walk_ns + 1, stages", "walks are numbered one too high")),
    *_rows("io/edge/ingress.hpp",
           ("timer-after-input", "due > up_to_unix_ns ||", "due >= up_to_unix_ns ||",
            "a timer due at an input's time goes behind it"),
           ("timer-at-input", "write_timer(schedule_.take(), due, false, event);",
            "write_timer(schedule_.take(), up_to_unix_ns, false, event);",
            "a timer takes the log time of the input behind it"),
           ("time-goes-back", "next_log_unix_ns_ = std::max(log_unix_ns_, receive_unix_ns);",
            "next_log_unix_ns_ = receive_unix_ns;", "log time follows receive times back")),
]

MUTANTS = [*RISK, *RISK_HEADERS, *SIZING, *FILL, *BOOKS, *MARK, *TIMERS]
