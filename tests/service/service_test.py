#!/usr/bin/env python3
"""The engine as a service: what it tells its manager, on which signals it lives on, and how its log
lines begin.

    tests/service/service_test.py --bin build/release [unittest options]
"""

import os
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
from service_case import SLACK, NotifySocket, ServiceCase, wait_until
from endpoint import run_tests
from notify_socket import StoppedThread, thread_named


class NotifyTest(ServiceCase):
    def test_ready_watchdog_stopping_in_this_order(self):
        self.started()
        self.wait_for("WATCHDOG=1", 3)
        self.stop()
        told = [line for line in self.notify.assignments() if not line.startswith("EXTEND")]
        self.assertEqual(told[0], "READY=1")
        self.assertEqual(told[-1], "STOPPING=1")
        self.assertEqual(set(told[1:-1]), {"WATCHDOG=1"})

    def test_it_is_not_ready_before_redis_is_there(self):
        self.start()
        self.wait_for("EXTEND_TIMEOUT_USEC=30000000", 2)
        self.assertEqual(self.notify.count("READY=1"), 0)
        self.assertIn("waiting for Redis", self.notify.statuses())
        self.redis.start()
        self.wait_for("READY=1")
        self.wait_for("WATCHDOG=1")
        self.stop()

    def test_a_stop_before_it_is_ready_is_no_failure(self):
        self.start()
        self.wait_for("EXTEND_TIMEOUT_USEC=30000000")
        self.stop()
        self.assertEqual(self.notify.count("READY=1"), 0)

    def test_status_tells_how_far_it_is(self):
        self.started()
        self.redis.send_signal()
        # The signal, and a timer where one is due before the next status.
        wanted = re.compile(r"running; inputs=[1-9]\d* published=[1-9]")
        self.assertTrue(wait_until(lambda: any(map(wanted.match, self.notify.statuses())), 30),
                        self.notify.statuses())
        self.redis.stop()
        self.assertTrue(wait_until(
            lambda: any("waiting for Redis" in s for s in self.notify.statuses()), 30))
        self.wait_for("WATCHDOG=1")  # a lost Redis is no reason to be killed

    def test_a_fault_is_told_as_a_stop(self):
        self.started()
        self.redis.send_signal()
        self.assertTrue(wait_until(lambda: self.redis.cli("XLEN", "trade.signal.v5") == "1"))
        self.write_as_somebody_else()
        for _ in range(3):
            self.redis.send_signal(confidence=0.1)
        self.assertEqual(self.process.wait(30 * SLACK), 75, self.log())
        self.assertTrue(wait_until(lambda: "stopping after a fault" in self.notify.statuses()))
        self.assertEqual(self.notify.count("STOPPING=1"), 1)

    def test_an_abstract_address(self):
        abstract = NotifySocket(f"@coreloop-test-{os.getpid()}")
        self.addCleanup(abstract.close)
        self.redis.start()
        self.start(NOTIFY_SOCKET=abstract.address)
        self.assertTrue(wait_until(lambda: abstract.count("READY=1") == 1, 30), self.log())
        self.stop()
        self.assertTrue(wait_until(lambda: abstract.count("STOPPING=1") == 1))

    def test_without_a_watchdog_it_sends_none(self):
        self.redis.start()
        told, logs = {}, {}
        for name, environment in (("none", {"WATCHDOG_USEC": None}),
                                  ("of another process", {"WATCHDOG_PID": "1"}),
                                  ("no number", {"WATCHDOG_USEC": "soon"})):
            told[name] = NotifySocket(self.folder / f"{name}.sock")
            self.addCleanup(told[name].close)
            self.start(NOTIFY_SOCKET=told[name].address, **environment)
            logs[name] = self.log_path
        for name, notify in told.items():
            with self.subTest(name):
                # The line of status that comes with READY, and one where a pulse would be.
                self.assertTrue(wait_until(lambda notify=notify: sum(
                    "running" in status for status in notify.statuses()) >= 2, 60), logs[name].read_text())
                self.assertEqual(notify.count("WATCHDOG=1"), 0)

    def test_what_is_no_address_is_told_and_harms_nothing(self):
        self.redis.start()
        self.start(NOTIFY_SOCKET="notify.sock")
        self.assertTrue(wait_until(lambda: "running on" in self.log(), 30))
        self.assertIn("NOTIFY_SOCKET is no unix address", self.log())
        self.stop()

    def test_a_manager_that_is_gone_harms_nothing(self):
        self.redis.start()
        self.start(NOTIFY_SOCKET=str(self.folder / "nobody.sock"))
        self.assertTrue(wait_until(lambda: "running on" in self.log(), 30))
        self.stop()


class StuckThreadTest(ServiceCase):
    """P14: one thread stands still, the others turn."""

    def stopped(self, name):
        try:
            stopped = StoppedThread(thread_named(self.process.pid, name))
            stopped.__enter__()
        except PermissionError as error:
            self.skipTest(f"ptrace is not allowed here: {error}")
        self.addCleanup(stopped.__exit__)
        return stopped

    def test_no_watchdog_while_a_stage_thread_stands_still(self):
        for name in ("ingress", "risk+fill+mark", "egress"):
            with self.subTest(name):
                self.notify.messages.clear()
                self.redis.stop()
                self.started()
                self.wait_for("WATCHDOG=1")
                stopped = self.stopped(name)
                # A pulse may have been due the moment before.
                seen = self.notify.count("WATCHDOG=1") + 1
                self.assertTrue(wait_until(
                    lambda: "a stage thread does not turn" in self.notify.statuses(), 30))
                self.assertLessEqual(self.notify.count("WATCHDOG=1"), seen)
                before = self.notify.count("WATCHDOG=1")
                self.assertTrue(wait_until(stopped.has_ended, 30), self.log())
                self.assertEqual(self.process.wait(30 * SLACK), 70)
                self.assertEqual(self.notify.count("WATCHDOG=1"), before)
                self.assertIn(f"watchdog_stage={name}", self.log())

    def test_watchdog_comes_back_with_the_thread(self):
        self.started(WATCHDOG_USEC="600000")
        self.wait_for("WATCHDOG=1")
        stopped = self.stopped("risk+fill+mark")
        silent = "a stage thread does not turn"
        self.assertTrue(wait_until(lambda: silent in self.notify.statuses(), 30))
        stopped.__exit__()
        self.wait_for("WATCHDOG=1", 2)
        self.stop()

    def test_a_process_stopped_as_a_whole_goes_on(self):
        self.started()
        self.process.send_signal(signal.SIGSTOP)
        with self.assertRaises(subprocess.TimeoutExpired):
            self.process.wait(7)  # more than the five ticks
        self.process.send_signal(signal.SIGCONT)
        self.wait_for("WATCHDOG=1", 2)
        self.stop()


class SignalsAndLogTest(ServiceCase):
    def test_hangup_is_ignored(self):
        self.started()
        self.process.send_signal(signal.SIGHUP)
        self.redis.send_signal()
        self.assertTrue(wait_until(lambda: self.redis.cli("XLEN", "trade.signal.rejected") == "1"))
        self.stop()

    def test_lines_have_priorities_where_stderr_is_the_journal(self):
        self.redis.start()
        journal = self.folder / "engine-1.log"  # of the first start
        journal.touch()
        about = journal.stat()
        self.start(JOURNAL_STREAM=f"{about.st_dev}:{about.st_ino}")
        self.assertTrue(wait_until(lambda: "running on" in self.log(), 30))
        self.write_as_somebody_else()
        self.redis.send_signal()
        self.assertEqual(self.process.wait(30 * SLACK), 75)
        lines = self.log().splitlines()
        words = {" INFO ": "<6>", " WARN ": "<4>", " ERROR ": "<3>"}
        for line in lines:
            self.assertRegex(line, r"^<[346]>\d{4}-\d\d-\d\dT[\d:.]+Z (INFO |WARN |ERROR) ")
            (level,) = (word for word in words if word in line[:45])
            self.assertEqual(line[:3], words[level])
        self.assertIn("<6>", self.log())
        self.assertIn("<3>", self.log())

    def test_lines_have_none_where_stderr_is_something_else(self):
        self.started(JOURNAL_STREAM="8:1")
        self.stop()
        for line in self.log().splitlines():
            self.assertRegex(line, r"^\d{4}-")


if __name__ == "__main__":
    run_tests(__doc__)
