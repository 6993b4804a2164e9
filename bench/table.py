#!/usr/bin/env python3
"""The table at the top of a results file, out of what one bench/run left in a folder.

    bench/table.py FOLDER

Reads ring.json, stage.json, codec.json and pipeline.json (Google Benchmark's), on-<n>.json and
off-<n>.json (pairs of the same benchmark with measuring on and compiled out) and disruptor.txt.
Each ratio is the median over the repetitions, with the smallest and the largest behind it. A file
or a benchmark that is missing makes no row; one that reported an error makes the exit code 1.
"""

import json
import pathlib
import re
import statistics
import sys


class Results:
    """Counters of all benchmarks: name -> counter -> one value a repetition."""

    def __init__(self, folder):
        self.values = {}
        self.errors = []
        for path in sorted(folder.glob("*.json")):
            pair = re.fullmatch(r"(on|off)-\d+", path.stem)
            try:
                runs = json.loads(path.read_text(encoding="utf-8"))["benchmarks"]
            except ValueError:
                self.errors.append(f"{path.stem}: its run was cut off")
                continue
            for run in runs:
                if run.get("error_occurred"):
                    self.errors.append(f"{path.stem}: {run['name']}: {run['error_message']}")
                elif run["run_type"] == "iteration":
                    name = f"{pair[1]}/{run['run_name']}" if pair else run["run_name"]
                    self.add(name, run)
        disruptor = folder / "disruptor.txt"
        for line in disruptor.read_text().splitlines() if disruptor.exists() else ():
            if "ERROR" in line:
                self.errors.append(line)
            match = re.match(r"disruptor (\S+) repetition=\d+ (.*)", line)
            if match:
                counters = (word.split("=") for word in match[2].split())
                self.add("disruptor/" + match[1], {key: float(text) for key, text in counters})

    def add(self, name, counters):
        for key, value in counters.items():
            if isinstance(value, (int, float)):
                self.values.setdefault(name, {}).setdefault(key, []).append(value)

    def get(self, name, counter):
        return self.values.get(name, {}).get(counter, [])


def divided(above, below):
    return [a / b for a, b in zip(above, below)]


def per_holder(results):
    none = results.get("BM_core_tick_held/holders:0", "per_walk")
    many = results.get("BM_core_tick_held/holders:256", "per_walk")
    return [(b - a) / 256 for a, b in zip(none, many)]


def flatness(results, benchmark):
    """The dearest of the larger sizes against the smallest."""
    base = f"{benchmark}/symbols:1/accounts:1"
    sizes = [values["per_walk"] for name, values in results.values.items()
             if name.startswith(benchmark + "/symbols:") and name != base]
    return divided(max(sizes, key=statistics.median, default=[]), results.get(base, "per_walk"))


def rows(results):
    """(row, what, ratios, target or None); a target is (sign, bound)."""
    ring, line = "BM_round_trip_ring/64", "per_line"
    walk, boost = "per_walk", "per_boost"
    yield 1, "round trip, two rings, 64 bytes / line", results.get(ring, line), ("<=", 1.6)
    yield 1, "the same / Disruptor's round trip (medians)", divided(
        results.get(ring, "p50_ns"), results.get("disruptor/round_trip/64", "p50_ns")), ("<", 1)
    yield 1, "two bare Boost queues, 64 bytes / line", results.get("BM_round_trip_boost/64", line), None
    yield 1, "two rings, 256 bytes / line", results.get("BM_round_trip_ring/256", line), None
    for size in (128, 256):
        target = (">=", 3) if size == 128 else None
        yield (2, f"messages/s, ring, {size} bytes, one by one / Boost one by one",
               results.get(f"BM_throughput_ring/single/{size}", boost), target)
        yield (2, f"messages/s, ring, {size} bytes, by 32 / Boost one by one",
               results.get(f"BM_throughput_ring/batch/{size}", boost), target)
        yield (2, f"messages/s, Boost, {size} bytes, by 32 / Boost one by one",
               results.get(f"BM_throughput_boost/batch/{size}", boost), None)
    one = "/symbols:1/accounts:1"
    yield 3, "core, approved signal (reversing) / walk", results.get("BM_core_signal" + one, walk), ("<=", 1)
    yield (3, "core, approved signal (opening and closing in turn) / walk",
           results.get("BM_core_signal_closing" + one, walk), None)
    yield 3, "core, tick that nobody holds / walk", results.get("BM_core_tick" + one, walk), ("<=", 0.3)
    yield 3, "core, tick, each holder of its symbol more / walk", per_holder(results), ("<=", 0.05)
    yield (3, "core, signal: the dearest up to 4,096 symbols and 1,024 accounts / 1 and 1",
           flatness(results, "BM_core_signal"), ("<=", 1.5))
    yield (3, "core, tick: the dearest up to 4,096 symbols and 1,024 accounts / 1 and 1",
           flatness(results, "BM_core_tick"), ("<=", 1.5))
    yield (3, "core, signals going round 4,096 symbols / walk",
           results.get("BM_core_signal_around_symbols/symbols:4096", walk), None)
    yield (3, "core, signals going round 1,024 accounts / walk",
           results.get("BM_core_signal_around_accounts/accounts:1024", walk), None)
    yield 4, "strict decode of a signal / walk", results.get("BM_signal_decode", walk), ("<=", 1.3)
    yield 4, "encoding its three outputs / walk", results.get("BM_encode_three_outputs", walk), ("<=", 2.5)
    yield 4, "strict decode of a tick / walk", results.get("BM_tick_decode", walk), None
    yield 4, "reading its capture line / walk", results.get("BM_capture_line_read", walk), None
    wire = "BM_wire_to_wire/close"
    yield 5, "wire to wire, one thread, three outputs / walk", results.get(wire, walk), ("<=", 5)
    yield (5, "wire to wire, one thread, four outputs (reversing) / walk",
           results.get("BM_wire_to_wire/reverse", walk), None)
    yield (10, "throughput on one thread, measuring on / compiled out",
           divided(results.get("off/" + wire, "cpu_time"), results.get("on/" + wire, "cpu_time")),
           (">=", 0.95))
    for kind in ("signals", "recorded"):
        base = results.get(f"BM_layout/{kind}/threads:1/real_time", "inputs_per_s")
        for threads in (2, 3, 5):
            layout = results.get(f"BM_layout/{kind}/threads:{threads}/real_time", "inputs_per_s")
            yield "-", f"inputs/s, {kind}, {threads} threads / 1 thread", divided(layout, base), None


def is_met(value, target):
    sign, bound = target
    return {"<=": value <= bound, "<": value < bound, ">=": value >= bound}[sign]


def table_line(row, what, ratios, target):
    middle = statistics.median(ratios)
    digits = 3 if middle < 0.5 else 2
    text = f"{middle:.{digits}f} ({min(ratios):.{digits}f}..{max(ratios):.{digits}f})"
    goal = "no target"
    if target:
        goal = f"{target[0]} {target[1]:g}: {'met' if is_met(middle, target) else 'not met'}"
    return f"| {row} | {what} | {text} | {goal} |"


def main():
    if len(sys.argv) != 2:
        print("usage: bench/table.py FOLDER", file=sys.stderr)
        return 64
    results = Results(pathlib.Path(sys.argv[1]))
    print("| row | what | ratio | target |\n| --- | --- | --- | --- |")
    for row, what, ratios, target in rows(results):
        if ratios:
            print(table_line(row, what, ratios, target))
    for error in results.errors:
        print(f"\nERROR: {error}")
    return 1 if results.errors else 0


if __name__ == "__main__":
    sys.exit(main())
