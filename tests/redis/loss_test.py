#!/usr/bin/env python3
"""What a Redis may have lost of inputs and outputs, with a journal: R3, R4, R18, R19, R21.

    tests/redis/loss_test.py --bin build/release [unittest options]
"""

import signal
import sys
import shutil
import time

sys.dont_write_bytecode = True
from support import case
from support.case import SLACK
from support.journal_case import JournalCase
from support.oracle import DEAD, OUTPUTS, REJECTED, SAFE, SIGNAL
from support.proxy import Proxy
from support.server import RedisServer

DATA = 65
REWOUND = "it went back, or was made again; reading it"


class LossCase(JournalCase):
    def causes(self):
        return [fields["cause"] for stream in (SAFE, REJECTED, DEAD) for _, fields in self.server.ask.entries(stream)]


class InputStreamTest(LossCase):
    """R19: an input stream that was deleted and made again."""

    def run_and_delete(self, is_down):
        """The signals that were decided; their stream is gone, and the engine too where `is_down`."""
        self.start_engine()
        self.feed(50)
        self.wait_for_outcomes()
        if is_down:
            self.kill()
        signals = self.server.ask.entries(SIGNAL)
        self.server.ask("DEL", SIGNAL)
        return signals

    def test_r19_with_greater_ids_it_is_read_on(self):
        for is_down in (False, True):
            with self.subTest(is_down=is_down):
                signals = self.run_and_delete(is_down)
                self.feed(50)
                if is_down:
                    self.start_engine()
                self.wait_for_outcomes()
                self.stop_engine()
                self.check(signals + self.server.ask.entries(SIGNAL))
                self.assertEqual(len(set(self.causes())), len(self.causes()))

    def test_r19_emptied_and_not_made_again_it_is_waited_for(self):
        self.start_engine()
        self.feed(50)
        self.wait_for_outcomes()
        self.server.ask("DEL", SIGNAL)
        begin = time.monotonic()
        self.wait_until(lambda: time.monotonic() - begin > 2.5)  # more than two looks
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()

    def test_r19_with_smaller_ids_it_is_read_again_and_nothing_twice(self):
        for is_down in (False, True):
            with self.subTest(is_down=is_down):
                signals = self.run_and_delete(is_down)
                new_id = f"1-{1 + is_down}"
                self.server.ask("XADD", SIGNAL, new_id, "data", case.signal_json())
                begin = time.monotonic()
                if is_down:
                    self.start_engine()
                self.wait_until(lambda: f"{SIGNAL}/{new_id}" in self.causes())
                self.assertLess(time.monotonic() - begin, 3 * SLACK)
                self.assertIn(REWOUND, self.engine.log)
                self.signals_fed += 1
                self.feed(50)
                self.wait_for_outcomes()
                self.stop_engine()
                self.assertEqual(len(set(self.causes())), len(self.causes()))
                self.check(signals + self.server.ask.entries(SIGNAL))
                self.server.ask("DEL", SIGNAL)

    def test_r19_made_again_and_past_the_last_id_before_anybody_looked(self):
        self.start_engine()
        self.feed(50)
        self.wait_for_outcomes()
        signals = self.server.ask.entries(SIGNAL)
        self.server.ask("MULTI")
        self.server.ask("DEL", SIGNAL)
        for entry_id in ("1-1", "1-2", "*"):
            self.server.ask("XADD", SIGNAL, entry_id, "data", case.signal_json())
        self.server.ask("EXEC")
        self.wait_until(lambda: {f"{SIGNAL}/1-1", f"{SIGNAL}/1-2"} <= set(self.causes()))
        self.signals_fed += 3
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()
        self.assertEqual(len(set(self.causes())), len(self.causes()))
        self.check(signals + self.server.ask.entries(SIGNAL))


class StartedAtItsEndTest(LossCase):
    """R19 where the stream held entries that never concerned the engine."""

    def begin(self):
        self.feed(20)
        self.signals_fed = 0
        self.start_engine(start="$")
        self.feed(30)
        self.wait_for_outcomes()

    def make_again(self):
        self.server.ask("DEL", SIGNAL)
        self.server.ask("XADD", SIGNAL, "1-1", "data", case.signal_json())
        self.signals_fed += 1

    def go_on(self):
        self.feed(30)
        self.wait_for_outcomes()
        self.stop_engine()
        self.assertEqual(len(set(self.causes())), len(self.causes()))

    def test_r19_made_again_while_connected_all_of_it_is_new(self):
        self.begin()
        self.make_again()
        self.wait_until(lambda: f"{SIGNAL}/1-1" in self.causes())
        self.go_on()

    def test_r19_made_again_while_down_it_is_for_the_operator_to_say(self):
        for way in ("take", "skip"):
            with self.subTest(way=way):
                self.begin()
                self.kill()
                before = self.outcome_count()
                self.make_again()
                code, log = self.exit_of_restart(start="$")
                self.assertEqual(code, DATA, log)
                self.assertIn("input.on_rewind", log)
                self.assertEqual(self.outcome_count(), before)
                self.start_engine(start="$", arguments=("--set", f"input.on_rewind={way}"))
                self.signals_fed -= way == "skip"
                self.go_on()
                self.assertEqual(f"{SIGNAL}/1-1" in self.causes(), way == "take")
                for stream in (SIGNAL, SAFE, REJECTED, DEAD):
                    self.server.ask("DEL", stream)
                shutil.rmtree(self.journal)


class TrimTest(JournalCase):
    """R18 across a kill."""

    def test_r18_trimmed_while_down_is_counted_and_what_is_left_is_read_on(self):
        self.start_engine()
        self.feed(100)
        self.wait_for_outcomes()
        last = self.server.ask.entries(SIGNAL)[-1][0]
        self.kill()
        self.feed(400)
        self.server.ask("XTRIM", SIGNAL, "MAXLEN", 150)
        kept = self.server.ask.entries(SIGNAL)
        self.assertGreater(kept[0][0], last)
        self.start_engine()
        wanted = {f"{SIGNAL}/{entry_id}" for entry_id, fields in kept if '"HOLD"' not in fields["data"]}
        self.wait_until(lambda: wanted <= {fields["cause"] for stream in (SAFE, REJECTED)
                                           for _, fields in self.server.ask.entries(stream)})
        trimmed = 500 - 100 - len(kept)
        self.wait_until(lambda: f"{SIGNAL}: {trimmed} entries were trimmed" in self.engine.log)
        self.stop_engine()
        self.check(kept)

    def test_r18_a_stream_that_began_at_its_end_and_has_brought_nothing(self):
        self.feed(100)
        self.start_engine(start="$")
        self.kill()
        self.signals_fed = 0
        self.feed(60)
        self.server.ask("XTRIM", SIGNAL, "MAXLEN", 50)
        self.start_engine(start="$")
        self.wait_until(lambda: f"{SIGNAL}: 10 entries were trimmed" in self.engine.log)
        self.stop_engine()


class FailoverTest(LossCase):
    """R21: a replica that lags takes over. R3, R4: a server comes back with less than it had."""

    def setUp(self):
        super().setUp()
        self.replica = RedisServer()
        self.addCleanup(self.replica.remove)
        self.proxy = Proxy(self.server.path)
        self.addCleanup(self.proxy.close)
        self.replica.ask("REPLICAOF", "127.0.0.1", self.server.port)
        self.wait_until(self.is_level)

    def is_level(self):
        def offset(server, name):
            words = dict(line.split(":", 1) for line in server.ask("INFO", "replication").decode().split("\r\n")
                         if ":" in line)
            return words.get(name), words.get("master_link_status")
        mine, _ = offset(self.server, "master_repl_offset")
        theirs, link = offset(self.replica, "slave_repl_offset")
        return link == "up" and mine == theirs

    def fail_over(self):
        """From the server, which is gone, to the replica as it stands."""
        self.replica.ask("REPLICAOF", "NO", "ONE")
        self.proxy.target = self.replica.path
        old, self.server = self.server, self.replica
        old.stop(hard=True)
        self.addCleanup(old.remove)
        self.proxy.cut_all()

    def test_r21_the_tail_of_the_outputs_is_published_again(self):
        self.start_engine(self.proxy.url)
        self.feed(200)
        self.wait_for_outcomes()
        # The inputs reach the replica, their outputs do not.
        self.proxy.swallow()
        self.engine.send(signal.SIGSTOP)
        self.feed(200)
        self.wait_until(self.is_level)
        self.replica.ask("REPLICAOF", "NO", "ONE")
        lacking = {stream: self.replica.ask("XLEN", stream) for stream in OUTPUTS}
        self.engine.send(signal.SIGCONT)
        self.wait_for_outcomes()
        before = {stream: self.server.ask.entries(stream) for stream in OUTPUTS}
        self.assertGreater(sum(map(len, before.values())), sum(lacking.values()))
        self.fail_over()
        self.wait_until(lambda: all(len(before[s]) <= self.server.ask("XLEN", s) for s in OUTPUTS))
        self.feed(100)
        self.wait_for_outcomes()
        self.stop_engine()
        for stream in OUTPUTS:
            self.assertEqual(self.server.ask.entries(stream)[:len(before[stream])], before[stream])
        self.check()

    def test_r21_the_tail_of_the_inputs_is_gone_and_what_takes_its_place_is_taken(self):
        self.start_engine(self.proxy.url)
        self.feed(100)
        self.wait_for_outcomes()
        self.wait_until(self.is_level)
        self.replica.ask("REPLICAOF", "NO", "ONE")
        self.feed(100)
        self.wait_for_outcomes()
        signals = self.server.ask.entries(SIGNAL)
        last = self.replica.ask.entries(SIGNAL)[-1][0]
        lost = signals[[entry_id for entry_id, _ in signals].index(last) + 1:]
        # R22: ids that were read come again, the first with other content, the second with the same.
        for (entry_id, fields), data in zip(lost, (case.signal_json(), lost[1][1]["data"])):
            self.replica.ask("XADD", SIGNAL, entry_id, "data", data)
        self.fail_over()
        other = f"{SIGNAL}/{lost[0][0]}"
        self.wait_until(lambda: self.causes().count(other) == 2)
        self.signals_fed += 1
        self.feed(100)
        self.wait_for_outcomes()
        self.stop_engine()
        self.assertIn(REWOUND, self.engine.log)
        causes = self.causes()
        self.assertEqual({cause for cause in causes if causes.count(cause) > 1}, {other})


class AmnesiaTest(JournalCase):
    def test_r4_everything_is_deleted_while_connected(self):
        self.start_engine()
        self.feed(100)
        self.wait_for_outcomes()
        self.server.ask("FLUSHALL")
        self.signals_fed = 0
        # Ids go on: the input streams are new, and their ids greater.
        self.feed(100)
        self.wait_for_outcomes()
        self.stop_engine()

    def test_r3_a_server_without_its_tail_comes_back(self):
        """As Debian's: a copy now and then, nothing of what came later."""
        self.start_engine(self.server.unix_url)
        self.feed(100)
        self.wait_for_outcomes()
        self.server.ask("SAVE")
        # Outputs only: inputs that are read twice are R19's.
        self.engine.send(signal.SIGSTOP)
        self.feed(100)
        self.server.ask("SAVE")
        self.engine.send(signal.SIGCONT)
        self.wait_for_outcomes()
        before = {stream: self.server.ask.entries(stream) for stream in OUTPUTS}
        self.server.stop(hard=True)
        self.server.start()
        self.wait_until(lambda: "Redis has lost" in self.engine.log)  # at once published again: too fast to be counted
        self.wait_until(lambda: all(len(before[s]) <= self.server.ask("XLEN", s) for s in OUTPUTS))
        self.stop_engine()
        for stream in OUTPUTS:
            self.assertEqual(self.server.ask.entries(stream)[:len(before[stream])], before[stream])
        self.check()


if __name__ == "__main__":
    case.main()
