"""The test case of this folder: a server, an engine beside it, signals to feed, and the oracle."""

import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile
import time
import unittest

from support import oracle, stall
from support.engine import SLACK, Engine
from support.oracle import DEAD, EXECUTION, REJECTED, SAFE, SIGNAL, TICK
from support.server import RedisServer, is_installed

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent.parent
ONE_THREAD = '[["ingress", "risk", "fill", "mark", "egress"]]'
THREE_THREADS = '[["ingress"], ["risk", "fill", "mark"], ["egress"]]'
SETTLE_S = 40.0  # until everything has come through

options = argparse.Namespace(bin=pathlib.Path("build/release"), thorough=False)


def main():
    """Runs the tests of the calling file: --bin FOLDER [--thorough] [unittest's options]."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder of engine and replay")
    parser.add_argument("--thorough", action="store_true", help="every value instead of a sample")
    _, rest = parser.parse_known_args(namespace=options)
    if not is_installed():
        print("skipped: no redis-server here; tools/setup installs it")
        sys.exit(77)
    unittest.main(module="__main__", argv=[sys.argv[0], *rest])


def signal_json(action="BUY", confidence=0.85, symbol="BTCUSDT", **more):
    return json.dumps({"symbol": symbol, "action": action, "confidence": confidence,
                       "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                       "source": "ensemble_v5", **more})


def price_json(price=95000.0, symbol="BTCUSDT"):
    return json.dumps({"symbol": symbol, "bid": price, "ask": price + 1})


class RedisCase(unittest.TestCase):
    """Between setUp and tearDown: self.folder, self.server (unless starts_server is False)."""

    starts_server = True
    layout = ONE_THREAD
    server_options = ()

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="coreloop-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.tape = self.folder / "tape.ndjson"
        self.engine = None
        self.signals_fed = 0  # those that have an outcome
        self.random = random.Random(self.id())
        if self.starts_server:
            self.server = RedisServer(*self.server_options)
            self.addCleanup(self.server.remove)

    def conf(self, url, start="0", layout=None, more="", redis=""):
        if "[journal]" not in more:
            more += '\n[journal]\ndir = ""\n'
        return (f'[input]\nsource = "redis"\nstart = "{start}"\n'
                f'[output]\nsink = "redis"\nmaxlen = 1000000\ntape = "{self.tape}"\n'
                f'[redis]\nurl = "{url}"\n{redis}\n'
                f'[http]\nlisten = ""\n'
                f'[threads]\nlayout = {layout or self.layout}\ncores = "none"\noversubscribe = true\n'
                f'[risk]\nmax_daily_trades = 1000000\ncooldown_after_loss_minutes = 0\n{more}\n')

    def start_engine(self, url=None, waits=True, prefix=(), arguments=(), **conf):
        self.engine = Engine(options.bin / "engine", self.folder, self.conf(url or self.server.url, **conf),
                             waits, prefix, arguments)
        self.addCleanup(self.engine.kill)
        return self.engine

    def exit_of_start(self, url=None, **conf):
        """Exit code and log of an engine that is expected to give up by itself."""
        engine = self.start_engine(url, waits=False, **conf)
        return engine.wait(), engine.log

    # Feeding.

    def feed(self, count, client=None, atomic=False):
        """A price and `count` signals of all kinds, HOLDs among them."""
        client = client or self.server.ask
        commands = [("XADD", TICK, "*", "data", price_json(95000 + self.random.randrange(100)))]
        for _ in range(count):
            action = self.random.choice(("BUY", "SELL", "CLOSE", "BUY", "SELL", "HOLD"))
            self.signals_fed += action != "HOLD"
            confidence = self.random.choice((0.42, 0.64, 0.65, 0.7, 0.85, 0.99))
            commands.append(("XADD", SIGNAL, "*", "data", signal_json(action, confidence)))
        if atomic:
            commands = [("MULTI",), *commands, ("EXEC",)]
        client.pipeline(commands)

    def outcome_count(self, client=None):
        client = client or self.server.ask
        return sum(client("XLEN", stream) for stream in (SAFE, REJECTED, DEAD))

    def wait_for_outcomes(self, timeout=SETTLE_S, client=None):
        """Until every signal fed so far has its outcome in Redis."""
        growth = stall.Growth()

        def is_all_through():
            count = self.outcome_count(client)
            growth.note(count)
            return count >= self.signals_fed

        def said():
            processes = {"engine": self.engine.process.pid}
            if self.starts_server and self.server.process is not None:
                processes["redis-server"] = self.server.process.pid
            ask = client or self.server.ask
            streams = (SIGNAL, TICK, *oracle.OUTPUTS)
            counts = ask.pipeline([("XLEN", stream) for stream in streams], raises=False)
            lengths = ", ".join(f"{stream} {count}" for stream, count in zip(streams, counts))
            taken = self.tape.read_bytes().count(b"\n") if self.tape.exists() else 0
            return (f"{self.outcome_count(client)} of {self.signals_fed} outcomes: {growth.text()}; "
                    f"engine used {self.engine.cpu_s()} s, its tape holds {taken} lines yet\n{lengths}\n"
                    f"{stall.explain(processes, ask)}")

        self.wait_until(is_all_through, timeout, said)

    def assert_memory_below(self, limit_mb, before_mb=0.0):
        """Holds the most the engine ever had in memory, less `before_mb`, against a limit for what is no sanitizer's build."""
        if options.bin.name.startswith(("asan", "tsan")):
            limit_mb *= 10
        self.assertLess(self.engine.peak_rss_mb() - before_mb, limit_mb)

    def wait_until(self, condition, timeout=SETTLE_S, said=lambda: "a condition"):
        """Fails after `timeout` seconds, times SLACK."""
        end = time.monotonic() + timeout * SLACK
        while not condition():
            if self.engine is not None and not self.engine.is_alive():
                self.engine.wait()
                self.fail(f"the engine ended with {self.engine.process.returncode}\n{self.engine.log}")
            if time.monotonic() > end:
                self.fail(f"not within {timeout} s: {said()}\n{self.engine.log[-3000:]}")
            time.sleep(0.01)

    # Judging.

    def stop_engine(self):
        """Stops it; nothing may be left to publish."""
        code, _ = self.engine.stop()
        self.assertEqual(code, 0, self.engine.log)
        self.assertEqual(self.engine.final()[2:], (1, 0), self.engine.log)

    def check_streams(self, client=None):
        """The invariant, after the engine has stopped."""
        client = client or self.server.ask
        told = oracle.differences(options.bin / "replay", self.tape, self.folder,
                                  client.entries(SIGNAL), client.entries)
        self.assertEqual(told, [], self.engine.log[-3000:])
        self.assertEqual(self.outcome_count(client), self.signals_fed)

    def finish(self, timeout=SETTLE_S):
        """What most tests end with: all through, a clean stop, clean streams."""
        self.wait_for_outcomes(timeout)
        self.stop_engine()
        self.check_streams()
        if self.signals_fed >= 20:
            self.assertGreater(self.server.ask("XLEN", EXECUTION), 0)
