"""The verdict on a well-formed signal: rows 1 to 15, sizing, and the planned fill."""

from collections import namedtuple

import fixed
from books import Change
from fixed import DAY, MS, NS, S, down, even, fits, up

HELD = "HELD"
Refusal = namedtuple("Refusal", "reason value limit", defaults=(0, 0))


class Order:
    """An order: what it is sized to, which part of it enters, and its fill once planned."""

    __slots__ = ("symbol", "position", "buy", "reference", "n", "entry", "opposite_value", "share", "limit_slippage",
                 "draw", "price", "slippage", "quantity", "notional", "fee", "change")

    def __init__(self, symbol, position, buy, limit_slippage, draw):
        self.symbol, self.position, self.buy = symbol, position, buy
        self.reference = symbol.ask if buy else symbol.bid
        self.limit_slippage, self.draw = limit_slippage, draw
        self.opposite_value = None
        if position and (position.side > 0) != buy:
            self.opposite_value = even(position.quantity * self.reference, S)
        self.n = self.entry = self.share = 0

    @property
    def whole(self):
        """Whether it closes an opposite position whole."""
        return self.opposite_value is not None and self.n >= self.opposite_value

    def plan(self, conf):
        """Work out the fill of n; returns whether an amount of it does not fit."""
        u = conf.max_slippage_pct
        if conf.model == "uniform":
            if self.limit_slippage is not None:
                u = min(u, self.limit_slippage)
            u = (self.draw() >> 32) * u >> 32
        elif conf.model == "fixed_bps":
            u = conf.fixed_slippage
            if self.limit_slippage is not None:
                u = min(u, self.limit_slippage)
        else:
            u = 0
        self.slippage = u
        if self.buy:
            price = up(self.reference * (S + u), S)
        else:
            price = down(self.reference * (S - u), S)
        price = self.price = max(price, 1)
        step = self.symbol.step
        if self.whole:
            quantity = self.position.quantity + self.entry * S // price // step * step
        else:
            quantity = self.n * S // price // step * step
            if self.opposite_value is not None:
                quantity = min(quantity, self.position.quantity)
        self.quantity = quantity
        self.notional = even(quantity * price, S)
        self.fee = up(self.notional * conf.taker_fee_pct, S)
        self.change = Change(self.position, 1 if self.buy else -1, quantity, price) if quantity else None
        return not (fits(self.opposite_value or 0) and fits(self.n) and fits(price) and fits(quantity)
                    and fits(self.notional) and fits(self.fee))

    def overflows(self, conf, account):
        """Plan the fill; whether it or the books after it would not fit 64 bits."""
        return self.plan(conf) or (self.change is not None and self.change.too_big(account, self.fee))


def _kelly(conf, p, b):
    """The fraction for win probability p and payoff b."""
    if b <= 0:
        return 0
    return down(conf.kelly_fraction * (p - (S - p) * S // b), S)


def _tracked(conf, account, confidence):
    """Kelly on the account's last closes, once there are enough; never below the floor."""
    wins = [x for x in account.closes if x > 0]
    losses = [-x for x in account.closes if x < 0]
    if len(account.closes) >= 20 and wins and losses:
        p = len(wins) * S // len(account.closes)
        b = (sum(wins) // len(wins)) * S // (sum(losses) // len(losses))
    else:
        p, b = confidence, conf.payoff_ratio
    return max(_kelly(conf, p, b), conf.tracked_floor_pct)


def size(conf, account, signal):
    """(f, N) of the sizing model."""
    balance = max(account.balance, 0)
    cap = conf.max_position_size_pct
    if signal.size is not None:
        cap = min(cap, signal.size)
    if conf.sizing == "fixed_notional":
        n = min(conf.fixed_notional, balance * cap // S)
        return (n * S // balance if balance else 0), n
    if conf.sizing == "fixed_fraction":
        f = conf.fixed_fraction
    elif conf.sizing == "tracked_kelly":
        f = _tracked(conf, account, signal.confidence)
    else:
        f = _kelly(conf, signal.confidence, conf.payoff_ratio)
    f = min(max(f, 0), cap)
    return f, balance * f // S


class Risk:
    """The rows in their order; what they need beside the account is the engine's."""

    def __init__(self, engine):
        self.engine = engine

    def verdict(self, signal, account, repeated, now, draw):
        """HELD, a Refusal, or the Order that goes through (its fill planned)."""
        if signal.action == "HOLD":
            return HELD
        symbol = self.engine.symbols.get(signal.symbol)
        position = account.open.get(symbol.id) if symbol else None
        closing = signal.action == "CLOSE"
        if closing and position is None:
            return Refusal("NOTHING_TO_CLOSE")
        if repeated:
            return Refusal("DUPLICATE_SIGNAL")
        if not closing:
            refusal = self._signal_rows(signal, now)
            if refusal:
                return refusal
        if symbol is None or symbol.mark is None:
            return Refusal("NO_MARKET_PRICE")
        buy = position.side < 0 if closing else signal.action == "BUY"
        order = Order(symbol, position, buy, signal.max_slippage, draw)
        return self._settle(order, signal, account, closing, now)

    def _signal_rows(self, signal, now):
        """Rows 4 to 7."""
        conf = self.engine.conf
        limits = [limit for limit in (conf.max_signal_age_ms, signal.ttl) if limit]
        if limits:
            age, limit = now - signal.time, min(limits)
            if age > limit * MS:
                return Refusal("STALE_SIGNAL", age * S // MS, limit * S)
            if age < -5000 * MS:
                return Refusal("STALE_SIGNAL", down(age * S, MS), -5000 * S)
        if signal.confidence < conf.min_confidence_threshold:
            return Refusal("LOW_CONFIDENCE", signal.confidence, conf.min_confidence_threshold)
        if self.engine.halted:
            return Refusal("EMERGENCY_STOP_ACTIVE")
        if signal.vetoed:
            return Refusal("GOVERNER_VETO")
        return None

    def _settle(self, order, signal, account, closing, now):
        """Size the order; take the entry part away where it is refused and a reducing part is left."""
        conf = self.engine.conf
        v = order.opposite_value
        if closing:
            order.n = v
        else:
            order.share, order.n = size(conf, account, signal)
            if v is not None and conf.on_opposite == "close":
                order.n = v
            elif v is not None and conf.on_opposite == "reverse":
                order.n += v
        reducing = min(order.n, v or 0)
        order.entry = order.n - reducing
        if order.entry or v is None:
            refusal = self._entry_rows(order, account, now)
            if refusal is None:
                return order
            if not reducing:
                return refusal
            order.n, order.entry = reducing, 0
        return self._last_rows(order, account) or order

    def _entry_rows(self, order, account, now):
        """The age of row 8, and rows 9 to 15; may cut the entry part to the exposure left."""
        conf, symbol = self.engine.conf, order.symbol
        age = now - symbol.time
        if conf.max_price_age_ms and age > conf.max_price_age_ms * MS:
            return Refusal("STALE_MARKET_PRICE", age * S // MS, conf.max_price_age_ms * S)
        return (self._drawdown_row(account) or self._pace_rows(order, account, now)
                or self._exposure_rows(order, account, now) or self._notional_row(order)
                or self._last_rows(order, account))

    def _drawdown_row(self, account):
        """Row 9."""
        conf = self.engine.conf
        lost = account.peak - account.basis(conf.drawdown_basis == "balance")
        if account.peak <= 0:
            lost = 0
        latched = conf.drawdown_latch and account.latched
        if latched or lost * S > conf.max_drawdown_pct * account.peak:
            account.latched = conf.drawdown_latch
            return Refusal("MAX_DRAWDOWN_EXCEEDED", lost * S // account.peak if lost else 0, conf.max_drawdown_pct)
        return None

    def _pace_rows(self, order, account, now):
        """Rows 10 and 11."""
        conf = self.engine.conf
        count = account.day_count if account.day == now // DAY else 0
        if count >= conf.max_daily_trades:
            return Refusal("DAILY_TRADE_LIMIT_REACHED", count * S, conf.max_daily_trades * S)
        pair = account.pairs.get(order.symbol.id)
        if pair and pair.last_loss is not None:
            elapsed = now - pair.last_loss
            if elapsed * S < conf.cooldown * 60 * NS:
                return Refusal("COOLDOWN_ACTIVE", elapsed * S // (60 * NS), conf.cooldown)
        return None

    def _exposure_rows(self, order, account, now):
        """Rows 12 and 13."""
        conf = self.engine.conf
        balance = max(account.balance, 0)
        same = order.position.value() if order.position and order.opposite_value is None else 0
        after = same + order.entry
        others = sum(other.value() for other in account.open.values() if other.symbol is not order.symbol)
        limit = balance * conf.max_total_exposure_pct // S
        if others + after > limit:
            refusal = Refusal("MAX_EXPOSURE_EXCEEDED", others + after, limit)
            entry = min(order.entry, limit - others - same)
            if not conf.clip_to_exposure or entry <= 0:
                return refusal
            order.n -= order.entry - entry
            order.entry, after = entry, same + entry
        limit = balance * conf.max_symbol_exposure_pct // S
        if after > limit:
            return Refusal("MAX_POSITION_EXCEEDED", after, limit)
        if 0 < conf.max_order_notional < order.entry:
            return Refusal("MAX_ORDER_NOTIONAL", order.entry, conf.max_order_notional)
        if 0 < conf.max_open_positions <= len(account.open) and order.position is None:
            return Refusal("MAX_OPEN_POSITIONS", len(account.open) * S, conf.max_open_positions * S)
        while account.recent and account.recent[0] <= now - NS:
            account.recent.popleft()
        if 0 < conf.order_rate_max < len(account.recent) + 1:
            return Refusal("ORDER_RATE_EXCEEDED", (len(account.recent) + 1) * S, conf.order_rate_max * S)
        return None

    def _notional_row(self, order):
        """Row 14's limit, which binds the entry part."""
        least = self.engine.conf.min_order_notional
        if order.entry < least:
            return Refusal("MIN_ORDER_NOTIONAL", order.entry, least)
        return None

    def _last_rows(self, order, account):
        """SIZE_ZERO and row 15; these hold without an entry part too."""
        engine = self.engine
        if order.n == 0 and not order.whole:
            return Refusal("SIZE_ZERO")
        if order.symbol.id not in account.pairs and engine.pair_count >= engine.conf.positions_max:
            return Refusal("TABLE_FULL")
        if order.overflows(engine.conf, account):
            return Refusal("OVERFLOW")
        return None
