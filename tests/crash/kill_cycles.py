#!/usr/bin/env python3
"""kill -9 at random moments under load, again and again, with a real Redis: nothing lost, nothing twice.

    tests/crash/kill_cycles.py --bin build/release [--cycles 50] [--seed 1]

Each cycle starts the engine on the same journal and streams, sends signals while it runs and kills it:
mostly at a random moment under load, sometimes while it is still replaying its journal, sometimes with
answers of Redis held back, so that a transaction has been carried out and the engine does not know.
In the end an independent checker judges the streams, and a replay of the journal in one go must give
every byte of them.
"""

import argparse
import os
import pathlib
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from crash_case import REPLAYED, CrashRun
from support.server import is_installed

SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))


def one_cycle(run, counts):
    """Start, load, kill; answers the transactions in flight at the kill."""
    how = run.random.random()
    if how < 0.15:
        # While it starts: reading, connecting or replaying.
        run.start(waits=False)
        run.send(20)
        time.sleep(run.random.uniform(0.0, 0.05))
        counts["while starting"] += 1
        return run.kill()
    run.start()
    if how < 0.7:
        run.watch.swallows = True
        counts["answers held back"] += 1
    else:
        counts["under load"] += 1
    run.send(60)
    if run.watch.swallows:
        give_up = time.monotonic() + 1.0
        while not run.watch.in_flight() and time.monotonic() < give_up:
            time.sleep(0.001)
    end = time.monotonic() + run.random.uniform(0.0, 0.03)
    while time.monotonic() < end:
        run.send(20)
    return run.kill()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder of engine and replay")
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in-flight", type=float, default=0.5, metavar="SHARE",
                        help="fail if fewer of the kills met a transaction in flight (default 0.5)")
    options = parser.parse_args()
    if not is_installed():
        print("skipped: no redis-server here; tools/setup installs it")
        return 77
    run = CrashRun(options.bin, options.seed)
    counts = {"under load": 0, "answers held back": 0, "while starting": 0}
    begin = time.monotonic()
    in_flight = []
    try:
        for cycle in range(options.cycles):
            in_flight.append(one_cycle(run, counts))
            if sys.stderr.isatty() or cycle % 100 == 99:
                print(f"{cycle + 1} kills, {len(run.sent)} signals, {time.monotonic() - begin:.0f} s",
                      file=sys.stderr)
        run.start()
        run.send(100)
        run.finish(60 * SLACK)
        replayed = REPLAYED.search(run.engine.log)
        checker, problems = run.check()
    finally:
        run.close()
    busy = sum(count > 0 for count in in_flight)
    print(f"kills                      {len(in_flight)}: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
    print(f"transactions in flight     {' '.join(map(str, in_flight[:60]))}{' …' if len(in_flight) > 60 else ''}")
    print(f"kills with one in flight   {busy}")
    print(f"signals                    {len(run.sent)}")
    print(f"last start                 replayed {replayed[1]} inputs in {replayed[2]} ms")
    print(f"lost / twice / divergent   {checker.lost} / {checker.twice} / {checker.divergent}")
    for problem in problems:
        print(problem)
    if busy < options.in_flight * len(in_flight):
        problems.append("too few")
        print("too few of the kills met a transaction in flight: this shows too little")
    print("OK" if not problems else "FAILED")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
