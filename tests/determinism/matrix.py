#!/usr/bin/env python3
"""One SHA-256 for every layout, ring capacity, way of waiting and build.

    tests/determinism/matrix.py --replay NAME=PATH [--replay NAME=PATH ...] [--capture FILE ...]
                                [--repeats 20] [--repeat-all] [--record FILE]

The first replay on one thread gives the SHA-256 that all others must give. The combinations are pair-wise: every
value of each dimension meets every value of each other at least once. Captures: those given (the real one's first
minute in ../shared where it exists), and generated ones with dead letters, flips, commands, and timers over more than
10,000 open positions. Then each threaded layout is repeated at the default capacity; over the capture of many positions
too with --repeat-all. Prints a line a combination.
"""

import argparse
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))

from record import Record  # noqa: E402

LAYOUTS = ("1", "2", "3", "5")
CAPACITIES = (2, 4, 64, 1024, 65536)
WAITS = ("spin", "yield", "adaptive")

# (name, generator arguments, conf). `flips` reverses and spoils; `positions` leaves > 10,000 pairs open.
GENERATED = (
    ("flips", ["--signals", "4000", "--symbols", "6", "--accounts", "5", "--bad", "0.08", "--commands", "0.03"],
     ["risk.on_opposite=reverse", "risk.max_daily_trades=1000000", "risk.cooldown_after_loss_minutes=0",
      "risk.max_total_exposure_pct=3", "risk.max_drawdown_pct=1"]),
    ("positions", ["--signals", "60000", "--symbols", "60", "--accounts", "250", "--bad", "0.02"],
     ["risk.on_opposite=net", "risk.sizing=fixed_fraction", "risk.fixed_fraction=0.001", "risk.max_daily_trades=1000000",
      "risk.cooldown_after_loss_minutes=0", "risk.max_total_exposure_pct=100", "risk.max_drawdown_pct=1",
      "mark.interval_s=14400"]),
)
# Spinning threads that outnumber the cores cost a time slice a hand-over: they get a short capture in small rings.
SHORT = ("short", ["--signals", "150", "--symbols", "3", "--accounts", "2", "--bad", "0.08", "--commands", "0.03"],
         GENERATED[0][2])


def pairwise(*dimensions):
    """Rows in which every two values of different dimensions meet; greedy, in a fixed order."""
    wanted = {((i, a), (j, b)) for i, j in itertools.combinations(range(len(dimensions)), 2)
              for a in dimensions[i] for b in dimensions[j]}
    rows = []
    everything = list(itertools.product(*dimensions))
    while wanted:
        def new_pairs(row):
            cells = list(enumerate(row))
            return {pair for pair in itertools.combinations(cells, 2) if pair in wanted}
        best = max(everything, key=lambda row: len(new_pairs(row)))
        wanted -= new_pairs(best)
        rows.append(best)
    return rows


def sha256(replay, capture, sets, layout, capacity, wait):
    """SHA-256 of the output and what the summary says of it."""
    with tempfile.NamedTemporaryFile() as summary:
        args = [replay, "run", "--capture", capture, "--layout", layout, "--wait", wait, "--summary", summary.name,
                "--set", f"rings.capacity={capacity}", "--set", "threads.oversubscribe=true"]
        for setting in sets:
            args += ["--set", setting]
        done = subprocess.run(args, capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            return f"exit {done.returncode}: {done.stderr[-500:]}", {}
        told = json.load(open(summary.name))
        return told["output"]["sha256"], told


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replay", action="append", required=True, metavar="NAME=PATH")
    parser.add_argument("--capture", action="append", default=[])
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--repeat-all", action="store_true", help="repeat over the capture of many positions too")
    parser.add_argument("--record", help="write the table here too")
    args = parser.parse_args()
    replays = dict(text.split("=", 1) for text in args.replay)
    first = next(iter(replays.values()))
    record = Record("One SHA-256 for every layout, ring capacity, way of waiting and build", args.record)
    say, wrong, runs = record.say, 0, 0

    with tempfile.TemporaryDirectory() as folder:
        captures = {}
        for path in args.capture:
            captures[pathlib.Path(path).name] = (path, ["risk.max_daily_trades=1000000"])
        for name, generate, sets in (*GENERATED, SHORT):
            path = os.path.join(folder, name + ".ndjson")
            subprocess.run([first, "generate", *generate, "--seed", "3", "--out", path], check=True,
                           stderr=subprocess.DEVNULL)
            captures[name] = (path, sets)
        truth = {}
        for name, (path, sets) in captures.items():
            truth[name], told = sha256(first, path, sets, "1", 1024, "yield")
            positions = sum(a["open_positions"] for a in told["accounts"].values())
            say(f"{name:24} {truth[name][:16]}  {told['inputs']['all']} inputs, {told['output']['entries']} entries, "
                f"{positions} positions open at the end")
            if name == "positions" and positions < 10_000:
                say("   fewer than 10,000 positions: the capture does not test what it is for")
                wrong += 1
        cores = len(os.sched_getaffinity(0))
        rows = [(*row, 0) for row in pairwise(LAYOUTS, CAPACITIES, WAITS, tuple(replays))]
        rows += [(layout, 1024, "adaptive", next(iter(replays)), n + 1) for layout in LAYOUTS[1:]
                 for n in range(args.repeats)]
        for layout, capacity, wait, build, repeat in rows:
            crowded = wait == "spin" and int(layout) > cores and capacity < 64
            started = time.monotonic()
            is_long = repeat == 0 or args.repeat_all
            names = ["short"] if crowded else [n for n in captures if n != "short" and (is_long or n != "positions")]
            bad = []
            for name in names:
                path, sets = captures[name]
                got, _ = sha256(replays[build], path, sets, layout, capacity, wait)
                runs += 1
                if got != truth[name]:
                    bad.append(f"{name}: {got}")
            wrong += bool(bad)
            what = f"repeat {repeat}" if repeat else "pair-wise"
            say(f"{'same' if not bad else 'DIFFERS':8}{layout} threads  capacity {capacity:<6} {wait:9}{build:15}{what:10} "
                f"{time.monotonic() - started:6.1f} s  {', '.join(names)}  {'; '.join(bad)}")
    say(f"{len(rows)} combinations, {runs} runs, {wrong} differ")
    record.write()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
