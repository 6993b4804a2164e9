"""Books from published executions: netting, average cost, exact, as the engine keeps them. Amounts are whole
numbers of 1e-8, cost of 1e-16."""

import dataclasses

from capture_file import S


def half_even(numerator, denominator):
    """The quotient, rounded to the nearest whole number, halves to the even one."""
    quotient, rest = divmod(numerator, denominator)
    return quotient + (2 * rest > denominator or (2 * rest == denominator and quotient % 2 == 1))


@dataclasses.dataclass
class Position:
    """One symbol of an account; `quantity` is signed, `cycle` what was realized since it was last flat."""
    quantity: int = 0
    cost: int = 0
    cycle: int = 0
    unrealized: int = 0  # as last published

    @property
    def side(self):
        return "LONG" if self.quantity > 0 else "SHORT" if self.quantity < 0 else "CLOSED"

    @property
    def size(self):
        return half_even(self.cost, S)

    def fill(self, signed, price):
        """Books a fill; what it realizes."""
        realized = 0
        if self.quantity * signed < 0:
            held, side = abs(self.quantity), 1 if self.quantity > 0 else -1
            taken = min(held, abs(signed))
            part = self.cost if taken == held else self.cost // held * taken + self.cost % held * taken // held
            realized = half_even(side * (taken * price - part), S)
            self.cycle = self.cycle + realized if taken != held else 0
            self.cost -= part
            self.quantity -= side * taken
            signed += side * taken
        self.quantity += signed
        self.cost += abs(signed) * price
        return realized


class Account:
    """Balance, positions and the curve of equity: (µs since 1970, equity) after each input that changed it."""

    def __init__(self, initial):
        self.initial = self.peak = initial
        self.realized = self.fees = 0
        self.filled = self.refused = 0
        self.positions = {}
        self.curve = []
        self.drawdown = 0.0

    def position(self, symbol):
        return self.positions.setdefault(symbol, Position())

    @property
    def balance(self):
        return self.initial + self.realized - self.fees

    @property
    def unrealized(self):
        return sum(position.unrealized for position in self.positions.values())

    @property
    def equity(self):
        return self.balance + self.unrealized

    @property
    def open_count(self):
        return sum(position.quantity != 0 for position in self.positions.values())

    def mark(self, at_us):
        """Takes the equity of now as a point of the curve."""
        equity = self.equity
        self.curve.append((at_us, equity))
        self.peak = max(self.peak, equity)
        if self.peak > 0:
            self.drawdown = max(self.drawdown, (self.peak - equity) / self.peak)
