#!/usr/bin/env python3
"""Runs bad inputs through `replay run` and looks at everything that came of them.

usage: replay_bad_inputs.py --replay REPLAY bad_inputs|bad_inputs_with_set
       replay_bad_inputs.py --replay REPLAY json_suite SUITE.json

Makes the capture by the scripts of tests/data, replays it with the conf keys it needs, lets
check_outputs.py compare every output with what is expected, and then sees that

  - the summary counts as many dead letters of each code as were expected,
  - dead letters leave no trace in the books: a capture of them and the good signals between them
    ends in the same accounts as one of the good signals alone.

Exits 0, 1 with what is wrong, or 77 where SUITE.json is not there.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
SIGNAL, TICK = "trade.signal.v5", "market.tick"
SKIPPED = 77
LINE_BYTES_MAX = 1 << 20  # of the captures that are compared by their books
TRADING = ("risk.max_daily_trades=100000", "risk.cooldown_after_loss_minutes=0")


def run(*words):
    """The standard output of a command that must succeed."""
    done = subprocess.run([str(word) for word in words], stdout=subprocess.PIPE, text=True,
                          check=False)
    if done.returncode != 0:
        sys.exit(f"exit code {done.returncode} of {' '.join(map(str, words))}\n{done.stdout}")
    return done.stdout


def replay(options, capture, out, settings=()):
    """Replays a capture into `out`; answers the summary."""
    summary = out.with_suffix(".summary.json")
    run(options.replay, "run", "--capture", capture, "--out", out, "--summary", summary,
        *(word for setting in settings for word in ("--set", setting)))
    return json.loads(summary.read_text(encoding="utf-8"))


def make_capture(options, capture):
    """Writes the capture and its expectations; answers the conf keys to set."""
    if options.inputs == "json_suite":
        run(sys.executable, DATA / "json_suite_capture.py", options.suite, capture)
        return []
    more = ["--with-set"] if options.inputs == "bad_inputs_with_set" else ["--huge"]
    told = run(sys.executable, DATA / "bad_inputs_capture.py", *more, capture)
    return [line.removeprefix("set ") for line in told.splitlines() if line.startswith("set ")]


def kept_lines(capture, kept, out):
    """Writes the quote that comes first and the entries whose cause is in `kept`."""
    with capture.open(encoding="ascii") as lines, out.open("w", encoding="ascii") as file:
        for number, line in enumerate(lines):
            if len(line) > LINE_BYTES_MAX:
                continue
            # The head of a line is short and plain, whatever its fields are.
            head = json.loads(line.split(', "ns"', 1)[0] + "}")
            if number == 0 or f"{head['stream']}/{head['id']}" in kept:
                file.write(line)
    return out


def count_differences(expected, summary):
    """Dead letters by code, as expected and as counted."""
    if any(wanted["outcome"] == "any" or wanted["outcome"] == "dead_letter" and not wanted["code"]
           for wanted in expected):
        return
    for stream, counted in ((SIGNAL, summary["signals"]), (TICK, summary["ticks"])):
        wanted = collections.Counter(w["code"] for w in expected
                                     if w["outcome"] == "dead_letter" and w["stream"] == stream)
        found = {code: count for code, count in counted["dead_lettered"].items() if count}
        if found != dict(wanted):
            yield f"dead letters of {stream}: counted {found}, expected {dict(wanted)}"


def books_differences(options, folder, capture, expected):
    """What dead letters do to the books."""
    def causes(*outcomes):
        return {f"{w['stream']}/{w['id']}" for w in expected
                if w.get("probe") or w["outcome"] in outcomes}

    summaries = []
    for name, kept in (("with", causes("dead_letter")), ("without", causes())):
        lines = kept_lines(capture, kept, folder / f"{name}.ndjson")
        summaries.append(replay(options, lines, folder / f"{name}.out.ndjson", TRADING))
    if not summaries[0]["executions"]:
        yield "no good signal has been executed"
    for key in ("accounts", "total", "books_hash", "executions", "position_updates"):
        if summaries[0][key] != summaries[1][key]:
            yield f"{key} with dead letters {summaries[0][key]}, without {summaries[1][key]}"


def main():
    parser = argparse.ArgumentParser(description="bad inputs through replay")
    parser.add_argument("--replay", required=True)
    parser.add_argument("inputs", choices=["bad_inputs", "bad_inputs_with_set", "json_suite"])
    parser.add_argument("suite", nargs="?", type=pathlib.Path)
    options = parser.parse_args()
    if options.inputs == "json_suite" and not (options.suite and options.suite.is_file()):
        print(f"{options.suite} is not there")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        capture = folder / "capture.ndjson"
        settings = make_capture(options, capture)
        summary = replay(options, capture, folder / "out.ndjson", settings)
        expect = folder / "capture.expect.json"
        print(run(sys.executable, DATA / "check_outputs.py", expect, folder / "out.ndjson"), end="")
        expected = json.loads(expect.read_text(encoding="utf-8"))
        told = [*count_differences(expected, summary),
                *books_differences(options, folder, capture, expected)]
    print("\n".join(told) if told else "ok: counters and books")
    sys.exit(1 if told else 0)


if __name__ == "__main__":
    main()
