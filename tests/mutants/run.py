#!/usr/bin/env python3
"""The mutation campaign: would the comparison with the second model notice a mistake?

    tests/mutants/run.py [--only ID] [--jobs N] [--inputs N] [--record FILE]
    tests/mutants/run.py --check

Copies the sources into a temporary folder and builds `replay` there without optimization. Makes a fixed corpus
(corpus.py) once, computes what must be published with the Python model (tests/model), and sees that the correct
program publishes exactly that. Then, for each mutant of table.py, puts the mistake in, builds what it touches, runs
the corpus until an output entry differs, and takes the mistake out again.

--check only sees that every mistake can still be put in, and that the copy of the sources configures.

Prints a line a mutant, with the first case and entry that told, and a total; exits 1 when a mutant survives, does not
apply or does not build, 2 when the correct program itself differs from the model. The source tree is only read;
--record writes the table, with revision and command, where it is told to.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the source tree is only read
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "support"))

import corpus  # noqa: E402
from record import Record  # noqa: E402
from table import MUTANTS  # noqa: E402

SOURCES = ("engine", "stages", "io", "tools", "conf", "CMakeLists.txt", "CMakePresets.json")
CASE_SECONDS = 60  # a mutant that hangs is caught by that
ONE_THREAD = 'threads.layout=[["ingress", "risk", "fill", "mark", "egress"]]'  # the same on every machine


class CampaignError(Exception):
    """The campaign itself cannot go on."""


class Workplace:
    """A copy of the sources with a build of `replay`."""

    def __init__(self, folder, jobs):
        self.sources, self.build, self.jobs = folder / "sources", folder / "build", jobs
        self.sources.mkdir()
        for name in SOURCES:
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
            copy(ROOT / name, self.sources / name)
        self.replay = str(self.build / "replay")

    def configure(self):
        """Once, before the first make()."""
        subprocess.run(["cmake", "-G", "Ninja", "-S", self.sources, "-B", self.build,
                        "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O0",
                        "-DCORELOOP_BUILD_TESTS=OFF", "-DCORELOOP_WERROR=OFF"], check=True, capture_output=True)

    def make(self):
        """Builds what has changed; answers the compiler's words where it fails."""
        done = subprocess.run(["ninja", "-C", self.build, "-j", str(self.jobs), "replay"], capture_output=True,
                              text=True)
        return None if done.returncode == 0 else done.stdout


class Corpus:
    """The cases as files, and what must come of each."""

    def __init__(self, folder, replay, inputs):
        self.folder, self.cases, self.expected, self.exits = folder, [], [], []
        for index, case in enumerate(corpus.cases(inputs)):
            path = folder / f"{index}.ndjson"
            if case.text is None:
                subprocess.run([replay, "generate", *case.generate, "--out", path], check=True, capture_output=True)
            else:
                path.write_text(case.text, encoding="ascii")
            self.cases.append(case)

    def work_out(self):
        """Has the model compute every output; answers how many inputs and entries there are."""
        import capture
        import conf
        import model
        inputs = 0
        for index, case in enumerate(self.cases):
            lines = []
            engine = model.run(conf.load(None, case.settings), capture.entries(str(self.folder / f"{index}.ndjson")),
                               lines.append)
            self.expected.append("".join(lines).encode())
            inputs += engine.seq
        return inputs, sum(text.count(b"\n") for text in self.expected)

    def run_case(self, replay, index):
        """(exit status, output) of the program over one case."""
        out = self.folder / f"{index}.out"
        command = [replay, "run", "--capture", self.folder / f"{index}.ndjson", "--out", out]
        for setting in [ONE_THREAD, *self.cases[index].settings]:
            command += ["--set", setting]
        try:
            status = subprocess.run(command, capture_output=True, timeout=CASE_SECONDS).returncode
        except subprocess.TimeoutExpired:
            return "none: it hangs", b""
        return status, out.read_bytes() if out.exists() else b""

    def first_difference(self, replay, jobs):
        """Where the program first differs from what is expected, case by case in order; None where nowhere."""
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            runs = [pool.submit(self.run_case, replay, index) for index in range(len(self.cases))]
            try:
                for index, run in enumerate(runs):
                    found = self.difference(index, *run.result())
                    if found:
                        return found
            finally:
                pool.shutdown(cancel_futures=True)
        return None

    def difference(self, index, status, output):
        """(text for the table, the entries that differ) of one case, or None."""
        case, expected = self.cases[index], self.expected[index]
        if output != expected:
            ours, theirs = output.splitlines(), expected.splitlines()
            at = next((i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b), min(len(ours), len(theirs)))
            pair = [lines[at].decode() if at < len(lines) else "" for lines in (theirs, ours)]
            words = field_that_differs(*pair) if all(pair) else f"ends; exit status {status}"
            return f"{case.name}, entry {at + 1}: {words}", pair
        if self.exits and status != self.exits[index]:
            return f"{case.name}: exit status {status}", ["", ""]
        return None

    def check_correct(self, replay, jobs):
        """Sees that the unchanged program publishes what the model does."""
        found = self.first_difference(replay, jobs)
        if found:
            raise CampaignError(f"the correct program differs from the model: {found[0]}\n" + "\n".join(found[1]))
        self.exits = [self.run_case(replay, index)[0] for index in range(len(self.cases))]


def field_that_differs(expected, found):
    """Which key of two output entries is the first to differ."""
    one, other = json.loads(expected), json.loads(found)
    stream = one["stream"].rpartition("trade.")[2]
    if one["stream"] != other["stream"]:
        return f"{other['stream'].rpartition('trade.')[2]} for {stream}"
    ours, theirs = (json.loads(entry["fields"].get("data", "{}")) for entry in (one, other))
    for key in ours:
        if key != "timestamp" and ours[key] != theirs.get(key):
            return f"{stream} {key}"
    for key in one["fields"]:
        if key != "data" and one["fields"][key] != other["fields"].get(key):
            return f"{stream} {key}"
    return f"{stream} id or time"


def try_mutant(mutant, workplace, cases, jobs):
    """(caught, text for the table, the entries that differ); the file is as before afterwards."""
    path = workplace.sources / mutant.file
    right = path.read_text(encoding="utf-8")
    path.write_text(right.replace(mutant.right, mutant.wrong), encoding="utf-8")
    try:
        words = workplace.make()
        if words is not None:
            return False, "DOES NOT BUILD", ["", words]
        found = cases.first_difference(workplace.replay, jobs)
    finally:
        path.write_text(right, encoding="utf-8")
    return (True, *found) if found else (False, "SURVIVED", ["", ""])


def find_lost(mutants, say):
    """Those whose line has changed since."""
    lost = [m for m in mutants if (ROOT / m.file).read_text(encoding="utf-8").count(m.right) != 1]
    for mutant in lost:
        say(f"{mutant.id}: does not apply: its line does not stand exactly once in {mutant.file}")
    return lost


def check(mutants):
    """Whether the campaign could begin; answers the exit status."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        Workplace(pathlib.Path(name), 1).configure()
    return 1 if find_lost(mutants, print) else 0


def campaign(mutants, arguments, say):
    """Runs it all; answers the exit status."""
    lost = find_lost(mutants, say)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mutants-") as name:
        folder = pathlib.Path(name)
        workplace = Workplace(folder, arguments.jobs)
        workplace.configure()
        words = workplace.make()
        if words is not None:
            raise CampaignError("the sources do not build:\n" + words)
        built = time.monotonic()
        (folder / "corpus").mkdir()
        cases = Corpus(folder / "corpus", workplace.replay, arguments.inputs)
        inputs, entries = cases.work_out()
        modelled = time.monotonic()
        cases.check_correct(workplace.replay, arguments.jobs)
        say(f"{len(cases.cases)} cases, {inputs} inputs, {entries} output entries; build {built - started:.0f} s, "
            f"model {modelled - built:.0f} s; the correct program publishes what the model does")
        say(f"{'id':25}{'file':28}{'mistake':64}caught by")
        caught = 0
        for mutant in mutants:
            if mutant in lost:
                continue
            is_caught, words, pair = try_mutant(mutant, workplace, cases, arguments.jobs)
            caught += is_caught
            say(f"{mutant.id:25}{mutant.file:28}{mutant.mistake:64}{words}")
            if arguments.only or words == "DOES NOT BUILD":
                print(f"  expected {pair[0]}\n  found    {pair[1]}", flush=True)
    say(f"{time.monotonic() - started:.0f} s")
    say(f"{len(mutants)} mutants, {caught} caught")
    return 0 if caught == len(mutants) else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="ID", help="just this mutant; may be given again")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="compilers and runs at a time")
    parser.add_argument("--inputs", type=int, default=40_000, help="size of the generated cases together")
    parser.add_argument("--record", metavar="FILE", help="write the table here too")
    parser.add_argument("--check", action="store_true", help="only see that the mistakes can be put in")
    arguments = parser.parse_args()
    known = [mutant.id for mutant in MUTANTS]
    if len(set(known)) != len(known) or set(arguments.only or ()) - set(known):
        parser.error("--only takes one of: " + ", ".join(known))
    mutants = [m for m in MUTANTS if not arguments.only or m.id in arguments.only]
    if arguments.check:
        return check(mutants)
    record = Record("Wrong versions of the engine, and how the second model caught each", arguments.record, "g++")
    try:
        status = campaign(mutants, arguments, record.say)
    except CampaignError as error:
        print(f"mutants: {error}", file=sys.stderr)
        return 2
    record.write()
    return status


if __name__ == "__main__":
    sys.exit(main())
