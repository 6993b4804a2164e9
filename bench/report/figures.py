"""What benchmark programs say: samples of Google Benchmark's JSON, and lines of the form
`name ratio least most  words`."""

import dataclasses
import json
import re
import statistics

NUMBER = r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?"
FIGURE = re.compile(rf"([a-z]\w*) ({NUMBER}) ({NUMBER}) ({NUMBER})(?:\s+(.*))?")
NOT_MEASURED = re.compile(r"(?:# )?(\w+): not measured: (.+)")
DISRUPTOR = re.compile(r"disruptor (\S+) repetition=\d+ (.*)")


@dataclasses.dataclass(frozen=True)
class Figure:
    """A median with the smallest and the largest behind it."""
    value: float
    low: float
    high: float

    @staticmethod
    def of(samples):
        """Of one value a repetition; None of none."""
        samples = list(samples)
        return Figure(statistics.median(samples), min(samples), max(samples)) if samples else None


class Results:
    """All that the programs of a run have said."""

    def __init__(self):
        self.samples = {}  # benchmark -> counter -> one value a repetition
        self.lines = {}  # name -> Figure
        self.missing = {}  # name -> why it could not be measured here
        self.errors = []  # wrong answers, programs that failed

    def get(self, benchmark, counter):
        """One value a repetition; none where the benchmark was not run."""
        return self.samples.get(benchmark, {}).get(counter, [])

    def add(self, benchmark, counters):
        for key, value in counters.items():
            if isinstance(value, (int, float)):
                self.samples.setdefault(benchmark, {}).setdefault(key, []).append(value)

    def read_json(self, program, text, prefix=""):
        """Takes in what --benchmark_out has kept."""
        try:
            runs = json.loads(text)["benchmarks"]
        except (ValueError, KeyError):
            self.errors.append(f"{program}: its run was cut off")
            return
        for run in runs:
            if run.get("error_occurred"):
                self.errors.append(f"{program}: {run['name']}: {run['error_message']}")
            elif run["run_type"] == "iteration":
                self.add(prefix + run["run_name"], run)

    def read_lines(self, program, text):
        """Takes in figures, what was not measured, and Disruptor's lines; passes over all else."""
        for line in text.splitlines():
            if match := NOT_MEASURED.fullmatch(line):
                self.missing[match[1]] = match[2]
            elif match := FIGURE.fullmatch(line):
                self.lines[match[1]] = Figure(*(float(match[n]) for n in (2, 3, 4)))
            elif match := DISRUPTOR.fullmatch(line):
                words = (word.split("=") for word in match[2].split())
                self.add("disruptor/" + match[1], {key: float(value) for key, value in words})
            elif "ERROR" in line:
                self.errors.append(f"{program}: {line}")
