#!/usr/bin/env python3
"""The checker of the crash tests finds what it is there to find, in streams of a real run.

    tests/crash/checker_test.py --bin build/release [unittest options]
"""

import argparse
import copy
import json
import pathlib
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from crash_case import CrashRun
from soak import Slope
from stream_checker import EXECUTION, OUTPUTS, POSITION, REJECTED, SAFE, Checker
from support.server import is_installed

options = argparse.Namespace(bin=None)


class CheckerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        run = CrashRun(options.bin, 7)
        try:
            run.start()
            for _ in range(5):
                run.send(60)
            run.finish(120)
            cls.sent = run.sent
            cls.entries = {stream: run.server.ask.entries(stream) for stream in OUTPUTS}
        finally:
            run.close()

    def check(self, change, kind):
        """`change(entries, sent)` makes a wrong copy, in which `kind` must be found."""
        entries, sent = copy.deepcopy(self.entries), list(self.sent)
        change(entries, sent)
        checker = Checker(sent, entries.__getitem__)
        problems = checker.run()
        self.assertGreater(getattr(checker, kind), 0, problems)

    @staticmethod
    def rewrite(entries, stream, at, **values):
        data = json.loads(entries[stream][at][1]["data"])
        data.update(values)
        entries[stream][at][1]["data"] = json.dumps(data)

    @staticmethod
    def renumber(entries, stream):
        entries[stream][:] = [(f"{i.split('-')[0]}-{n}", fields) for n, (i, fields) in enumerate(entries[stream], 1)]

    def remove(self, stream, at):
        def change(entries, _):
            del entries[stream][at]
            self.renumber(entries, stream)
        return change

    def repeat(self, stream, at):
        def change(entries, _):
            entries[stream].insert(at, entries[stream][at])
            self.renumber(entries, stream)
        return change

    def test_a_right_run_is_right(self):
        for stream in (SAFE, REJECTED, EXECUTION, POSITION):
            self.assertGreater(len(self.entries[stream]), 10, stream)
        self.assertEqual(Checker(self.sent, self.entries.__getitem__).run(), [])

    def test_anything_that_is_missing(self):
        for stream in (SAFE, REJECTED, EXECUTION):
            self.check(self.remove(stream, 5), "lost")
        self.check(self.remove(POSITION, -1), "lost")
        self.check(lambda entries, _: entries[SAFE].pop(3), "lost")

    def test_anything_that_is_there_twice(self):
        for stream in (SAFE, REJECTED, EXECUTION):
            self.check(self.repeat(stream, 5), "twice")
        self.check(lambda entries, _: entries[POSITION].append(entries[POSITION][-1]), "twice")

    def test_an_outcome_of_a_signal_nobody_sent(self):
        self.check(lambda _, sent: sent.pop(4), "divergent")

    def test_an_outcome_of_a_hold(self):
        def change(entries, sent):
            at = next(i for i, (_, data) in enumerate(sent) if data and data["action"] == "BUY")
            sent[at] = (sent[at][0], {**sent[at][1], "action": "HOLD"})
        self.check(change, "twice")

    def test_another_content(self):
        for values in ({"symbol": "ETHUSDT"}, {"action": "HOLD"}, {"confidence": 0.123}):
            self.check(lambda entries, _, v=values: self.rewrite(entries, SAFE, 3, **v), "divergent")
        self.check(lambda entries, _: self.rewrite(entries, POSITION, 3, size_usd=1.5), "divergent")
        self.check(lambda entries, _: self.rewrite(entries, EXECUTION, 3, entry_price=1.5), "divergent")
        self.check(lambda entries, _: self.rewrite(entries, EXECUTION, 3, order_id=json.loads(
            entries[EXECUTION][2][1]["data"])["order_id"]), "twice")

    def test_another_order(self):
        def change(entries, _):
            entries[SAFE][3], entries[SAFE][4] = entries[SAFE][4], entries[SAFE][3]
            self.renumber(entries, SAFE)
        self.check(change, "divergent")


class SlopeTest(unittest.TestCase):
    def test_growth_within_lives_is_found_and_levels_are_none(self):
        grows, stands = Slope(), Slope()
        for life, level in enumerate((20.0, 90.0, 5.0)):
            for second in range(30):
                grows.add(life, second, level + 0.5 * second)
                stands.add(life, second, level + second % 2)
        self.assertAlmostEqual(grows.per_second(), 0.5)
        self.assertAlmostEqual(stands.per_second(), 0.0, places=2)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    _, rest = parser.parse_known_args(namespace=options)
    if not is_installed():
        print("skipped: no redis-server here; tools/setup installs it")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])
