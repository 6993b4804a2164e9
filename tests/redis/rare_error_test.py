#!/usr/bin/env python3
"""R10, R13: a scripted server refuses one command, with every error that there is, or hangs up.

    tests/redis/rare_error_test.py --bin build/release [unittest options]
"""

import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.case import THREE_THREADS
from support.fake_case import FakeCase
from support.fake_server import CLOSE
from support.oracle import SIGNAL


class RareErrorTest(FakeCase):
    """R10, R13."""

    errors = (b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
              b"-NOREPLICAS Not enough good replicas to write.\r\n",
              b"-MASTERDOWN Link with MASTER is down\r\n",
              b"-BUSY Redis is busy running a script.\r\n",
              b"-CLUSTERDOWN The cluster is down\r\n",
              b"-MOVED 3999 127.0.0.1:6381\r\n",
              b"-ASK 3999 127.0.0.1:6381\r\n",
              b"-TRYAGAIN Multiple keys request during rehashing of slot\r\n",
              b"-READONLY You can't write against a read only replica.\r\n",
              b"-LOADING Redis is loading the dataset in memory\r\n",
              b"-MISCONF Redis is configured to save RDB snapshots\r\n",
              b"-ERR something nobody has heard of\r\n")

    def test_r13_each_error_at_an_xadd_is_waited_out(self):
        self.start_engine(self.fake.url)
        for number, error in enumerate(self.errors):
            done = self.misbehave_once(b"XADD", error, 1 + number % 7)
            self.feed_fake()
            self.wait_for_fake()
            with self.subTest(error=error):
                self.assertTrue(done)
                self.assertIn(error.split()[0][1:].decode(), self.engine.log)
        self.finish_fake()

    def test_r13_each_error_at_exec_is_waited_out(self):
        self.start_engine(self.fake.url, layout=THREE_THREADS)
        for error in self.errors:
            done = self.misbehave_once(b"EXEC", error)
            self.feed_fake()
            self.wait_for_fake()
            self.assertTrue(done)
        self.finish_fake()

    def test_r13_what_was_sent_behind_a_refused_transaction_is_dropped_with_it(self):
        self.start_engine(self.fake.url)
        self.feed_fake()
        self.wait_for_fake()
        for error in self.errors:
            refused = []

            def refuse_late(error=error):
                self.feed_fake(20)
                time.sleep(0.1)  # these are decided, and sent, while nothing is answered
                return error

            def script(_, words, refused=refused):
                if words[0].upper() != b"EXEC" or refused:
                    return None
                refused.append(len(self.fake.commands))
                return refuse_late

            self.fake.script = script
            self.feed_fake(20)
            self.wait_until(lambda refused=refused: refused, 5)
            self.wait_for_fake()
            with self.subTest(error=error):
                behind = [c for c in self.fake.commands[refused[0]:] if c in (b"MULTI", b"XADD", b"EXEC")]
                self.assertEqual(behind[:2], [b"MULTI", b"XADD"])
                self.assertEqual(behind[:behind.index(b"EXEC")].count(b"MULTI"), 2, "it came first, and was executed")
        self.finish_fake()

    def test_r13_each_error_at_xread_or_xinfo_is_waited_out(self):
        self.start_engine(self.fake.url)
        self.feed_fake()
        self.wait_for_fake()
        for error in self.errors:
            for name in (b"XREAD", b"XINFO"):
                done = self.misbehave_once(name, error)
                self.feed_fake(5)
                self.wait_for_fake()
                self.wait_until(lambda d=done: d, 5)
        self.finish_fake()

    def test_r13_an_input_stream_that_cannot_be_looked_at_is_not_taken_for_gone(self):
        self.start_engine(self.fake.url)
        self.feed_fake(50)
        self.wait_for_fake()
        refused = []

        def script(_, words):
            if words[0].upper() != b"XINFO" or words[2] != SIGNAL.encode() or refused:
                return None
            refused.append(words)
            return self.errors[3]

        self.fake.script = script
        for connection in list(self.fake.connections):
            connection.shutdown(2)
        self.wait_until(lambda: refused, 5)
        looks = self.fake.commands.count(b"XINFO")
        self.feed_fake(10)
        self.wait_until(lambda: self.fake.commands.count(b"XINFO") > looks + 12, 10)
        self.finish_fake()
        self.assertIn("cannot be looked at", self.engine.log)
        for word in ("is gone", "reading it behind", "trimmed"):
            self.assertNotIn(word, self.engine.log)

    def test_r10_every_entry_of_a_transaction_refused_in_turn(self):
        self.start_engine(self.fake.url)
        for number in range(1, 25):
            self.misbehave_once(b"XADD", self.errors[0], number)
            self.feed_fake()
            self.wait_for_fake()
        self.finish_fake()

    def test_a_lost_connection_at_each_kind_of_command(self):
        self.start_engine(self.fake.url)
        for name in (b"MULTI", b"XADD", b"EXEC", b"XREAD", b"XINFO", b"ROLE", b"XLEN"):
            done = self.misbehave_once(name, CLOSE)
            self.feed_fake()
            if name == b"ROLE":
                for connection in list(self.fake.connections):
                    connection.shutdown(2)
            self.wait_until(lambda d=done: d, 5)
            self.wait_for_fake()
        self.finish_fake()


if __name__ == "__main__":
    case.main()
