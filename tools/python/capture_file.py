"""Reads capture files: NDJSON, one stream entry a line, perhaps gzipped, as `replay` and `follow.py --json` write them."""

import collections
import datetime
import gzip
import json
import re
import sys
import zlib

import command_line

S = 10**8  # amounts are whole numbers of 1e-8

# An entry of the engine. `place`: where it stands. `ms`, `number`: of its id. `us`, `sequence`, `cause_ms`: log time (since
# 1970), number and, where it came from a stream, id of the input. `ns`: when it was received, or None. `data`: its JSON,
# numbers as their text.
Entry = collections.namedtuple("Entry", "place stream ms number us sequence cause_ms ns fields data")

CAUSE = re.compile(r"(.+)/([0-9]+)-[0-9]+")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)


def us_of(timestamp):
    """µs since 1970 of a timestamp of the engine. Errors: ValueError, TypeError."""
    at = datetime.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=datetime.timezone.utc)
    return (at - EPOCH) // datetime.timedelta(microseconds=1)


def damaged(place, told):
    return command_line.Failure(command_line.DATA, f"{place}: {told}")


def amount(text):
    """The whole number of 1e-8 that a decimal text stands for, exactly. Errors: ValueError."""
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    whole, _, fraction = digits.partition(".")
    if not whole.isdecimal() or not (fraction or "0").isdecimal() or len(fraction) > 8:
        raise ValueError(f"{text!r} is no amount")
    return sign * (int(whole) * S + int(fraction.ljust(8, "0")))


def shown(value):
    """The decimal text of an amount, as the streams write it."""
    whole, fraction = divmod(abs(value), S)
    return f"{'-' if value < 0 else ''}{whole}.{f'{fraction:08}'.rstrip('0') or '0'}"


def entry_of(place, line):
    """The Entry of a line, or None where somebody else's stands. Errors: ValueError, KeyError, TypeError, AttributeError."""
    row = json.loads(line)
    fields = row["fields"]
    ms, _, number = row["id"].partition("-")
    if "seq" not in fields:
        return None
    data = json.loads(fields["data"], parse_float=str, parse_int=str)
    cause, cause_ms = CAUSE.fullmatch(fields["cause"]).groups()
    return Entry(place, row["stream"], int(ms), int(number or 0), us_of(data["timestamp"]), int(fields["seq"]),
                 None if cause.startswith("@") else int(cause_ms), row.get("ns"), fields, data)


def lines_of(path):
    """(place, line) of each line that is not blank. Errors: command_line.Failure."""
    try:
        with sys.stdin.buffer if path == "-" else open(path, "rb") as raw:
            is_zipped = raw.peek(2)[:2] == b"\x1f\x8b"
            for number, line in enumerate(gzip.open(raw) if is_zipped else raw, 1):
                if line.strip():
                    yield f"{path}:{number}", line
    except FileNotFoundError as error:
        raise command_line.Failure(command_line.NO_INPUT, f"{path}: {error.strerror}") from None
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise damaged(path, error) from None
    except OSError as error:
        raise command_line.Failure(command_line.IO, f"{path}: {error.strerror}") from None


def published_entries(paths):
    """The engine's entries of these files, in the order in which it published them; one that stands twice counts once."""
    found = {}
    for path in paths:
        for place, line in lines_of(path):
            try:
                entry = entry_of(place, line)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise damaged(place, f"no entry of a capture: {type(error).__name__} {error}") from None
            if entry is not None:
                other = found.setdefault((entry.stream, entry.ms, entry.number), entry)
                if other.fields != entry.fields:
                    raise damaged(place, f"another entry of this id stands at {other.place}")
    # Executions before the positions that follow from them; the numbers of a stream have no gap, so they order it.
    return sorted(found.values(), key=lambda entry: (entry.ms, entry.sequence, "order_id" not in entry.data, entry.number))
