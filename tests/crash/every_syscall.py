#!/usr/bin/env python3
"""A run of 200 signals, killed as it is about to make its k-th system call, for every k.

    tests/crash/every_syscall.py --bin build/release [--every 1] [--from 1]

Each k has a journal and streams of its own. After the kill the engine is started again, comes to the
end, and the independent checker and a replay judge the streams as in kill_cycles.py. One thread, so
that calls come in much the same order each time; those of the journal's helper thread count, too.
"""

import argparse
import os
import pathlib
import re
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from crash_case import LAYOUTS, CrashRun
from support.server import is_installed

SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))
SIGNALS = 200
CALLS = re.compile(r"calls=(\d+)")


def run_until(run, tracer, k):
    """Runs to the k-th call; answers the calls made, and whether it was killed there."""
    conf = run.folder / "engine.toml"
    # Little at a time, for many transactions.
    conf.write_text(run.conf(LAYOUTS[0], redis="read_count = 8\negress_batch_max = 8"))
    # A sanitizer looks for leaks as a tracer itself, and there can be one only.
    options = os.environ | {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
    process = subprocess.Popen([tracer, str(k), str(run.programs / "engine"), str(conf)], stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True, env=options)
    end = time.monotonic() + 30 * SLACK
    while process.poll() is None and run.outcome_count() < run.wanted_outcomes() and time.monotonic() < end:
        time.sleep(0.005)
    if process.poll() is None:
        process.terminate()
    told, _ = process.communicate(timeout=30 * SLACK)
    return int(CALLS.search(told)[1]), process.returncode == 137


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder of engine, replay and kill_at_syscall")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th call")
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="K", help="begin here")
    options = parser.parse_args()
    if not is_installed():
        print("skipped: no redis-server here; tools/setup installs it")
        return 77
    tracer = options.bin / "kill_at_syscall"
    begin = time.monotonic()
    k, kills, bad = options.first, 0, []
    run = CrashRun(options.bin, 1)
    try:
        while True:
            run.begin_anew()
            run.send(SIGNALS)
            calls, is_killed = run_until(run, tracer, k)
            if is_killed:
                run.start(layout=LAYOUTS[0])
                run.finish(30 * SLACK)
                kills += 1
            checker, problems = run.check()
            if problems:
                bad.append(k)
                print(f"call {k}: lost {checker.lost}, twice {checker.twice}, divergent {checker.divergent}")
                print("\n".join(problems))
            if kills % 200 == 199:
                print(f"call {k}, {time.monotonic() - begin:.0f} s", file=sys.stderr)
            if not is_killed:
                break
            k += options.every
    finally:
        run.close()
    print(f"system calls of a whole run  {calls}")
    print(f"killed at                    {kills} of them, from {options.first} on, each {options.every}")
    print(f"with a fault                 {len(bad)} {bad[:20]}")
    print("OK" if not bad else "FAILED")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
