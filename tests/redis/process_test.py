#!/usr/bin/env python3
"""What may happen to the process, with a journal: P3, P5-P8, P11-P13, P15, P16.

    tests/redis/process_test.py --bin build/release [unittest options]

Stops without a journal are stop_test.py, killing at each moment is tests/crash.
"""

import hashlib
import os
import resource
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request

sys.dont_write_bytecode = True
from support import case
from support.crc32c import crc32c
from support.case import ONE_THREAD, SLACK
from support.journal_case import FaultCase, JournalCase
from support.oracle import EXECUTION, OUTPUTS, POSITION, SIGNAL, TICK
from support.server import free_port

DATA = 65


class RepeatedKillTest(FaultCase):
    def test_p3_ten_kills_in_recovery(self):
        """Wherever recovery is cut, the next one begins from the same journal and comes to the same."""
        self.start_engine()
        self.feed(300)
        self.wait_until(lambda: self.outcome_count() > 50)
        self.kill()
        moments = ("mmap@.log#1=kill_after", "msync@.log#1=kill_before", "msync@.log#1=kill_after",
                   "write@socket~XINFO#1=kill_before", "write@socket~XINFO#2=kill_after",
                   "read@socket~last-generated-id#1=kill_after", "open@.log.new#1=kill_after",
                   "pwrite@.log.new#3=kill_in", "rename@.log.new#1=kill_before", "rename@.log.new#1=kill_after")
        for moment in moments:
            self.start_with(sync="none", waits=False, RULES=moment)
            self.assertEqual(self.engine.wait(), -signal.SIGKILL, f"{moment}\n{self.engine.log}")
        self.start_engine()
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()


class StopTest(JournalCase):
    def test_p5_what_was_published_before_a_stop_is_not_published_again(self):
        self.run_once(200)
        before = {stream: self.server.ask("XLEN", stream) for stream in OUTPUTS}
        self.start_engine()
        self.stop_engine()
        self.assertEqual(self.engine.final()[1], 0, self.engine.log)
        self.assertEqual({stream: self.server.ask("XLEN", stream) for stream in OUTPUTS}, before)
        self.check()

    def test_p6_what_a_stop_left_behind_is_published_by_the_next_start(self):
        """Redis reads and refuses to write; then it stands still."""
        for freezes in (False, True):
            with self.subTest(freezes=freezes):
                self.start_engine(self.server.unix_url)
                self.feed(50)
                self.wait_for_outcomes()
                self.engine.send(signal.SIGSTOP)
                self.feed(400)
                self.server.ask("CONFIG", "SET", "min-replicas-to-write", "1")
                self.engine.send(signal.SIGCONT)
                self.wait_until(lambda: "NOREPLICAS" in self.engine.log, 10)
                if freezes:
                    self.server.freeze()
                code, seconds = self.engine.stop()
                self.server.thaw()
                self.assertEqual(code, 0, self.engine.log)
                self.assertLess(seconds, 3.0 * SLACK)
                self.assertGreater(self.engine.final()[3], 0, self.engine.log)
                self.server.ask("CONFIG", "SET", "min-replicas-to-write", "0")
                self.run_once(20)
                self.check()

    def test_recovered_it_ends_and_takes_nothing_new(self):
        self.start_engine()
        self.feed(100)
        self.wait_for_outcomes()
        self.kill()
        self.forget_snapshots()
        before = self.outcome_count()
        self.server.ask("DEL", *OUTPUTS)
        self.feed(50)
        engine = self.start_engine(waits=False, arguments=("--recover-and-exit",))
        self.assertEqual(engine.wait(), 0, engine.log)
        self.assertRegex(engine.log, r"replayed \d+ inputs")
        self.assertEqual(self.outcome_count(), before)
        self.assertEqual(len(list(self.journal.glob("*.snap"))), 1)
        self.start_engine()
        self.assertNotIn("replayed", self.engine.log)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_without_redis_it_has_not_recovered(self):
        self.run_once(dies=True)
        self.server.stop()
        engine = self.start_engine(waits=False, redis="connect_deadline_s = 1", arguments=("--recover-and-exit",))
        self.assertEqual(engine.wait(), 69, engine.log)

    def test_without_a_journal_there_is_nothing_to_recover(self):
        engine = self.start_engine(waits=False, arguments=("--recover-and-exit", "--set", "journal.dir=''"))
        self.assertEqual(engine.wait(), 78, engine.log)
        self.assertIn("journal.dir", engine.log)

    def test_p7_signals_that_are_no_stop(self):
        """HUP and PIPE are passed over while it works; INT is TERM."""
        self.start_engine()
        for number in (signal.SIGHUP, signal.SIGPIPE):
            self.engine.send(number)
            self.feed(50)
            self.wait_for_outcomes()
        self.engine.send(signal.SIGINT)
        self.assertEqual(self.engine.wait(), 0, self.engine.log)
        self.check()

    def test_p7_usr1_ends_it_and_loses_nothing(self):
        """It has no meaning here: what the system does with it is a kill."""
        self.start_engine()
        self.feed(100)
        self.engine.send(signal.SIGUSR1)
        self.assertEqual(self.engine.wait(), -signal.SIGUSR1, self.engine.log)
        self.run_once(50)
        self.check()


class StandstillTest(JournalCase):
    def test_p8_a_stopped_process_goes_on_and_fires_each_timer_once(self):
        """Also longer than Redis, its own watchdog and its own time limits would wait."""
        for layout in (ONE_THREAD, self.layout):
            for seconds in (1, 7):
                with self.subTest(layout=layout, seconds=seconds):
                    self.stands_still(layout, seconds)

    def stands_still(self, layout, seconds):
        self.start_engine(layout=layout, more="[mark]\ninterval_s = 1\n")
        # One that stays open, so that each mark is seen.
        self.server.ask("XADD", TICK, "*", "data", case.price_json(100, "ETHUSDT"))
        self.server.ask("XADD", SIGNAL, "*", "data", case.signal_json("BUY", 0.9, "ETHUSDT"))
        self.signals_fed += 1
        self.feed(200)
        self.wait_for_outcomes()
        self.wait_until(lambda: self.marks())
        self.engine.send(signal.SIGSTOP)
        time.sleep(seconds)  # what is tried is that this passes
        self.feed(200)
        self.engine.send(signal.SIGCONT)
        self.wait_for_outcomes()
        self.stop_engine()
        marks = self.marks()
        self.assertEqual(marks, list(range(marks[0], marks[-1] + 1)), "a mark a second, each once")
        self.check()
        shutil.rmtree(self.journal)
        self.server.ask("FLUSHALL")
        self.signals_fed = 0

    def marks(self):
        """Seconds of the marks of ETHUSDT."""
        return [int(entry_id.split("-")[0]) // 1000 for entry_id, fields in self.server.ask.entries(POSITION)
                if fields["cause"].startswith("@timer/") and '"ETHUSDT"' in fields["data"]]


class LimitTest(JournalCase):
    def test_p12_without_descriptors_http_refuses_and_trading_goes_on(self):
        port = free_port()
        self.start_engine(arguments=("--set", f"http.listen=127.0.0.1:{port}"))
        self.feed(50)
        self.wait_for_outcomes()
        pid = self.engine.process.pid
        limit = self.descriptor_count() + 1
        _, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (limit, hard))
        held = []
        try:
            for _ in range(32):
                held.append(socket.create_connection(("127.0.0.1", port), 5 * SLACK))
            self.wait_until(lambda: self.descriptor_count() == limit, said=self.descriptor_count)
            used_s = self.engine.cpu_s()
            begin = time.monotonic()
            self.feed(200)
            self.wait_for_outcomes()
            # Whoever waits for a descriptor does not spin.
            self.wait_until(lambda: time.monotonic() - begin > 2)
            self.assertLess(self.engine.cpu_s() - used_s, 1.0)
        finally:
            for connection in held:
                connection.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (hard, hard))
        self.wait_until(lambda: self.answers(port))
        self.stop_engine()
        self.check()

    def descriptor_count(self):
        return len(os.listdir(f"/proc/{self.engine.process.pid}/fd"))

    @staticmethod
    def answers(port):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5 * SLACK) as reply:
                return reply.status == 200
        except OSError:
            return False

    def test_p11_without_memory_it_is_71_and_no_file_is_spoiled(self):
        """Somewhere in the start, or not at all: wherever the limit happens to be met."""
        if case.options.bin.name.startswith(("asan", "tsan")):
            self.skipTest("a sanitizer takes more addresses than any of these limits")
        codes = set()
        for limit_mb in (20, 30, 40, 50, 60, 80, 100, 160, 400):
            with self.subTest(limit_mb=limit_mb):
                self.start_engine(waits=False, prefix=("prlimit", f"--as={limit_mb << 20}", "--core=0"))
                self.wait_for_end_or("running on")
                if self.engine.is_alive():
                    self.feed(20)
                    self.wait_for_outcomes()
                    self.stop_engine()
                    codes.add(0)
                    continue
                codes.add(self.engine.wait())
                self.assertIn(self.engine.process.returncode, (71, 74), self.engine.log)
                self.assertRegex(self.engine.log, "out of memory|the system refuses|Cannot allocate memory")
        self.assertIn(71, codes)
        self.assertIn(0, codes)
        self.run_once()
        self.check()

    def wait_for_end_or(self, words):
        end = time.monotonic() + 30 * SLACK
        while self.engine.is_alive() and words not in self.engine.log and time.monotonic() < end:
            time.sleep(0.01)

    def test_p13_small_stacks_no_core_files_no_capabilities(self):
        for prefix in (("prlimit", "--stack=1048576:1048576"), ("prlimit", "--core=0:0"), ("prlimit", "--memlock=0:0"),
                       ("setpriv", "--bounding-set=-all", "--inh-caps=-all")):
            with self.subTest(prefix=prefix):
                if prefix[0] == "setpriv" and os.geteuid() != 0:
                    continue  # has none anyway
                self.start_engine(prefix=prefix)
                self.feed(100)
                self.wait_for_outcomes()
                self.stop_engine()
        self.check()


class VersionTest(JournalCase):
    """P15: another build wrote the journal."""

    def rewrite_header(self, offset, data):
        segment = self.journal / "0000000001.log"
        whole = bytearray(segment.read_bytes())
        whole[offset:offset + len(data)] = data
        whole[124:128] = struct.pack("<I", crc32c(whole[:124]))
        segment.write_bytes(whole)

    def test_p15_another_build_of_the_same_format_goes_on(self):
        self.run_once()
        self.rewrite_header(40, b"0.0.1 another".ljust(80, b"\0"))
        self.run_once()
        self.assertIn("written by 0.0.1 another", self.engine.log)
        self.check()

    def test_p15_another_format_is_refused_in_words(self):
        self.run_once()
        before = self.server.ask.entries(EXECUTION)
        current, = struct.unpack_from("<I", (self.journal / "0000000001.log").read_bytes(), 8)
        self.rewrite_header(8, struct.pack("<I", current + 1))
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn(f"format version {current + 1}; this build reads {current}", log)
        self.assertEqual(self.server.ask.entries(EXECUTION), before)

    def test_p15_amounts_of_another_scale_are_refused(self):
        self.run_once()
        self.rewrite_header(12, struct.pack("<I", 9))
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn("amounts of another scale", log)


class LookingOnTest(JournalCase):
    """P16: a tool that reads the journal of an engine that runs."""

    def state(self):
        return {path.name: (path.stat().st_mtime_ns, path.stat().st_size, hashlib.sha256(path.read_bytes()).digest())
                for path in sorted(self.journal.iterdir())}

    def export(self):
        return subprocess.run([case.options.bin / "replay", "export", "--journal", self.journal, "--out", self.tape],
                              capture_output=True, text=True, check=False)

    def test_p16_export_writes_nothing_there(self):
        self.start_engine(more="[mark]\ninterval_s = 0\n")
        self.feed(200)
        self.wait_for_outcomes()
        before = self.state()
        done = self.export()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.state(), before)
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_p16_export_under_load_gives_a_beginning(self):
        self.start_engine()
        done = threading.Event()
        client = self.server.client()

        def produce():
            while not done.is_set():
                self.feed(100, client)

        thread = threading.Thread(target=produce)
        thread.start()
        tapes = []
        try:
            for _ in range(10):
                found = self.export()
                self.assertEqual(found.returncode, 0, found.stderr)
                tapes.append(self.tape.read_text())
        finally:
            done.set()
            thread.join()
            client.close()
        self.wait_for_outcomes(120)
        self.stop_engine()
        self.check()
        whole = self.tape.read_text()
        for tape in tapes:
            self.assertTrue(whole.startswith(tape), "an export is not the beginning of a later one")
        self.assertGreater(len(tapes[-1]), len(tapes[0]))


if __name__ == "__main__":
    case.main()
