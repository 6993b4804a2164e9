#!/usr/bin/env python3
"""What a journal's snapshots do: D1, D7, D13 of a snapshot, and R3, R4 as far as it goes back.

    tests/redis/snapshot_test.py --bin build/release [unittest options]
"""

import json
import re
import signal
import struct
import subprocess
import sys

sys.dont_write_bytecode = True
from support import case
from support.crc32c import crc32c
from support.journal_case import CONF, DATA, JournalCase
from support.oracle import EXECUTION, OUTPUTS, SAFE

REPLAYED = re.compile(r"replayed (\d+) inputs")
MADE = "journal snapshot behind input"
BEHIND = re.compile(r"a snapshot behind input (\d+),")


class SnapshotCase(JournalCase):
    def snapshots(self):
        return sorted(self.journal.glob("*.snap"))

    def segments(self):
        return sorted(self.journal.glob("*.log"))

    def run_until_snapshots(self, count):
        """Starts an engine and feeds it until it has made so many."""
        self.start_engine()
        self.feed_until_snapshots(count)

    def feed_until_snapshots(self, count):
        while self.engine.log.count(MADE) < count:
            self.feed(1000)
            self.wait_for_outcomes()
            self.assertTrue(self.engine.is_alive(), self.engine.log)

    def replayed_by_restart(self):
        """Starts once more, feeds, stops; answers the inputs of the snapshot, and those replayed."""
        self.start_engine()
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()
        behind, replayed = BEHIND.search(self.engine.log), REPLAYED.search(self.engine.log)
        return int(behind[1]) if behind else 0, int(replayed[1]) if replayed else 0

    @staticmethod
    def damage(path):
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)


class RestartTest(SnapshotCase):
    def test_after_a_kill_the_replay_begins_behind_the_newest(self):
        self.run_until_snapshots(3)
        self.kill()
        sequences = [int(path.stem) for path in self.snapshots()]
        self.assertIn(len(sequences), (2, 3))  # the third may just have been written
        behind, replayed = self.replayed_by_restart()
        self.assertEqual(behind, sequences[-1])
        self.assertLess(replayed, behind)
        self.check()

    def test_every_snapshot_leads_on_through_many_lives(self):
        for _ in range(6):
            self.run_until_snapshots(1)
            self.kill()
        self.replayed_by_restart()
        self.check()

    def test_a_clean_stop_leaves_nothing_to_replay(self):
        self.run_once()
        behind, replayed = self.replayed_by_restart()
        self.assertGreater(behind, 100)
        self.assertEqual(replayed, 0)
        self.check()

    def test_a_stop_without_redis_leaves_what_was_not_published(self):
        """No snapshot stands behind outputs that nobody has."""
        self.run_once()
        before = self.snapshots()
        self.start_engine()
        self.engine.send(signal.SIGSTOP)
        self.feed(200)
        self.server.ask("CLIENT", "PAUSE", 60_000, "WRITE")
        self.engine.send(signal.SIGCONT)
        self.engine.wait_for("no answer; trying again")
        self.engine.stop()
        self.server.ask("CLIENT", "UNPAUSE")
        self.assertGreater(self.engine.final()[3], 0, self.engine.log)
        self.assertEqual(self.snapshots(), before)
        self.start_engine()
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()


class BuildTest(SnapshotCase):
    """Segments and snapshots of another build, as far as their headers say so."""

    def rename_build(self):
        for path, at in [(path, 40) for path in self.segments()]:
            data = bytearray(path.read_bytes())
            data[at:at + 80] = b"0.0.9 another".ljust(80, b"\0")
            data[124:128] = struct.pack("<I", crc32c(data[:124]))
            path.write_bytes(data)

    def test_what_another_build_recorded_is_replayed_by_leave_only(self):
        self.run_once(dies=True)
        self.rename_build()
        code, log = self.exit_of_restart()
        self.assertEqual(code, CONF, log)
        self.assertIn("were recorded by 0.0.9 another, this is", log)
        self.assertIn("journal.accept_build=true", log)
        self.start_engine(arguments=("--set", "journal.accept_build=true"))
        self.stop_engine()
        self.check()

    def test_after_a_clean_stop_any_build_goes_on_in_a_segment_of_its_own(self):
        self.run_once()
        self.rename_build()
        self.run_once()
        self.assertTrue((self.journal / "0000000002.log").exists())
        self.kill_after_feeding()
        self.replayed_by_restart()
        self.check()

    def kill_after_feeding(self):
        self.start_engine()
        self.feed(100)
        self.wait_for_outcomes()
        self.kill()


class DamageTest(SnapshotCase):
    def setUp(self):
        super().setUp()
        self.run_until_snapshots(2)
        self.kill()
        self.older, self.newer = self.snapshots()[-2:]

    def test_d7_the_newest_is_damaged(self):
        self.damage(self.newer)
        behind, replayed = self.replayed_by_restart()
        self.assertEqual(behind, int(self.older.stem))
        self.assertGreaterEqual(replayed, int(self.newer.stem) - behind)
        self.assertIn(f"{self.newer.name}: damaged; going on with what is older", self.engine.log)
        self.check()

    def test_d7_both_are_damaged(self):
        self.damage(self.newer)
        self.damage(self.older)
        before = self.server.ask.entries(SAFE)
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn("no snapshot is good", log)
        self.assertEqual(self.server.ask.entries(SAFE), before)

    def test_half_a_snapshot_is_not_looked_at(self):
        (self.journal / "snapshot.new").write_bytes(self.newer.read_bytes()[:1000])
        behind, _ = self.replayed_by_restart()
        self.assertEqual(behind, int(self.newer.stem))
        self.check()

    def test_a_segment_behind_the_snapshot_is_damaged(self):
        segment = self.segments()[-2]
        data = bytearray(segment.read_bytes())
        data[len(data.rstrip(b"\0")) // 2] ^= 1
        segment.write_bytes(data)
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn(segment.name, log)

    def test_d5_a_segment_damaged_while_the_engine_runs_stops_it(self):
        """What is read back for a snapshot is checked: better now than at the next start."""
        self.start_engine()
        segment = self.segments()[-2]
        with open(segment, "r+b") as file:
            file.seek(300)
            byte = file.read(1)
            file.seek(300)
            file.write(bytes([byte[0] ^ 1]))
        self.wait_until(lambda: self.feed(500) or not self.engine.is_alive(), 60)
        self.assertEqual(self.engine.wait(), DATA, self.engine.log)
        self.assertIn("read back for a snapshot", self.engine.log)


class LostTest(SnapshotCase):
    """Redis has lost more than the newest snapshot stands behind."""

    def setUp(self):
        super().setUp()
        self.run_until_snapshots(1)

    def copy(self):
        return {stream: self.server.ask("DUMP", stream) for stream in OUTPUTS if self.server.ask("XLEN", stream)}

    def restore(self, copy):
        self.server.ask("DEL", *OUTPUTS)
        for stream, dump in copy.items():
            self.server.ask("RESTORE", stream, 0, dump)

    def test_r3_it_is_made_again_from_the_older_one(self):
        self.feed(500)
        self.wait_for_outcomes()
        copy = self.copy()
        made = max(int(fields["seq"]) for stream in OUTPUTS for _, fields in self.server.ask.entries(stream))
        while int(re.findall(rf"{MADE} (\d+)", self.engine.log)[-1]) <= made:
            self.feed_until_snapshots(self.engine.log.count(MADE) + 1)
        self.kill()
        self.restore(copy)
        _, replayed = self.replayed_by_restart()
        self.assertIn("Redis has lost its end; beginning further back", self.engine.log)
        self.assertGreater(replayed, 500)
        self.check()

    def test_r4_it_is_made_again_from_the_beginning(self):
        self.stop_engine()
        self.server.ask("DEL", *OUTPUTS)
        _, replayed = self.replayed_by_restart()
        self.assertGreater(replayed, 1000)
        self.check()


class RetentionTest(SnapshotCase):
    segments_kept = 0

    def test_d13_what_snapshots_replace_goes(self):
        self.run_until_snapshots(6)
        self.kill()
        # A third one may just have been written.
        self.assertIn(len(self.snapshots()), (2, 3))
        # Those from the older snapshot on, or from the one before where it was just being replaced.
        begins = [struct.unpack_from("<Q", path.read_bytes(), 32)[0] for path in self.snapshots()[:-1]]
        self.assertIn(int(self.segments()[0].stem), begins)
        self.assertNotIn(1, begins)
        before = self.server.ask.entries(SAFE)
        _, replayed = self.replayed_by_restart()
        self.assertLess(replayed, int(self.snapshots()[-1].stem))
        self.assertEqual(self.server.ask.entries(SAFE)[:len(before)], before)
        numbers = [int(i.split("-")[1]) for i, _ in self.server.ask.entries(SAFE)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_r4_what_is_not_held_any_more_is_told_and_counted(self):
        self.run_until_snapshots(4)
        self.kill()
        entries = self.server.ask.entries(EXECUTION)
        self.server.ask("DEL", EXECUTION)
        self.replayed_by_restart()
        found = re.search(EXECUTION + r": ends before all that is held for it; (\d+) entries", self.engine.log)
        self.assertIsNotNone(found, self.engine.log)
        restored = self.server.ask.entries(EXECUTION)
        lost = int(found[1])
        self.assertGreater(lost, 0)
        self.assertEqual(restored[:len(entries) - lost], entries[lost:], "what is held comes back as it was")

    def program(self, name, *words):
        done = subprocess.run([case.options.bin / name, *words], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def test_what_reads_a_journal_begins_behind_the_older_one(self):
        """Where the first segments have gone: outputs, books and checks are those of the whole."""
        self.run_until_snapshots(4)
        self.feed(500)
        self.wait_for_outcomes()
        self.stop_engine()
        out, tape = self.folder / "out.ndjson", self.folder / "part.ndjson"
        self.program("replay", "run", "--journal", self.journal, "--out", out)
        made = {stream: [] for stream in OUTPUTS}
        for line in out.read_text().splitlines():
            entry = json.loads(line)
            made[entry["stream"]].append((entry["id"], entry["fields"]))
        for stream in OUTPUTS:
            published = self.server.ask.entries(stream)
            self.assertEqual(made[stream], published[len(published) - len(made[stream]):], stream)
        self.assertGreater(sum(map(len, made.values())), 100)
        books = subprocess.run([case.options.bin / "replay", "books", "--journal", self.journal],
                               capture_output=True, text=True, check=False)
        self.assertEqual((books.returncode, books.stdout), (66, ""), books.stderr)
        self.assertIn("engine --recover-check", books.stderr)
        checked = self.program("engine", "--recover-check", self.journal).stdout
        self.assertRegex(checked, r"snapshot +behind input \d+\n")
        self.assertRegex(checked, r"replayed +0 inputs")
        self.assertRegex(checked, r"account main +balance [-0-9.]+, realized")
        exported = self.program("replay", "export", "--journal", self.journal, "--out", tape)
        self.assertRegex(exported.stderr, r"the tape begins behind input \d+")
        self.assertEqual(json.loads(tape.read_text().splitlines()[0])["stream"], "@conf")

    def test_a_first_segment_that_is_gone_and_no_snapshot(self):
        self.run_until_snapshots(4)
        self.kill()
        for path in self.snapshots():
            path.unlink()
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn("its first segments are gone, and no snapshot stands in their place", log)


class FullDiskTest(SnapshotCase):
    def test_d1_a_snapshot_that_cannot_be_written_is_an_alarm_and_no_stop(self):
        shim = (case.options.bin / "libfault_shim.so").resolve()
        if not shim.exists():
            self.skipTest("no fault shim in this build: a sanitizer's")
        self.start_engine(prefix=("env", f"LD_PRELOAD={shim}", "SHIM_RULES=pwrite@snapshot.new#1=ENOSPC"))
        while "cannot make a snapshot: No space left on device" not in self.engine.log:
            self.feed(1000)
            self.wait_for_outcomes()
        while "journal snapshot behind input" not in self.engine.log:
            self.feed(1000)
            self.wait_for_outcomes()
        self.assertLess(self.engine.log.index("cannot make a snapshot"), self.engine.log.index("journal snapshot behind"))
        self.kill()
        self.replayed_by_restart()
        self.check()


if __name__ == "__main__":
    case.main()
