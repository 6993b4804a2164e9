"""The test case of an engine that keeps a journal."""

import signal
import subprocess

from support import case
from support.case import RedisCase, THREE_THREADS
from support.oracle import SIGNAL, differences

CONF, DATA, FOREIGN = 78, 65, 75


class JournalCase(RedisCase):
    layout = THREE_THREADS
    segment_mb = 1

    def setUp(self):
        super().setUp()
        self.journal = self.folder / "journal"

    def conf(self, *arguments, more="", **named):
        journal = f'[journal]\ndir = "{self.journal}"\nsegment_mb = {self.segment_mb}\n'
        return super().conf(*arguments, more=journal + more, **named).replace(f'tape = "{self.tape}"\n', "")

    def kill(self):
        self.engine.send(signal.SIGKILL)
        self.engine.wait()

    def run_once(self, count=100, dies=False):
        """A run that ends as it should; or one that dies once it has nothing to do."""
        self.start_engine()
        self.feed(count)
        self.wait_for_outcomes()
        if dies:
            self.kill()
        else:
            self.stop_engine()

    def check(self, signals=None):
        """The streams are what one replay of the whole journal gives."""
        done = subprocess.run([case.options.bin / "replay", "export", "--journal", self.journal, "--out", self.tape],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        signals = self.server.ask.entries(SIGNAL) if signals is None else signals
        self.assertEqual(differences(case.options.bin / "replay", self.tape, self.folder, signals,
                                     self.server.ask.entries), [])

    def exit_of_restart(self, **conf):
        engine = self.start_engine(waits=False, **conf)
        return engine.wait(), engine.log
