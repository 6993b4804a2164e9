"""Captures written by hand: one line a tick, signal or command, at an exact time."""

import json

import fixed

START = 1_768_212_000 * 10**9  # 2026-01-12T10:00:00Z, a multiple of every timer interval
MS, SECOND, MINUTE, HOUR, DAY = 10**6, 10**9, 60 * 10**9, 3600 * 10**9, 86_400 * 10**9


class Script:
    """A capture in the making; `at` moves its clock, everything else is received at that time."""

    def __init__(self, start=START):
        self.now = start
        self.lines = []

    def at(self, ns):
        """Go to START + ns."""
        self.now = START + ns
        return self

    def later(self, ns):
        """Let ns pass."""
        self.now += ns
        return self

    def entry(self, stream, fields):
        """One stream entry, received now; its id is unique, so are the draws made of it."""
        self.lines.append(json.dumps({"stream": stream, "id": f"{self.now // MS}-{len(self.lines)}",
                                      "ns": self.now, "fields": fields}, separators=(",", ":")))
        return self

    def tick(self, symbol, bid, ask=None):
        """A quote, or a last price where there is no ask; prices as JSON text."""
        prices = f'"price": {bid}' if ask is None else f'"bid": {bid}, "ask": {ask}'
        return self.entry("market.tick", {"data": f'{{"symbol": "{symbol}", {prices}}}'})

    def signal(self, symbol, action, confidence="0.9", age_ns=0, **more):
        """A signal produced age_ns ago; `more` are further keys, as Python values."""
        seconds, rest = divmod(self.now - age_ns, SECOND)
        stamp = fixed.date_text(seconds * SECOND)[:19] + f".{rest:09d}Z"
        further = "".join(f", {json.dumps(key)}: {json.dumps(value)}" for key, value in more.items())
        data = (f'{{"symbol": "{symbol}", "action": "{action}", "confidence": {confidence}, '
                f'"timestamp": "{stamp}", "source": "script"{further}}}')
        return self.entry("trade.signal.v5", {"data": data})

    def buy(self, symbol, **keys):
        """A BUY that passes every check of the signal itself."""
        return self.signal(symbol, "BUY", **keys)

    def sell(self, symbol, **keys):
        """A SELL that does."""
        return self.signal(symbol, "SELL", **keys)

    def close(self, symbol, **keys):
        """A CLOSE signal."""
        return self.signal(symbol, "CLOSE", **keys)

    def command(self, word, **fields):
        """What HTTP would have asked."""
        return self.entry("@command", {"command": word, **fields})

    def text(self):
        """The capture."""
        return "\n".join(self.lines) + "\n"
