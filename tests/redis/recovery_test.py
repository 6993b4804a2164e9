#!/usr/bin/env python3
"""What the engine does with a journal when it starts: P9, P10, P15, R3, R4, R20, D4, D8 as far as a journal goes.

    tests/redis/recovery_test.py --bin build/release [unittest options]

Killing at random moments is tests/crash.
"""

import shutil
import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.journal_case import CONF, DATA, FOREIGN, FaultCase, JournalCase
from support.oracle import DEAD, EXECUTION, OUTPUTS, SAFE, SIGNAL, TICK


class RestartTest(JournalCase):
    def test_books_and_numbers_go_on_after_a_clean_stop(self):
        for _ in range(3):
            self.run_once()
            self.assertNotIn("replayed", self.engine.log)
        self.assertRegex(self.engine.log, r"a snapshot behind input 2\d\d,")
        self.check()

    def test_books_and_numbers_go_on_after_a_kill(self):
        for _ in range(5):
            self.start_engine()
            self.feed(200)
            self.kill()
        self.start_engine()
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_the_start_is_resolved_once(self):
        """`$` means the first start: what came while the engine was down is not passed over."""
        self.feed(50)
        self.signals_fed = 0
        self.start_engine(start="$")
        self.feed(50)
        self.kill()
        self.feed(50)
        self.start_engine(start="$")
        self.wait_for_outcomes()
        self.stop_engine()
        self.check(signals=[])
        self.assertEqual(self.outcome_count(), self.signals_fed)

    def test_numbers_go_on_above_what_the_old_services_wrote(self):
        for _ in range(7):
            self.server.ask("XADD", SAFE, "*", "data", "{}")
        before = self.server.ask.entries(SAFE)
        self.start_engine()
        self.feed(100)
        self.kill()
        self.start_engine()
        self.signals_fed += len(before)
        self.wait_for_outcomes()
        self.stop_engine()
        numbers = [int(i.split("-")[1]) for i, _ in self.server.ask.entries(SAFE)[len(before):]]
        self.assertGreater(len(numbers), 10)
        first = int(before[-1][0].split("-")[1]) + 1
        self.assertEqual(numbers, list(range(first, first + len(numbers))))

    def test_timers_are_those_of_the_first_run(self):
        mark = "[mark]\ninterval_s = 1\n"
        self.start_engine(more=mark)
        self.feed(50)
        # One that stays open.
        self.server.ask("XADD", TICK, "*", "data", case.price_json(100, "ETHUSDT"))
        self.server.ask("XADD", SIGNAL, "*", "data", case.signal_json("BUY", 0.9, "ETHUSDT"))
        self.signals_fed += 1
        self.wait_for_outcomes()
        count = self.server.ask("XLEN", "trade.position.update")
        self.wait_until(lambda: self.server.ask("XLEN", "trade.position.update") > count + 2)
        self.kill()
        self.start_engine(more=mark)
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_a_long_payload_makes_the_same_dead_letter_again(self):
        self.start_engine()
        for size in (17_000, 100_000, 3_000_000):
            self.server.ask("XADD", SIGNAL, "*", "data", '"' + "x" * size + '"')
        self.server.ask("XADD", SIGNAL, "*", "other", "y" * 200_000)
        self.server.ask("XADD", SIGNAL, "*", "other", "y" * 200_000, "data", case.signal_json())
        self.server.ask("XADD", SIGNAL, "*", "data", "y" * 200_000, "data", case.signal_json())
        self.server.ask("XADD", SIGNAL, "*", "data", "a", "data", "b" * 100_000, "data", "c")
        self.signals_fed += 7
        self.wait_for_outcomes()
        self.kill()
        letters = self.server.ask.entries(DEAD)
        self.assertEqual(len(letters), 6)
        # Redis has lost them: they are made and published once more.
        self.server.ask("DEL", *OUTPUTS)
        self.start_engine()
        self.wait_for_outcomes()
        self.stop_engine()
        self.assertEqual(self.server.ask.entries(DEAD), letters)


class LostTest(JournalCase):
    """Redis has lost something while the engine was down."""

    def test_r4_everything(self):
        self.run_once()
        before = {stream: self.server.ask.entries(stream) for stream in OUTPUTS}
        self.server.ask("DEL", *OUTPUTS)
        self.run_once(20)
        for stream in OUTPUTS:
            self.assertEqual(self.server.ask.entries(stream)[:len(before[stream])], before[stream])
        self.check()

    def test_r20_one_output_stream(self):
        self.run_once()
        self.server.ask("DEL", EXECUTION)
        self.run_once(20)
        self.check()

    def test_r3_the_tail_of_outputs(self):
        """As of a server that was restarted with an older copy of its data."""
        self.run_once()
        copy = {stream: self.server.ask("DUMP", stream) for stream in OUTPUTS if self.server.ask("XLEN", stream)}
        self.run_once()
        for stream in OUTPUTS:
            self.server.ask("DEL", stream)
        for stream, dump in copy.items():
            self.server.ask("RESTORE", stream, 0, dump)
        self.run_once(20)
        self.check()


class StrangerTest(JournalCase):
    def test_r20_an_entry_of_somebody_else_while_down(self):
        self.run_once()
        self.server.ask("XADD", EXECUTION, "*", "data", "{}")
        code, log = self.exit_of_restart()
        self.assertEqual(code, FOREIGN, log)
        self.assertIn("somebody else writes to it", log)

    def test_r20_an_id_between_ours(self):
        self.run_once()
        first_ms = self.server.ask.entries(EXECUTION)[0][0].split("-")[0]
        self.server.ask("DEL", EXECUTION)
        # Below all of ours, so that they could be added behind it.
        self.server.ask("XADD", EXECUTION, f"{first_ms}-0", "data", "{}")
        code, log = self.exit_of_restart()
        self.assertEqual(code, FOREIGN, log)

    def test_p10_a_copy_of_the_journal_is_stopped_by_what_the_other_wrote(self):
        self.run_once()
        shutil.copytree(self.journal, self.folder / "copy")
        self.run_once()
        shutil.rmtree(self.journal)
        (self.folder / "copy").rename(self.journal)
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn("the journal has lost its end, or is an older copy", log)

    def test_p9_one_engine_a_journal(self):
        first = self.start_engine()
        code, log = self.exit_of_restart()
        self.assertEqual(code, FOREIGN, log)
        self.assertIn("belongs to an engine that is running", log)
        self.engine = first
        self.feed(20)
        self.wait_for_outcomes()
        self.stop_engine()


class OtherContentTest(JournalCase):
    """What stands in Redis under an id of ours is not what the journal leads to."""

    def test_an_entry_that_was_changed(self):
        self.run_once(dies=True)
        self.forget_snapshots()
        entries = self.server.ask.entries(EXECUTION)
        entry_id, fields = entries[len(entries) // 2]
        changed = {**fields, "data": fields["data"].replace('"entry_price": ', '"entry_price": 1')}
        self.assertNotEqual(fields, changed)
        self.write_again(EXECUTION, [(i, changed if i == entry_id else f) for i, f in entries])
        for layout in (case.ONE_THREAD, case.THREE_THREADS):
            code, log = self.exit_of_restart(layout=layout)
            self.assertEqual(code, DATA, log)
            self.assertIn(f"{EXECUTION} {entry_id} holds something else than the journal leads to (input {fields['seq']})",
                          log)
        self.write_again(EXECUTION, entries)
        self.run_once(20)
        self.check()

    def write_again(self, stream, entries):
        self.server.ask("DEL", stream)
        self.server.ask.pipeline([("XADD", stream, i, *(word for pair in f.items() for word in pair))
                                  for i, f in entries])

    def test_many_pages_are_read(self):
        """More entries than one question answers; the first and the last of them count."""
        self.start_engine()
        for _ in range(3):
            self.feed(1_000)
            self.wait_for_outcomes()
        self.kill()
        self.forget_snapshots()
        entries = self.server.ask.entries(SAFE)
        self.assertGreater(len(entries), 1_000)
        for at in (0, len(entries) - 1):
            changed = [(i, {**f, "acct": "other"} if place == at else f) for place, (i, f) in enumerate(entries)]
            self.write_again(SAFE, changed)
            code, log = self.exit_of_restart()
            self.assertEqual(code, DATA, log)
            self.assertIn(f"{SAFE} {entries[at][0]} holds something else", log)
        self.write_again(SAFE, entries)
        self.run_once(20)
        self.check()

    def test_what_redis_has_no_longer_takes_its_number_alone(self):
        """Its text is not made again; of the oldest entry that is kept, it is."""
        kept = 10
        self.run_once(dies=True)
        self.forget_snapshots()
        before = {stream: self.server.ask.entries(stream) for stream in OUTPUTS}
        self.assertGreater(len(before[SAFE]), 2 * kept)
        for stream in OUTPUTS:
            self.server.ask("XTRIM", stream, "MAXLEN", kept)
        self.signals_fed = self.outcome_count()
        entries = self.server.ask.entries(SAFE)
        self.write_again(SAFE, [(i, {**f, "acct": "other"} if place == 0 else f) for place, (i, f) in enumerate(entries)])
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn(f"{SAFE} {entries[0][0]} holds something else", log)
        self.write_again(SAFE, entries)
        self.run_once(20, dies=True)
        self.forget_snapshots()
        # Whose end is lost behind all that was kept: what is made again begins in its middle.
        self.write_again(EXECUTION, self.server.ask.entries(EXECUTION)[:kept // 2])
        self.run_once(20)
        for stream in OUTPUTS:
            self.write_again(stream, before[stream][:-kept] + self.server.ask.entries(stream))
        self.check()

    def test_without_leave_to_read_ids_are_compared(self):
        self.run_once(dies=True)
        self.forget_snapshots()
        self.server.ask("ACL", "SETUSER", "default", "-xrange")
        self.start_engine()
        self.server.ask("ACL", "SETUSER", "default", "+xrange")
        self.assertIn("what was published is compared by its ids alone", self.engine.log)
        self.feed(20)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()


class RefusalTest(JournalCase):
    def test_c3_another_conf(self):
        self.run_once()
        engine = self.start_engine(waits=False, arguments=("--set", "engine.seed=9"))
        self.assertEqual(engine.wait(), CONF, engine.log)
        self.assertIn("engine.seed is 9, was 1", engine.log)

    def test_d5_damage_in_the_middle(self):
        self.run_once(dies=True)
        segment = self.journal / "0000000001.log"
        data = bytearray(segment.read_bytes())
        data[5000] ^= 4
        segment.write_bytes(data)
        before = self.server.ask.entries(SAFE)
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn("0000000001.log", log)
        self.assertEqual(self.server.ask.entries(SAFE), before)

    def test_d8_a_segment_is_missing(self):
        self.start_engine()
        while not (self.journal / "0000000003.log").exists():
            self.feed(500)
            self.wait_for_outcomes()
        self.kill()
        (self.journal / "0000000002.log").rename(self.folder / "away")
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        (self.folder / "away").rename(self.journal / "0000000002.log")
        self.run_once(20)
        self.check()

    def test_d8_no_directory_can_be_made(self):
        self.journal = self.folder / "absent" / "journal"
        code, log = self.exit_of_restart()
        self.assertEqual(code, 73, log)
        self.assertIn("absent", log)

    def test_d4_a_torn_tail_is_dropped(self):
        self.run_once()
        segment = self.journal / "0000000001.log"
        data = segment.read_bytes()
        end = len(data.rstrip(b"\0"))
        # The beginning of a record whose rest was never written.
        segment.write_bytes(data[:(end + 7) // 8 * 8] + b"\x60\0\0\0\3\0\0\0abc" + data[(end + 7) // 8 * 8 + 11:])
        self.run_once(20)
        self.assertIn("a last record that was never completed", self.engine.log)
        self.check()


class DiskTest(FaultCase):
    """D1, D3, D11: a disk that is full, failing or slow."""

    def test_outputs_wait_for_a_sync_and_all_come(self):
        self.start_with()
        for _ in range(5):
            self.feed(200)
        self.wait_for_outcomes()
        self.kill()
        self.start_with()
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_d11_a_slow_disk_delays_and_loses_nothing(self):
        self.start_with(SYNC_MS=300)
        begin = time.monotonic()
        self.feed(100)
        self.wait_for_outcomes()
        self.assertGreater(time.monotonic() - begin, 0.3, "published before its input was safe")
        self.feed(1000)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_d3_a_failed_sync_stops_the_engine_and_is_not_tried_again(self):
        # Each of the first ones: those of the start are few.
        for failing in (1, 2, 4, 8):
            with self.subTest(failing=failing):
                engine = self.start_with(waits=False, SYNC_FAILS_AT=failing)
                before = self.outcome_count()
                end = time.monotonic() + 30
                while engine.is_alive() and time.monotonic() < end:
                    self.feed(20)
                    time.sleep(0.01)
                self.assertEqual(engine.wait(), 74, engine.log)
                self.assertIn("a sync failed: Input/output error; stopping", engine.log)
                self.assertLessEqual(before, self.outcome_count())
        self.start_engine()
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_d1_a_full_disk_stops_reading_before_anything_is_lost(self):
        full = self.folder / "full"
        self.start_with(sync="none", FULL_FILE=full)
        self.feed(100)
        self.wait_for_outcomes()
        full.touch()
        # More than the present segment and the next, which was ready, hold together.
        while "cannot make the next segment: No space left on device" not in self.engine.log:
            self.feed(500)
            self.assertLess(self.signals_fed, 100_000, self.engine.log)
        for _ in range(10):
            self.feed(500)
        self.wait_until(self.has_stopped_reading)
        self.assertLess(self.outcome_count(), self.signals_fed)
        full.unlink()
        self.wait_for_outcomes()
        self.assertIn("the next segment is there again", self.engine.log)
        self.stop_engine()
        self.check()

    def has_stopped_reading(self):
        before = self.outcome_count()
        time.sleep(1.0)
        return before == self.outcome_count()


if __name__ == "__main__":
    case.main()
