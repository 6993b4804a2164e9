#!/usr/bin/env python3
"""Writes bad_inputs.ndjson: the 130 numbered bad inputs, with what must be seen for each.

usage: make_bad_inputs.py [OUT]        (default: bad_inputs.ndjson beside this script)

One JSON object a line, in row order; a row with several variants has the ids 98a, 98b, ...

  id, name      row and a few words
  stream        trade.signal.v5 or market.tick
  fields        the fields of the Redis entry, in order: [name, value], both base64. A value of
                more than 4 KiB is {"pre","unit","count","post"}: pre + unit * count + post (base64
                but for count); with "numbered": true the bytes %d in unit are the repetition's
                number, from 0. A field may be {"name","value","count"}: count fields, %d in the
                name replaced likewise.
  outcome       dead_letter, held, rejected, approved_or_rejected, or accepted (a tick: applied)
  code, offset  of a dead letter; reason: of a rejection
  entry_id      only where the row is about the Redis id
  set           conf keys the line needs; without it the default conf is meant
  count         the entry comes that many times
  note          why, where more than one outcome is thinkable

Assumed: BTCUSDT is quoted 95000.0 / 95001.0, and row i comes 2026-01-12T10:00:00Z + i ms. The base
signal has ttl_ms 5000, so its age is checked even where the conf leaves that off. Lines depend on
earlier lines of the same row only; an outcome that depends on balance, positions or the day's
trades is approved_or_rejected, unless the line has an account of its own.
"""

import json
import pathlib
import sys

sys.dont_write_bytecode = True  # no __pycache__ among the data
from entries import SIGNAL, SIZE_MAX, TICK, expanded, repeated, written
from payloads import BASE, QUOTE, joined, padded, raw, signal, signal_with, tick, trade

TRADEABLE, ACCEPTED, REJECTED = "approved_or_rejected", "accepted", "rejected"
LINES = []


def line(row, name, outcome, data=None, fields=None, stream=SIGNAL, **more):
    """Adds one line; `fields` where the entry is not just one field `data`."""
    listed = [("data", data)] if fields is None else fields
    entry = [written(f) if isinstance(f, dict) else [written(raw(f[0])), written(raw(f[1]))]
             for f in listed]
    LINES.append({"id": str(row), "name": name, "stream": stream, "fields": entry,
                  "outcome": outcome, **more})


def dead(row, name, code, data=None, key=None, offset=0, **more):
    """A dead letter; with `key` the offset is that of the value behind its last appearance."""
    if key is not None:
        offset = expanded(data).rindex(raw(f'"{key}":')) + len(key) + 3
    line(row, name, "dead_letter", data, code=code, offset=offset, **more)


def dead_value(row, name, code, key, value, **more):
    dead(row, name, code, signal(**{key: value}), key, **more)


def bytes_rows():
    """A: 1-16."""
    dead(1, "empty data", "EMPTY", b"")
    dead(2, "field data missing", "EMPTY", fields=[("payload", signal())])
    dead("3a", "only spaces", "EMPTY", b"   ")
    dead("3b", "the four JSON blanks", "EMPTY", b" \t\r\n")
    dead("3c", "vertical tab is no JSON blank", "JSON", b" \x0b ")
    dead(4, "one NUL", "JSON", b"\x00", note="not one of the JSON blanks, and valid UTF-8")
    dead("5a", "NUL byte inside a string", "JSON", signal(source=b'"meta\x00v5"'))
    dead_value("5b", "escaped NUL in symbol", "SYMBOL", "symbol", r'"BTC\u0000USDT"')
    dead_value("5c", "escaped NUL in action", "ACTION", "action", r'"BUY\u0000"')
    dead_value("5d", "escaped NUL in timestamp", "TIMESTAMP", "timestamp",
               r'"2026-01-12T10:00:00\u0000"')
    line("5e", "escaped NUL in source", TRADEABLE, signal(source=r'"meta\u0000v5"'),
         note="source is any 1 to 64 bytes")
    dead("6a", "trailing NUL", "JSON", signal() + b"\x00")
    line("6b", "trailing blanks", TRADEABLE, signal() + b" \r\n\t")
    dead(7, "UTF-8 byte order mark first", "JSON", b"\xef\xbb\xbf" + signal(),
         note="the mark is valid UTF-8 and no JSON blank")
    utf16 = signal().decode().encode("utf-16-le")
    dead("8a", "UTF-16LE without mark", "JSON", utf16, note="all bytes below 0x80: valid UTF-8")
    dead("8b", "UTF-16LE with mark", "UTF8", b"\xff\xfe" + utf16)
    dead("9a", "lone 0x80", "UTF8", b"\x80")
    dead("9b", "lone 0x80 in source", "UTF8", signal(source=b'"me\x80ta"'))
    dead("9c", "lone 0x80 in an unknown field", "UTF8", signal_with(b'"x":"\x80"'))
    dead("9d", "lone 0x80 behind broken JSON", "UTF8", b'{"symbol":}' + b"\x80")
    dead(10, "overlong C0 AF", "UTF8", signal(source=b'"\xc0\xaf"'))
    dead(11, "encoded surrogate ED A0 80", "UTF8", signal(source=b'"\xed\xa0\x80"'))
    dead(12, "F4 90 80 80, beyond U+10FFFF", "UTF8", signal(source=b'"\xf4\x90\x80\x80"'))
    dead("13a", "truncated 4-byte character at the end", "UTF8", signal() + b"\xf0\x9f\x98")
    dead("13b", "truncated 4-byte character ends a string", "UTF8",
         signal(source=b'"meta\xf0\x9f\x98"'))
    line("14a", "payload of 16 KiB", TRADEABLE, padded(SIZE_MAX))
    dead("14b", "payload of 16 KiB + 1", "SIZE", padded(SIZE_MAX + 1))
    dead("14c", "16 KiB of spaces", "EMPTY", repeated(b" ", SIZE_MAX))
    dead("14d", "16 KiB + 1 of spaces", "SIZE", repeated(b" ", SIZE_MAX + 1))
    dead("14e", "16 KiB + 1 of 0x80", "SIZE", repeated(b"\x80", SIZE_MAX + 1))
    dead(15, "string value of 1 MiB", "SIZE",
         repeated(b"a", 1 << 20, signal()[:-1] + b',"x":"', b'"}'))
    dead(16, "payload of 64 MiB", "SIZE", padded(64 << 20))


def structure_rows():
    """B: 17-47."""
    whole = ['{', '{"symbol":"BTCUSDT"', '{"symbol"}', '{"symbol":}', '{"symbol":"BTCUSDT",}',
             '{,}', '{"a":1 "b":2}', '{"a":1}}', '{"a":1}{"b":2}', '{"a":1} x',
             '[{"symbol":"BTCUSDT"}]', '"BTCUSDT"', '123', 'null', 'true', "{'symbol':'BTCUSDT'}",
             '{symbol:"BTCUSDT"}', '{"symbol":"BTCUSDT"/*c*/}', '{"a":tru}', '{"a":True}',
             '{"a":None}']
    for row, text in enumerate(whole, 17):
        dead(row, text, "JSON", raw(text))
    strings = [(38, "raw newline in a string", '"me\nta"'),
               (39, "unescaped tab in a string", '"me\tta"'),
               (40, "bad escape \\x41", r'"\x41"'), (41, "bad escape \\u12G4", r'"\u12G4"'),
               ("42a", "lone high surrogate escape", r'"\ud800"'),
               ("42b", "lone low surrogate escape", r'"\udc00"'),
               ("42c", "high surrogate before another escape", r'"\ud800\u0041"')]
    for row, name, text in strings:
        dead(row, name, "JSON", signal(source=text))
    dead("42d", "lone surrogate in an unknown field", "JSON", signal_with(r'"x":"\ud800"'))
    dead("42e", "lone surrogate in an unknown key", "JSON", signal_with(r'"\ud800":1'))
    line("42f", "surrogate pair", TRADEABLE, signal(source=r'"\ud83d\ude00"'))
    dead("43a", "unterminated string", "JSON", signal(drop=["position_size_pct", "ttl_ms"])[:-2])
    dead("43b", "string ends in a backslash", "JSON", signal(source=r'"meta\"'))

    def arrays(depth):
        return f'"x":{"[" * depth}{"]" * depth}'

    def objects(key, depth):
        return f'"{key}":' + '{"a":' * (depth - 1) + "{}" + "}" * (depth - 1)

    deep = "64 containers inside a value are accepted, the 65th is JSON"
    dead("44a", "1,000-deep arrays, unknown field", "JSON", signal_with(arrays(1000)), note=deep)
    line("44b", "64-deep arrays, unknown field", TRADEABLE, signal_with(arrays(64)))
    dead("44c", "65-deep arrays, unknown field", "JSON", signal_with(arrays(65)))
    line("44d", "64-deep objects in ensemble_votes", TRADEABLE,
         signal_with(objects("ensemble_votes", 64)))
    dead("44e", "65-deep objects in ensemble_votes", "JSON",
         signal_with(objects("ensemble_votes", 65)))
    line("44f", "500 arrays side by side", TRADEABLE,
         signal_with('"x":[' + ",".join(["[]"] * 500) + "]"))
    dead("44g", "65-deep arrays as confidence", "JSON", signal(confidence="[" * 65 + "]" * 65))
    dead("45a", "100,000-deep arrays", "SIZE", repeated(b"[", 100_000, signal()[:-1] + b',"x":'),
         note="over 16 KiB, and SIZE is looked at first")
    dead("45b", "16,000-deep arrays", "JSON", repeated(b"[", 16_000, signal()[:-1] + b',"x":'))
    for place, after in ((46, "symbol"), (47, None)):
        where = "between used fields" if after else "behind the last used field"
        for letter, text in zip("abcdef", ("[1,,2]", "tru", '{"a" 1}', "[01]", '["\t"]', "[1}")):
            dead(f"{place}{letter}", f"unused {text!r} {where}", "JSON",
                 signal_with(f'"x":{text}', after))


def key_rows():
    """C: 48-61."""
    for row, key in enumerate(("symbol", "action", "confidence", "timestamp"), 48):
        dead(row, f"no {key}", "MISSING_KEY", signal(drop=[key]))
    twice = "DUPLICATE_KEY"
    dead("52a", "action twice", twice, signal_with('"action":"SELL"', "action"), "action")
    dead("52b", "unknown key twice", twice, signal_with('"x":1,"x":1'), "x")
    dead("52c", "a key and its escaped spelling", twice,
         signal_with(r'"\u0061ction":"SELL"'), r"\u0061ction")
    dead("52d", "optional key twice, both null", twice,
         signal_with('"account":null,"account":null'), "account")
    line("52e", "a key twice inside a value", TRADEABLE, signal_with('"x":{"a":1,"a":2}'),
         note="only the top level is looked at")
    dead("52f", "a wrong type before a key twice", "TYPE",
         signal(action="1", confidence='0.8,"symbol":"BTCUSDT"'), "action")
    dead("52g", "second appearance has a wrong type", twice, signal_with('"action":1'), "action")
    dead("53a", "field data twice", "EMPTY", fields=[("data", signal()), ("data", signal())])
    dead("53b", "field data twice, the first too long", "SIZE",
         fields=[("data", padded(SIZE_MAX + 1)), ("data", signal())])
    dead("53c", "field data twice, the second too long", "EMPTY",
         fields=[("data", signal()), ("data", padded(SIZE_MAX + 1))],
         note="SIZE looks at the first")
    rest = [(k, v) for k, v in BASE.items() if k != "symbol"]
    line("54a", "escaped key", TRADEABLE, joined([(r"\u0073ymbol", '"BTCUSDT"'), *rest]))
    line("54b", "escaped letter in the symbol", TRADEABLE, signal(symbol=r'"\u0042TCUSDT"'))
    for row, name, key, value in ((55, "wrong case", "Symbol", '"BTCUSDT"'),
                                  (56, "trailing space", "symbol ", '"BTCUSDT"')):
        dead(f"{row}a", f"key in {name}" if row == 55 else f"key with {name}", "MISSING_KEY",
             joined([(key, value), *rest]))
        line(f"{row}b", f"{key!r} beside the real key", TRADEABLE, signal_with(f'"{key}":{value}'))
    line(57, "key of 10 KiB", TRADEABLE, repeated(b"k", 10 << 10, signal()[:-1] + b',"', b'":1}'))
    start = signal()[:-1]
    dead("58a", "10,000 unknown keys", "SIZE",
         repeated(b',"k%d":0', 10_000, start, b"}", numbered=True), note="over 16 KiB")
    line("58b", "1,600 unknown keys", TRADEABLE,
         repeated(b',"k%d":0', 1_600, start, b"}", numbered=True))
    dead("58c", "1,600 unknown keys and the first again", twice,
         repeated(b',"k%d":0', 1_600, start, b',"k0":1}', numbered=True), "k0")
    line(59, "keys in reverse order", TRADEABLE, joined(reversed(BASE.items())))
    line(60, "__proto__ and constructor", TRADEABLE,
         signal_with('"__proto__":{"symbol":"X"},"constructor":{"prototype":{"action":"SELL"}}'))
    line("61a", "empty key beside the real keys", TRADEABLE, signal_with('"":1'))
    dead("61b", "empty key for symbol", "MISSING_KEY", joined([("", '"BTCUSDT"'), *rest]))


def type_rows():
    """D: 62-72."""
    rows = [("confidence", '"0.8"'), ("confidence", "true"), ("confidence", "[0.8]"),
            ("confidence", "{}"), ("confidence", "null"), ("symbol", "1"), ("symbol", "null"),
            ("symbol", '["BTCUSDT"]'), ("action", "1"), ("ttl_ms", '"5"'),
            ("timestamp", "1736676000")]
    for row, (key, text) in enumerate(rows, 62):
        dead_value(row, f"{key} {text}", "TYPE", key, text)


def number_rows():
    """E: 73-100."""
    low, out, syntax = "LOW_CONFIDENCE", "RANGE", "JSON"
    confidences = [
        (73, "NaN", syntax), (74, "Infinity", syntax), (75, "-Infinity", syntax),
        (76, '"NaN"', "TYPE"), (77, "1e400", out), (78, "-1e400", out), ("79a", "1e-400", low),
        ("79b", "-1e-400", out), (80, "01", syntax), (81, "+1", syntax), (82, ".5", syntax),
        (83, "5.", syntax), (84, "1e", syntax), (85, "0x10", syntax), (86, "1_000", syntax),
        (87, "1,5", syntax), ("88a", "-0", low), ("88b", "-0.0", low), (89, "-0.0001", out),
        (90, "1.0000001", out), (91, "1.7976931348623157e308", out), (92, "5e-324", low),
        ("93a", "9223372036854775807", out), ("93b", "9223372036854775808", out),
        ("94a", "18446744073709551615", out), ("94b", "18446744073709551616", out),
        ("95a", "7" * 400, out), ("96a", "0." + "8" * 400, TRADEABLE),
        ("96b", "0.64" + "9" * 398, low), ("96c", "1." + "0" * 399 + "1", out)]
    unused = {"94b": ("94c", "20-digit"), "95a": ("95b", "400-digit")}
    for row, text, want in confidences:
        short = text if len(text) < 40 else f"{text[:5]}...{text[-1]}, {len(text)} characters"
        name = f"confidence {short}"
        if want == low:
            line(row, name, REJECTED, signal(confidence=text), reason=low)
        elif want == TRADEABLE:
            line(row, name, TRADEABLE, signal(confidence=text))
        else:
            dead(row, name, want, signal(confidence=text), None if want == syntax else "confidence")
        if row in unused:
            line(unused[row][0], f"{unused[row][1]} integer in an unknown field", TRADEABLE,
                 signal_with(f'"x":{text}'))
    for letter, text in zip("abcd", ("0", "-1", "1e18", "5.5")):
        dead_value(f"97{letter}", f"ttl_ms {text}", out, "ttl_ms", text)
    for letter, text in zip("abc", ("0", "-1", "1e18")):
        dead_value(f"98{letter}", f"position_size_pct {text}", out, "position_size_pct", text)
    line("98d", "position_size_pct 1e-12", REJECTED, reason="SIZE_ZERO",
         data=signal(position_size_pct="1e-12", account='"r98d"'),
         note="in (0, 1] on its text, then cut to 0; in an account that has no position")
    line("98e", "highest price", ACCEPTED, stream=TICK,
         data=trade("92233720368.54775807", symbol='"HUGEUSDT"'))
    line("98f", "fill price does not fit", REJECTED, reason="OVERFLOW",
         data=signal(symbol='"HUGEUSDT"', account='"r98f"'), note="slippage goes beyond 64 bits")
    line("98g", "lowest price", ACCEPTED, trade("0.00000001", symbol='"DUSTUSDT"'), stream=TICK)
    line("98h", "quantity does not fit", REJECTED, reason="OVERFLOW", note="balance 1000 or more",
         data=signal(["position_size_pct"], symbol='"DUSTUSDT"', action='"SELL"',
                     account='"r98h"'))
    dead_value(99, "ttl_ms 2.5e0", out, "ttl_ms", "2.5e0")
    line("100a", "ttl_ms 1E+2", TRADEABLE, signal(ttl_ms="1E+2"), note="100; its age is 100 ms")
    line("100b", "ttl_ms 9.9E+1", REJECTED, signal(ttl_ms="9.9E+1"), reason="STALE_SIGNAL")


def meaning_rows():
    """F: 101-122."""
    unpriced = "NO_MARKET_PRICE"
    symbols = [(101, "", 0), (102, "btcusdt", 0), (103, "BTCUSDT ", 0), ("104a", "A" * 65, 0),
               ("104b", "A" * 33, 0), ("104c", "A" * 32, unpriced), (105, "BTC/USDT", unpriced),
               ("106a", "../../etc", 0), ("106b", "../../ETC", unpriced),
               (107, "\u0412TCUSDT", 0), (108, "ZZZZUSDT", unpriced)]
    for row, text, reason in symbols:
        name = f"symbol {text!a}" if len(text) < 20 else f"symbol of {len(text)} characters"
        if reason:
            line(row, name, REJECTED, signal(symbol=f'"{text}"'), reason=reason)
        else:
            note = {"note": "lower case is not in [A-Z0-9._:/-]"} if row == "106a" else {}
            dead_value(row, name, "SYMBOL", "symbol", f'"{text}"', **note)
    full = {"set": ["accounts.symbols_max=4"]}
    for letter, number in zip("abc", "234"):
        line(f"109{letter}", f"symbol {number} of 4", ACCEPTED, stream=TICK, **full,
             data=tick(symbol=f'"T{number}USDT"'), note="BTCUSDT is the first, none in the conf")
    dead("109d", "symbol number max + 1, tick", "TABLE_FULL", tick(symbol='"T5USDT"'),
         stream=TICK, **full)
    line("109e", "symbol number max + 1, signal", REJECTED, signal(symbol='"T5USDT"'),
         reason=unpriced, **full)
    dead_value(110, "action 'buy'", "ACTION", "action", '"buy"')
    line(111, "HOLD", "held", signal(action='"HOLD"'))
    dead_value(112, "action 'BUY\\n'", "ACTION", "action", r'"BUY\n"')
    dead_value(113, "action ''", "ACTION", "action", '""')
    line("114a", "CLOSE, no position in the symbol", REJECTED, reason="NOTHING_TO_CLOSE",
         data=signal(action='"CLOSE"', symbol='"ETHUSDT"'))
    line("114b", "CLOSE, no position in the account", REJECTED, reason="NOTHING_TO_CLOSE",
         data=signal(action='"CLOSE"', account='"r114b"'))
    dead_times = [(115, "yesterday"), (116, "2026-02-30T00:00:00Z"), (118, "2016-12-31T23:59:60Z"),
                  ("119b", "9999-12-31T23:59:59Z"), ("119c", "1969-12-31T23:59:59Z"),
                  ("119d", "2262-01-01T00:00:00Z")]
    times = [(117, "2026-01-12T10:00:00", [], TRADEABLE),
             ("119a", "1970-01-01T00:00:00Z", [], "STALE_SIGNAL"),
             ("119e", "1970-01-01T00:00:00Z", ["ttl_ms"], TRADEABLE),
             ("119f", "2261-12-31T23:59:59.999999999Z", ["ttl_ms"], TRADEABLE)]
    for row, text in dead_times:
        dead_value(row, f"timestamp {text}", "TIMESTAMP", "timestamp", f'"{text}"')
    for row, time in ((120, "2026-01-12T11:00:00Z"), (121, "2026-01-11T10:00:00Z")):
        times += [(f"{row}a", time, ["ttl_ms"], "set"), (f"{row}b", time, [], "STALE_SIGNAL"),
                  (f"{row}c", time, ["ttl_ms"], TRADEABLE)]
    for row, text, drop, want in times:
        name = f"timestamp {text}" + (", no ttl_ms" if drop else "")
        data = signal(drop, timestamp=f'"{text}"')
        if want == TRADEABLE:
            line(row, name, TRADEABLE, data, **({"note": "the age check is off"} if drop else {}))
        else:
            aged = {"set": ["risk.max_signal_age_ms=60000"]} if want == "set" else {}
            line(row, name, REJECTED, data, reason="STALE_SIGNAL", **aged)
    line("122a", "source with CR LF", TRADEABLE, signal(source=r'"meta\r\nERROR forged"'),
         note="printed escaped, in the log too")
    line("122b", "source with ANSI escape", TRADEABLE, signal(source=r'"\u001b[2Jmeta"'))
    dead("122c", "source with a raw ESC byte", "JSON", signal(source=b'"\x1b[2Jmeta"'))


def redis_rows():
    """G: 123-130."""
    line(123, "further fields beside data", TRADEABLE,
         fields=[("trace", "1"), ("data", signal()), ("v", "2")])
    many = {"name": b"f%d", "value": b"1", "count": 999}
    dead("124a", "no usable field", "EMPTY", fields=[("x", "1")])
    dead("124b", "1,000 fields without data", "EMPTY", fields=[many, ("x", "1")])
    line("124c", "data among 1,000 fields", TRADEABLE, fields=[many, ("data", signal())])
    line("125a", "binary field names beside data", TRADEABLE,
         fields=[(b"\xff\x00\xfe", b"\x80\x81"), ("data", signal()), (b"\n", b"")])
    for letter, name in zip("bcd", (b"\xff\x00\xfe", b"data\x00", b"DATA")):
        dead(f"125{letter}", f"{name!r} for data", "EMPTY", fields=[(name, signal())])
    for letter in "ab":
        line(f"126{letter}", "the same signal under two ids", TRADEABLE, signal(),
             note="two signals, as neither has a signal_id")
    named = signal(signal_id='"row-126"')
    line("126c", "a signal_id", TRADEABLE, named)
    line("126d", "the same signal_id again", REJECTED, named, reason="DUPLICATE_SIGNAL")
    alone = "Redis takes it only as the first / last of its stream"
    line(127, "id 0-1", TRADEABLE, signal(), entry_id="0-1", note=alone)
    line(128, "highest milliseconds in an id", TRADEABLE, signal(),
         entry_id="18446744073709551615-1", note=alone)
    tick_rows()
    line(130, "tick storm on one symbol", ACCEPTED, tick(), stream=TICK, count=10_000)


def tick_rows():
    """129, ticks."""
    ticks = [  # name, data, code, key whose value is at the offset
        ("price 0", trade("0"), "RANGE", "price"), ("price -1", trade("-1"), "RANGE", "price"),
        ("price NaN", trade("NaN"), "JSON", None),
        ("price 1e308", trade("1e308"), "RANGE", "price"),
        ("older timestamp than last", tick(timestamp='"2020-01-01T00:00:00Z"'), None, None),
        ("unknown symbol", tick(symbol='"NEWUSDT"'), None, None),
        ("crossed, ask last", tick(bid="95002.0"), "RANGE", "ask"),
        ("crossed, bid last", joined(reversed({**QUOTE, "bid": "95002.0"}.items())), "RANGE",
         "bid"),
        ("bid 0", tick(bid="0.0"), "RANGE", "bid"), ("ask -1", tick(ask="-1"), "RANGE", "ask"),
        ("price rounds to 0", trade("0.000000005"), "RANGE", "price"),
        ("price 1e-8 above 64 bits", trade("92233720368.54775808"), "RANGE", "price"),
        ("price a string", trade('"95000.0"'), "TYPE", "price"),
        ("price true", trade("true"), "TYPE", "price"),
        ("bid only", joined([("symbol", '"BTCUSDT"'), ("bid", "1")]), "MISSING_KEY", None),
        ("no symbol", joined([("price", "1")]), "MISSING_KEY", None),
        ("both forms", tick(price="95000.0"), "RANGE", "price"),
        ("price twice", trade('95000.0,"price":95000.0'), "DUPLICATE_KEY", "price"),
        ("bad symbol", tick(symbol='"btcusdt"'), "SYMBOL", "symbol"),
        ("bad timestamp", tick(timestamp='"now"'), "TIMESTAMP", "timestamp"),
        ("bid_size -1", tick(bid_size="-1"), "RANGE", "bid_size"),
        ("an array", b"[]", "JSON", None), ("blank", b" ", "EMPTY", None)]
    for letter, (name, data, code, key) in zip("abcdefghijklmnopqrstuvwxyz", ticks):
        if code is None:
            line(f"129{letter}", f"tick: {name}", ACCEPTED, data, stream=TICK)
        else:
            dead(f"129{letter}", f"tick: {name}", code, data, key, stream=TICK)
    line("129x", "the tick's new symbol has a price", REJECTED, reason="SIZE_ZERO",
         data=signal(symbol='"NEWUSDT"', position_size_pct="1e-12", account='"r129"'),
         note="behind NO_MARKET_PRICE: the tick of 129f made the symbol")


def row_number(row):
    return int(row.rstrip("abcdefghijklmnopqrstuvwxyz"))


def main():
    default = pathlib.Path(__file__).with_name("bad_inputs.ndjson")
    out = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else default
    for section in (bytes_rows, structure_rows, key_rows, type_rows, number_rows, meaning_rows,
                    redis_rows):
        section()
    LINES.sort(key=lambda entry: (row_number(entry["id"]), entry["id"]))
    ids = [entry["id"] for entry in LINES]
    assert len(set(ids)) == len(ids), "an id twice"
    assert {row_number(row) for row in ids} == set(range(1, 131)), "a row missing"
    out.write_text("".join(json.dumps(entry) + "\n" for entry in LINES), encoding="ascii")
    print(f"{out.name}: {len(LINES)} lines, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
