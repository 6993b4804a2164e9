"""What streams must show after any number of crashes, from the outside: fed with what the producer sent
and with what stands in Redis, never with the journal. Integers only; shares no code with the engine. The same rules at
the speed of the soak: soak_judge.hpp.

Lost: a signal without its outcome, an approval without its execution, a fill without its position
update. Twice: a second one of any of them, or a number of a stream that is given twice. Divergent: an
outcome of another signal than the one it names, books that the executions do not add up to, order that
is not the order of the inputs.
"""

import collections
import json

SIGNAL = "trade.signal.v5"
SAFE, REJECTED, DEAD = "trade.signal.safe", "trade.signal.rejected", "trade.signal.dlq"
EXECUTION, POSITION = "trade.execution.res", "trade.position.update"
OUTPUTS = (SAFE, REJECTED, EXECUTION, POSITION, DEAD)
SCALE = 10**8


def scaled(text):
    """A decimal's text as an integer of 1e-8."""
    sign = -1 if text.startswith("-") else 1
    whole, _, fraction = text.lstrip("-").partition(".")
    return sign * (int(whole) * SCALE + int((fraction + "0" * 8)[:8]))


def half_even(numerator, denominator):
    """numerator / denominator, rounded half to even; denominator > 0."""
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2):
        quotient += 1
    return quotient


class Position:
    """Signed quantity at 1e-8 and its cost at 1e-16, of one account and symbol."""

    def __init__(self):
        self.quantity = self.cost = 0

    def fill(self, quantity, price):
        """Takes a fill; answers the sides that have to be published, in order."""
        sides = []
        if self.quantity and (self.quantity > 0) != (quantity > 0):
            taken = min(abs(self.quantity), abs(quantity))
            held = abs(self.quantity)
            self.cost -= self.cost if taken == held else self.cost * taken // held
            sign = 1 if quantity > 0 else -1
            self.quantity += sign * taken
            quantity -= sign * taken
            if not self.quantity:
                sides.append("CLOSED")
        if quantity:
            self.quantity += quantity
            self.cost += abs(quantity) * price
        if self.quantity:
            sides.append("LONG" if self.quantity > 0 else "SHORT")
        return sides


class Checker:
    """`sent`: [(id, data as a dict or None where it was no signal)] in stream order; `entries_of(stream)`:
    [(id, fields)]."""

    def __init__(self, sent, entries_of):
        self.sent = dict(sent)
        self.positions = collections.defaultdict(Position)
        self.entries = {stream: entries_of(stream) for stream in OUTPUTS}
        self.problems = []
        self.lost = self.twice = self.divergent = 0

    def _say(self, kind, text):
        setattr(self, kind, getattr(self, kind) + 1)
        if len(self.problems) < 20:
            self.problems.append(f"{kind}: {text}")

    def run(self):
        """Checks everything; answers the problems, the first 20 in words."""
        self._numbers()
        self._outcomes()
        self._executions()
        self._books()
        return self.problems

    def _numbers(self):
        for stream, entries in self.entries.items():
            last_ms = 0
            for wanted, (entry_id, _) in enumerate(entries, 1):
                ms, number = map(int, entry_id.split("-"))
                if number != wanted:
                    self._say("lost" if number > wanted else "twice", f"{stream}: {entry_id} where {wanted} belongs")
                    break
                if ms < last_ms:
                    self._say("divergent", f"{stream}: {entry_id} goes back")
                last_ms = ms

    def _outcomes(self):
        outcomes = collections.Counter()
        sequences = {}
        for stream in (SAFE, REJECTED, DEAD):
            last = 0
            for entry_id, fields in self.entries[stream]:
                cause = fields["cause"].removeprefix(SIGNAL + "/")
                outcomes[cause] += 1
                sequence = int(fields["seq"])
                sequences[cause] = sequence
                if sequence <= last:
                    self._say("divergent", f"{stream}: {entry_id} is of input {sequence}, behind {last}")
                last = sequence
                if cause not in self.sent:
                    self._say("divergent", f"{stream}: {entry_id} is of {cause}, which nobody sent")
                elif stream != DEAD:
                    self._same_signal(stream, entry_id, json.loads(fields["data"], parse_float=str), cause)
        last = 0
        for cause, data in self.sent.items():
            wanted = 0 if data and data["action"] == "HOLD" else 1
            if outcomes[cause] > wanted:
                self._say("twice", f"{cause} has {outcomes[cause]} outcomes")
            if outcomes[cause] < wanted:
                self._say("lost", f"{cause} has no outcome")
            if cause in sequences:
                if sequences[cause] <= last:
                    self._say("divergent", f"{cause} was taken before one that was sent before it")
                last = sequences[cause]

    def _same_signal(self, stream, entry_id, told, cause):
        data = self.sent[cause]
        if data is None:
            return self._say("divergent", f"{stream}: {entry_id} is of {cause}, which was no signal")
        # What is approved is the order: a CLOSE sells or buys.
        actions = ("BUY", "SELL") if stream == SAFE and data["action"] == "CLOSE" else (data["action"],)
        if told["symbol"] != data["symbol"] or told["action"] not in actions:
            self._say("divergent", f"{stream}: {entry_id} tells {told['action']} {told['symbol']} of {cause}, sent "
                                   f"{data['action']} {data['symbol']}")
        if scaled(told["confidence"]) != scaled(str(data["confidence"])):
            self._say("divergent", f"{stream}: {entry_id} tells another confidence than {cause}")
        return None

    def _executions(self):
        approved = [(fields["cause"], fields["acct"], json.loads(fields["data"])) for _, fields in self.entries[SAFE]]
        executed = [(fields["cause"], fields["acct"], json.loads(fields["data"]))
                    for _, fields in self.entries[EXECUTION]]
        orders = collections.Counter(data["order_id"] for _, _, data in executed)
        for order, count in orders.items():
            if count > 1:
                self._say("twice", f"order {order} was executed {count} times")
        if len(approved) != len(executed):
            self._say("lost" if len(approved) > len(executed) else "twice",
                      f"{len(approved)} approvals, {len(executed)} executions")
        for one, other in zip(approved, executed):
            if one[:2] != other[:2] or one[2]["symbol"] != other[2]["symbol"] or one[2]["action"] != other[2]["action"]:
                self._say("divergent", f"approval of {one[0]} is executed as {other[0]}")
                break

    def _books(self):
        """Executions make the positions that the updates show, each update at its place."""
        updates = collections.deque((i, fields) for i, fields in self.entries[POSITION]
                                    if not fields["cause"].startswith("@timer/"))
        for entry_id, fields in self.entries[EXECUTION]:
            data = json.loads(fields["data"], parse_float=str)
            key = fields["acct"], data["symbol"]
            quantity = scaled(fields["qty"])
            position = self.positions[key]
            for side in position.fill(quantity if data["action"] == "BUY" else -quantity, scaled(data["entry_price"])):
                if not updates:
                    return self._say("lost", f"execution {entry_id} has no position update")
                update_id, update = updates.popleft()
                told = json.loads(update["data"], parse_float=str)
                if update["cause"] != fields["cause"] or (update["acct"], told["symbol"]) != key:
                    return self._say("divergent", f"position update {update_id} is not that of execution {entry_id}")
                if told["side"] != side:
                    return self._say("divergent", f"position update {update_id} says {told['side']}, must be {side}")
                if side != "CLOSED" and scaled(told["size_usd"]) != half_even(position.cost, SCALE):
                    return self._say("divergent", f"position update {update_id}: the fills add up to another size")
        if updates:
            self._say("twice", f"position update {updates[0][0]} is of no execution")
        return None
