"""What the tests of tools/bench share: a folder of programs that say what a test wants them to."""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.append(str(ROOT / "bench"))

LINES = ("#!{python}\nimport sys\nopen(__file__ + '.calls', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
         "sys.stdout.write({text!r})\nsys.exit({code})\n")
JSON = ("#!{python}\nimport re, sys\nopen(__file__ + '.calls', 'a').write(' '.join(sys.argv[1:]) + '\\n')\n"
        "out = next(word.split('=', 1)[1] for word in sys.argv if word.startswith('--benchmark_out='))\n"
        "open(out, 'w').write({text!r})\nprint('Benchmark   Time   CPU')\nsys.exit({code})\n")


def runs(benchmark, counters, error=None):
    """What Google Benchmark writes of one benchmark: a run a repetition, and their mean."""
    made = []
    for n in range(len(next(iter(counters.values()), [None]))):
        run = {"name": benchmark, "run_name": benchmark, "run_type": "iteration", "repetition_index": n}
        run.update({key: values[n] for key, values in counters.items()})
        if error:
            run.update(error_occurred=True, error_message=error)
        made.append(run)
    return made + [{**made[0], "name": benchmark + "_mean", "run_type": "aggregate", "aggregate_name": "mean"}]


class Done:
    """What a run of tools/bench said."""

    def __init__(self, *arguments):
        done = subprocess.run([ROOT / "tools/bench", *map(str, arguments)], capture_output=True, text=True)
        self.code, self.out, self.errors = done.returncode, done.stdout, done.stderr

    def row(self, what):
        """The cells of the row of that name."""
        found = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in self.out.splitlines()
                 if line.startswith("| ") and f"| {what} |" in line]
        if not found:
            raise AssertionError(f"no row '{what}' in\n{self.out}{self.errors}")
        return found[0]


class BenchCase(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.programs, self.results = self.folder / "programs", self.folder / "results"
        self.programs.mkdir()

    def program(self, name, text, code=0, template=LINES, folder=None):
        path = (folder or self.programs) / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(template.format(python=sys.executable, text=text, code=code))
        path.chmod(0o755)

    def benchmark(self, name, *benchmarks, code=0, folder=None):
        text = json.dumps({"context": {}, "benchmarks": [run for runs_ in benchmarks for run in runs_]})
        self.program(name, text, code, JSON, folder)

    def calls(self, name):
        """The options of each call of a program."""
        path = self.programs / f"{name}.calls"
        return path.read_text().splitlines() if path.exists() else []

    def bench(self, *arguments):
        return Done("--programs", self.programs, "--results", self.results, *arguments)

    def kept(self):
        """The names of the files that were kept."""
        return sorted(path.name for path in self.results.glob("*")) if self.results.exists() else []
