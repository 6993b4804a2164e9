#!/usr/bin/env python3
"""Loss of power under `journal.sync = "batch"`: D10.

    tests/redis/power_test.py --bin build/release [unittest options]

The engine is killed, and then the disk is made to have taken only some of the pages that had not been synced, in any
order. What had been synced is known from outside: the inputs of what was published; and from the journal, whose
records tell how many before them were not.
"""

import random
import struct
import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.journal_case import FaultCase
from support.oracle import OUTPUTS

PAGE = 4096
HEADER = 128
RECORD = struct.Struct("<IIQqII")  # length, type, number, log time, unsynced, crc
INPUT, TIMER, CUT = 3, 4, 5


def records(data):
    """(offset behind it, number, unsynced, sequence of its input or 0) of each record of a segment."""
    at = HEADER
    while at + RECORD.size <= len(data):
        length, kind, number, _, unsynced, _ = RECORD.unpack_from(data, at)
        if length == 0:
            return
        where = at + RECORD.size + (4 if kind == CUT else 0)
        sequence = struct.unpack_from("<Q", data, where)[0] if kind in (INPUT, TIMER, CUT) else 0
        at += (length + 7) // 8 * 8
        yield at, number, unsynced, sequence


class PowerTest(FaultCase):
    segment_mb = 64

    def published(self):
        return max((int(fields["seq"]) for stream in OUTPUTS for _, fields in self.server.ask.entries(stream)), default=0)

    def lose_power(self, chance, segment_id=1, made=None):
        """How many records of the last segment were lost, and how many are left behind the first lost one. `made`: what
        its first page began with before it was begun; that one is lost, too, then."""
        segment = self.journal / f"{segment_id:010}.log"
        data = bytearray(segment.read_bytes())
        found = list(records(data))
        published = self.published()
        synced = max(number - unsynced for _, number, unsynced, _ in found)
        begin = max((at for at, number, _, sequence in found if number <= synced or 0 < sequence <= published), default=HEADER)
        end = found[-1][0]
        lost = [page for page in range(begin // PAGE, end // PAGE + 1) if chance.random() < 0.5]
        if made and begin == HEADER:
            lost = [0, *(page for page in lost if page != 0)]
            data[:HEADER] = made
        for page in lost:
            at = max(page * PAGE, begin)
            data[at:(page + 1) * PAGE] = bytes((page + 1) * PAGE - at)
        segment.write_bytes(data)
        if not lost:
            return 0, 0
        first, gone = max(lost[0] * PAGE, begin), set(lost)
        behind = sum(previous >= first and gone.isdisjoint(range(previous // PAGE, (at - 1) // PAGE + 1))
                     for (previous, *_), (at, *_) in zip(found, found[1:]))
        return sum(at > first for at, *_ in found), behind

    def test_d10_what_was_not_synced_is_lost_in_any_order_and_nothing_that_was_published(self):
        chance = random.Random(10)
        holes = kept = 0
        for _ in range(8):
            self.start_with(SYNC_MS=150)
            self.feed(200)
            time.sleep(chance.uniform(0.1, 0.4))
            self.feed(200)
            time.sleep(chance.uniform(0.01, 0.1))
            before = self.published()
            self.kill()
            lost, behind = self.lose_power(chance)
            holes += lost > 0 and behind > 0
            kept += lost > 0 and before > 0
        self.assertGreater(holes, 2, "hardly ever did valid records stand behind a hole")
        self.assertGreater(kept, 2, "hardly ever was something published")
        self.start_with()
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_d10_power_lost_right_behind_a_change_of_segments(self):
        self.segment_mb = 1
        chance = random.Random(11)
        without_begin = 0
        for segment_id in range(2, 6):
            segment = self.journal / f"{segment_id:010}.log"
            self.start_with(SYNC_MS=150)
            self.wait_until(segment.exists, said=lambda: "a next segment, made ahead")
            made = segment.read_bytes()[:HEADER]
            while segment.read_bytes()[:HEADER] == made:
                self.feed(200)
            self.feed(200)
            time.sleep(0.05)
            self.kill()
            lost, behind = self.lose_power(chance, segment_id, made)
            without_begin += segment.read_bytes()[:HEADER] == made and lost > 0 and behind > 0
        self.assertGreater(without_begin, 1, "hardly ever was the beginning of a segment lost, and not all of it")
        self.start_with()
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_a_start_that_cannot_make_sure_of_an_earlier_segment_is_refused(self):
        self.segment_mb = 1
        self.start_with()
        while not (self.journal / "0000000003.log").exists():
            self.feed(500)
            self.wait_for_outcomes()
        self.kill()
        engine = self.start_with(waits=False, RULES="fdatasync@01.log#1=EIO")
        self.assertEqual(engine.wait(), 74, engine.log)
        self.assertIn("Input/output error", engine.log)


if __name__ == "__main__":
    case.main()
