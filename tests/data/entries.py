"""What the scripts of this folder share: values of bad_inputs.ndjson, capture lines, expectations.

A value is bytes, or a repetition, a dict pre + unit * count + post of bytes; with "numbered" the
bytes %d in unit are the repetition's number, from 0. In the file all bytes are base64. A capture
line is that of the wire format: bytes that are not UTF-8 are written \\udc80 to \\udcff, one escape
a byte, and a field that stands twice is written twice.
"""

import base64
import datetime
import json
import zlib

SIGNAL, TICK = "trade.signal.v5", "market.tick"
SIZE_MAX = 16 * 1024        # bytes of a payload
INLINE_MAX = 4096           # bytes of a value that is not a repetition
SHOWN_MAX = 512             # payload bytes that a dead letter shows
START_MS = 1_768_212_000_000  # 2026-01-12T10:00:00Z


def repeated(unit, count, pre=b"", post=b"", numbered=False):
    value = {"pre": pre, "unit": unit, "count": count, "post": post}
    return {**value, "numbered": True} if numbered else value


def expanded(value):
    """The bytes of a value."""
    if isinstance(value, bytes):
        return value
    if not value.get("numbered"):
        return value["pre"] + value["unit"] * value["count"] + value["post"]
    units = (value["unit"].replace(b"%d", b"%d" % n) for n in range(value["count"]))
    return value["pre"] + b"".join(units) + value["post"]


def expanded_size(value):
    """The length of a value; a numbered one counts %d as it stands."""
    if isinstance(value, bytes):
        return len(value)
    return len(value["pre"]) + len(value["unit"]) * value["count"] + len(value["post"])


def written(value):
    """A value, or a field {"name","value","count"}, as it stands in the file."""
    if isinstance(value, dict):
        return {k: written(v) if isinstance(v, bytes) else v for k, v in value.items()}
    assert len(value) <= INLINE_MAX, "a long value must be a repetition"
    return base64.b64encode(value).decode()


def read(value):
    """The reverse of `written`."""
    if isinstance(value, dict):
        return {k: read(v) if isinstance(v, str) else v for k, v in value.items()}
    return base64.b64decode(value, validate=True)


def entry_fields(listed):
    """The (name, value) pairs of a line's "fields", all bytes."""
    pairs = []
    for field in map(lambda f: read(f) if isinstance(f, dict) else [read(v) for v in f], listed):
        if isinstance(field, dict):
            pairs += [(field["name"].replace(b"%d", b"%d" % n), field["value"])
                      for n in range(field["count"])]
        else:
            pairs.append((field[0], expanded(field[1])))
    return pairs


def signal_payload(at_ms, action="BUY", source="probe"):
    """A valid signal with nothing optional, made at `at_ms`."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=at_ms)
    return json.dumps({"symbol": "BTCUSDT", "action": action, "confidence": 0.9,
                       "timestamp": moment.isoformat(timespec="milliseconds") + "Z",
                       "source": source}).encode()


def first_quote():
    """The capture line of the quote that is known before the first bad input."""
    data = json.dumps({"symbol": "BTCUSDT", "bid": 95000.0, "ask": 95001.0,
                       "timestamp": "2026-01-12T10:00:00Z"}).encode()
    return capture_line(TICK, f"{START_MS}-0", START_MS, [(b"data", data)])


def capture_line(stream, entry_id, at_ms, fields):
    def text(value):
        return json.dumps(value.decode("utf-8", "surrogateescape"))

    members = ", ".join(f"{text(name)}: {text(value)}" for name, value in fields)
    return (f'{{"stream": "{stream}", "id": "{entry_id}", "ns": {at_ms * 1_000_000}, '
            f'"fields": {{{members}}}}}\n')


def expectation(row, stream, entry_id, fields, outcome, **more):
    """What check_outputs.py looks for; code, offset, reason None: not looked at."""
    expected = {"row": row, "stream": stream, "id": entry_id, "outcome": outcome}
    expected |= {key: more.pop(key, None) for key in ("code", "offset", "reason")} | more
    if outcome in ("dead_letter", "any"):
        payload = next((value for name, value in fields if name == b"data"), b"")
        expected["payload"] = payload[:SHOWN_MAX].decode("latin-1")
        expected["payload_crc32"] = zlib.crc32(payload)
    return expected


def write_capture(out, lines, expected):
    """Writes OUT.ndjson and, beside it, OUT.expect.json."""
    out.write_text("".join(lines), encoding="ascii")
    text = ",\n".join(json.dumps(item) for item in expected)
    out.with_suffix(".expect.json").write_text(f"[\n{text}\n]\n", encoding="ascii")
