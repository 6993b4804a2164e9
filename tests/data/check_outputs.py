#!/usr/bin/env python3
"""Compares an engine's output with the expectations of a capture.

usage: check_outputs.py OUT.expect.json ENGINE_OUTPUT.ndjson

Each expected input, by the `cause` field `<stream>/<id>` of the output entries, must have

  dead_letter           one entry in trade.signal.dlq: code, offset, stream, id, the payload's first
                        512 bytes and its CRC-32; and nothing else
  rejected              one entry in trade.signal.rejected, with the reason; and nothing else
  approved_or_rejected  one entry in trade.signal.safe and one execution, or one rejection
  any                   one entry in one of these three streams
  held, accepted        no entry

and no other stream entry may have an outcome. Prints one summary line; where something differs, the
differences too, and exits 1.
"""

import collections
import json
import sys

SAFE, REJECTED, DEAD = "trade.signal.safe", "trade.signal.rejected", "trade.signal.dlq"
EXECUTION, POSITION = "trade.execution.res", "trade.position.update"
OUTPUTS = (SAFE, REJECTED, DEAD, EXECUTION, POSITION)
LISTED_MAX = 200  # differences


def outputs_by_cause(path):
    """cause -> [(stream, data)], without what timers and commands caused."""
    found = collections.defaultdict(list)
    with open(path, encoding="utf-8") as file:
        for text in filter(str.strip, file):
            entry = json.loads(text)
            if entry["stream"] in OUTPUTS and not entry["fields"]["cause"].startswith("@"):
                found[entry["fields"]["cause"]].append(
                    (entry["stream"], json.loads(entry["fields"]["data"])))
    return found


def dead_letter_differences(wanted, letter):
    keys = ["stream", "id", "payload", "payload_crc32"]
    keys += [key for key in ("code", "offset") if wanted[key] is not None]
    for key in keys:
        if letter.get(key) != wanted[key]:
            yield f"{key} is {letter.get(key)!a}, expected {wanted[key]!a}"


def differences(wanted, found):
    """What is wrong with the outputs [(stream, data)] of one input."""
    outcome = wanted["outcome"]
    streams = sorted(stream for stream, _ in found if stream != POSITION)
    allowed = {"dead_letter": [[DEAD]], "rejected": [[REJECTED]], "held": [[]], "accepted": [[]],
               "approved_or_rejected": [[EXECUTION, SAFE], [REJECTED]],
               "any": [[EXECUTION, SAFE], [REJECTED], [DEAD]]}[outcome]
    if streams not in allowed or (SAFE not in streams and len(streams) != len(found)):
        told = [f"{s} {d.get('code') or d.get('reason') or ''}".strip() for s, d in found]
        yield f"outputs are {told}"
    elif streams == [DEAD]:
        yield from dead_letter_differences(wanted, found[0][1])
    elif outcome == "rejected" and found[0][1].get("reason") != wanted["reason"]:
        yield f"reason is {found[0][1].get('reason')!a}, expected {wanted['reason']}"


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: check_outputs.py OUT.expect.json ENGINE_OUTPUT.ndjson")
    with open(sys.argv[1], encoding="utf-8") as file:
        expected = json.load(file)
    outputs = outputs_by_cause(sys.argv[2])
    told, counts = [], collections.Counter()
    for wanted in expected:
        found = outputs.pop(f"{wanted['stream']}/{wanted['id']}", [])
        counts.update(stream for stream, _ in found)
        probe = ", probe behind it" if wanted.get("probe") else ""
        told += [f"{wanted['row']}{probe} ({wanted['stream']}/{wanted['id']}): expected "
                 f"{wanted['outcome']} {wanted['code'] or wanted['reason'] or ''}: {text}"
                 for text in differences(wanted, found)]
    told += [f"{cause}: not expected: {[stream for stream, _ in found]}"
             for cause, found in outputs.items()]
    probes = sum(bool(wanted.get("probe")) for wanted in expected)
    print(f"{'FAILED' if told else 'ok'}: {len(expected) - probes} inputs, {probes} probes; "
          f"{counts[SAFE]} approved, {counts[REJECTED]} rejected, {counts[DEAD]} dead letters; "
          f"{len(told)} differences")
    for text in told[:LISTED_MAX]:
        print(f"  {text}")
    if len(told) > LISTED_MAX:
        print(f"  and {len(told) - LISTED_MAX} more")
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
