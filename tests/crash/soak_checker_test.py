#!/usr/bin/env python3
"""The soak's checker finds what it is there to find, in streams of a real run put into a Redis again.

    tests/crash/soak_checker_test.py --bin build/release [unittest options]
"""

import argparse
import copy
import json
import pathlib
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from crash_case import TICK, CrashRun
from soak import CheckerProgram
from soak_producer import Batch
from stream_checker import DEAD, EXECUTION, OUTPUTS, POSITION, REJECTED, SAFE, SIGNAL
from support.server import is_installed

options = argparse.Namespace(bin=None)


class SoakCheckerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.run_ = run = CrashRun(options.bin, 7)
        cls.addClassCleanup(run.close)
        run.start()
        for _ in range(5):
            run.send(60)
        run.finish(120)
        cls.sent = run.sent
        cls.entries = {stream: run.server.ask.entries(stream) for stream in OUTPUTS}
        cls.out = subprocess.run([options.bin / "replay", "run", "--journal", run.journal, "--out", "-"],
                                 capture_output=True, check=True).stdout

    def program(self, sent):
        pool = self.run_.folder / "pool"
        pool.write_text("".join((json.dumps(data) if data else "-") + "\n" for _, data in sent), encoding="ascii")
        return CheckerProgram(options.bin, pool, self.run_.server.path)

    def check(self, program, sent, entries, first_index=0):
        """Puts the entries behind what stands in the streams and has them judged."""
        ask = self.run_.server.ask
        for stream in OUTPUTS:
            ask("DEL", stream)
            ask.pipeline([("XADD", stream, entry_id, *(word for pair in fields.items() for word in pair))
                          for entry_id, fields in entries[stream]])
        path = self.run_.folder / "sent"
        path.write_text("".join(f"{i} {at}\n" for at, (i, _) in enumerate(sent, first_index)), encoding="ascii")
        return program.ask(f"check {path}")

    def verdict(self, sent, entries):
        program = self.program(sent)
        try:
            return self.check(program, sent, entries)
        finally:
            program.close()

    def find(self, change, kind, words=""):
        """`change(entries, sent)` makes a wrong copy, in which `kind` must be found, told with `words`."""
        entries, sent = copy.deepcopy(self.entries), list(self.sent)
        change(entries, sent)
        verdict = self.verdict(sent, entries)
        self.assertGreater(verdict[kind], 0, verdict)
        self.assertIn(f"{kind}: ", " ".join(p for p in verdict["problems"] if words in p), verdict)

    @staticmethod
    def rewrite(stream, at, **values):
        def change(entries, _):
            data = json.loads(entries[stream][at][1]["data"])
            data.update(values)
            entries[stream][at][1]["data"] = json.dumps(data)
        return change

    @staticmethod
    def refield(stream, at, **values):
        return lambda entries, _: entries[stream][at][1].update(values)

    @staticmethod
    def renumber(entries, stream):
        """Ascending ids, as Redis wants them, without a hole."""
        ms = int(entries[stream][-1][0].split("-")[0])
        entries[stream][:] = [(f"{ms}-{n}", fields) for n, (_, fields) in enumerate(entries[stream], 1)]

    def remove(self, stream, at):
        def change(entries, _):
            del entries[stream][at]
            self.renumber(entries, stream)
        return change

    def repeat(self, stream, at):
        def change(entries, _):
            entries[stream].insert(at, copy.deepcopy(entries[stream][at]))
            self.renumber(entries, stream)
        return change

    def test_a_right_run_is_right(self):
        for stream in (SAFE, REJECTED, EXECUTION, POSITION):
            self.assertGreater(len(self.entries[stream]), 10, stream)
        self.assertGreater(len(self.entries[DEAD]), 0)
        verdict = self.verdict(self.sent, self.entries)
        self.assertEqual(verdict["problems"], [])
        self.assertEqual([verdict[kind] for kind in ("lost", "twice", "divergent", "signals", "entries")],
                         [0, 0, 0, len(self.sent), sum(map(len, self.entries.values()))])
        self.assertEqual(verdict["last_ids"], {stream: self.entries[stream][-1][0] for stream in OUTPUTS})

    def test_a_hole_in_the_numbers(self):
        for stream in OUTPUTS:
            self.find(lambda entries, _, s=stream: entries[s].pop(0), "lost", f"{stream}: ")

    def test_a_number_given_twice(self):
        def change(entries, _, stream):
            ms, number = map(int, entries[stream][-1][0].split("-"))
            entries[stream].append((f"{ms + 1}-{number}", entries[stream][-1][1]))
        for stream in OUTPUTS:
            self.find(lambda entries, sent, s=stream: change(entries, sent, s), "twice", f"{stream}: ")

    def test_anything_that_is_missing(self):
        self.find(self.remove(SAFE, 5), "lost", "has no outcome")
        self.find(self.remove(REJECTED, 5), "lost", "has no outcome")
        self.find(self.remove(DEAD, 0), "lost", "has no outcome")
        self.find(self.remove(EXECUTION, -1), "lost", "approvals")
        self.find(self.remove(POSITION, -1), "lost", "has no position update")
        self.find(self.remove(EXECUTION, 5), "divergent", "is executed as")
        self.find(self.remove(POSITION, 5), "divergent", "position update")

    def test_anything_that_is_there_twice(self):
        for stream in (SAFE, REJECTED, DEAD):
            self.find(self.repeat(stream, 0), "twice", "outcomes")
        self.find(self.repeat(EXECUTION, 5), "twice", "was executed 2 times")
        self.find(self.repeat(EXECUTION, 5), "twice", "approvals")
        self.find(self.repeat(POSITION, -1), "twice", "is of no execution")

    def test_an_outcome_that_must_not_be(self):
        self.find(lambda _, sent: sent.pop(4), "divergent", "which nobody sent")

        def hold(_, sent):
            at = next(i for i, (_, data) in enumerate(sent) if data and data["action"] == "BUY")
            sent[at] = (sent[at][0], {**sent[at][1], "action": "HOLD"})
        self.find(hold, "twice", "outcomes")

        def no_signal(_, sent):
            at = next(i for i, (_, data) in enumerate(sent) if data and data["action"] == "BUY")
            sent[at] = (sent[at][0], None)
        self.find(no_signal, "divergent", "which was no signal")

    def test_another_content(self):
        for stream in (SAFE, REJECTED):
            self.find(self.rewrite(stream, 3, symbol="ETHUSDT"), "divergent", "tells")
            self.find(self.rewrite(stream, 3, action="HOLD"), "divergent", "tells HOLD")
            self.find(self.rewrite(stream, 3, confidence=0.123), "divergent", "another confidence")
        self.find(self.refield(SAFE, 3, data="no JSON"), "divergent", "no JSON")
        self.find(self.refield(SAFE, 3, data=self.entries[SAFE][3][1]["data"] + "}"), "divergent", "no JSON")
        self.find(self.refield(SAFE, 3, acct="other"), "divergent", "is executed as")
        self.find(self.refield(EXECUTION, 3, qty="0"), "divergent", "no quantity")
        self.find(self.refield(EXECUTION, 3, qty="0.5"), "divergent", "another size")
        self.find(self.rewrite(EXECUTION, 3, entry_price=1.5), "divergent", "another size")
        self.find(self.rewrite(EXECUTION, 3, order_id=""), "divergent", "has no order_id")
        self.find(self.rewrite(EXECUTION, 3, order_id=json.loads(self.entries[EXECUTION][2][1]["data"])["order_id"]),
                  "twice", "was executed 2 times")

    def test_another_position(self):
        other = {"LONG": "SHORT", "SHORT": "CLOSED", "CLOSED": "LONG"}
        for at in range(6):
            told = json.loads(self.entries[POSITION][at][1]["data"], parse_float=str)
            self.find(self.rewrite(POSITION, at, side=other[told["side"]]), "divergent", f"says {other[told['side']]}")
            if told["side"] != "CLOSED":
                # One unit of its last digit.
                size = round(float(told["size_usd"]) + 1e-8, 8)
                self.find(self.rewrite(POSITION, at, size_usd=size), "divergent", "another size")
        self.find(self.refield(POSITION, 3, acct="other"), "divergent", "is not that of execution")

    def test_another_order(self):
        def swap(stream):
            def change(entries, _):
                entries[stream][3], entries[stream][4] = entries[stream][4], entries[stream][3]
                self.renumber(entries, stream)
            return change
        self.find(swap(SAFE), "divergent", "behind")
        self.find(swap(SAFE), "divergent", "is executed as")

        # Two outcomes exchanged between streams: in order in each, and not in the order of what was sent.
        def exchange(entries, _):
            one, other = entries[SAFE][-1][1], entries[REJECTED][-1][1]
            one["seq"], other["seq"] = other["seq"], one["seq"]
        self.find(exchange, "divergent", "sent before it")

    def test_goes_on_where_it_was(self):
        """Numbers, inputs, positions and digests of a run in two parts, each with the end of the one before."""
        decided = {fields["cause"].rsplit("/", 1)[1]: int(fields["seq"]) for stream in (SAFE, REJECTED, DEAD)
                   for _, fields in self.entries[stream]}
        at = next(at for at in range(len(self.sent) // 2, 0, -1) if self.sent[at - 1][0] in decided)
        last = decided[self.sent[at - 1][0]]
        first = {stream: [e for e in self.entries[stream] if int(e[1]["seq"]) <= last] for stream in OUTPUTS}
        second = {stream: self.entries[stream][max(0, len(first[stream]) - 1):] for stream in OUTPUTS}
        program = self.program(self.sent)
        try:
            for part, sent, begin in ((first, self.sent[:at], 0), (second, self.sent[at:], at)):
                self.assertEqual(self.check(program, sent, part, begin)["problems"], [])
            replayed = subprocess.run([options.bin / "soak_checker", "--lines"], input=self.out, capture_output=True,
                                      check=True).stdout
            self.assertEqual(program.ask("digests"), json.loads(replayed))
        finally:
            program.close()
        # Without the first part, neither the numbers nor the books are right.
        verdict = self.verdict(self.sent[at:], second)
        self.assertGreater(verdict["lost"] + verdict["divergent"], 1, verdict)

    def test_a_byte_of_a_replay_is_another_digest(self):
        def digests(out):
            return json.loads(subprocess.run([options.bin / "soak_checker", "--lines"], input=out, capture_output=True,
                                             check=True).stdout)
        right = digests(self.out)
        lines = self.out.splitlines(keepends=True)
        last = {stream: max(n for n, line in enumerate(lines) if json.loads(line)["stream"] == stream) for stream in OUTPUTS}
        for stream, at in last.items():
            for wrong in (lines[:at] + lines[at + 1:],
                          [*lines[:at], lines[at].replace(b'"seq":"', b'"seq":"1', 1), *lines[at + 1:]]):
                found = digests(b"".join(wrong))
                self.assertEqual([s for s in OUTPUTS if found[s] != right[s]], [stream])


class BatchTest(unittest.TestCase):
    TAILS = [b"<0>", b"<1>", b"<2>"]

    def numbers(self, batch, stands):
        """What is sent of it: numbers of ids of prices and of signals."""
        commands, answers = batch.encoded(self.TAILS, {TICK: (0, 0), SIGNAL: (0, 0), **stands})
        answered = [line for line in answers.decode().split("\r\n") if "-" in line]
        for entry_id in answered:
            self.assertIn(f"${len(entry_id)}\r\n{entry_id}\r\n".encode(), commands)
        return [int(entry_id.split("-")[1]) for entry_id in answered]

    def test_sends_what_does_not_stand_in_the_stream(self):
        batch = Batch(1000, 8, "{}", [2, 0, 1])
        self.assertEqual(batch.lines(), "1000-9 2\n1000-10 0\n1000-11 1\n")
        for stands, numbers in (({}, [8, 9, 10, 11]), ({TICK: (1000, 8)}, [9, 10, 11]),
                                ({TICK: (1000, 8), SIGNAL: (1000, 5)}, [9, 10, 11]),
                                ({TICK: (1000, 8), SIGNAL: (1000, 10)}, [11]),
                                ({TICK: (1000, 8), SIGNAL: (1000, 11)}, []),
                                ({TICK: (1001, 0), SIGNAL: (1001, 1)}, [])):
            self.assertEqual(self.numbers(batch, stands), numbers, stands)
        commands, _ = batch.encoded(self.TAILS, {TICK: (1000, 8), SIGNAL: (1000, 10)})
        self.assertTrue(commands.endswith(b"$7\r\n1000-11\r\n<1>"), commands)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    _, rest = parser.parse_known_args(namespace=options)
    if not is_installed():
        print("skipped: no redis-server here; tools/setup installs it")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
