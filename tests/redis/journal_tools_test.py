#!/usr/bin/env python3
"""What people do with the journal of an engine that published to a real Redis: replay it, fold it, export it, check
what a start would recover. What comes out is what was published, and nothing in the directory changes.

    tests/redis/journal_tools_test.py --bin build/release [unittest options]
"""

import csv
import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from recovery_test import JournalCase
from support import case
from support.oracle import DEAD, EXECUTION, OUTPUTS, POSITION, SIGNAL, TICK

DATA, NO_INPUT, USAGE, PERMISSION = 65, 66, 64, 77
MARKED = "[mark]\ninterval_s = 1\n"


def record_at_half(data):
    """Offset of a record near the middle of what a segment holds."""
    at, end = 128, len(data.rstrip(b"\0"))
    while at < end // 2:
        at += (int.from_bytes(data[at:at + 4], "little") + 7) & ~7
    return at


class ToolsCase(JournalCase):
    def program(self, *words, code=0):
        done = subprocess.run([case.options.bin / words[0], *map(str, words[1:])], capture_output=True, text=True,
                              check=False)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def replay(self, *words, code=0):
        return self.program("replay", *words, code=code)

    def check_recovery(self, directory=None, code=0):
        return self.program("engine", "--recover-check", directory or self.journal, code=code)

    def states(self):
        """Everything about the files of the journal that a reader could have changed."""
        found = {"": self.journal.stat().st_mtime_ns}
        for path in sorted(self.journal.iterdir()):
            status = path.stat()
            found[path.name] = (hashlib.sha256(path.read_bytes()).hexdigest(), status.st_mtime_ns, status.st_mode)
        return found

    def run_everything(self):
        """Two lives of an engine, with all that an input can be: two accounts, dead letters, cut ones, timers."""
        self.start_engine(more=MARKED)
        self.feed(200)
        self.kill()
        self.start_engine(more=MARKED)
        ask = self.server.ask
        for account in ("main", "second"):
            ask("XADD", SIGNAL, "*", "data", case.signal_json("BUY", 0.9, account=account))
        ask("XADD", SIGNAL, "*", "data", "{")
        ask("XADD", SIGNAL, "*", "data", '"' + "x" * 100_000 + '"')
        ask("XADD", TICK, "*", "data", case.price_json(100, "ETHUSDT"))
        ask("XADD", SIGNAL, "*", "data", case.signal_json("BUY", 0.9, "ETHUSDT"))
        self.signals_fed += 5
        self.wait_for_outcomes()
        count = ask("XLEN", POSITION)
        self.wait_until(lambda: ask("XLEN", POSITION) > count + 2)
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()

    def published(self):
        return {stream: self.server.ask.entries(stream) for stream in OUTPUTS}

    def entries_of(self, out):
        found = {stream: [] for stream in OUTPUTS}
        for line in out.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found[entry["stream"]].append((entry["id"], entry["fields"]))
        return found


class ReplayTest(ToolsCase):
    def test_outputs_are_those_that_were_published(self):
        self.run_everything()
        before = self.states()
        published = self.published()
        self.assertGreater(min(len(published[stream]) for stream in OUTPUTS), 1)
        summaries = []
        for layout in ("1", "3", "5"):
            out, summary = self.folder / "out.ndjson", self.folder / "summary.json"
            told = self.replay("run", "--journal", self.journal, "--layout", layout, "--out", out, "--summary", summary)
            self.assertIn("latency", told.stdout)
            self.assertEqual(self.entries_of(out), published)
            summaries.append(json.loads(summary.read_text()))
            self.assertEqual(summaries[-1]["output"]["sha256"], hashlib.sha256(out.read_bytes()).hexdigest())
        self.assertEqual(len({summary["books_hash"] for summary in summaries}), 1)
        self.assertGreater(summaries[0]["inputs"]["timers"], 0)
        self.assertEqual(self.states(), before)

    def test_a_tape_made_on_the_way_is_the_exported_one(self):
        self.run_once()
        made, exported = self.folder / "made", self.folder / "exported"
        self.replay("run", "--journal", self.journal, "--set", f'output.tape="{made}"')
        self.replay("export", "--journal", self.journal, "--out", exported)
        self.assertEqual(made.read_bytes().splitlines()[1:], exported.read_bytes().splitlines()[1:])

    def test_numbers_go_on_above_what_stood_in_the_streams(self):
        for _ in range(7):
            self.server.ask("XADD", EXECUTION, "*", "data", "{}")
        self.run_once()
        out = self.folder / "out.ndjson"
        self.replay("run", "--journal", self.journal, "--out", out)
        self.assertEqual(self.entries_of(out)[EXECUTION], self.published()[EXECUTION][7:])

    def test_to_ends_a_replay_early(self):
        self.run_everything()
        out, part = self.folder / "out.ndjson", self.folder / "part.ndjson"
        self.replay("run", "--journal", self.journal, "--out", out)
        lines = out.read_text().splitlines(True)
        moments = sorted({json.loads(line)["ns"] for line in lines})
        moment = moments[len(moments) // 2]
        self.replay("run", "--journal", self.journal, "--to", moment, "--out", part)
        wanted = [line for line in lines if json.loads(line)["ns"] < moment]
        self.assertTrue(0 < len(wanted) < len(lines))
        self.assertEqual(part.read_text().splitlines(True), wanted)

    def test_the_recorded_pace_is_kept(self):
        self.start_engine()
        for number in (1, 2):
            self.feed(1)
            self.wait_for_outcomes()
            self.wait_until(lambda: self.log_time_s() > number * 1.0)
        self.feed(1)
        self.wait_for_outcomes()
        self.stop_engine()
        summary = self.folder / "summary.json"
        self.replay("run", "--journal", self.journal, "--speed", 1, "--summary", summary)
        self.assertGreater(json.loads(summary.read_text())["elapsed_ns"], 1_900_000_000)

    def log_time_s(self):
        """Seconds of Redis' clock since the first input."""
        first = int(self.server.ask.entries(TICK)[0][0].split("-")[0])
        seconds, _ = self.server.ask("TIME")
        return int(seconds) - first / 1000

    def test_a_running_engine_is_not_disturbed(self):
        self.start_engine()
        for _ in range(10):
            self.feed(300)
            self.replay("run", "--journal", self.journal)
            self.assertIn("an engine has it", self.check_recovery().stdout)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_what_cannot_be(self):
        self.run_once()
        told = self.replay("run", "--journal", self.journal, "--set", "engine.seed=9", code=USAGE)
        self.assertIn("a journal brings its own decision keys", told.stderr)
        told = self.replay("run", "--journal", self.journal, "--from", "2026-01-12T10:00:00Z", code=USAGE)
        self.assertIn("from its beginning", told.stderr)
        self.replay("run", "--journal", self.journal, "--capture", "x", code=USAGE)
        self.replay("books", code=USAGE)
        self.replay("books", "--journal", self.journal, "--fills", "x", code=USAGE)
        self.replay("export", "--journal", self.journal, "--csv", "approvals", "--out", "x", code=USAGE)
        self.program("engine", "--recover-check", self.journal, "engine.toml", code=USAGE)


class ExportTest(ToolsCase):
    def test_books_are_those_of_the_published_executions(self):
        self.run_everything()
        out = self.folder / "out.ndjson"
        self.replay("run", "--journal", self.journal, "--out", out)
        for more in ((), ("--mark", "ETHUSDT=123.5")):
            wanted = self.replay("books", "--fills", out, *more).stdout
            self.assertEqual(self.replay("books", "--journal", self.journal, *more).stdout, wanted)
        self.assertEqual(set(json.loads(wanted)), {"main", "second"})

    def test_csv_has_every_execution_and_position_update_as_published(self):
        self.run_everything()
        before = self.states()
        for what, stream, own in (("executions", EXECUTION, ["qty", "model"]), ("positions", POSITION, [])):
            path = self.folder / "out.csv"
            self.replay("export", "--journal", self.journal, "--csv", what, "--out", path)
            data = path.read_bytes()
            self.assertEqual(data.count(b"\r\n"), data.count(b"\n"))
            rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
            published = self.published()[stream]
            self.assertEqual(len(rows), len(published))
            keys = list(json.loads(published[0][1]["data"]))
            self.assertEqual(list(rows[0]), ["id", "seq", "cause", "acct", *keys, *own])
            for row, (entry_id, fields) in zip(rows, published):
                # Numbers as they stand in the text, not as a float prints them.
                values = json.loads(fields["data"], parse_float=str, parse_int=str)
                wanted = {"id": entry_id, **values, **{name: fields[name] for name in ("seq", "cause", "acct", *own)}}
                self.assertEqual(row, wanted)
        self.assertEqual(self.states(), before)

    def test_csv_to_stdout_and_gzip(self):
        self.run_once()
        text = self.replay("export", "--journal", self.journal, "--csv", "executions", "--out", "-").stdout
        self.assertTrue(text.startswith("id,seq,cause,acct,symbol,action,"), text[:100])
        packed = self.folder / "out.csv.gz"
        self.replay("export", "--journal", self.journal, "--csv", "executions", "--out", packed)
        told = subprocess.run(["gzip", "-dc", packed], capture_output=True, text=True, check=True)
        self.assertEqual(told.stdout, text)
        self.replay("export", "--journal", self.journal, "--csv", "executions", "--out", "/dev/full", code=74)


class RecoverCheckTest(ToolsCase):
    def test_says_what_the_next_start_recovers(self):
        self.run_everything()
        self.forget_snapshots()
        before = self.states()
        told = self.check_recovery().stdout
        self.assertEqual(self.states(), before)
        inputs, _, _, _ = self.engine.final()
        summary = self.folder / "summary.json"
        self.replay("run", "--journal", self.journal, "--summary", summary)
        wanted = json.loads(summary.read_text())
        self.assertRegex(told, rf"read +up to record {inputs + 2} in [\d.]+ s: every checksum, number and sequence")
        self.assertRegex(told, rf"replayed +{inputs} inputs in [\d.]+ s")
        self.assertRegex(told, rf"recovered +sequence {inputs}, .* books hash {wanted['books_hash']}\n")
        self.assertRegex(told, rf"state +crc32c {wanted['state_crc32c']:08x} of \d+ bytes\n")
        for name, account in wanted["accounts"].items():
            self.assertIn(f"account {name}", told)
            self.assertIn(f"balance {account['balance']}, realized {account['realized_pnl']}", told)
        for stream, entries in self.published().items():
            number = int(entries[-1][0].split("-")[1])
            self.assertIn(f"{stream} from number {number + 1} on, behind {entries[-1][0]}\n", told)
        for stream in (SIGNAL, TICK):
            self.assertIn(f"{stream} behind {self.server.ask.entries(stream)[-1][0]}\n", told)
        # And so it is: what comes next has these numbers.
        published = self.published()
        self.start_engine(more=MARKED)
        self.feed(20)
        self.wait_for_outcomes()
        self.stop_engine()
        for stream, entries in published.items():
            number = int(entries[-1][0].split("-")[1])
            later = self.published()[stream]
            self.assertEqual(later[:len(entries)], entries)
            self.assertEqual([int(i.split("-")[1]) for i, _ in later[len(entries):]],
                             list(range(number + 1, number + 1 + len(later) - len(entries))))
        out = self.folder / "out.ndjson"
        self.replay("run", "--journal", self.journal, "--out", out)
        self.assertEqual(self.entries_of(out), self.published())

    def test_a_journal_without_inputs(self):
        self.start_engine()
        self.stop_engine()
        told = self.check_recovery().stdout
        self.assertRegex(told, r"replayed +0 inputs")
        self.assertIn(f"{EXECUTION} from number 1 on", told)
        self.replay("run", "--journal", self.journal)

    def test_a_torn_tail_is_told(self):
        self.run_once()
        segment = self.journal / "0000000001.log"
        data = segment.read_bytes()
        end = (len(data.rstrip(b"\0")) + 7) // 8 * 8
        segment.write_bytes(data[:end] + b"\x60\0\0\0\3\0\0\0abc" + data[end + 11:])
        before = self.states()
        self.assertRegex(self.check_recovery().stdout, r"\b11 bytes of a last record that was never completed")
        self.replay("run", "--journal", self.journal)
        self.assertEqual(self.states(), before)

    def test_d5_damage_is_told_with_its_offset(self):
        self.run_once()
        self.forget_snapshots()
        out, part = self.folder / "out.ndjson", self.folder / "part.ndjson"
        self.replay("run", "--journal", self.journal, "--out", out)
        segment = self.journal / "0000000001.log"
        data = bytearray(segment.read_bytes())
        offset = record_at_half(data)
        data[offset + 40] ^= 4
        segment.write_bytes(data)
        before = self.states()
        place = f"0000000001.log: offset {offset}: a damaged record"
        told = self.check_recovery(code=DATA)
        self.assertIn(place, told.stderr)
        self.assertNotIn("recovered", told.stdout)
        told = self.replay("run", "--journal", self.journal, "--out", part, code=DATA)
        self.assertIn(place, told.stderr)
        lines = part.read_text().splitlines()
        self.assertTrue(0 < len(lines) < len(out.read_text().splitlines()))
        self.assertEqual(lines, out.read_text().splitlines()[:len(lines)])
        for words in (("books",), ("export", "--csv", "positions", "--out", part), ("export", "--out", part)):
            told = self.replay(words[0], "--journal", self.journal, *words[1:], code=DATA)
            self.assertIn(place, told.stderr)
        self.assertEqual(self.states(), before)

    def test_damage_in_the_first_record_and_in_the_header(self):
        self.run_once()
        self.forget_snapshots()
        segment = self.journal / "0000000001.log"
        whole = segment.read_bytes()
        for at, what in ((20, "its header is damaged"), (150, "offset 128: a damaged record")):
            data = bytearray(whole)
            data[at] ^= 1
            segment.write_bytes(data)
            self.assertIn(what, self.check_recovery(code=DATA).stderr)
            self.assertIn(what, self.replay("run", "--journal", self.journal, code=DATA).stderr)

    def test_d8_a_missing_segment(self):
        self.start_engine()
        while not (self.journal / "0000000003.log").exists():
            self.feed(500)
            self.wait_for_outcomes()
        self.stop_engine()
        self.forget_snapshots()
        (self.journal / "0000000002.log").unlink()
        self.assertIn("0000000002.log: the segment is missing", self.check_recovery(code=DATA).stderr)
        self.replay("run", "--journal", self.journal, code=DATA)

    def test_no_journal_there(self):
        empty = self.folder / "empty"
        empty.mkdir()
        (self.folder / "file").write_text("")
        for directory in (self.folder / "absent", empty, self.folder / "file"):
            self.check_recovery(directory, code=NO_INPUT)
            self.replay("run", "--journal", directory, code=NO_INPUT)
            self.replay("books", "--journal", directory, code=NO_INPUT)
            self.replay("export", "--journal", directory, "--out", self.folder / "x", code=NO_INPUT)
        self.assertEqual(list(empty.iterdir()), [])
        self.assertFalse((self.folder / "absent").exists())

    @unittest.skipIf(os.geteuid() == 0, "root may read everything")
    def test_no_permission(self):
        self.run_once()
        self.journal.chmod(0)
        self.addCleanup(self.journal.chmod, 0o700)
        self.check_recovery(code=PERMISSION)

    def test_a_start_beside_a_check_is_not_refused(self):
        """A check looks whether somebody has the lock; whoever wants it at that moment gets it."""
        self.run_once()
        checks = [subprocess.Popen(["sh", "-c", f'while :; do "$0" --recover-check "$1" || exit 1; done',
                                    case.options.bin / "engine", self.journal], stdout=subprocess.DEVNULL)
                  for _ in range(2)]
        try:
            for _ in range(5):
                self.run_once(5)
            self.assertEqual([check.poll() for check in checks], [None, None])
        finally:
            for check in checks:
                check.kill()
                check.wait()
        self.check()

    def test_a_signal_ends_it(self):
        self.run_once(2000)
        check = subprocess.Popen([case.options.bin / "engine", "--recover-check", self.journal],
                                 stdout=subprocess.PIPE, text=True)
        check.send_signal(signal.SIGTERM)
        told, _ = check.communicate(timeout=case.SETTLE_S)
        # Too late where it was done already.
        self.assertIn(check.returncode, (-signal.SIGTERM, 0))
        self.assertEqual(check.returncode == 0, "recovered" in told)


if __name__ == "__main__":
    case.main()
