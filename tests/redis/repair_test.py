#!/usr/bin/env python3
"""What somebody says about a journal that does not go on by itself: --accept-lost-tail, --skip and --unskip.

    tests/redis/repair_test.py --bin build/release [unittest options]
"""

import json
import re
import shutil
import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.journal_case import DATA, FOREIGN, JournalCase
from support.oracle import DEAD, EXECUTION, OUTPUTS, POSITION, SAFE, SIGNAL


class LostTailTest(JournalCase):
    """The journal has lost its end, and somebody takes over what its outputs left in Redis."""

    ACCEPT = ("--accept-lost-tail",)
    more = ""  # of the conf

    def lose_tail(self, dies, count=100):
        """What Redis has of the inputs that the journal then lacks, by stream."""
        self.run_once(dies=dies)
        shutil.copytree(self.journal, self.folder / "copy")
        before = self.outputs()
        self.run_once(count, dies=dies)
        shutil.rmtree(self.journal)
        (self.folder / "copy").rename(self.journal)
        self.lost = {stream: entries[len(before[stream]):] for stream, entries in self.outputs().items()}
        code, log = self.exit_of_restart()
        self.assertEqual(code, DATA, log)
        self.assertIn("--accept-lost-tail", log)

    def outputs(self):
        return {stream: self.server.ask.entries(stream) for stream in OUTPUTS}

    def kept(self, stream):
        """All but what no journal leads to any more."""
        return [entry for entry in self.server.ask.entries(stream) if entry not in self.lost[stream]]

    def check_with_lost(self):
        for stream, lost in self.lost.items():
            numbers = [int(i.split("-")[1]) for i, _ in self.server.ask.entries(stream)]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)), stream)
            self.assertEqual([entry for entry in self.server.ask.entries(stream) if entry in lost], lost)
        self.check(entries=self.kept, has_gaps=True)

    def accept(self, *arguments):
        self.start_engine(arguments=self.ACCEPT + arguments)
        self.wait_until(lambda: self.outcome_count() == self.signals_fed + self.lost_outcomes())
        for stream, lost in self.lost.items():
            if lost:
                self.assertIn(f"{stream}: {len(lost)} entries, behind", self.engine.log)
            else:
                self.assertNotIn(f"{stream}: ", self.engine.log)

    def lost_outcomes(self):
        return len(self.lost[SAFE]) + len(self.lost["trade.signal.rejected"])

    def test_its_inputs_are_read_again_and_numbers_go_on(self):
        for dies in (False, True):
            with self.subTest(dies=dies):
                self.lose_tail(dies)
                self.assertGreater(len(self.lost[SAFE]), 5)
                self.accept()
                self.stop_engine()
                self.check_with_lost()
                self.begin_anew()

    def test_a_start_that_is_refused_takes_no_input(self):
        """Else what it recorded would be numbered as what stands in Redis is."""
        for layout in (case.ONE_THREAD, case.THREE_THREADS):
            with self.subTest(layout=layout):
                self.layout = layout
                self.lose_tail(dies=True)
                before = self.recovered()
                for _ in range(3):
                    code, log = self.exit_of_restart(layout=layout)
                    self.assertEqual(code, DATA, log)
                self.assertEqual(self.recovered(), before)
                self.begin_anew()

    def recovered(self):
        return re.search("recovered +(.*)", self.ask_tool("engine", "--recover-check", self.journal)[1])[1]

    def test_it_stays_so(self):
        """Started again, from the snapshot and from the beginning, killed and asked for a second time."""
        self.lose_tail(dies=True)
        self.accept()
        self.kill()
        for arguments in ((), self.ACCEPT, ()):
            self.forget_snapshots()
            self.start_engine(arguments=arguments)
            self.feed(50)
            self.wait_until(lambda: self.outcome_count() == self.signals_fed + self.lost_outcomes())
            self.kill()
            self.check_with_lost()
        self.start_engine()
        self.stop_engine()
        self.start_engine()
        self.feed(20)
        self.wait_until(lambda: self.outcome_count() == self.signals_fed + self.lost_outcomes())
        self.stop_engine()
        self.check_with_lost()

    def test_right_after_it_nothing_has_come_yet(self):
        """Taken over, and started again before there is an output above it."""
        self.lose_tail(dies=True)
        self.server.ask("DEL", SIGNAL)
        engine = self.start_engine(waits=False, arguments=self.ACCEPT + ("--recover-and-exit",))
        self.assertEqual(engine.wait(), 0, engine.log)
        self.forget_snapshots()
        self.start_engine()
        self.signals_fed = 0
        before = self.outcome_count()
        self.feed(20)
        self.wait_until(lambda: self.outcome_count() == before + self.signals_fed)
        self.stop_engine()
        self.check_with_lost()

    def test_timers_that_are_due_come_behind_it(self):
        """Their updates are numbered above what stands there already."""
        self.more = "[mark]\ninterval_s = 1\n"
        self.server.ask("XADD", "market.tick", "*", "data", case.price_json(100, "ETHUSDT"))
        self.server.ask("XADD", SIGNAL, "*", "data", case.signal_json("BUY", 0.9, "ETHUSDT"))
        self.signals_fed += 1
        self.lose_tail(dies=True)
        time.sleep(1.1)
        self.accept()
        count = self.server.ask("XLEN", POSITION)
        self.wait_until(lambda: self.server.ask("XLEN", POSITION) > count + 1)
        self.kill()
        self.check_with_lost()
        self.forget_snapshots()
        self.start_engine()
        self.stop_engine()
        self.check_with_lost()

    def conf(self, *arguments, more="", **named):
        return super().conf(*arguments, more=more + self.more, **named)

    def test_redis_loses_it_too(self):
        """What nothing makes any more cannot be restored, all else can: told, and counted."""
        self.lose_tail(dies=True)
        self.accept()
        self.kill()
        self.server.ask("DEL", SAFE)
        self.forget_snapshots()
        self.start_engine()
        self.assertRegex(self.engine.log, rf"{SAFE}: ends before \d+-\d+, which was taken over; "
                                          rf"{len(self.lost[SAFE])} entries cannot be restored")
        self.wait_until(lambda: self.engine_is_quiet())
        self.stop_engine()
        self.lost[SAFE] = []
        self.check(entries=self.kept, has_gaps=True)

    def engine_is_quiet(self):
        """Everything that the journal leads to has been published."""
        _, text = self.ask_tool("engine", "--recover-check", self.journal)
        number = re.search(rf"publishes +{SAFE} from number (\d+) on", text)
        last = self.server.ask.entries(SAFE)[-1:]
        return bool(last) and int(last[0][0].split("-")[1]) == int(number[1]) - 1

    def test_there_is_nothing_to_accept(self):
        self.run_once(dies=True)
        self.start_engine(arguments=self.ACCEPT)
        self.feed(20)
        self.wait_for_outcomes()
        self.assertNotIn("are of inputs that the journal has lost", self.engine.log)
        self.stop_engine()
        self.check()

    def test_what_a_stranger_wrote_is_not_accepted(self):
        self.run_once(dies=True)
        self.server.ask("XADD", EXECUTION, "*", "data", "{}")
        engine = self.start_engine(waits=False, arguments=self.ACCEPT)
        self.assertEqual(engine.wait(), FOREIGN, engine.log)


class SkipTest(JournalCase):
    """An input that no start survives is passed over because somebody says so."""

    def skip(self, sequence, reason="INC-12"):
        return self.ask_tool("engine", "--skip", str(sequence), "--reason", reason, self.engine.conf)

    def recorded(self):
        """The inputs of the journal, from sequence 1 on."""
        code, text = self.ask_tool("replay", "export", "--journal", self.journal, "--out", self.tape)
        self.assertEqual(code, 0, text)
        with open(self.tape, encoding="utf-8") as lines:
            return [json.loads(line) for line in lines][1:]

    def record_without_outputs(self):
        """Leaves inputs in the journal whose outputs Redis has not got; the sequences of their signals but HOLDs."""
        self.run_once(20)
        behind = len(self.recorded())
        self.start_engine()
        signals = [case.signal_json("BUY", 0.9), case.signal_json("HOLD"), case.signal_json("SELL", 0.9),
                   case.signal_json("BUY", 0.42), case.signal_json("CLOSE", 0.9)]
        self.signals_fed += 4
        self.server.ask.pipeline([("MULTI",), *(("XADD", SIGNAL, "*", "data", text) for text in signals),
                                  ("CLIENT", "PAUSE", "600000", "WRITE"), ("EXEC",)])
        self.wait_until(lambda: len(self.recorded()) >= behind + len(signals))
        self.kill()
        self.server.ask("CLIENT", "UNPAUSE")
        self.assertEqual(self.outcome_count(), self.signals_fed - 4)
        inputs = list(enumerate(self.recorded(), 1))[behind:]
        return [sequence for sequence, entry in inputs
                if entry["stream"] == SIGNAL and "HOLD" not in entry["fields"]["data"]]

    def letters(self):
        return [(int(fields["seq"]), json.loads(fields["data"])["code"]) for _, fields in self.server.ask.entries(DEAD)]

    def test_it_becomes_a_dead_letter(self):
        sequence = self.record_without_outputs()[1]
        code, text = self.skip(sequence)
        self.assertEqual(code, 0, text)
        self.assertRegex(text, rf"input {sequence} will be taken as an entry without fields, a dead letter: "
                               rf'{SIGNAL} \d+-\d+, data .*"SELL"')
        self.assertRegex(self.ask_tool("engine", "--recover-check", self.journal)[1], rf"skipped +input {sequence}: INC-12")
        self.start_engine()
        self.wait_for_outcomes()
        self.kill()
        self.assertEqual(self.letters(), [(sequence, "EMPTY")])
        self.check()
        # From the beginning, and from a snapshot behind it.
        self.forget_snapshots()
        self.run_once(20)
        self.run_once(20)
        self.assertEqual(self.letters(), [(sequence, "EMPTY")])
        self.assertRegex(self.ask_tool("engine", "--recover-check", self.journal)[1], rf"skipped +input {sequence}: INC-12")
        self.check()

    def test_it_can_be_taken_back(self):
        sequence = self.record_without_outputs()[1]
        self.assertEqual(self.skip(sequence)[0], 0)
        code, text = self.ask_tool("engine", "--unskip", str(sequence), self.engine.conf)
        self.assertEqual(code, 0, text)
        self.assertIn(f"input {sequence} will be replayed as it came", text)
        self.run_once(20)
        self.assertEqual(self.letters(), [])
        self.check()

    def test_what_is_published_already_shows(self):
        """A skip that comes too late is noticed, and can be taken back."""
        self.run_once(20, dies=True)
        self.forget_snapshots()
        sequence = max(int(fields["seq"]) for _, fields in self.server.ask.entries(SAFE))
        self.assertEqual(self.skip(sequence)[0], 0)
        code, log = self.exit_of_restart()
        self.assertIn(code, (FOREIGN, DATA), log)
        self.assertEqual(self.ask_tool("engine", "--unskip", str(sequence), self.engine.conf)[0], 0)
        self.run_once(20)
        self.check()

    def test_not_every_input_can_be_skipped(self):
        more = "[mark]\ninterval_s = 1\n"
        self.start_engine(more=more)
        self.feed(20)
        self.wait_for_outcomes()
        self.assertEqual(self.skip(1)[0], FOREIGN, "an engine is running on it")
        self.stop_engine()
        behind = len(self.recorded())
        self.start_engine(more=more)
        self.feed(5)
        self.wait_until(lambda: any(entry["stream"] == "@timer" for entry in self.recorded()[behind:]))
        self.kill()
        inputs = self.recorded()
        timer = behind + 1 + [entry["stream"] for entry in inputs[behind:]].index("@timer")
        for sequence, words in ((behind, rf"the first is {behind + 1}"), (len(inputs) + 1, rf"the last is {len(inputs)}"),
                                (timer, "is a timer or a command")):
            code, text = self.skip(sequence)
            self.assertEqual(code, 64, text)
            self.assertIn(words, text)
        self.assertEqual(self.recorded(), inputs)
        for arguments in (("--skip", "3"), ("--reason", "x"), ("--skip", "3", "--reason", ""), ("--skip", "-3"),
                          ("--skip", "3", "--reason", "x", "--unskip", "3")):
            self.assertEqual(self.ask_tool("engine", *arguments, self.engine.conf)[0], 64, arguments)
        shutil.rmtree(self.journal)
        self.assertEqual(self.skip(3)[0], 66)


if __name__ == "__main__":
    case.main()
