#!/usr/bin/env python3
"""The equity of each account and the latency of the engine, from captures of the output streams.

    replay run --conf conf/quickstart.toml --out out.ndjson && equity_curve.py out.ndjson --svg equity.svg
    replay capture --streams trade.execution.res,trade.position.update,… --out live.ndjson
    follow.py --json > live.ndjson

Books are folded from the executions, exactly, and compared with every position update: captures that do not begin
where the accounts did, or that lack entries, are refused. Equity is taken where something was published, after each fill
and at each mark, with every position at its last published mark; the engine's own drawdown looks at every tick, and
differs. Latencies need a capture made while the engine ran. Needs nothing but Python.
Exit codes: 64 wrong usage, 65 damaged or incomplete captures, 66 no such file, 73 no place for the output.
"""

import argparse
import collections
import datetime
import json
import math
import re
import sys

import command_line
import svg_chart
from capture_file import EPOCH, S, amount, damaged, published_entries, shown
from paper_books import Account

PERCENTILES = (50, 90, 99, 99.9)
NAMED_AMOUNT = re.compile(r"(?:([A-Za-z0-9._-]{1,32})=)?([0-9]+(?:\.[0-9]{1,8})?)")


def initial_balance(text):
    """A converter for argparse: USD, or NAME=USD."""
    match = NAMED_AMOUNT.fullmatch(text)
    if not match or amount(match[2]) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no balance: USD or NAME=USD")
    return match[1], amount(match[2])


class Fold:
    """Takes the entries in order; holds the accounts and the latencies."""

    def __init__(self, initial, has_positions):
        self._initial = initial
        self._has_positions = has_positions
        self.accounts = {}
        self._numbers = {}  # last of each stream
        self._touched = {}  # accounts that the input in hand has changed -> its log time
        self._unconfirmed = {}  # (account, symbol) filled by the input in hand -> place

    def account(self, name):
        if name not in self.accounts:
            self.accounts[name] = Account(self._initial.get(name, self._initial[None]))
        return self.accounts[name]

    def take(self, entry):
        """Errors: command_line.Failure; KeyError, ValueError, TypeError, AttributeError for what the engine does not write."""
        if "order_id" not in entry.data and "side" not in entry.data:
            return
        before = self._numbers.get(entry.stream, entry.number - 1)
        if entry.number != before + 1:
            raise damaged(entry.place, f"{entry.stream}: {entry.number - before - 1} entries before this one are missing")
        self._numbers[entry.stream] = entry.number
        name = entry.fields["acct"]
        if "order_id" in entry.data:
            self._execution(entry.place, name, entry.data, entry.fields)
        else:
            self._position(entry.place, name, entry.data)
        self._touched[name] = entry.us

    def _execution(self, place, name, data, fields):
        account = self.account(name)
        if data["status"] == "rejected":
            account.refused += 1
            return
        quantity = amount(fields["qty"])
        position = account.position(data["symbol"])
        account.realized += position.fill(quantity if data["action"] == "BUY" else -quantity, amount(data["entry_price"]))
        account.fees += amount(data["fee_usd"])
        account.filled += 1
        if self._has_positions:
            self._unconfirmed[name, data["symbol"]] = place

    def _position(self, place, name, data):
        position = self.account(name).position(data["symbol"])
        self._unconfirmed.pop((name, data["symbol"]), None)
        position.unrealized = amount(data["unrealized_pnl"])
        if data["side"] == "CLOSED" and position.side != "CLOSED":
            self._unconfirmed[name, data["symbol"]] = place  # it turned: the new side is told next
            return
        found = (position.side, position.size)
        if (data["side"], amount(data["size_usd"])) != found:
            raise damaged(place, f"{data['symbol']} of {name} is {data['side']} {data['size_usd']} USD by this update and "
                                 f"{found[0]} {shown(found[1])} USD by the executions before it: entries are missing")

    def end_of_input(self):
        """Everything that one input caused has been taken."""
        for (name, symbol), place in self._unconfirmed.items():
            raise damaged(place, f"no position update of {symbol} of {name} follows: entries are missing")
        for name, at_us in self._touched.items():
            self.accounts[name].mark(at_us)
        self._touched.clear()


def folded(entries, initial):
    """The accounts, by name."""
    fold = Fold(initial, any("side" in entry.data for entry in entries))
    last = None
    for entry in entries:
        if entry.sequence != last:
            fold.end_of_input()
        last = entry.sequence
        try:
            fold.take(entry)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            raise damaged(entry.place, f"no output of the engine: {type(error).__name__} {error}") from None
    fold.end_of_input()
    return fold.accounts


def latencies(entries):
    """Name of a stretch -> its times in µs, ascending; stretches that the captures do not show are empty."""
    found = collections.defaultdict(list)
    # A replay writes log times, a range of a stream the milliseconds of its ids: neither is when an entry came.
    is_live = any(entry.ns is not None and entry.ns // 1000 > entry.us for entry in entries)
    for entry in entries:
        if entry.cause_ms is None:
            continue
        if "approved_by" in entry.data or "reason" in entry.data:
            found["signal in Redis -> engine"].append(entry.us - entry.cause_ms * 1000)
        if is_live and entry.ns is not None:
            found["engine -> output received"].append(entry.ns // 1000 - entry.us)
            if "order_id" in entry.data:
                found["signal in Redis -> execution received"].append(entry.ns // 1000 - entry.cause_ms * 1000)
    return {name: sorted(times) for name, times in found.items()}


def percentile(times, percent):
    """The least of the ascending times that so many percent do not exceed."""
    return times[max(0, math.ceil(percent / 100 * len(times)) - 1)]


def summary_of(accounts, stretches):
    """Everything that the table shows."""
    return {
        "accounts": {name: {
            "executions": account.filled, "rejected": account.refused, "initial_balance": shown(account.initial),
            "balance": shown(account.balance), "realized_pnl": shown(account.realized), "fees": shown(account.fees),
            "unrealized_pnl": shown(account.unrealized), "equity": shown(account.equity),
            "max_drawdown": round(account.drawdown, 8), "open_positions": account.open_count,
        } for name, account in sorted(accounts.items())},
        "latency_us": {name: {"count": len(times), **{f"p{percent}": percentile(times, percent) for percent in PERCENTILES},
                              "max": times[-1]} for name, times in stretches.items()},
    }


def aligned(rows):
    """Lines of a table: the first column to the left, the others to the right."""
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return ["  ".join([row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]).rstrip()
            for row in rows]


def table(summary):
    lines = aligned([["account", "executions", "balance", "realized", "fees", "unrealized", "equity", "max drawdown"]] + [
        [name, str(row["executions"]), row["balance"], row["realized_pnl"], row["fees"], row["unrealized_pnl"], row["equity"],
         f"{100 * row['max_drawdown']:.2f} %"] for name, row in summary["accounts"].items()])
    if not summary["latency_us"]:
        return lines
    columns = [*(f"p{percent}" for percent in PERCENTILES), "max"]
    lines += ["", *aligned([["latency, ms", "count", *columns]] + [
        [name, str(row["count"]), *(f"{row[column] / 1000:.3f}" for column in columns)]
        for name, row in summary["latency_us"].items()])]
    if "engine -> output received" not in summary["latency_us"]:
        lines.append("No capture of a running engine: when its outputs were received is not known.")
    lines.append("Entry ids carry whole milliseconds: what begins in Redis shows up to 1 ms too long.")
    return lines


def time_ticks(low_us, high_us):
    """About six moments of the time between."""
    steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400]
    span_s = max(1, (high_us - low_us) // 1_000_000)
    step_us = 1_000_000 * next((step for step in steps if span_s / step <= 8), 86400 * math.ceil(span_s / 86400 / 8))
    form = "%H:%M:%S" if step_us < 60_000_000 else "%H:%M" if span_s < 2 * 86400 else "%d %b %H:%M"
    return [(at, (EPOCH + datetime.timedelta(microseconds=at)).strftime(form))
            for at in range(-(-low_us // step_us) * step_us, high_us + 1, step_us)]


def panels(accounts, stretches):
    """What the SVG shows: equity over time, and latency by percentile."""
    curves = {name: account.curve for name, account in sorted(accounts.items()) if account.curve}
    found = []
    if curves:
        low = min(curve[0][0] for curve in curves.values())
        high = max(curve[-1][0] for curve in curves.values())
        lines = [(name, [(at, value / S) for at, value in [(low, accounts[name].initial), *curve, (high, curve[-1][1])]])
                 for name, curve in curves.items()]
        values = [value for _, points in lines for _, value in points]
        found.append(svg_chart.Panel("Equity, USD (UTC)", lines, time_ticks(low, high),
                                     svg_chart.ticks(min(values), max(values)), is_stepped=True))
    if stretches:
        # The further to the right, the rarer: one step is a tenth of the calls.
        shares = [1 - 10 ** (-n / 20) for n in range(61)]
        lines = [(name, [(-math.log10(1 - share), max(1, percentile(times, 100 * share)) / 1000) for share in shares
                         if (1 - share) * len(times) >= 1 or share == 0]) for name, times in stretches.items()]
        lines = [(name, [(x, math.log10(y)) for x, y in points]) for name, points in lines]
        lows, highs = (pick(y for _, points in lines for _, y in points) for pick in (min, max))
        decades = range(math.floor(lows), max(math.ceil(highs), math.floor(lows) + 1) + 1)
        found.append(svg_chart.Panel("Latency by percentile, ms", lines,
                                     [(0, "min"), (-math.log10(0.5), "50 %"), (1, "90 %"), (2, "99 %"), (3, "99.9 %")],
                                     [(n, f"{10.0 ** n:g}") for n in decades]))
    return found


def parse():
    parser = command_line.Parser(__doc__)
    parser.add_argument("captures", nargs="+", metavar="CAPTURE", help="NDJSON, perhaps gzipped; - is standard input")
    parser.add_argument("--initial", type=initial_balance, action="append", default=[], metavar="[NAME=]USD",
                        help="accounts.initial_balance of the engine's conf, default 10000; or of one account")
    parser.add_argument("--svg", metavar="FILE", help="draw equity and latency")
    parser.add_argument("--json", action="store_true", help="the table as JSON")
    return parser.parse_args()


def main():
    options = parse()
    entries = published_entries(options.captures)
    accounts = folded(entries, {None: 10_000 * S, **dict(options.initial)})
    if not accounts:
        raise command_line.Failure(command_line.DATA, f"{', '.join(options.captures)}: no execution and no position update")
    stretches = latencies(entries)
    summary = summary_of(accounts, stretches)
    print(json.dumps(summary, indent=2) if options.json else "\n".join(table(summary)))
    if not any("side" in entry.data for entry in entries):
        print("equity_curve.py: no position updates in the captures: open positions count at cost", file=sys.stderr)
    if options.svg:
        try:
            with open(options.svg, "w", encoding="utf-8") as file:
                file.write(svg_chart.chart(panels(accounts, stretches)))
        except OSError as error:
            raise command_line.Failure(command_line.CANNOT_CREATE, f"{options.svg}: {error.strerror}") from None
    return command_line.OK


if __name__ == "__main__":
    command_line.run(main)
