#!/usr/bin/env python3
"""What a test says when outcomes stay away: enough to tell a stopped engine, a starved one and a refusing server apart.

    tests/redis/stall_test.py --bin build/release [unittest options]
"""

import signal
import sys
import time

sys.dont_write_bytecode = True
from support import case, stall
from support.case import RedisCase, THREE_THREADS
from support.oracle import SIGNAL


class StallTest(RedisCase):
    layout = THREE_THREADS

    def stop_all_threads(self):
        """On a loaded machine they come to a stop one after another."""
        self.engine.send(signal.SIGSTOP)
        self.wait_until(lambda: all(status == "T" for _, status, *_ in stall.threads(self.engine.process.pid).values()))

    def words_of_failure(self):
        """What wait_for_outcomes fails with."""
        with self.assertRaises(AssertionError) as failure:
            self.wait_for_outcomes(0.3)
        return str(failure.exception)

    def test_a_stopped_engine_is_called_stopped(self):
        self.start_engine()
        self.feed(20)
        self.wait_for_outcomes()
        before = self.outcome_count()
        self.stop_all_threads()
        self.feed(20)
        words = self.words_of_failure()
        self.engine.send(signal.SIGCONT)
        self.assertIn(f"{before} of {self.signals_fed} outcomes", words)
        self.assertIn(f"{before} at first, then {' '.join(['+0'] * stall.PARTS)}", words)
        self.assertIn(f"\n{SIGNAL} {self.server.ask('XLEN', SIGNAL)}, ", words)
        self.assertIn("engine: T (stopped)", words)
        self.assertRegex(words, r"egress: T in \S+, ran 0\.0 ms, waited \d+\.\d ms for a core, let run 0 times")
        self.assertNotIn("redis exec:", words)
        self.finish()

    def test_a_server_that_refuses_is_shown_with_what_it_refuses(self):
        self.start_engine()
        self.feed(200)
        self.wait_for_outcomes()
        self.stop_all_threads()
        self.feed(20)
        self.server.ask("CONFIG", "SET", "maxmemory", "1")
        self.engine.send(signal.SIGCONT)
        # From the first refusal on, the engine tries again within a quarter, a half, … of a second.
        self.wait_until(lambda: "OOM" in self.engine.log)
        words = self.words_of_failure()
        self.server.ask("CONFIG", "SET", "maxmemory", "0")
        self.assertIn("redis maxmemory 1 maxmemory-policy noeviction", words)
        self.assertRegex(words, r"redis xadd: \+\d+ calls, \+[1-9]\d* rejected")
        self.assertIn("cmd=", words)
        self.finish()

    def test_growth_is_told_by_when_it_was(self):
        growth = stall.Growth()
        growth.note(5)
        growth.note(7)
        time.sleep(0.2)
        growth.note(7)
        self.assertRegex(growth.text(),
                         r"^5 at first, then \+2( \+0){9} in each tenth of \d+\.\d s; still for \d+\.[1-9] s")


if __name__ == "__main__":
    case.main()
