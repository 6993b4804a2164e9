#!/usr/bin/env python3
"""Turns bad_inputs.ndjson into a capture, OUT.ndjson, and what it must lead to, OUT.expect.json.

usage: bad_inputs_capture.py [--only ID] [--with-set] [--huge] OUT.ndjson

The capture begins with a quote for BTCUSDT; behind every bad input comes a good signal of source
"probe" (BUY, SELL and CLOSE in turn), which must have exactly one outcome. The entries of row i
have ns = 2026-01-12T10:00:00Z + i ms and, but for the rows about ids, ids of that millisecond.

--only ID   one line (98d) or all lines of one row (98); some lines need those before them
--with-set  the lines with "set" instead of those without; the conf keys to set are printed
--huge      lines of more than 8 MiB too

The expectations are a list: id, stream, outcome, code, offset, reason of each bad input, the first
512 bytes and the CRC-32 of the payload of a dead letter, "set" and "count" as in the line; those of
the probes have "probe": true. check_outputs.py compares them with an engine's output.
"""

import argparse
import collections
import itertools
import json
import pathlib
import sys

sys.dont_write_bytecode = True  # no __pycache__ among the data
from entries import (SIGNAL, START_MS, capture_line, entry_fields, expanded_size, expectation,
                     first_quote, read, signal_payload, write_capture)

HUGE_MIN = 8 << 20  # bytes of a value


def row_number(row):
    return row.rstrip("abcdefghijklmnopqrstuvwxyz")


def is_huge(entry):
    sizes = (expanded_size(read(f[1])) for f in entry["fields"] if isinstance(f, list))
    return max(sizes, default=0) > HUGE_MIN


def chosen(entries, options):
    for entry in entries:
        named = options.only in (None, entry["id"], row_number(entry["id"]))
        if named and ("set" in entry) == options.with_set and (options.huge or not is_huge(entry)):
            yield entry


def convert(entries):
    """The capture lines and the expectations of the entries."""
    lines, expected = [first_quote()], []
    actions = itertools.cycle(("BUY", "SELL", "CLOSE"))
    ids_used = collections.Counter({START_MS: 1})

    def next_id(at_ms):
        ids_used[at_ms] += 1
        return f"{at_ms}-{ids_used[at_ms] - 1}"

    for entry in entries:
        at_ms = START_MS + int(row_number(entry["id"]))
        fields = entry_fields(entry["fields"])
        ids = [entry.get("entry_id") or next_id(at_ms) for _ in range(entry.get("count", 1))]
        lines += [capture_line(entry["stream"], i, at_ms, fields) for i in ids]
        kept = {k: entry[k] for k in ("code", "offset", "reason", "set", "count") if k in entry}
        expected.append(expectation(entry["id"], entry["stream"], ids[0], fields,
                                    entry["outcome"], **kept))
        probe = [(b"data", signal_payload(at_ms, next(actions)))]
        probe_id = next_id(at_ms)
        lines.append(capture_line(SIGNAL, probe_id, at_ms, probe))
        expected.append(expectation(entry["id"], SIGNAL, probe_id, probe, "approved_or_rejected",
                                    probe=True))
    return lines, expected


def main():
    parser = argparse.ArgumentParser(description="bad_inputs.ndjson as a capture")
    parser.add_argument("--only", metavar="ID")
    parser.add_argument("--with-set", action="store_true")
    parser.add_argument("--huge", action="store_true")
    parser.add_argument("out", metavar="OUT.ndjson", type=pathlib.Path)
    options = parser.parse_args()
    source = pathlib.Path(__file__).with_name("bad_inputs.ndjson")
    with source.open(encoding="ascii") as file:
        entries = list(chosen(map(json.loads, file), options))
    if not entries:
        sys.exit("no such line")
    lines, expected = convert(entries)
    write_capture(options.out, lines, expected)
    print(f"{options.out}: {len(lines)} entries, {len(entries)} bad inputs with a probe each")
    for setting in sorted({s for entry in entries for s in entry.get("set", [])}):
        print(f"set {setting}")


if __name__ == "__main__":
    main()
