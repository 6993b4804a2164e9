"""The second model: a capture and a conf in, the lines the engine would publish out."""

import argparse
import json
import sys

import capture
import conf
import identities
from engine import Engine, Refused


def run(tree, entries, write):
    """Process the entries in order, giving every output line to write; returns the engine."""
    engine = Engine(tree, capture.Publisher(write))
    take = engine.take
    for entry in entries:
        take(entry)
    return engine


def main(arguments=None):
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--conf", help="TOML conf (default: the defaults)")
    parser.add_argument("--capture", required=True, help="NDJSON, gzip where the name ends in .gz")
    parser.add_argument("--out", help="output capture (default: standard output)")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.KEY=VALUE", dest="sets")
    parser.add_argument("--summary", help="write counts and accounts as JSON")
    parser.add_argument("--check-identities", action="store_true")
    options = parser.parse_args(arguments)
    tree = conf.load(options.conf, options.sets)
    lines = []
    out = open(options.out, "w", encoding="ascii") if options.out else sys.stdout

    def write(line):
        out.write(line)
        if options.check_identities:
            lines.append(line)

    try:
        engine = run(tree, capture.entries(options.capture), write)
    except Refused as refusal:
        print(f"model: {options.capture}: {refusal}", file=sys.stderr)
        return 2
    finally:
        if options.out:
            out.close()
    summary = engine.summary()
    if options.summary:
        with open(options.summary, "w", encoding="ascii") as file:
            json.dump(summary, file, indent=2)
            file.write("\n")
    if options.check_identities:
        problems = identities.check(tree, options.capture, lines, summary)
        for problem in problems:
            print(f"model: {problem}", file=sys.stderr)
        return 1 if problems else 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
