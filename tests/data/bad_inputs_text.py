#!/usr/bin/env python3
"""Prints bad_inputs.ndjson as lines of words, for tests that read no JSON.

usage: bad_inputs_text.py

One line a row, in order, of words separated by one blank; bytes are in hex, "-" where there are
none:

  id stream outcome code offset reason set payload_crc32 (name value)...

code, offset and reason are "-" where the row has none, set is "key=value" joined by ",".
payload_crc32 is that of the first field `data`, 0 without one. Rows with a value of more than 2 MiB
are left out.
"""

import json
import pathlib
import sys
import zlib

sys.dont_write_bytecode = True  # no __pycache__ among the data
from entries import entry_fields, expanded_size, read

VALUE_BYTES_MAX = 2 << 20


def is_long(row):
    sizes = (expanded_size(read(field[1])) for field in row["fields"] if isinstance(field, list))
    return max(sizes, default=0) > VALUE_BYTES_MAX


def words(row):
    fields = entry_fields(row["fields"])
    payload = next((value for name, value in fields if name == b"data"), b"")
    yield from (row["id"], row["stream"], row["outcome"])
    yield from (str(row.get(key, "-")) for key in ("code", "offset", "reason"))
    yield ",".join(row.get("set", [])) or "-"
    yield str(zlib.crc32(payload))
    for name, value in fields:
        yield name.hex() or "-"
        yield value.hex() or "-"


def main():
    source = pathlib.Path(__file__).with_name("bad_inputs.ndjson")
    with source.open(encoding="ascii") as file:
        rows = map(json.loads, file)
        sys.stdout.writelines(" ".join(words(row)) + "\n" for row in rows if not is_long(row))


if __name__ == "__main__":
    main()
