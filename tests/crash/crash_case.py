"""A producer, a Redis, a proxy that sees what is in flight, and an engine that dies."""

import json
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "redis"))
from stream_checker import OUTPUTS, SIGNAL, Checker
from support.engine import Engine
from support.proxy import PassOn, Proxy
from support.server import RedisServer

TICK = "market.tick"
LAYOUTS = ('[["ingress", "risk", "fill", "mark", "egress"]]', '[["ingress"], ["risk", "fill", "mark"], ["egress"]]',
           '[["ingress"], ["risk"], ["fill"], ["mark"], ["egress"]]')
REPLAYED = re.compile(r"replayed (\d+) inputs in (\d+) ms")


class Watch(PassOn):
    """Counts transactions that were sent to Redis, and those whose answer has come back. After `swallow`
    the writer gets no answer any more: what Redis does is done, and the engine never hears of it."""

    EXEC = b"\r\n$4\r\nEXEC\r\n"
    ANSWER = b"+QUEUED\r\n*"

    def __init__(self):
        self.sent = self.answered = 0
        self.ends = {}
        self.writers = set()
        self.swallows = False

    def _count(self, link, side, data, word):
        both = self.ends.get((link, side), b"") + data
        self.ends[link, side] = both[-len(word) + 1:]
        return both.count(word)

    def request(self, link, data):
        if b"MULTI" in data:
            self.writers.add(link)
        self.sent += self._count(link, "request", data, self.EXEC)
        return [(data, 0)]

    def reply(self, link, data):
        if self.swallows and link in self.writers:
            return []
        self.answered += self._count(link, "reply", data, self.ANSWER)
        return [(data, 0)]

    def in_flight(self):
        return self.sent - self.answered


class CrashRun:
    """One journal and one set of streams, through as many lives of the engine as it takes."""

    def __init__(self, folder_of_programs, seed, segment_mb=1, server_options=()):
        self.programs = pathlib.Path(folder_of_programs)
        self.random = random.Random(seed)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="coreloop-crash-"))
        self.journal = self.folder / "journal"
        self.segment_mb = segment_mb
        self.server = RedisServer(*server_options)
        self.sent = []  # (id, data)
        self.engine = None
        self.proxy = Proxy(self.server.path, str(self.folder / "proxy.sock"))
        self.watch = self.proxy.policy = Watch()
        self.url = self.proxy.url

    def begin_anew(self):
        """Without journal and streams."""
        self.server.ask("FLUSHALL")
        shutil.rmtree(self.journal, ignore_errors=True)
        self.sent = []

    def close(self):
        if self.engine is not None:
            self.engine.kill()
        self.proxy.close()
        self.server.remove()
        shutil.rmtree(self.folder, ignore_errors=True)

    def conf(self, layout, redis="", sync="none"):
        return (f'[input]\nsource = "redis"\nstart = "0"\n[output]\nsink = "redis"\nmaxlen = 10000000\n'
                f'[redis]\nurl = "{self.url}"\n{redis}\n[journal]\ndir = "{self.journal}"\n'
                f'segment_mb = {self.segment_mb}\nsegments_kept = 1000000\n'
                f'sync = "{sync}"\n[http]\nlisten = ""\n[threads]\nlayout = {layout}\ncores = "none"\noversubscribe = true\n'
                f'[risk]\nmax_daily_trades = 1000000\ncooldown_after_loss_minutes = 0\n'
                f'[accounts]\nnames = ["main", "second"]\n[mark]\ninterval_s = 1\n')

    def start(self, waits=True, layout=None, prefix=(), **conf):
        self.watch = self.proxy.policy = Watch()
        self.engine = Engine(self.programs / "engine", self.folder,
                             self.conf(layout or self.random.choice(LAYOUTS), **conf), waits, prefix)
        return self.engine

    def faults(self, *rules, hits=None):
        """Words before the program that load the shim with `rules` (tests/crash/fault_rules.hpp)."""
        shim = (self.programs / "libfault_shim.so").resolve()
        words = ["env", f"LD_PRELOAD={shim}", "SHIM_RULES=" + ";".join(rules)]
        return words + ([f"SHIM_HITS={hits}"] if hits else [])

    def has_shim(self):
        """Not in a sanitizer's build, which wants to be loaded first itself."""
        return (self.programs / "libfault_shim.so").exists()

    def send(self, count):
        """A price and `count` signals of all kinds, some of them no signals at all."""
        price = 95000 + self.random.randrange(200)
        commands = [("XADD", TICK, "*", "data", json.dumps({"symbol": "BTCUSDT", "bid": price, "ask": price + 1}))]
        sent = []
        for _ in range(count):
            data = {"symbol": "BTCUSDT", "action": self.random.choice(("BUY", "SELL", "CLOSE", "BUY", "SELL", "HOLD")),
                    "confidence": self.random.choice((0.42, 0.64, 0.65, 0.7, 0.85, 0.99)),
                    "timestamp": "2026-01-12T10:00:00Z", "source": "ensemble_v5",
                    "account": self.random.choice(("main", "second"))}
            text = json.dumps(data)
            if self.random.random() < 0.01:
                data, text = None, text[:-1]
            sent.append(data)
            commands.append(("XADD", SIGNAL, "*", "data", text))
        replies = self.server.ask.pipeline(commands)
        self.sent += [(reply.decode(), data) for reply, data in zip(replies[1:], sent)]

    def kill(self):
        """kill -9; answers how many transactions were on their way."""
        self.engine.process.kill()
        self.engine.wait()
        return self.watch.in_flight()

    def outcome_count(self):
        return sum(self.server.ask("XLEN", stream) for stream in
                   ("trade.signal.safe", "trade.signal.rejected", "trade.signal.dlq"))

    def wanted_outcomes(self):
        return sum(not (data and data["action"] == "HOLD") for _, data in self.sent)

    def finish(self, timeout):
        """Lets the engine come to the end and stops it."""
        end = time.monotonic() + timeout
        while self.outcome_count() < self.wanted_outcomes():
            if not self.engine.is_alive():
                raise AssertionError(f"the engine ended with {self.engine.wait()}\n{self.engine.log}")
            if time.monotonic() > end:
                raise AssertionError(f"{self.outcome_count()} of {self.wanted_outcomes()} outcomes after {timeout} s\n"
                                     f"{self.engine.log[-3000:]}")
            time.sleep(0.01)
        code, _ = self.engine.stop()
        if code != 0:
            raise AssertionError(f"exit code {code}\n{self.engine.log}")

    def check(self):
        """The independent checker, and a replay of the journal in one go: every output byte and the whole state the same."""
        entries = {stream: self.server.ask.entries(stream) for stream in OUTPUTS}
        checker = Checker(self.sent, entries.__getitem__)
        problems = checker.run()
        return checker, problems + self._replay_differences(entries) + self._state_differences()

    def state(self):
        """What `engine --recover-check` says of the state that a start would come to."""
        done = subprocess.run([self.programs / "engine", "--recover-check", self.journal], capture_output=True, text=True,
                              check=False)
        found = re.search(r"^state +(crc32c .*)$", done.stdout, re.M)
        return found[1] if found else f"exit code {done.returncode}: {done.stderr}"

    def _state_differences(self):
        """The snapshot of the clean stop, after all that was done to the engine, and what one run of all inputs comes to."""
        saved = self.state()
        snapshots = list(self.journal.glob("*.snap"))
        for path in snapshots:
            path.rename(path.with_suffix(".aside"))
        whole = self.state()
        for path in snapshots:
            path.with_suffix(".aside").rename(path)
        return [] if saved == whole and saved.startswith("crc32c") else [f"state: {saved}, of one run {whole}"]

    def _replay_differences(self, entries):
        tape, out = self.folder / "tape.ndjson", self.folder / "out.ndjson"
        for words in (("export", "--journal", self.journal, "--out", tape), ("run", "--capture", tape, "--out", out)):
            done = subprocess.run([self.programs / "replay", *words], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return [f"replay {words[0]}: exit code {done.returncode}: {done.stderr}"]
        replayed = {stream: [] for stream in OUTPUTS}
        with open(out, encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                replayed[entry["stream"]].append((entry["id"], entry["fields"]))
        return [f"{stream}: Redis and an uninterrupted replay differ" for stream in OUTPUTS
                if replayed[stream] != entries[stream]]
