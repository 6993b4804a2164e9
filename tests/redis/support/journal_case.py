"""The test case of an engine with a journal, and of one whose system fails as it is told to."""

import shutil
import signal
import subprocess

from support import case
from support.case import RedisCase, THREE_THREADS
from support.oracle import SIGNAL, differences

CONF, DATA, FOREIGN = 78, 65, 75


class JournalCase(RedisCase):
    layout = THREE_THREADS
    segment_mb = 1
    segments_kept = 1_000_000  # all: the whole journal is replayed to judge

    def setUp(self):
        super().setUp()
        self.journal = self.folder / "journal"

    def conf(self, *arguments, more="", **named):
        journal = (f'[journal]\ndir = "{self.journal}"\nsegment_mb = {self.segment_mb}\n'
                   f'segments_kept = {self.segments_kept}\n')
        return super().conf(*arguments, more=journal + more, **named).replace(f'tape = "{self.tape}"\n', "")

    def kill(self):
        self.engine.send(signal.SIGKILL)
        self.engine.wait()

    def begin_anew(self):
        """Without a journal, and with an empty server."""
        shutil.rmtree(self.journal)
        self.server.ask("FLUSHALL")
        self.signals_fed = 0

    def ask_tool(self, name, *arguments):
        """(exit status, what it says) of one of our programs."""
        done = subprocess.run([case.options.bin / name, *arguments], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def forget_snapshots(self):
        """All is read from the journal's beginning again."""
        for path in self.journal.glob("*.snap"):
            path.unlink()

    def run_once(self, count=100, dies=False):
        """A run that ends as it should; or one that dies once it has nothing to do."""
        self.start_engine()
        self.feed(count)
        self.wait_for_outcomes()
        if dies:
            self.kill()
        else:
            self.stop_engine()

    def check(self, signals=None, entries=None, has_gaps=False):
        """The streams are what one replay of the whole journal gives. `entries`: what to take a stream for.

        `has_gaps`: and that lacks numbers."""
        code, text = self.ask_tool("replay", "export", "--journal", self.journal, "--out", self.tape)
        self.assertEqual(code, 0, text)
        signals = self.server.ask.entries(SIGNAL) if signals is None else signals
        self.assertEqual(differences(case.options.bin / "replay", self.tape, self.folder, signals,
                                     entries or self.server.ask.entries, has_gaps), [])

    def exit_of_restart(self, **conf):
        engine = self.start_engine(waits=False, **conf)
        return engine.wait(), engine.log


class FaultCase(JournalCase):
    """With the shim of tests/crash/fault_shim.cpp, which a sanitizer's build has none of."""

    def setUp(self):
        super().setUp()
        self.shim = (case.options.bin / "libfault_shim.so").resolve()
        if not self.shim.exists():
            self.skipTest("no fault shim in this build: a sanitizer's")

    def start_with(self, sync="batch", waits=True, more="", layout=None, environment=(), arguments=(), **faults):
        """`faults`: SHIM_… without that."""
        words = [f"LD_PRELOAD={self.shim}", *(f"SHIM_{name}={value}" for name, value in faults.items())]
        return self.start_engine(waits=waits, more=more, layout=layout, prefix=("env", *environment, *words),
                                 arguments=("--set", f"journal.sync={sync}", *arguments))
