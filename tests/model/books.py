"""Symbols, accounts, positions: average cost, valuations, peaks."""

from collections import deque

from fixed import MAX, S, clamp, even, fits


class Symbol:
    """A symbol's price and the open positions in it, by account id."""

    __slots__ = ("id", "name", "bid", "ask", "mark", "time", "step", "holders")

    def __init__(self, id, name, step):
        self.id, self.name, self.step = id, name, step
        self.bid = self.ask = self.mark = self.time = None
        self.holders = {}

    def set_price(self, bid, ask, now):
        """Take a quote, or a last price given as both; returns whether the mark moved."""
        self.bid, self.ask, self.time = bid, ask, now
        mark = bid if bid == ask else even(bid + ask, 2)
        moved = mark != self.mark
        self.mark = mark
        return moved


class Position:
    """What an account holds of a symbol; kept with side 0 when flat. Cost is at 1e-16."""

    __slots__ = ("account", "symbol", "side", "quantity", "cost", "cycle", "unrealized", "last_loss")

    def __init__(self, account, symbol):
        self.account, self.symbol = account, symbol
        self.side = self.quantity = self.cost = self.cycle = self.unrealized = 0
        self.last_loss = None

    def entry(self):
        """The average entry price."""
        return even(self.cost, self.quantity)

    def value(self):
        """≈(quantity x mark), at most the 64-bit limit."""
        return min(even(self.quantity * self.symbol.mark, S), MAX)

    def revalue(self):
        """Bring unrealized up to the symbol's mark, in the account's sum too."""
        unrealized = 0
        if self.side:
            unrealized = clamp(even(self.side * (self.quantity * self.symbol.mark - self.cost), S))
        self.account.unrealized += unrealized - self.unrealized
        self.unrealized = unrealized


class Account:
    """Money, positions and counters of one account."""

    __slots__ = ("id", "name", "initial", "realized", "fees", "unrealized", "peak", "latched", "pairs", "open",
                 "closes", "day", "day_count", "recent")

    def __init__(self, id, name, initial):
        self.id, self.name, self.initial = id, name, initial
        self.realized = self.fees = self.unrealized = 0
        self.peak = initial
        self.latched = False
        self.pairs = {}
        self.open = {}
        self.closes = deque(maxlen=100)
        self.day, self.day_count = None, 0
        self.recent = deque()

    @property
    def balance(self):
        """Initial balance + realized - fees."""
        return self.initial + self.realized - self.fees

    @property
    def equity(self):
        """Balance + the open positions' unrealized."""
        return self.balance + self.unrealized

    def basis(self, by_balance):
        """The x of the drawdown."""
        return self.balance if by_balance else self.equity

    def look(self, by_balance):
        """Raise the peak where x is beyond it."""
        x = self.basis(by_balance)
        if x > self.peak:
            self.peak = x


class Change:
    """What a fill does to a position: the state after it, and what it realizes on the way."""

    __slots__ = ("side", "quantity", "cost", "cycle", "realized", "closed", "last_entry", "last_cycle")

    def __init__(self, position, side, quantity, price):
        """position may be None; side is +1 for a buy, -1 for a sell; quantity is not zero."""
        held = position.quantity if position else 0
        self.realized = self.closed = self.last_entry = self.last_cycle = None
        if not held or position.side == side:
            self.side, self.quantity = side, held + quantity
            self.cost = (position.cost if held else 0) + quantity * price
            self.cycle = position.cycle if held else 0
            return
        taken = min(quantity, held)
        part = position.cost
        if taken < held:
            whole, rest = divmod(position.cost, held)
            part = whole * taken + rest * taken // held
        self.realized = even(position.side * (taken * price - part), S)
        self.cycle = position.cycle + self.realized
        self.side, self.quantity, self.cost = position.side, held - taken, position.cost - part
        if taken == held:
            self.closed = True
            self.last_entry, self.last_cycle = position.entry(), self.cycle
            rest = quantity - taken
            self.side, self.quantity, self.cost, self.cycle = (side if rest else 0), rest, rest * price, 0

    def too_big(self, account, fee):
        """Whether an amount of the books after it would not fit 64 bits."""
        realized = account.realized + (self.realized or 0)
        fees = account.fees + fee
        return not (fits(self.quantity) and fits(even(self.cost, S)) and fits(self.cycle)
                    and fits(self.last_cycle or 0) and fits(realized) and fits(fees)
                    and fits(account.initial + realized - fees))

    def commit(self, position, fee, now):
        """Put the change into the position, its account and its symbol."""
        account, symbol = position.account, position.symbol
        account.fees += fee
        if self.realized is not None:
            account.realized += self.realized
            account.closes.append(self.realized)
            if self.realized < 0:
                position.last_loss = now
        position.side, position.quantity = self.side, self.quantity
        position.cost, position.cycle = self.cost, self.cycle
        if self.side:
            account.open[symbol.id] = symbol.holders[account.id] = position
        else:
            account.open.pop(symbol.id, None)
            symbol.holders.pop(account.id, None)
        position.revalue()
