#!/usr/bin/env python3
"""Latency files as HdrHistogram's own reader (Java) reads them, against what the programs say themselves.

    tests/tools/latency_files_test.py --bin build/release [unittest options]

Needs java, javac, HdrHistogram's jar and redis-server; exits 77 (skipped) where one is missing.
"""

import http.client
import json
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "redis"))

from support import case  # noqa: E402
from support.case import RedisCase, THREE_THREADS  # noqa: E402
from support.engine import Engine, SLACK  # noqa: E402
from support.server import free_port  # noqa: E402

SAMPLE = ROOT / "tests/data/sample.ndjson.gz"
JAR = pathlib.Path("/usr/share/java/hdrhistogram.jar")
STAGES = ("ingress", "risk", "fill", "mark", "egress")
NAMES = [f"{stage}, {part}" for stage in STAGES for part in ("waiting", "working")] + ["end to end"]
PERCENTILES = ("p50", "p90", "p99", "p99.9", "p99.99")
# The error that io/latency/hdr_histogram.hpp states: of a mean, and of a value in the highest bucket.
MEAN_SHARE, TOP_SHARE = 64, 128
CLASSES = None


def tag_of(name):
    return name.replace(", ", ".").replace(" ", "_")


def compile_reader():
    """The folder of the compiled reader; or ends with 77 and the reason."""
    for program, package in (("java", "default-jre-headless"), ("javac", "default-jdk-headless")):
        if shutil.which(program) is None:
            print(f"skipped: no {program} here (Debian: {package}); tools/setup installs it")
            sys.exit(77)
    if not JAR.is_file():
        print(f"skipped: no {JAR} here (Debian: libhdrhistogram-java); tools/setup installs it")
        sys.exit(77)
    folder = tempfile.TemporaryDirectory()
    source = pathlib.Path(__file__).resolve().parent / "HdrFiles.java"
    subprocess.run(["javac", "-cp", JAR, "-d", folder.name, source], check=True, timeout=120 * SLACK)
    return folder


def program(name, *arguments):
    return subprocess.run([case.options.bin / name, *map(str, arguments)], capture_output=True, text=True,
                          timeout=120 * SLACK)


def distribution(path):
    """Lines of a .hgrm file: values as numbers, all else as text."""
    rows = []
    for line in path.read_text(encoding="ascii").splitlines():
        words = line.split()
        is_row = bool(words) and re.fullmatch(r"[\d.]+", words[0])
        rows.append([float(word) for word in words] if is_row else line)
    return rows


class Files(unittest.TestCase):
    """Reading them, in self.folder."""

    def read(self, hlog):
        """tag -> what Java says; self.folder/java has its own .hgrm files."""
        java = self.folder / "java"
        java.mkdir(exist_ok=True)
        done = subprocess.run(["java", "-cp", f"{JAR}:{CLASSES.name}", "HdrFiles", hlog, java],
                              capture_output=True, text=True, timeout=120 * SLACK)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def assert_agrees(self, said, read, has_one_interval):
        """Java's reading of one tag against our own JSON of it."""
        self.assertEqual(read["count"], said["count"])
        self.assertAlmostEqual(read["mean"], said["mean"], delta=said["mean"] / MEAN_SHARE + 1)
        share = TOP_SHARE if has_one_interval else MEAN_SHARE
        for word in (*PERCENTILES, "max"):
            # A value in the highest bucket of an interval is known to a half of it at most.
            low = said[word] if has_one_interval else said[word] - said[word] / share
            self.assertTrue(low <= read[word] <= said[word] + said[word] / share, (word, read[word], said[word]))

    def assert_same_distribution(self, ours, java):
        ours, java = distribution(ours), distribution(java)
        self.assertEqual(len(ours), len(java))
        for row, other in zip(ours, java):
            if isinstance(row, str):
                self.assertEqual(row, other)
                continue
            self.assertEqual(len(row), len(other))
            self.assertEqual([row[0], row[2]], [other[0], other[2]])
            # Java rounds a half up where C rounds what the number really is.
            self.assertAlmostEqual(row[1], other[1], delta=1.5e-12)
            self.assertEqual(row[3:], other[3:])


class ReplayTest(Files):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def replay(self, *arguments, code=0):
        done = program("replay", "run", "--capture", SAMPLE, "--set", "threads.cores=none", *arguments)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def engine(self, hlog, code=0):
        done = program("engine", "--set", f"latency.hlog={hlog}", "--set", f"input.source=capture:{SAMPLE}",
                       ROOT / "conf/quickstart.toml")
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def test_java_reads_what_the_summary_says(self):
        for layout in ("1", "3", "5"):
            hlog, summary = self.folder / f"{layout}.hlog", self.folder / "summary.json"
            prefix = self.folder / f"layout-{layout}"
            self.replay("--layout", layout, "--hlog", hlog, "--hgrm", prefix, "--summary", summary,
                        "--set", "latency.hlog_interval_s=86400")
            said = json.loads(summary.read_text())["latency_ns"]
            read = self.read(hlog)
            self.assertEqual(sorted(said), sorted(NAMES))
            self.assertEqual(sorted(read), sorted(map(tag_of, NAMES)))
            for name in NAMES:
                with self.subTest(layout=layout, name=name):
                    tag = tag_of(name)
                    self.assert_agrees(said[name], read[tag], has_one_interval=True)
                    self.assert_same_distribution(pathlib.Path(f"{prefix}.{tag}.hgrm"),
                                                  self.folder / "java" / f"{tag}.hgrm")
            self.assertGreater(said["end to end"]["count"], 50)
            self.assertEqual(len(list(self.folder.glob(f"layout-{layout}.*.hgrm"))), len(NAMES))

    def test_output_bytes_are_the_same_with_and_without(self):
        golden = (ROOT / "tests/data/sample.sha256").read_text().split()[0]
        done = self.replay("--hlog", self.folder / "a.hlog", "--hgrm", self.folder / "a")
        self.assertIn(golden, done.stdout)

    def test_a_replay_begins_its_log_anew(self):
        hlog = self.folder / "a.hlog"
        self.replay("--hlog", hlog)
        self.replay("--hlog", hlog)
        self.assertEqual(len(self.read(hlog)["end_to_end"]["intervals"]), 1)

    def test_an_engine_goes_on_with_its_log(self):
        hlog = self.folder / "a.hlog"
        self.engine(hlog)
        once = self.read(hlog)["risk.working"]
        with open(hlog, "a", encoding="ascii") as torn:
            torn.write("Tag=risk.working,1.000,1.0")  # as a machine leaves it that lost its power
        self.engine(hlog)
        twice = self.read(hlog)["risk.working"]
        self.assertEqual(len(twice["intervals"]), 2)
        self.assertEqual(twice["count"], 2 * once["count"])
        first, second = twice["intervals"]
        self.assertGreaterEqual(second["start_ms"], first["end_ms"])

    def test_an_engine_spares_a_file_that_is_no_log(self):
        file = self.folder / "notes.txt"
        file.write_text("not to be lost")
        done = self.engine(file, code=73)
        self.assertIn(f"{file}: cannot be created: is there and is no histogram log", done.stderr)
        self.assertEqual(file.read_text(), "not to be lost")

    def test_a_file_that_cannot_be_created_is_73(self):
        missing = self.folder / "no" / "folder"
        for done in (self.replay("--hlog", missing, code=73), self.replay("--hgrm", missing, code=73),
                     self.engine(missing, code=73)):
            self.assertRegex(done.stderr, f"ERROR .*{missing}.*: cannot be created: No such file or directory")

    def test_a_full_disk_at_the_end_is_74(self):
        done = self.replay("--hlog", "/dev/full", code=74)
        self.assertIn("/dev/full: No space left on device; the log lacks its end", done.stderr)
        self.assertIn("SHA-256 of the output", done.stdout)
        (self.folder / "a.mark.working.hgrm").symlink_to("/dev/full")
        done = self.replay("--hgrm", self.folder / "a", code=74)
        self.assertIn("a.mark.working.hgrm: No space left on device", done.stderr)

    def test_a_log_does_not_go_to_stdout(self):
        self.assertIn("must be a file name", self.replay("--hlog", "-", code=64).stderr)
        self.assertIn('latency.hlog: must be a file name, or "" for none, not', self.engine("-", code=78).stderr)


class LiveTest(RedisCase, Files):
    """An engine between streams, with a line every second and its endpoint to compare with."""

    def setUp(self):
        super().setUp()
        self.hlog = self.folder / "engine.hlog"
        self.port = free_port()
        self.signals = 0
        conf = self.conf(self.server.unix_url, layout=THREE_THREADS,
                         more=f'[latency]\nhlog = "{self.hlog}"\nhlog_interval_s = 1\n[mark]\ninterval_s = 0')
        conf = conf.replace('listen = ""', f'listen = "127.0.0.1:{self.port}"').replace(str(self.tape), "")
        # A file that may not grow is an error to write to, not a signal.
        self.engine = Engine(case.options.bin / "engine", self.folder, conf,
                             prefix=("env", "--ignore-signal=XFSZ"))
        self.addCleanup(self.engine.kill)

    def latencies(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20 * SLACK)
        connection.request("GET", "/latency")
        answer = json.loads(connection.getresponse().read())["latency_ns"]
        connection.close()
        return answer

    def feed_all(self, count):
        self.feed(count)
        self.wait_for_outcomes()

    def line_count(self, tag="end_to_end"):
        return self.hlog.read_text(encoding="ascii").count(f"Tag={tag},") if self.hlog.exists() else 0

    def wait_for_lines(self, count):
        end = self.line_count() + count
        self.wait_until(lambda: self.line_count() >= end, said=lambda: f"{count} more intervals")

    def stop_and_compare(self):
        """Java's sums against /latency, asked once nothing moves any more."""
        self.wait_for_lines(2)
        said = self.latencies()
        self.stop_engine()
        read = self.read(self.hlog)
        self.assertEqual(sorted(read), sorted(map(tag_of, NAMES)))
        for name in NAMES:
            with self.subTest(name=name):
                self.assert_agrees(said[name], read[tag_of(name)], has_one_interval=False)
        return read

    def test_intervals_add_up_to_what_the_endpoint_says(self):
        for _ in range(3):
            self.feed_all(300)
            self.wait_for_lines(1)
        self.wait_for_lines(2)  # at least one interval without a value
        read = self.stop_and_compare()
        for tag, sums in read.items():
            intervals = sums["intervals"]
            self.assertEqual(len(intervals), len(read["end_to_end"]["intervals"]), tag)
            for before, behind in zip(intervals, intervals[1:]):
                self.assertAlmostEqual(before["end_ms"], behind["start_ms"], delta=2)
        counts = [interval["count"] for interval in read["risk.working"]["intervals"]]
        self.assertIn(0, counts)
        self.assertGreaterEqual(sum(count > 0 for count in counts), 2)

    def test_a_full_disk_loses_no_value_and_does_not_stop_the_engine(self):
        self.feed_all(200)
        self.wait_for_lines(2)
        unlimited = resource.prlimit(self.engine.process.pid, resource.RLIMIT_FSIZE)
        # The next block finds room for its beginning only.
        resource.prlimit(self.engine.process.pid, resource.RLIMIT_FSIZE, (self.hlog.stat().st_size + 100, unlimited[1]))
        self.engine.wait_for(f"{self.hlog}: No space left on device; the engine goes on")
        self.assertTrue(self.hlog.read_bytes().endswith(b"\n"))
        self.feed_all(200)
        told = self.engine.log.count("No space left on device")
        self.assertEqual(told, 1, self.engine.log)
        resource.prlimit(self.engine.process.pid, resource.RLIMIT_FSIZE, unlimited)
        self.engine.wait_for("lines are written again")
        self.feed_all(200)
        self.stop_and_compare()


if __name__ == "__main__":
    CLASSES = compile_reader()
    case.main()
