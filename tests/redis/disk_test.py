#!/usr/bin/env python3
"""What a disk may do, beyond recovery_test.py: D1, D2, D5, D6, D8, D12.

    tests/redis/disk_test.py --bin build/release [unittest options]

Every bit, cut and page of a journal on its own is tests/crash/journal_corruption.cpp; here the engine itself meets
some of them, and says so.
"""

import os
import shutil
import struct
import sys
import unittest

sys.dont_write_bytecode = True
from support import case
from support.journal_case import FaultCase, JournalCase
from support.oracle import OUTPUTS

DATA, CANNOT_CREATE, IO = 65, 73, 74
PAGE = 4096
HEADER = 128


class WriteTest(FaultCase):
    """D1, D2: calls that fail or do half of it."""

    def goes_on(self, rules, sync="none"):
        self.start_with(sync=sync, RULES=rules)
        while not (self.journal / "0000000003.log").exists():
            self.feed(500)
            self.wait_for_outcomes()
        self.stop_engine()
        self.check()
        self.begin_anew()

    def test_d2_writes_that_are_short_or_interrupted_are_made_whole(self):
        self.goes_on("pwrite@.log.new#2+=short")
        self.goes_on("pwrite@.log.new#1=EINTR;pwrite@.log.new#7=EINTR;pwrite@.log.new#20=EINTR")

    def test_d2_short_and_interrupted_writes_to_redis_are_made_whole(self):
        # Every other write: half of what is left each time would never come to its end.
        self.goes_on(";".join(f"write@socket#{n}=short" for n in range(5, 60, 2)))
        self.goes_on(";".join(f"write@socket#{n}=EINTR" for n in range(5, 60, 7)))

    def test_d2_an_error_at_the_first_segment_is_74_and_nothing_is_published(self):
        for rule in ("pwrite@.log.new#1=EIO", "pwrite@.log.new#9=EIO", "fsync@.log.new#1=EIO", "fsync@journal#1=EIO",
                     "mmap@.log#1=EIO"):
            with self.subTest(rule=rule):
                self.feed(20)
                engine = self.start_with(waits=False, sync="none", RULES=rule)
                self.assertEqual(engine.wait(), IO, engine.log)
                self.assertIn("Input/output error", engine.log)
                self.assertEqual([self.server.ask("XLEN", stream) for stream in OUTPUTS], [0] * len(OUTPUTS))
                self.assertFalse(list(self.journal.glob("*.new")), "half a segment was left")
                shutil.rmtree(self.journal)
        self.run_once()
        self.check()

    def test_d2_an_error_at_a_later_segment_is_74_and_nothing_is_lost(self):
        for rule in ("pwrite@.log.new#20=EIO", "fsync@.log.new#2=EIO"):
            with self.subTest(rule=rule):
                engine = self.start_with(waits=False, sync="none", RULES=rule)
                self.assertEqual(engine.wait(), IO, engine.log)
                self.assertIn("cannot make the next segment: Input/output error", engine.log)
                self.run_once()
                self.check()
                self.server.ask("FLUSHALL")
                shutil.rmtree(self.journal)
                self.signals_fed = 0

    def test_d1_a_log_that_cannot_be_written_changes_nothing(self):
        """stderr on a full disk."""
        self.start_engine(waits=False, prefix=("sh", "-c", 'exec "$0" "$@" 2>/dev/full'))
        self.feed(200)
        self.wait_for_outcomes()
        code, _ = self.engine.stop()
        self.assertEqual(code, 0)
        self.check()

    def test_d1_a_full_disk_at_the_first_start_is_74(self):
        full = self.folder / "full"
        full.touch()
        engine = self.start_with(waits=False, sync="none", FULL_FILE=full)
        self.assertEqual(engine.wait(), IO, engine.log)
        self.assertIn("No space left on device", engine.log)
        full.unlink()
        self.run_once()
        self.check()


class PageTest(JournalCase):
    """D5, D6: pages that are not what was written."""

    def setUp(self):
        super().setUp()
        self.start_engine()
        while not (self.journal / "0000000003.log").exists():
            self.feed(500)
            self.wait_for_outcomes()
        self.kill()
        self.forget_snapshots()
        self.before = {stream: self.server.ask("XLEN", stream) for stream in OUTPUTS}
        self.segments = [(self.journal / f"{n:010}.log").read_bytes() for n in (1, 2)]

    def is_refused(self, change, number=1, says=""):
        """`change(data)` spoils segment `number`; the start is 65, names file or reason and publishes nothing."""
        path = self.journal / f"{number:010}.log"
        data = bytearray(self.segments[number - 1])
        change(data)
        self.assertNotEqual(data, self.segments[number - 1])
        path.write_bytes(data)
        code, log = self.exit_of_restart()
        path.write_bytes(self.segments[number - 1])
        self.assertEqual(code, DATA, log)
        self.assertIn(says or path.name, log)
        self.assertEqual({stream: self.server.ask("XLEN", stream) for stream in OUTPUTS}, self.before)

    def goes_on_unharmed(self):
        self.run_once(50)
        self.check()

    @staticmethod
    def record_at(data, wanted):
        """(begin, end) of the record that stands at or behind offset `wanted`."""
        at = HEADER
        while True:
            length = struct.unpack_from("<I", data, at)[0]
            end = at + (length + 7) // 8 * 8
            if at >= wanted:
                return at, end
            at = end

    def test_d6_a_page_of_zeros(self):
        for page in (1, 5, 200):
            self.is_refused(lambda data, at=page * PAGE: data.__setitem__(slice(at, at + PAGE), bytes(PAGE)))
        self.goes_on_unharmed()

    def test_d6_two_pages_exchanged(self):
        def change(data):
            a, b = slice(3 * PAGE, 4 * PAGE), slice(7 * PAGE, 8 * PAGE)
            data[a], data[b] = data[b], data[a]
        self.is_refused(change)
        self.goes_on_unharmed()

    def test_d6_pages_of_an_older_segment(self):
        """As of a file that was used again and did not get its new bytes: one page, and a whole record."""
        def page(data):
            data[2 * PAGE:3 * PAGE] = self.segments[0][2 * PAGE:3 * PAGE]

        def everything(data):
            data[:] = self.segments[0]

        def header_of_this_records_of_that(data):
            data[HEADER:] = self.segments[0][HEADER:]

        self.is_refused(page, 2)
        self.is_refused(everything, 2)
        # None of the last segment's records is left: that they were there Redis knows.
        self.is_refused(header_of_this_records_of_that, 2, says="the journal has lost its end")
        self.goes_on_unharmed()

    def test_d6_a_record_twice_and_a_record_missing(self):
        def twice(data):
            begin, end = self.record_at(data, 50_000)
            following, after = self.record_at(data, end)
            # Of the same size, so that everything behind stays in its place.
            while after - following != end - begin:
                begin, end = following, after
                following, after = self.record_at(data, end)
            data[following:after] = data[begin:end]

        def missing(data):
            begin, end = self.record_at(data, 50_000)
            last = self.record_at(data, 900_000)[0]
            data[begin:last] = data[end:last] + bytes(end - begin)

        self.is_refused(twice, says="belongs")
        self.is_refused(missing, says="belongs")
        self.goes_on_unharmed()

    def test_d5_single_bits_anywhere_in_records_that_others_follow(self):
        for _ in range(6):
            at = self.random.randrange(HEADER, 900_000)
            # Padding is no part of a record.
            begin, end = self.record_at(self.segments[0], at)
            at = self.random.randrange(begin, begin + struct.unpack_from("<I", self.segments[0], begin)[0])
            self.is_refused(lambda data, at=at: data.__setitem__(at, data[at] ^ 1 << self.random.randrange(8)))
        self.goes_on_unharmed()


class DirectoryTest(JournalCase):
    """D8."""

    def test_d8_files_of_somebody_else_are_left_alone(self):
        self.run_once()
        for name in ("notes.txt", "1.log", "0000000002.log.bak", "00000000001.log", "0000000000.log"):
            (self.journal / name).write_text("not ours")
        self.run_once()
        self.assertEqual((self.journal / "notes.txt").read_text(), "not ours")
        self.check()

    def test_d8_a_segment_that_is_a_link_is_refused(self):
        self.run_once()
        segment = self.journal / "0000000001.log"
        segment.rename(self.folder / "elsewhere")
        segment.symlink_to(self.folder / "elsewhere")
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn("0000000001.log", log)

    def test_d8_a_lock_that_is_a_link_is_refused(self):
        self.journal.mkdir()
        (self.journal / "lock").symlink_to(self.folder / "elsewhere")
        code, log = self.exit_of_restart()
        self.assertEqual(code, CANNOT_CREATE, log)
        self.assertFalse((self.folder / "elsewhere").exists())

    def test_d8_a_file_in_the_place_of_the_directory(self):
        self.journal.write_text("a file")
        code, log = self.exit_of_restart()
        self.assertEqual(code, CANNOT_CREATE, log)
        self.assertEqual(self.journal.read_text(), "a file")

    def test_d8_what_others_may_not_read(self):
        self.run_once()
        for path in (self.journal, *self.journal.iterdir()):
            self.assertEqual(path.stat().st_mode & 0o077, 0, path)

    @unittest.skipIf(os.geteuid() != 0, "needs root to become another user")
    def test_d8_a_directory_of_another_user(self):
        self.run_once()
        self.folder.chmod(0o777)
        other = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        code, log = self.exit_of_restart(prefix=other)
        self.assertEqual(code, CANNOT_CREATE, log)
        self.assertIn("Permission denied", log)


class MappedFileTest(JournalCase):
    """D12: files that are mapped."""

    def test_d12_segments_have_all_their_blocks(self):
        """So that no page of one can be missing when it is written."""
        self.start_engine()
        self.feed(10)
        self.wait_for_outcomes()
        self.wait_until(lambda: (self.journal / "0000000002.log").exists())
        for path in self.journal.glob("*.log"):
            status = path.stat()
            self.assertEqual(status.st_size, 1 << 20)
            self.assertGreaterEqual(status.st_blocks * 512, status.st_size, path)
        self.stop_engine()

    def test_d12_a_segment_that_was_cut_is_made_whole_before_it_is_written(self):
        self.start_engine()
        self.feed(200)
        self.wait_for_outcomes()
        self.kill()
        path = self.journal / "0000000001.log"
        data = path.read_bytes()
        os.truncate(path, (len(data.rstrip(b"\0")) + PAGE) // PAGE * PAGE)
        self.run_once(1000)
        self.assertEqual(path.stat().st_size, 1 << 20)
        self.check()

    def test_d12_a_segment_cut_while_it_is_written_is_74(self):
        self.start_engine()
        self.feed(50)
        self.wait_for_outcomes()
        os.truncate(self.journal / "0000000001.log", 0)
        before = self.outcome_count()
        self.feed(50)
        self.assertEqual(self.engine.wait(), IO, self.engine.log)
        self.assertIn("a page of a mapped file is gone", self.engine.log)
        self.assertEqual(self.outcome_count(), before)
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)


if __name__ == "__main__":
    case.main()
