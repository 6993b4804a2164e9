#!/usr/bin/env python3
"""Publishes one trade signal or one price to the engine's input streams; prints the id of the entry.

    send_signal.py tick BTCUSDT 95000              a last price
    send_signal.py tick BTCUSDT 94999.5 95000.5    bid and ask
    send_signal.py signal BTCUSDT BUY 0.85         action BUY, SELL, HOLD or CLOSE; confidence 0 to 1

Needs nothing but Python. Numbers go out as they were typed: the engine reads their decimal text.
Exit codes: 64 wrong usage, 69 no Redis, 77 no permission, 78 the stream's key holds something else.
"""

import argparse
import datetime
import decimal
import json
import re

import command_line
import resp

SIGNAL_STREAM, TICK_STREAM = "trade.signal.v5", "market.tick"
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


class Number(str):
    """The text of a JSON number, kept as it is."""


def number(least, most, above_least=False, below_most=False, is_whole=False):
    """A converter for argparse: the text of a number of this range."""
    told = (f"{'whole ' if is_whole else ''}number {'above' if above_least else 'from'} {least} "
            f"{'to below' if below_most else 'to'} {most}")

    def convert(text):
        value = decimal.Decimal(text) if NUMBER.fullmatch(text) else decimal.Decimal("nan")
        is_inside = (decimal.Decimal(least) <= value <= most and not (above_least and value == least)
                     and not (below_most and value == most)) if value.is_finite() else False
        if not is_inside or (is_whole and value != value.to_integral_value()):
            raise argparse.ArgumentTypeError(f"{text!r} is no {told}")
        return Number(text)
    return convert


def words(pattern, told):
    """A converter for argparse: text whose UTF-8 is of this pattern."""
    def convert(text):
        if not re.fullmatch(pattern, text.encode("utf-8", "surrogateescape")) or not text.isprintable():
            raise argparse.ArgumentTypeError(f"{text!r} is no {told}")
        return text
    return convert


PRICE = number("0.00000001", 92_233_720_368)
SYMBOL = words(rb"[A-Z0-9._:/-]{1,32}", "symbol: 1 to 32 of A-Z 0-9 . _ : / -")
ACCOUNT = words(rb"[A-Za-z0-9._-]{1,32}", "account: 1 to 32 of A-Z a-z 0-9 . _ -")
TEXT = words(rb".{1,64}", "printable text of 1 to 64 bytes")
TIMESTAMP = words(rb"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?(Z|\+00:00)?",
                  "UTC time: YYYY-MM-DDTHH:MM:SS[.decimals][Z]")


def data_text(message):
    """The JSON of a message without what is None, numbers as typed."""
    return "{" + ", ".join(f"{json.dumps(key)}: {value if isinstance(value, Number) else json.dumps(value)}"
                           for key, value in message.items() if value is not None) + "}"


def now():
    return datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def signal_of(options):
    return {"symbol": options.symbol, "action": options.action, "confidence": options.confidence,
            "timestamp": options.timestamp or now(), "source": options.source, "account": options.account,
            "signal_id": options.signal_id, "position_size_pct": options.position_size_pct,
            "stop_loss_pct": options.stop_loss_pct, "max_slippage_pct": options.max_slippage_pct,
            "ttl_ms": options.ttl_ms}


def tick_of(options):
    if options.ask is None:
        return {"symbol": options.symbol, "price": options.price, "timestamp": now()}
    if decimal.Decimal(options.price) > decimal.Decimal(options.ask):
        raise command_line.Failure(command_line.USAGE, f"the bid {options.price} is above the ask {options.ask}")
    return {"symbol": options.symbol, "bid": options.price, "ask": options.ask, "timestamp": now()}


def parse():
    parser = command_line.Parser(__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="signal | tick")
    signal = commands.add_parser("signal", doc="Publishes a trade signal.", help="a trade signal")
    signal.set_defaults(message_of=signal_of)
    signal.add_argument("symbol", type=SYMBOL)
    signal.add_argument("action", choices=("BUY", "SELL", "HOLD", "CLOSE"))
    signal.add_argument("confidence", type=number(0, 1), help="0 to 1")
    signal.add_argument("--source", type=TEXT, default="manual", help="who says so, default manual")
    signal.add_argument("--timestamp", type=TIMESTAMP, metavar="UTC", help="YYYY-MM-DDTHH:MM:SS[.decimals][Z], default now")
    signal.add_argument("--account", type=ACCOUNT, help="default main")
    signal.add_argument("--signal-id", type=TEXT, metavar="ID", help="a repeat of it is refused as a duplicate")
    signal.add_argument("--position-size-pct", type=number(0, 1, above_least=True), metavar="RATIO", help="caps the size")
    signal.add_argument("--stop-loss-pct", type=number(0, 1, below_most=True), metavar="RATIO")
    signal.add_argument("--max-slippage-pct", type=number(0, 1, below_most=True), metavar="RATIO")
    signal.add_argument("--ttl-ms", type=number(1, 86_400_000, is_whole=True), metavar="MS", help="refused when older than that")
    tick = commands.add_parser("tick", doc="Publishes a last price, or bid and ask.", help="a price")
    tick.set_defaults(message_of=tick_of)
    tick.add_argument("symbol", type=SYMBOL)
    tick.add_argument("price", type=PRICE, help="the last price; with an ask behind it, the bid")
    tick.add_argument("ask", type=PRICE, nargs="?")
    for command, stream in ((signal, SIGNAL_STREAM), (tick, TICK_STREAM)):
        command.add_argument("--stream", default=stream, help=f"default {stream}")
        command.add_argument("--maxlen", type=number(1, 2**63 - 1, is_whole=True), default=10_000, metavar="N",
                             help="trim the stream to about so many entries, default 10000")
        command.add_argument("--dry-run", action="store_true", help="print the JSON instead of sending it")
        resp.add_address_options(command)
    return parser.parse_args()


def main():
    options = parse()
    data = data_text(options.message_of(options))
    if options.dry_run:
        print(data)
        return command_line.OK
    try:
        connection = resp.connect(options)
        entry_id = connection.ask("XADD", options.stream, "MAXLEN", "~", options.maxlen, "*", "data", data)
    except OSError as error:
        raise command_line.Failure(command_line.UNAVAILABLE,
                                   f"no Redis at {resp.address_text(options)}: {error}") from None
    except resp.ReplyError as error:
        raise command_line.Failure(command_line.refusal_code(error.kind),
                                   f"Redis at {resp.address_text(options)} refuses: {error}") from None
    print(entry_id.decode())
    return command_line.OK


if __name__ == "__main__":
    command_line.run(main)
