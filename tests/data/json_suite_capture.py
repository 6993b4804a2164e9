#!/usr/bin/env python3
"""Makes a capture of the JSONTestSuite files, OUT.ndjson, and OUT.expect.json beside it.

usage: json_suite_capture.py SUITE.json OUT.ndjson

SUITE.json holds {"cases": {name: base64}}. Each file comes twice: as the whole payload, and as the
value of the unknown field "x", the last one, of a valid signal. Expected:

              whole payload                               value of x
  y_ files    JSON; an object: DUPLICATE_KEY,             accepted; JSON when deeper than 64
              MISSING_KEY, or a dead letter of any code
              when it has a key of a signal
  n_ files    UTF8, or else JSON                          the same
  i_ files    a dead letter of any code                   any one outcome
  any file    SIZE over 16 KiB, EMPTY when blank          SIZE over 16 KiB

A quote for BTCUSDT comes first, a good signal of source "probe" last. The expectations are those
of bad_inputs_capture.py, with "any" as one more outcome; "row" is the file's name and the place.
"""

import base64
import json
import pathlib
import sys

sys.dont_write_bytecode = True  # no __pycache__ among the data
from entries import (SIGNAL, SIZE_MAX, START_MS, capture_line, expectation, first_quote,
                     signal_payload, write_capture)

BLANKS = b" \t\r\n"
DEPTH_MAX = 64
SIGNAL_KEYS = {"symbol", "action", "confidence", "timestamp", "source", "meta_override",
               "ensemble_votes", "governer_approved", "position_size_pct", "meta_confidence",
               "consensus", "account", "signal_id", "stop_loss_pct", "max_slippage_pct", "ttl_ms"}
TRADEABLE = {"outcome": "approved_or_rejected"}


def dead(code, offset=0):
    return {"outcome": "dead_letter", "code": code, "offset": offset if code else None}


def is_utf8(payload):
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    return isinstance(value, (dict, list)) + max(map(depth, inner), default=0)


def duplicate_offset(payload):
    """Where the value behind the first repeated key of a valid object starts, or None.

    Keys and values are walked with the scanner of the standard library; the text is UTF-8.
    """
    text, decoder, seen = payload.decode(), json.JSONDecoder(), set()

    def skip(at, also=""):
        while text[at] in " \t\r\n" + also:
            at += 1
        return at

    at = skip(skip(0) + 1)
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        value_at = skip(at, ":")
        if key in seen:
            return len(text[:value_at].encode())
        seen.add(key)
        at = skip(decoder.raw_decode(text, value_at)[1], ",")
    return None


def wanted_whole(name, payload):
    """What the file as the payload of a signal must lead to."""
    if len(payload) > SIZE_MAX:
        return dead("SIZE")
    if not payload.strip(BLANKS):
        return dead("EMPTY")
    if name.startswith("i_"):
        return dead(None)
    if name.startswith("n_"):
        return dead("JSON" if is_utf8(payload) else "UTF8")
    value = json.loads(payload)
    if not isinstance(value, dict) or depth(list(value.values())) - 1 > DEPTH_MAX:
        return dead("JSON")
    if SIGNAL_KEYS & value.keys():
        return dead(None)
    twice = duplicate_offset(payload)
    return dead("MISSING_KEY") if twice is None else dead("DUPLICATE_KEY", twice)


def wanted_inside(name, value, payload):
    """What a valid signal with the file as the value of an unknown field must lead to."""
    if len(payload) > SIZE_MAX:
        return dead("SIZE")
    if name.startswith("i_"):
        return {"outcome": "any"}
    if name.startswith("n_"):
        return dead("JSON" if is_utf8(payload) else "UTF8")
    return dead("JSON") if depth(json.loads(value)) > DEPTH_MAX else TRADEABLE


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: json_suite_capture.py SUITE.json OUT.ndjson")
    suite, out = map(pathlib.Path, sys.argv[1:])
    cases = json.loads(suite.read_text(encoding="utf-8"))["cases"]
    lines, expected = [first_quote()], []

    def add(row, at_ms, payload, wanted, **more):
        fields, entry_id = [(b"data", payload)], f"{at_ms}-0"
        lines.append(capture_line(SIGNAL, entry_id, at_ms, fields))
        expected.append(expectation(row, SIGNAL, entry_id, fields, **wanted, **more))

    at_ms = START_MS
    for name, text in sorted(cases.items()):
        value = base64.b64decode(text, validate=True)
        at_ms += 1
        add(f"{name} whole", at_ms, value, wanted_whole(name, value))
        at_ms += 1
        payload = signal_payload(at_ms, source="suite")[:-1] + b', "x": ' + value + b"}"
        add(f"{name} inside", at_ms, payload, wanted_inside(name, value, payload))
    at_ms += 1
    add("probe", at_ms, signal_payload(at_ms), TRADEABLE, probe=True)
    write_capture(out, lines, expected)
    print(f"{out}: {len(lines)} entries, {len(cases)} files twice, a quote and a probe")


if __name__ == "__main__":
    main()
