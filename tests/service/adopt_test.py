#!/usr/bin/env python3
"""tools/adopt between the streams of a real Redis: there, back, and there again, as conf/adopt.md
tells; and what it says when it cannot.

    tests/service/adopt_test.py --bin build/release [unittest options]
"""

import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "http"))
import endpoint
from endpoint import SLACK, Redis, run_tests, wait_until

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
GO_BACK_S = 300  # what conf/adopt.md's heading promises: under five minutes
SIGNAL, SAFE, REJECTED, EXECUTION, POSITION, DEAD = (
    "trade.signal.v5", "trade.signal.safe", "trade.signal.rejected", "trade.execution.res",
    "trade.position.update", "trade.signal.dlq")
WRITTEN = (SAFE, REJECTED, EXECUTION, POSITION)


def number(entry_id):
    return tuple(map(int, entry_id.split("-")))


class AdoptCase(unittest.TestCase):
    OF_A_SERVICE = json.dumps({"symbol": "BTCUSDT", "action": "BUY", "confidence": 0.8, "source": "service"})

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.prefix = self.folder / "prefix"
        self.redis = Redis(self.folder)
        self.addCleanup(self.redis.stop)
        self.redis.start()
        self.ports = {key: endpoint_port() for key in ("risk", "execution", "position")}
        self.addCleanup(self.end_engine)

    @property
    def url(self):
        return f"unix://{self.redis.socket}"

    def adopt(self, *arguments, tool=ROOT / "tools/adopt", redis=None):
        sets = ["http.listen=127.0.0.1:0", "threads.cores=none",
                *(f"http.{key}_listen=127.0.0.1:{port}" for key, port in self.ports.items())]
        return subprocess.run(
            [tool, "--no-systemd", "--prefix", self.prefix, "--redis", redis or self.url,
             *(word for setting in sets for word in ("--set", setting)), *map(str, arguments)],
            capture_output=True, text=True, timeout=240 * SLACK)

    def adopted(self, *arguments, **more):
        done = self.adopt(*arguments, **more)
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout + self.log())
        return done.stdout

    def log(self):
        log = self.prefix / "var/lib/coreloop/engine.log"
        return log.read_text() if log.exists() else ""

    def pid_file(self):
        return self.prefix / "var/lib/coreloop/engine.pid"

    def end_engine(self):
        if self.pid_file().exists():
            subprocess.run([ROOT / "tools/adopt", "--back", "--no-systemd", "--prefix", self.prefix],
                           capture_output=True)

    def install(self):
        """What `cmake --install` would have put there, of what the tool looks for."""
        (self.prefix / "bin").mkdir(parents=True)
        for name in ("engine", "replay"):
            (self.prefix / "bin" / name).symlink_to(endpoint.BIN / name)
        (self.prefix / "etc/coreloop").mkdir(parents=True)
        shutil.copy(ROOT / "conf/drop_in.toml", self.prefix / "etc/coreloop")

    def services_write(self, count):
        """The old services' way: XADD MAXLEN ~ 10000 *. Answers the ids of each stream."""
        return {stream: [self.redis.cli("XADD", stream, "MAXLEN", "~", "10000", "*", "data",
                                        self.OF_A_SERVICE)
                         for _ in range(count)] for stream in WRITTEN}

    def trade(self):
        """Signals of which some are approved and some rejected; answers once they have outcomes."""
        before = self.lengths()
        for i in range(3):
            self.redis.send_signal("BUY", "ETHUSDT", account=f"a-{time.time_ns()}")
            self.redis.send_signal("BUY", "BTCUSDT", 0.3 + i / 100)
        self.assertTrue(wait_until(lambda: all(
            self.lengths()[stream] >= before[stream] + 3 for stream in WRITTEN), 30), self.log())

    def lengths(self):
        return {stream: int(self.redis.cli("XLEN", stream)) for stream in WRITTEN}

    def ids(self, stream):
        return list(self.redis.entries(stream))

    def read_after(self, last):
        """What a reader gets that remembers the last id of each stream, by stream."""
        rows = json.loads(self.redis.cli("--json", "XREAD", "COUNT", "100000", "STREAMS", *last, *last.values()))
        rows = rows.items() if isinstance(rows, dict) else rows
        return {stream: [entry[0] for entry in entries] for stream, entries in rows}


def endpoint_port():
    """A port of this machine that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ThereAndBackTest(AdoptCase):
    def test_services_engine_services_engine(self):
        self.install()
        last = {stream: ids[-1] for stream, ids in self.services_write(4).items()}
        seen = {stream: 4 for stream in WRITTEN}

        def read_on():
            new = self.read_after(last)
            for stream in WRITTEN:
                self.assertTrue(new.get(stream), stream)
                self.assertEqual(sorted(new[stream], key=number), new[stream])
                self.assertGreater(number(new[stream][0]), number(last[stream]))
                last[stream] = new[stream][-1]
                seen[stream] += len(new[stream])

        self.adopted("--inject")
        self.trade()
        read_on()
        begin = time.monotonic()
        self.adopted("--back")
        written = self.services_write(4)  # with `*`, by a service that knows nothing of us
        self.assertLess(time.monotonic() - begin, GO_BACK_S)
        for stream, ids in written.items():
            self.assertEqual([len(entry_id.split("-")) for entry_id in ids], [2] * 4, ids)  # no errors
        read_on()
        self.adopted("--inject")
        self.trade()
        read_on()
        self.adopted("--back")
        for stream in WRITTEN:
            self.assertEqual(sorted(self.ids(stream), key=number), self.ids(stream))
            self.assertEqual(len(self.ids(stream)), len(set(self.ids(stream))))
            self.assertGreaterEqual(len(self.ids(stream)), seen[stream])
        asides = sorted(self.pid_file().parent.glob("journal.*"))
        self.assertEqual(len(asides), 2, asides)

    def test_journals_put_aside_in_one_second_have_names_of_their_own(self):
        self.install()
        journal = self.pid_file().parent / "journal"
        for _ in range(3):  # no engine runs, so that nothing but a second's end comes between them
            journal.mkdir(parents=True)
            (journal / "segment").touch()
            self.adopted("--back")
        asides = sorted(journal.parent.glob("journal.*"))
        self.assertEqual([len(list(aside.iterdir())) for aside in asides], [1, 1, 1], asides)

    def test_services_go_on_above_ids_of_the_same_millisecond(self):
        ours = f"{int(time.time() * 1000) + 60_000}-41"  # as if the engine's last one were of this very moment
        self.redis.cli("XADD", SAFE, ours, "data", "{}")
        (new,) = self.services_write(1)[SAFE]
        self.assertEqual(number(new), (number(ours)[0], 42))

    def test_an_old_journal_that_was_not_put_aside_ends_the_engine(self):
        self.install()
        self.adopted("--inject")
        self.trade()
        self.adopted("--back")
        (aside,) = self.pid_file().parent.glob("journal.*")
        aside.rename(self.pid_file().parent / "journal")
        self.services_write(1)
        done = self.adopt("--inject")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertIn("the engine ended with 75", done.stderr)
        self.assertFalse(self.pid_file().exists())


class DryRunTest(AdoptCase):
    def test_it_changes_nothing_and_tells_every_command(self):
        self.services_write(1)
        before = {stream: self.ids(stream) for stream in WRITTEN}
        out = self.adopted("--build", endpoint.BIN, "--dry-run", "--inject")
        for words in ("would run: cmake --install", "would run: " + str(self.prefix / "bin/engine"),
                      "/validate --redis", "nobody has the services' ports", "would be done"):
            self.assertIn(words, out)
        self.assertNotIn("   run:", out)
        self.assertFalse(self.prefix.exists())
        self.assertEqual({stream: self.ids(stream) for stream in WRITTEN}, before)

    def test_back_changes_nothing_either(self):
        self.install()
        self.adopted("--inject")
        out = self.adopted("--back", "--dry-run")
        self.assertIn("would rename", out)
        self.assertTrue(self.pid_file().exists())
        self.assertTrue((self.pid_file().parent / "journal").exists())
        self.trade()
        self.adopted("--back")


class RefusalTest(AdoptCase):
    def refusal(self, code, words, *arguments, **more):
        done = self.adopt(*arguments, **more)
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        self.assertIn(words, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertFalse(self.pid_file().exists())

    def test_without_redis(self):
        self.install()
        self.redis.stop()
        self.redis.socket.unlink(missing_ok=True)
        self.refusal(69, "Redis at")

    def test_a_key_that_is_no_stream(self):
        self.install()
        self.redis.cli("SET", REJECTED, "1")
        self.refusal(69, "trade.signal.rejected is a string, not a stream")

    def test_services_that_still_run(self):
        self.install()
        self.adopted("--inject")
        done = self.adopt("--inject")
        self.assertEqual(done.returncode, 71)
        self.assertIn("risk on 127.0.0.1:", done.stderr)
        self.adopted("--back")

    def test_nothing_to_install(self):
        self.refusal(64, "say --deb or --build")

    def test_a_conf_that_is_not_good(self):
        self.install()
        conf = self.prefix / "etc/coreloop/drop_in.toml"
        conf.write_text("[input]\nsauce = 1\n")
        self.refusal(1, "input.sauce")

    def test_a_validation_that_fails(self):
        self.install()  # nobody has published anything, and nothing is injected
        done = self.adopt()
        self.assertEqual(done.returncode, 1)
        self.assertIn("CORE LOOP BROKEN", done.stdout)
        self.assertIn("failed: ", done.stderr)
        self.assertTrue(self.pid_file().exists())  # it runs: look, or go back
        self.adopted("--back")

    def test_back_without_an_engine(self):
        self.install()
        self.assertIn("no engine runs", self.adopted("--back"))

    def test_wrong_usage(self):
        for arguments in (["--deb", "nothing.deb"], ["--back", "--build", str(endpoint.BIN)],
                          ["--redis", "http://here"], ["--what"]):
            with self.subTest(arguments):
                self.refusal(64, "Try 'tools/adopt --help'", *arguments)


if __name__ == "__main__":
    run_tests(__doc__)
