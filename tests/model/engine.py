"""The engine's inputs in their order: time, timers, signals, ticks, commands, and what each publishes."""

import re
import zlib
from collections import Counter
from json.encoder import encode_basestring_ascii as quote

import codec
import fixed
from books import Account, Position, Symbol
from conf import Conf, with_fields
from fixed import DAY, MS, S, clamp, even, fits, show
from risk import HELD, Order, Refusal, Risk

MAX_JUMP = 31 * DAY
WALK = 100_000
DUE = re.compile(r"0|[1-9][0-9]{0,18}")
COMMANDS = {"price", "close", "halt", "resume", "reset"}


class Refused(Exception):
    """A capture that cannot be replayed."""


class Engine:
    """All state, and one method for each kind of input."""

    def __init__(self, tree, publisher):
        self.publisher = publisher
        self.seq = self.orders = self.pair_count = 0
        self.now = None
        self.symbols, self.symbol_list = {}, []
        self.accounts, self.account_list = {}, []
        self.window = {}
        self.started = self.tape = False
        self.next_mark = self.next_walk = None
        self.counts = Counter()
        self.rejected, self.dead_signals, self.dead_ticks = Counter(), Counter(), Counter()
        self.tree, self.conf = tree, None
        self.risk = Risk(self)
        self._configure(tree)

    # Conf, tables and time.

    def _configure(self, tree):
        """Take a conf, first or at a change; names new in it get their ids."""
        old, self.conf = self.conf, Conf(tree)
        conf = self.conf
        if old is None or old.emergency_stop != conf.emergency_stop:
            self.halted = conf.emergency_stop
        for name in [*conf.prices, *conf.lot_steps]:
            self._symbol(name)
        for name in conf.names:
            self._account(name)
        for symbol in self.symbol_list:
            symbol.step = conf.lot_steps.get(symbol.name, 1)
        for name, price in conf.prices.items():
            if name in self.symbols and self.symbols[name].mark is None:
                self.symbols[name].set_price(price, price, self.now)

    def _symbol(self, name):
        """The Symbol of this name, made where there is room; else None."""
        symbol = self.symbols.get(name)
        if symbol is None and len(self.symbol_list) < self.conf.symbols_max:
            symbol = Symbol(len(self.symbol_list), name, self.conf.lot_steps.get(name, 1))
            self.symbols[name] = symbol
            self.symbol_list.append(symbol)
        return symbol

    def _account(self, name):
        """The Account of this name, made where there is room; else None."""
        account = self.accounts.get(name)
        if account is None and len(self.account_list) < self.conf.accounts_max:
            account = Account(len(self.account_list), name, self.conf.initial_balance)
            self.accounts[name] = account
            self.account_list.append(account)
        return account

    def _begin(self, ns):
        """Move the log time to an input received at ns, timers first; count the input."""
        if self.now is None:
            self._first(ns)
        elif ns > self.now:
            if not self.tape:
                self._timers(ns)
            self.now = ns
        self.seq += 1

    def _first(self, ns):
        """The first input: conf prices are set, timers are due from here on."""
        self.now = ns
        for symbol in self.symbol_list:
            if symbol.mark is not None:
                symbol.time = ns
        if self.conf.mark_interval:
            self.next_mark = (ns // self.conf.mark_interval + 1) * self.conf.mark_interval
        if self.conf.walk_interval:
            self.next_walk = (ns // self.conf.walk_interval + 1) * self.conf.walk_interval

    def _timers(self, ns):
        """Fire every timer due up to ns."""
        if ns - self.now > MAX_JUMP:
            raise Refused(f"time jumps by more than 31 days, from {self.now} to {ns}")
        never = ns + 1
        while True:
            walk, mark = self.next_walk or never, self.next_mark or never
            if min(walk, mark) > ns:
                return
            self.now = min(walk, mark)
            self.seq += 1
            if walk <= mark:
                self.next_walk += self.conf.walk_interval
                self._walk()
            else:
                self.next_mark += self.conf.mark_interval
                self._mark()

    # Inputs.

    def take(self, entry):
        """One line of a capture: an Entry, or None for a broken one."""
        if entry is None:
            self.counts["broken"] += 1
            self.started = True
            return
        kind = self.conf.kinds.get(entry.stream)
        if kind == "ticks":
            self._begin(entry.ns)
            self._tick(entry)
        elif kind == "signals":
            self._begin(entry.ns)
            self._signal(entry)
        elif entry.stream[:1] == "@":
            self._special(entry)
        self.started = True

    def _special(self, entry):
        """@conf, @timer and @command entries."""
        fields = dict(entry.fields)
        if entry.stream == "@conf" and (self.tape or not self.started):
            if not self.started:
                self.tape, self.conf = True, None
                self.symbols, self.symbol_list, self.accounts, self.account_list = {}, [], {}, []
            self.tree = with_fields(self.tree, entry.fields)
            self._configure(self.tree)
        elif entry.stream == "@timer" and self.tape and DUE.fullmatch(fields.get("due", "")):
            self._begin(int(fields["due"]))
            self._walk() if fields.get("kind") == "walk" else self._mark()
        elif entry.stream == "@command":
            self._command(entry, fields)
        else:
            self.counts["broken"] += 1

    def _dead(self, entry, letter, counter):
        """Publish a dead letter."""
        counter[letter.code] += 1
        payload = letter.payload[:512].decode("latin-1")
        data = (f'{{"stream": {quote(entry.stream)}, "id": {quote(entry.id)}, "code": "{letter.code}", '
                f'"offset": {letter.offset}, "payload": {quote(payload)}, '
                f'"payload_crc32": {zlib.crc32(letter.payload)}, "timestamp": "{fixed.date_text(self.now)}"}}')
        self.publisher.put(self.conf.output["dead_letters"], self.now, data, self.seq, entry.cause)

    def _tick(self, entry):
        self.counts["ticks"] += 1
        try:
            name, bid, ask = codec.decode(entry.fields, codec.judge_tick)
            symbol = self.symbols.get(name) or self._symbol(name)
            if symbol is None:
                raise codec.DeadLetter("TABLE_FULL", 0, codec.raw_payload(entry.fields))
        except codec.DeadLetter as letter:
            self._dead(entry, letter, self.dead_ticks)
            return
        self._price(symbol, bid, ask)

    def _price(self, symbol, bid, ask):
        """A symbol's new price, and the peaks of the accounts that hold it."""
        if symbol.set_price(bid, ask, self.now) and symbol.holders:
            by_balance = self.conf.drawdown_basis == "balance"
            for position in symbol.holders.values():
                position.revalue()
                position.account.look(by_balance)

    def _signal(self, entry):
        self.counts["signals"] += 1
        try:
            signal = codec.decode(entry.fields, codec.judge_signal)
        except codec.DeadLetter as letter:
            self._dead(entry, letter, self.dead_signals)
            return
        account = self._account(signal.account)
        repeated = self._repeated(signal.signal_id)
        if account is None:
            verdict = Refusal("TABLE_FULL")
        else:
            verdict = self.risk.verdict(signal, account, repeated, self.now,
                                        lambda: fixed.mix(self.conf.seed, entry.ms, entry.count))
        if verdict is HELD:
            self.counts["held"] += 1
        elif isinstance(verdict, Refusal):
            self._reject(signal, verdict, entry)
        else:
            self._approve(signal, account, verdict, entry)

    def _repeated(self, signal_id):
        """Whether the id is in the window; a new one enters it."""
        if signal_id is None or self.conf.dedup_window == 0:
            return False
        if signal_id in self.window:
            return True
        self.window[signal_id] = True
        if len(self.window) > self.conf.dedup_window:
            del self.window[next(iter(self.window))]
        return False

    def _reject(self, signal, refusal, entry):
        """Publish a rejection."""
        self.rejected[refusal.reason] += 1
        value, limit = refusal.value, refusal.limit
        if not refusal.reason.startswith("STALE_"):  # ages are shown however large
            value, limit = clamp(value), clamp(limit)
        data = (f'{{"symbol": "{signal.symbol}", "action": "{signal.action}", "confidence": {show(signal.confidence)}, '
                f'"reason": "{refusal.reason}", "value": {show(value)}, '
                f'"limit": {show(limit)}, "timestamp": "{fixed.date_text(self.now)}", '
                f'"source": {quote(signal.source)}}}')
        self.publisher.put(self.conf.output["rejections"], self.now, data, self.seq, entry.cause, signal.account)

    def _approve(self, signal, account, order, entry):
        """Publish an approval, then its fill."""
        self.counts["approved"] += 1
        if order.entry:
            day = self.now // DAY
            account.day_count = account.day_count + 1 if account.day == day else 1
            account.day = day
            account.recent.append(self.now)
        stop_loss = self.conf.stop_loss_pct if signal.stop_loss is None else signal.stop_loss
        f = show(order.share)
        data = (f'{{"symbol": "{signal.symbol}", "action": "{"BUY" if order.buy else "SELL"}", '
                f'"confidence": {show(signal.confidence)}, "position_size_usd": {show(order.n)}, '
                f'"position_size_pct": {f}, "risk_amount_usd": {show(order.n * stop_loss // S)}, '
                f'"kelly_optimal": {f}, "timestamp": "{fixed.date_text(self.now)}", "source": {quote(signal.source)}, '
                f'"approved_by": "risk_safety"}}')
        self.publisher.put(self.conf.output["approvals"], self.now, data, self.seq, entry.cause, account.name)
        self._fill(account, order, entry.cause)

    def _fill(self, account, order, cause):
        """Publish the execution, put it into the books, publish the position."""
        self.orders += 1
        self.counts["executions"] += 1
        symbol, change = order.symbol, order.change
        order_id = fixed.order_id(self.orders, self.conf.seed)
        data = (f'{{"symbol": "{symbol.name}", "action": "{"BUY" if order.buy else "SELL"}", '
                f'"entry_price": {show(order.price)}, "position_size_usd": {show(order.notional)}, "leverage": 1.0, '
                f'"timestamp": "{fixed.date_text(self.now)}", "order_id": "{order_id}", '
                f'"status": "{"filled" if order.quantity else "rejected"}", "slippage_pct": {show(order.slippage)}, '
                f'"fee_usd": {show(order.fee)}}}')
        self.publisher.put(self.conf.output["executions"], self.now, data, self.seq, cause, account.name,
                           f',"qty":"{show(order.quantity)}","model":"{self.conf.model}"')
        if change is None:
            return
        position = account.pairs.get(symbol.id)
        if position is None:
            position = account.pairs[symbol.id] = Position(account, symbol)
            self.pair_count += 1
        change.commit(position, order.fee, self.now)
        account.look(self.conf.drawdown_basis == "balance")
        if change.closed:
            self._update(position, cause, "CLOSED", change.last_entry, 0, 0, change.last_cycle)
        if position.side:
            self._update_open(position, cause)

    def _update_open(self, position, cause):
        """Publish an open position."""
        self._update(position, cause, "LONG" if position.side > 0 else "SHORT", position.entry(),
                     even(position.cost, S), position.unrealized, position.cycle)

    def _update(self, position, cause, side, entry, size, unrealized, realized):
        """Publish one position update."""
        symbol = position.symbol
        data = (f'{{"symbol": "{symbol.name}", "side": "{side}", "entry_price": {show(entry)}, '
                f'"current_price": {show(symbol.mark)}, "size_usd": {show(size)}, '
                f'"unrealized_pnl": {show(unrealized)}, "realized_pnl": {show(realized)}, '
                f'"timestamp": "{fixed.date_text(self.now)}"}}')
        self.publisher.put(self.conf.output["positions"], self.now, data, self.seq, cause, position.account.name)

    # Timers.

    def _mark(self):
        """Publish every open position."""
        cause = f"@timer/{self.now // MS}-{self.seq}"
        for account in self.account_list:
            for symbol_id in sorted(account.open):
                self._update_open(account.open[symbol_id], cause)

    def _walk(self):
        """Move every price of the table; then look at the peaks of the accounts that hold any."""
        conf = self.conf
        if not conf.walk_interval:
            return
        k = self.now // conf.walk_interval
        touched = {}
        for name in conf.prices:
            symbol = self.symbols.get(name)
            if symbol is None:
                continue
            s = ((fixed.mix(conf.seed, k, symbol.id) >> 32) * 2 * WALK >> 32) - WALK
            price = max(even(symbol.bid * (S + s), S), 1)
            if fits(price) and symbol.set_price(price, price, self.now):
                for position in symbol.holders.values():
                    position.revalue()
                    touched[position.account.id] = position.account
        for account in touched.values():
            account.look(conf.drawdown_basis == "balance")

    # Commands.

    def _command(self, entry, fields):
        """A command of the form in the README; another one is a broken line."""
        command = fields.get("command")
        symbol, account = fields.get("symbol", ""), fields.get("account", "main")
        good = command in COMMANDS and len(fields) == len(entry.fields)
        price = None
        if good and command in ("price", "close"):
            good = codec.SYMBOL.fullmatch(symbol) is not None and codec.ACCOUNT.fullmatch(account) is not None
        if good and command == "price":
            text = fields.get("price", "")
            price = fixed.rounded(text) if fixed.NUMBER.fullmatch(text) else 0
            good = 0 < price <= fixed.MAX
        if not good:
            self.counts["broken"] += 1
            return
        self._begin(entry.ns)
        self.counts["commands"] += 1
        if command == "price":
            found = self._symbol(symbol)
            if found:
                self._price(found, price, price)
        elif command == "close":
            self._close(self._account(account), self.symbols.get(symbol))
        elif command in ("halt", "resume"):
            self.halted = command == "halt"
            if command == "resume":
                for account in self.account_list:
                    account.latched = False

    def _close(self, account, symbol):
        """POST /close: the whole position at the fill model's price, without an approval."""
        position = account.open.get(symbol.id) if account and symbol else None
        if position is None:
            return
        order = Order(symbol, position, position.side < 0, None,
                      lambda: fixed.mix(self.conf.seed, self.now // MS, self.seq))
        order.n = order.opposite_value
        if not order.overflows(self.conf, account):
            self.counts["command_closes"] += 1
            self._fill(account, order, f"@command/{self.now // MS}-{self.seq}")

    # Summary.

    def summary(self):
        """What the run came to."""
        counts = self.counts
        return {
            "inputs": self.seq, "broken_lines": counts["broken"],
            "signals": {"total": counts["signals"], "held": counts["held"], "approved": counts["approved"],
                        "rejected": dict(sorted(self.rejected.items())),
                        "dead_lettered": dict(sorted(self.dead_signals.items()))},
            "ticks": {"total": counts["ticks"], "dead_lettered": dict(sorted(self.dead_ticks.items()))},
            "commands": counts["commands"], "executions": counts["executions"],
            "command_closes": counts["command_closes"],
            "accounts": {account.name: _account_summary(account) for account in self.account_list},
        }


def _account_summary(account):
    """An account's money and positions as decimal texts."""
    return {
        "initial_balance": show(account.initial), "balance": show(account.balance),
        "realized_pnl": show(account.realized), "unrealized_pnl": show(account.unrealized),
        "fees": show(account.fees), "equity": show(account.equity), "open_positions": len(account.open),
        "positions": {position.symbol.name: {
            "quantity": show(position.side * position.quantity), "entry_price": show(position.entry()),
            "size_usd": show(even(position.cost, S)), "unrealized_pnl": show(position.unrealized),
            "realized_pnl": show(position.cycle)}
            for _, position in sorted(account.open.items())},
    }
