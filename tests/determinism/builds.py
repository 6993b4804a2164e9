#!/usr/bin/env python3
"""Same log, same bytes: five builds of `replay` must publish the same.

    tests/determinism/builds.py [--quick] [--jobs N] [--build-root DIR] [--capture FILE] [--record FILE]

Builds `replay` without optimization, with -O2 and -O3, with clang, and with the address and undefined-behaviour
sanitizers; runs each over a generated capture, and over the real one where there is one, for every on_opposite,
sizing and fill model; and compares the SHA-256 over all output entries that the runs' summaries tell.

For each combination it also sees that signals = the capture's signal entries = held + approved + rejected +
dead-lettered, and has tests/model/identities.py recompute the books from what the g++ -O2 build published.

Prints a line a combination and a total, and keeps them where --record says; exits 1 at any difference or violation.
"""

import argparse
import gzip
import itertools
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

from record import Record  # noqa: E402

SHARED = ROOT.parent / "shared" / "captures"
REAL = SHARED / "binance_usdm_20240808.ndjson.gz"

# Name -> (compiler, flags, sanitizers).
BUILDS = {
    "gcc-O0": ("g++", "-O0", ""),
    "gcc-O2": ("g++", "-O2", ""),
    "gcc-O3": ("g++", "-O3", ""),
    "clang-O2": ("clang++-14", "-O2", ""),
    "gcc-asan-ubsan": ("g++", "-O1 -g", "address,undefined"),
}
REFERENCE = "gcc-O2"
QUICK = (REFERENCE, "clang-O2")

OPPOSITE = ("close", "reverse", "net")
SIZING = ("kelly", "fixed_fraction", "fixed_notional", "tracked_kelly")
FILL = ("uniform", "fixed_bps", "none")
COMBINATIONS = list(itertools.product(OPPOSITE, SIZING, FILL))
QUICK_COMBINATIONS = [("close", "kelly", "uniform"), ("reverse", "fixed_notional", "fixed_bps"),
                      ("net", "tracked_kelly", "none")]

# Limits that would end most runs after a handful of orders are lifted.
SETTINGS = ["risk.max_daily_trades=1000000", "risk.cooldown_after_loss_minutes=0"]
GENERATE = ["--signals", "20000", "--symbols", "8", "--accounts", "5", "--seed", "11", "--bad", "0.03",
            "--commands", "0.01"]
ENVIRONMENT = {**os.environ, "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}


def build(name, folder, jobs):
    """Builds `replay`; answers its path and how long it took. CalledProcessError where it does not build."""
    compiler, flags, sanitizers = BUILDS[name]
    started = time.monotonic()
    subprocess.run(["cmake", "-G", "Ninja", "-S", ROOT, "-B", folder, f"-DCMAKE_CXX_COMPILER={compiler}",
                    "-DCMAKE_BUILD_TYPE=RelWithDebInfo", f"-DCMAKE_CXX_FLAGS_RELWITHDEBINFO={flags}",
                    f"-DCORELOOP_SANITIZE={sanitizers}", "-DCORELOOP_BUILD_TESTS=OFF", "-DCORELOOP_WERROR=OFF"],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", folder, "-j", str(jobs), "replay"], check=True, stdout=subprocess.DEVNULL)
    return str(folder / "replay"), time.monotonic() - started


def arguments_of(combination):
    """The --set arguments of a combination."""
    opposite, sizing, fill = combination
    settings = [*SETTINGS, f"risk.on_opposite={opposite}", f"risk.sizing={sizing}", f"fill.model={fill}"]
    return [argument for setting in settings for argument in ("--set", setting)]


def signal_entries(capture):
    """How many entries of the signal stream a capture holds."""
    with (gzip.open if capture.suffix == ".gz" else open)(capture, "rb") as lines:
        return sum(json.loads(line)["stream"] == "trade.signal.v5" for line in lines)


class Bench:
    """The builds, and what their runs came to."""

    def __init__(self, programs, folder, say):
        self.programs, self.folder, self.say = programs, folder, say
        self.seconds = dict.fromkeys(programs, 0.0)
        self.problems = []

    def run(self, name, capture, combination, out=None):
        """The summary of one run; None where it failed."""
        summary = self.folder / "summary.json"
        summary.unlink(missing_ok=True)
        command = [self.programs[name], "run", "--capture", capture, "--summary", summary, *arguments_of(combination)]
        if out:
            command += ["--out", out]
        started = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
        self.seconds[name] += time.monotonic() - started
        if done.returncode != 0 or not summary.exists():
            self.complain(combination, f"{name}: exit status {done.returncode}: {done.stderr[-2000:]}")
            return None
        return json.loads(summary.read_text())

    def complain(self, combination, text):
        """Notes a violation and says it."""
        self.problems.append(text)
        self.say(f"{'/'.join(combination)}: {text}")

    def compare(self, capture, combination):
        """One combination over one capture; prints its line of the table."""
        before, hashes, reference = len(self.problems), {}, None
        for name in self.programs:
            out = self.folder / "out.ndjson" if name == REFERENCE else None
            summary = self.run(name, capture, combination, out)
            if summary is None:
                continue
            hashes[name] = summary["output"]["sha256"]
            self.check_counts(name, capture, combination, summary)
            if name == REFERENCE:
                reference = summary
                self.check_identities(capture, combination, out)
        if len(set(hashes.values())) > 1:
            self.complain(combination, f"outputs differ: {hashes}")
        is_same = len(self.problems) == before and reference is not None
        approved, entries, sha256 = ((reference["signals"]["approved"], reference["output"]["entries"],
                                      reference["output"]["sha256"]) if reference else ("-", "-", "-"))
        self.say(f"{'/'.join(combination):36}{approved:>9}{entries:>9}  {sha256[:16]:18}"
                 + (f"same in all {len(hashes)} builds" if is_same else "DIFFERS"))

    def check_counts(self, name, capture, combination, summary):
        """Every signal entry has one outcome."""
        signals = summary["signals"]
        outcomes = (signals["held"] + signals["approved"] + signals["rejected_total"]
                    + sum(signals["dead_lettered"].values()))
        if not signals["total"] == outcomes == signal_count(capture):
            self.complain(combination, f"{name}: {signals['total']} signals counted, {outcomes} outcomes, "
                          f"{signal_count(capture)} entries in {capture.name}")

    def check_identities(self, capture, combination, out):
        """The books, recomputed from what was published."""
        done = subprocess.run([sys.executable, "-B", ROOT / "tests" / "model" / "identities.py", "--capture", capture,
                               "--summary", self.folder / "summary.json", *arguments_of(combination), out],
                              capture_output=True, text=True)
        if done.returncode != 0:
            self.complain(combination, f"{capture.name}: identities: {done.stderr[-2000:]}")


_counts = {}


def signal_count(capture):
    """signal_entries, counted once a capture."""
    if capture not in _counts:
        _counts[capture] = signal_entries(capture)
    return _counts[capture]


def captures_of(arguments, programs, folder, say):
    """What to compare over."""
    generated = folder / "generated.ndjson"
    subprocess.run([programs[REFERENCE], "generate", *GENERATE, "--out", generated], check=True, capture_output=True)
    yield "replay generate " + " ".join(GENERATE), generated
    if arguments.capture.exists():
        yield arguments.capture.name, arguments.capture
    else:
        say(f"{arguments.capture.name} is not there: generated capture only")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="three combinations, the builds " + " and ".join(QUICK) + " only")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers at a time")
    parser.add_argument("--build-root", type=pathlib.Path, default=ROOT / "build" / "determinism",
                        help="each build goes to DIR/<name> (default: build/determinism)")
    parser.add_argument("--capture", type=pathlib.Path, default=REAL,
                        help="the real capture (default: ../shared/captures/" + REAL.name + ")")
    parser.add_argument("--record", metavar="FILE", help="write the table here too")
    arguments = parser.parse_args()
    record = Record("The same bytes from every compiler, optimization level and sanitizer", arguments.record,
                    "g++", "clang++-14")
    say = record.say

    names = QUICK if arguments.quick else tuple(BUILDS)
    programs = {}
    for name in names:
        try:
            programs[name], seconds = build(name, arguments.build_root.resolve() / name, arguments.jobs)
        except (OSError, subprocess.CalledProcessError) as error:
            print(f"{name}: does not build: {error}")
            return 1
        say(f"built {name:15} {' '.join(BUILDS[name]).strip():35} {seconds:4.0f} s")

    combinations = QUICK_COMBINATIONS if arguments.quick else COMBINATIONS
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="determinism-") as folder:
        bench = Bench(programs, pathlib.Path(folder), say)
        for title, capture in captures_of(arguments, programs, pathlib.Path(folder), say):
            say(f"\n{title}: {signal_count(capture)} signals\n{'on_opposite/sizing/fill model':36}{'approved':>9}"
                f"{'entries':>9}  SHA-256 of the output, its first 16 digits")
            for combination in combinations:
                bench.compare(capture, combination)
    say("\nseconds of runs: " + ", ".join(f"{name} {spent:.0f}" for name, spent in bench.seconds.items())
        + f"; all with identities {time.monotonic() - started:.0f}")
    say(f"{len(programs)} builds, {len(combinations)} combinations a capture, {len(bench.problems)} problems")
    record.write()
    return 1 if bench.problems else 0


if __name__ == "__main__":
    sys.exit(main())
