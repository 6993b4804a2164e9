"""Signals at the edges, and what must become of them."""

import datetime
import json
import time

from validation.failure import Failure
from validation.loop import APPROVALS, EXECUTIONS, REJECTIONS, SIGNALS

MAXLEN = 10000  # of the signal stream, as producers have it


class Injection:
    """Nine signals, published at once, and what became of them."""

    def __init__(self, loop, account, symbol, patience_s):
        self.loop = loop
        self.account = account
        self.symbol = symbol
        self.patience_s = patience_s
        self.end = 0  # of the patience, by the monotonic clock
        self.ids = []
        self.outcomes = {}  # place among the nine -> the entry, of the stream it stands in
        self.held_before = 0
        self.problem = None  # why there is nothing to check

    def run(self):
        self.end = time.monotonic() + self.patience_s
        try:
            self.held_before = self.held_count()
            received = self.received_count()
            before = [self.last_id(stream) for stream in (APPROVALS, REJECTIONS)]
            self.ids = self.loop.redis(*map(self.publication, [
                ("BUY", 0.42), ("SELL", 0.64), ("BUY", 0.65), ("HOLD", 0.9),
                *(("BUY", confidence) for confidence in (0.7, 0.75, 0.8, 0.85, 0.9))]))
            self.wait_for(lambda: self.has_outcomes(before))
            # What a service shows may be some milliseconds old.
            self.wait_for(lambda: self.received_count() >= received + len(self.ids))
        except Failure as failure:
            self.problem = failure

    def publication(self, wish):
        now = datetime.datetime.now(datetime.timezone.utc)
        signal = {"symbol": self.symbol, "action": wish[0], "confidence": wish[1],
                  "timestamp": now.strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "source": "validate",
                  "account": self.account, "position_size_pct": 0.01}
        return ["XADD", SIGNALS, "MAXLEN", "~", MAXLEN, "*", "data", json.dumps(signal)]

    def last_id(self, stream):
        (reply,) = self.loop.redis(["XREVRANGE", stream, "+", "-", "COUNT", 1])
        return reply[0][0] if reply else "0-0"

    def held_count(self):
        reasons = self.loop.get("risk", "/stats", {"rejection_reasons": dict})["rejection_reasons"]
        return reasons.get("HOLD_SIGNAL", 0)

    def received_count(self):
        return self.loop.get("risk", "/health", {"signals_received": int})["signals_received"]

    def wait_for(self, condition):
        while not condition() and time.monotonic() < self.end:
            time.sleep(0.02)

    def has_outcomes(self, before):
        """Whether all but the HOLD have an entry above the ids of `before`; keeps those there are."""
        places = {f"{SIGNALS}/{entry_id}": place for place, entry_id in enumerate(self.ids)}
        found = [(stream, entry) for stream, last in zip((APPROVALS, REJECTIONS), before)
                 for entry in self.loop.between(stream, "(" + last)]
        self.outcomes = {places[entry.fields["cause"]]: (stream, entry)
                         for stream, entry in found if entry.fields.get("cause") in places}
        return len(self.outcomes) >= len(self.ids) - 1

    def outcome(self, place):
        if self.problem is not None:
            raise self.problem
        if place not in self.outcomes:
            raise Failure(f"no outcome of signal {self.ids[place]} within {self.patience_s:g} s")
        return self.outcomes[place]

    def check_low(self, place):
        stream, entry = self.outcome(place)
        told = entry.data.get("reason") if stream == REJECTIONS else "approved"
        if told != "LOW_CONFIDENCE":
            raise Failure(f"not rejected as LOW_CONFIDENCE, but: {told}")
        return f"rejected: {told}"

    def executed(self, place):
        """The execution of a signal that must have been approved."""
        stream, entry = self.outcome(place)
        if stream == REJECTIONS:
            raise Failure(f"rejected: {entry.data.get('reason')}")
        executions = self.loop.with_sequence_of(entry, EXECUTIONS)
        if not executions or executions[0].data.get("status") == "rejected":
            raise Failure("approved, and not executed")
        return executions[0]

    def check_executed(self, place):
        return f"approved, executed: {self.executed(place).data.get('order_id')}"

    def check_hold(self, place):
        self.outcome(len(self.ids) - 1)  # what came later is through
        if place in self.outcomes:
            raise Failure(f"has an entry in {self.outcomes[place][0]}")
        if self.held_count() <= self.held_before:
            raise Failure("was not counted as held")
        return "held, nothing published"

    def check_burst(self, first):
        sequences = [int(self.executed(place).fields["seq"]) for place in range(first, first + 5)]
        if sequences != sorted(sequences):
            raise Failure(f"executed in another order: {sequences}")
        return "all executed, in their order"

    def close(self):
        """A line on what was left of it."""
        if self.problem is not None or not self.outcomes:
            return "nothing to close"
        try:
            status, body = self.loop.ask("position", "POST",
                                         f"/close/{self.symbol}?account={self.account}")
        except Failure as failure:
            return f"account {self.account} is not closed: {failure}"
        if status == 200:
            return f"account {self.account} closed again, profit and loss {body.get('pnl')}"
        return f"account {self.account} is not closed: {body.get('detail', status)}"


def edge_cases_of(injection):
    return ("edge cases", [
        ("confidence 0.42", lambda: injection.check_low(0)),
        ("confidence 0.64", lambda: injection.check_low(1)),
        ("confidence 0.65", lambda: injection.check_executed(2)),
        ("HOLD", lambda: injection.check_hold(3)),
        ("a burst of five", lambda: injection.check_burst(4))])
