#!/usr/bin/env python3
"""Prints a file of test vectors as plain lines, for tests that read no JSON.

usage: vectors_to_text.py FILE

FILE is a JSON object with a list `cases`, each an object with an `id`. One line a value: its path
with dots, a blank, the value as it stands in the file; numbers keep their text. A case begins with
its id:

  id nt01_long_open
  fills.0.side BUY
  final.avg_px_open 1.00001
"""

import json
import sys


def leaves(value, path):
    """(path, text) of each value that holds no others."""
    if isinstance(value, dict):
        members = value.items()
    elif isinstance(value, list):
        members = enumerate(value)
    else:
        text = {None: "null", True: "true", False: "false"}.get(value, value)
        yield path, " ".join(text.split())
        return
    for key, member in members:
        yield from leaves(member, f"{path}.{key}" if path else str(key))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        cases = json.load(file, parse_float=str, parse_int=str)["cases"]
    for case in cases:
        print("id", case.pop("id"))
        for path, text in leaves(case, ""):
            print(path, text)


if __name__ == "__main__":
    main()
