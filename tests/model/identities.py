"""The identities at the end of the semantics page, recomputed from published lines alone.

Books are rebuilt here from the executions, apart from those of the model, and compared with what the position
updates and the summary say.
"""

import argparse
import json
import sys
from collections import Counter, defaultdict

import capture
import codec
import conf
import fixed
from fixed import MS, S, clamp, even, show, up

KINDS = ("approvals", "rejections", "executions", "positions", "dead_letters")


class Book:
    """One (account, symbol): signed quantity, exact cost at 1e-16, realized in the cycle."""

    def __init__(self):
        self.signed = self.cost = self.cycle = 0

    def fill(self, signed, price):
        """Take a fill; returns (realized, the update of a full close or None)."""
        closed = None
        realized = 0
        if self.signed * signed < 0:
            side = 1 if self.signed > 0 else -1
            held, taken = abs(self.signed), min(abs(self.signed), abs(signed))
            part = self.cost if taken == held else self.cost // held * taken + self.cost % held * taken // held
            realized = even(side * (taken * price - part), S)
            self.cycle += realized
            if taken == held:
                closed = ("CLOSED", even(self.cost, held), 0, 0, self.cycle)
                self.cycle = 0
            self.cost -= part
            self.signed -= side * taken
            signed += side * taken
        self.signed += signed
        self.cost += abs(signed) * price
        return realized, closed

    def unrealized(self, mark):
        """Against a mark price."""
        side = 1 if self.signed > 0 else -1
        return clamp(even(side * (abs(self.signed) * mark - self.cost), S)) if self.signed else 0

    def shown(self, mark):
        """What an update of the open position must say: side, entry, size, unrealized, realized."""
        return ("LONG" if self.signed > 0 else "SHORT", even(self.cost, abs(self.signed)), even(self.cost, S),
                self.unrealized(mark), self.cycle)


class Check:
    """Reads the published lines in order and collects what does not hold."""

    def __init__(self, settings, changing):
        self.conf, self.changing = settings, changing
        self.kinds = {settings.output[kind]: kind for kind in KINDS}
        self.problems = []
        self.books = defaultdict(Book)
        self.realized, self.fees = Counter(), Counter()
        self.numbers, self.totals, self.verdicts = Counter(), Counter(), {}
        self.dead, self.held_back = Counter(), 0
        self.reasons = Counter()
        self.approval = None
        self.expected = []
        self.marked = None
        self.last = (0, 0)

    def fail(self, where, text):
        """Note a violation; only the first few are kept."""
        if len(self.problems) < 20:
            self.problems.append(f"{where}: {text}")

    def same(self, where, name, found, wanted):
        """Note a difference."""
        if found != wanted:
            self.fail(where, f"{name} is {found}, must be {wanted}")

    def line(self, number, raw):
        """One published line."""
        where = f"output line {number}"
        line = json.loads(raw, parse_float=str)
        fields = line["fields"]
        kind = self.kinds.get(line["stream"])
        if kind is None:
            self.fail(where, f"stream {line['stream']} is not one of the conf's outputs")
            return
        self.numbers[line["stream"]] += 1
        self.same(where, "id", line["id"], f"{line['ns'] // MS}-{self.numbers[line['stream']]}")
        seq = int(fields["seq"])
        if (line["ns"], seq) < self.last or seq < self.last[1]:
            self.fail(where, "log time or seq goes back")
        if seq != self.last[1]:
            self.settle(where)
        self.last = (line["ns"], seq)
        data = json.loads(fields["data"], parse_float=str)
        self.totals[kind] += 1
        if kind in ("approvals", "rejections") or (
                kind == "dead_letters" and self.conf.kinds.get(data["stream"]) == "signals"):
            if seq in self.verdicts:
                self.fail(where, f"seq {seq} has a verdict already")
            self.verdicts[seq] = kind
        getattr(self, kind)(where, seq, fields, data)

    def settle(self, where):
        """At the end of an input: nothing it had to publish is missing."""
        if self.expected:
            self.fail(where, f"position update missing before it: {self.expected}")
        if self.approval:
            self.fail(where, "execution missing before it")
        if self.marked is not None:
            held = {key for key, book in self.books.items() if book.signed}
            if held != self.marked:
                self.fail(where, f"the mark before it left out {sorted(held - self.marked)}")
        self.expected, self.approval, self.marked = [], None, None

    def approvals(self, _where, _seq, fields, data):
        """An approval must be followed by its execution."""
        self.approval = (fields["acct"], data["symbol"], data["action"], fields["cause"])

    def rejections(self, _where, _seq, _fields, data):
        """Rejections are counted; those of HOLD apart."""
        self.reasons[data["reason"]] += 1
        self.held_back += data["action"] == "HOLD"

    def dead_letters(self, _where, _seq, _fields, data):
        """Dead letters of signals are counted."""
        if self.conf.kinds.get(data["stream"]) == "signals":
            self.totals["dead_signals"] += 1
            self.dead[data["code"]] += 1

    def executions(self, where, _seq, fields, data):
        """Recompute notional, fee and order id; take the fill into the books."""
        account, symbol, action = fields["acct"], data["symbol"], data["action"]
        if fields["cause"].startswith("@command/"):
            self.totals["command_closes"] += 1
        else:
            self.same(where, "execution's origin", (account, symbol, action, fields["cause"]), self.approval)
        self.approval = None
        quantity, price = fixed.rounded(fields["qty"]), fixed.rounded(data["entry_price"])
        notional, fee = even(quantity * price, S), fixed.rounded(data["fee_usd"])
        self.same(where, "position_size_usd", data["position_size_usd"], show(notional))
        self.same(where, "status", data["status"], "filled" if quantity else "rejected")
        self.same(where, "order_id", data["order_id"], fixed.order_id(self.totals["executions"], self.conf.seed))
        if not self.changing:
            self.same(where, "fee_usd", data["fee_usd"], show(up(notional * self.conf.taker_fee_pct, S)))
        self.fees[account] += fee
        if not quantity:
            return
        book = self.books[account, symbol]
        realized, closed = book.fill(quantity if action == "BUY" else -quantity, price)
        self.realized[account] += realized
        if closed:
            self.expected.append((account, symbol, closed))
        if book.signed:
            self.expected.append((account, symbol, None))

    def positions(self, where, _seq, fields, data):
        """Compare an update with the books."""
        key = fields["acct"], data["symbol"]
        book = self.books[key]
        if fields["cause"].startswith("@timer/"):
            self.marked = (self.marked or set()) | {key}
            wanted = None
        elif not self.expected or self.expected[0][:2] != key:
            self.fail(where, "a position update without a fill")
            return
        else:
            wanted = self.expected.pop(0)[2]
        if wanted is None:
            if not book.signed:
                self.fail(where, "an update of a position that is flat")
                return
            wanted = book.shown(fixed.rounded(data["current_price"]))
        found = data["side"], *(fixed.rounded(data[name]) for name in
                                ("entry_price", "size_usd", "unrealized_pnl", "realized_pnl"))
        for name, one, other in zip(("side", "entry_price", "size_usd", "unrealized_pnl", "realized_pnl"),
                                    found, wanted):
            self.same(where, name, one, other)

    def counts(self, inputs):
        """signals = held + approved + rejected + dead-lettered; approved + command closes = executions."""
        totals = self.totals
        held = inputs["HOLD"] - self.held_back
        self.same("counts", "held + approved + rejected + dead-lettered",
                  held + totals["approvals"] + totals["rejections"] + totals["dead_signals"], inputs["signals"])
        self.same("counts", "approved + command closes",
                  totals["approvals"] + totals["command_closes"], totals["executions"])

    def summary(self, summary, inputs, marks):
        """Compare a run's summary with the fills."""
        signals, totals = summary["signals"], self.totals
        for name, found, wanted in (
                ("signals", signals["total"], inputs["signals"]),
                ("held", signals["held"], inputs["HOLD"] - self.held_back),
                ("approved", signals["approved"], totals["approvals"]),
                ("rejected", {k: n for k, n in signals["rejected"].items() if n}, dict(self.reasons)),
                ("dead-lettered", {k: n for k, n in signals["dead_lettered"].items() if n}, dict(self.dead)),
                ("executions", summary["executions"], totals["executions"]),
                ("command closes", summary["command_closes"], totals["command_closes"])):
            self.same("summary", name, found, wanted)
        for name in {account for account, _ in self.books} - set(summary["accounts"]):
            self.fail("summary", f"account {name} is missing")
        for name, account in summary["accounts"].items():
            self.account(name, account, marks)

    def account(self, name, account, marks):
        """initial + realized - fees = balance; Σ fills = positions; balance + Σ unrealized = equity."""
        where = f"account {name}"
        amount = {key: fixed.exact(account[key]) for key in
                  ("initial_balance", "balance", "realized_pnl", "unrealized_pnl", "fees", "equity")}
        self.same(where, "realized", amount["realized_pnl"], self.realized[name])
        self.same(where, "fees", amount["fees"], self.fees[name])
        self.same(where, "balance", amount["balance"],
                  amount["initial_balance"] + self.realized[name] - self.fees[name])
        self.same(where, "equity", amount["equity"], amount["balance"] + amount["unrealized_pnl"])
        held = {symbol: book for (owner, symbol), book in self.books.items() if owner == name and book.signed}
        self.same(where, "open positions", account["open_positions"], len(held))
        self.same(where, "positions", {symbol: position["quantity"] for symbol, position
                                       in account["positions"].items()},
                  {symbol: show(book.signed) for symbol, book in held.items()})
        if all(symbol in marks for symbol in held):
            self.same(where, "unrealized", amount["unrealized_pnl"],
                      sum(book.unrealized(marks[symbol]) for symbol, book in held.items()))


def read_inputs(tree, path):
    """(conf, whether it changes on the way, counts of signals, last mark of every symbol) of an input capture."""
    settings, changing = conf.Conf(tree), 0
    counts, marks = Counter(), {}
    first = True
    for entry in capture.entries(path):
        if entry is not None:
            if entry.stream == "@conf" and (first or changing):
                tree = conf.with_fields(tree, entry.fields)
                settings = settings if changing else conf.Conf(tree)
                changing += 1
            _read_input(settings, entry, counts, marks)
        first = False
    return settings, changing > 1, counts, {} if settings.simulated else marks


def _read_input(settings, entry, counts, marks):
    """Count a signal; follow a price."""
    kind = settings.kinds.get(entry.stream)
    if kind == "signals":
        counts["signals"] += 1
        try:
            counts[codec.decode(entry.fields, codec.judge_signal).action] += 1
        except codec.DeadLetter:
            pass
    elif kind == "ticks":
        try:
            symbol, bid, ask = codec.decode(entry.fields, codec.judge_tick)
            marks[symbol] = even(bid + ask, 2)
        except codec.DeadLetter:
            pass
    elif entry.stream == "@command":
        fields = dict(entry.fields)
        if fields.get("command") == "price" and fixed.NUMBER.fullmatch(fields.get("price", "")):
            price = fixed.rounded(fields["price"])
            if 0 < price <= fixed.MAX:
                marks[fields.get("symbol")] = price


def check(tree, inputs, lines, summary=None):
    """The violations found, as texts."""
    settings, changing, counts, marks = read_inputs(tree, inputs)
    checker = Check(settings, changing)
    for number, raw in enumerate(lines, 1):
        checker.line(number, raw)
    checker.settle("end of output")
    checker.counts(counts)
    if summary is not None:
        checker.summary(summary, counts, marks)
    return checker.problems


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--conf", help="TOML conf (default: the defaults)")
    parser.add_argument("--capture", required=True, help="the input capture")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", dest="sets")
    parser.add_argument("--summary", help="the run's summary JSON, to be compared too")
    parser.add_argument("output", help="the published lines, gzip where the name ends in .gz")
    options = parser.parse_args(arguments)
    summary = None
    if options.summary:
        with open(options.summary, encoding="utf-8") as file:
            summary = json.load(file)
    with capture.open_lines(options.output) as lines:
        problems = check(conf.load(options.conf, options.sets), options.capture, lines, summary)
    for problem in problems:
        print(f"identities: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
