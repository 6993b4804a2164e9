#!/usr/bin/env python3
"""kill -9 at random moments under load, again and again, with a real Redis: nothing lost, nothing twice.

    tests/crash/kill_cycles.py --bin build/release [--cycles 50] [--seed 1]
    tests/crash/kill_cycles.py --bin build/release --points [--quick] [--record FILE]

Each cycle starts the engine on the same journal and streams, sends signals while it runs and kills it:
mostly at a random moment under load, sometimes while it is still replaying its journal, sometimes with
answers of Redis held back, so that a transaction has been carried out and the engine does not know.
In the end an independent checker judges the streams, and a replay of the journal in one go must give
every byte of them.

With --points it is killed at each of the named moments of crash_points.py instead, each on a journal of
its own: at the first, a middle and a late occurrence, or with --quick at one.
"""

import argparse
import os
import pathlib
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "support"))
from crash_case import REPLAYED, CrashRun
from crash_points import kill_at_points
from record import Record
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


def at_points(options):
    record = Record("Killed at every named moment, with a real Redis", options.record, "c++")
    run = CrashRun(options.bin, options.seed)
    if not run.has_shim():
        print("skipped: no fault shim in this build: a sanitizer's")
        run.close()
        return 77
    try:
        kills, faults = kill_at_points(run, record.say, options.quick, options.only)
    finally:
        run.close()
    record.say(f"kills {kills}, moments with a fault {faults}")
    record.say("OK" if kills and not faults else "FAILED")
    record.write()
    return 0 if kills and not faults else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder of engine and replay")
    parser.add_argument("--cycles", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--in-flight", type=float, default=0.5, metavar="SHARE",
                        help="fail if fewer of the kills met a transaction in flight (default 0.5)")
    parser.add_argument("--points", action="store_true", help="kill at named moments")
    parser.add_argument("--quick", action="store_true", help="with --points: one occurrence of each")
    parser.add_argument("--only", default="", metavar="TEXT", help="with --points: those whose name contains it")
    parser.add_argument("--record", metavar="FILE", help="with --points: keep what is printed")
    options = parser.parse_args()
    if not is_installed():
        print("skipped: no redis-server here; tools/setup installs it")
        return 77
    if options.points:
        return at_points(options)
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
