#!/usr/bin/env python3
"""SIGTERM under load, and with a Redis that does not answer or is gone.

    tests/redis/stop_test.py --bin build/release [unittest options]
"""

import json
import signal
import sys
import threading
import time

sys.dont_write_bytecode = True
from support import case
from support.case import ONE_THREAD, RedisCase, SLACK, THREE_THREADS
from support.oracle import SIGNAL, differences
from support.resp import Client


class StopTest(RedisCase):
    def start_flood(self):
        """A producer that goes on until told to stop; answers how to tell it."""
        done = threading.Event()

        def produce():
            client = Client(self.server.path)
            while not done.is_set():
                client.pipeline([("XADD", SIGNAL, "*", "data", case.signal_json(action))
                                 for action in ("BUY", "SELL") * 100])
            client.close()

        thread = threading.Thread(target=produce)
        thread.start()

        def stop():
            done.set()
            thread.join()

        self.addCleanup(stop)
        return stop

    def under_load(self, layout):
        self.start_engine(self.server.unix_url, layout=layout)
        self.feed(10)
        stop_flood = self.start_flood()
        time.sleep(1.0)
        code, seconds = self.engine.stop()
        stop_flood()
        self.assertEqual(code, 0, self.engine.log)
        self.assertLess(seconds, 3.0 * SLACK)
        inputs, published, drained, pending = self.engine.final()
        self.assertEqual((drained, pending), (1, 0), self.engine.log)
        self.assertGreater(inputs, 100)
        self.assertGreater(published, 100)
        self.check_taken()

    def check_taken(self):
        """What was taken from the streams has its outcome; what was not still stands there."""
        with self.tape.open(encoding="utf-8") as lines:
            entries = map(json.loads, lines)
            taped = {entry["id"] for entry in entries if entry["stream"] == SIGNAL}
        client = self.server.ask
        taken = [(i, f) for i, f in client.entries(SIGNAL) if i in taped]
        self.assertEqual(len(taken), len(taped))
        self.assertEqual(differences(case.options.bin / "replay", self.tape, self.folder, taken,
                                     client.entries), [])

    def test_under_load_on_one_thread(self):
        self.under_load(ONE_THREAD)

    def test_under_load_on_three_threads(self):
        self.under_load(THREE_THREADS)

    def test_sigint_is_sigterm(self):
        self.start_engine()
        self.feed(100)
        self.wait_for_outcomes()
        self.engine.send(signal.SIGINT)
        self.assertEqual(self.engine.wait(), 0)
        self.check_streams()

    def test_hup_and_pipe_are_passed_over(self):
        self.start_engine()
        self.feed(50)
        self.engine.send(signal.SIGPIPE)
        self.feed(50)
        self.finish()

    def without_redis(self, layout, takes_away):
        """Feeds while the engine's own answer is held back, then takes Redis away."""
        self.start_engine(self.server.unix_url, layout=layout)
        self.feed(50)
        self.wait_for_outcomes()
        # A backlog that is read but cannot be published: writing is refused, reading is not.
        self.server.ask("CONFIG", "SET", "min-replicas-to-write", "0")
        self.engine.send(signal.SIGSTOP)
        self.feed(500)
        self.server.ask("CONFIG", "SET", "min-replicas-to-write", "1")
        self.engine.send(signal.SIGCONT)
        self.wait_until(lambda: "NOREPLICAS" in self.engine.log, 10)
        time.sleep(0.2)
        takes_away()
        code, seconds = self.engine.stop()
        self.assertEqual(code, 0, self.engine.log)
        self.assertLess(seconds, 3.0 * SLACK)
        self.assertGreater(self.engine.final()[3], 0, self.engine.log)

    def test_with_a_stopped_server_on_one_thread(self):
        self.without_redis(ONE_THREAD, self.server_freeze)

    def test_with_a_stopped_server_on_three_threads(self):
        self.without_redis(THREE_THREADS, self.server_freeze)

    def server_freeze(self):
        self.server.freeze()

    def test_without_a_server_on_one_thread(self):
        self.without_redis(ONE_THREAD, lambda: self.server.stop(hard=True))

    def test_without_a_server_on_three_threads(self):
        self.without_redis(THREE_THREADS, lambda: self.server.stop(hard=True))

    def test_a_second_signal_ends_the_wait(self):
        self.start_engine(self.server.unix_url, layout=THREE_THREADS)
        self.feed(50)
        self.wait_for_outcomes()
        self.engine.send(signal.SIGSTOP)
        self.feed(500)
        self.server.ask("CONFIG", "SET", "min-replicas-to-write", "1")
        self.engine.send(signal.SIGCONT)
        self.wait_until(lambda: "NOREPLICAS" in self.engine.log, 10)
        begin = time.monotonic()
        self.engine.send(signal.SIGTERM)
        time.sleep(0.3)
        self.engine.send(signal.SIGTERM)
        self.assertEqual(self.engine.wait(), 0, self.engine.log)
        self.assertLess(time.monotonic() - begin, 1.5 * SLACK)
        self.assertGreater(self.engine.final()[3], 0)

    def test_full_rings_and_a_full_queue_end_by_the_deadline(self):
        self.start_engine(self.server.unix_url, layout=THREE_THREADS)
        self.feed(50)
        self.wait_for_outcomes()
        self.engine.send(signal.SIGSTOP)
        self.feed(30000)
        self.server.ask("CONFIG", "SET", "min-replicas-to-write", "1")
        self.engine.send(signal.SIGCONT)
        self.wait_until(lambda: "NOREPLICAS" in self.engine.log, 10)
        time.sleep(1.0)
        code, seconds = self.engine.stop()
        self.assertEqual(code, 0, self.engine.log)
        self.assertLess(seconds, 3.0 * SLACK)
        self.assertGreater(self.engine.final()[3], 1000)


if __name__ == "__main__":
    case.main()
