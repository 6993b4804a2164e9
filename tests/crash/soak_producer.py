"""What tests/crash/soak.py sends: signals and prices at a rate, whatever happens to Redis meanwhile."""

import json
import os
import random
import threading
import time

from crash_case import TICK
from stream_checker import SIGNAL
from support.resp import Client, ReplyError

SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))


class Producer(threading.Thread):
    """Signals at a rate, under ids of its own, so that what a lost connection leaves open can be settled: what stands
    in the stream was sent."""

    BATCH_S = 0.02

    def __init__(self, path, rate, seed):
        super().__init__(daemon=True)
        self.path, self.rate = path, rate
        self.random = random.Random(seed)
        self.sent = []  # (id, data), since take()
        self.wanted = 0  # outcomes of all ever sent
        self._client = None
        self._last = (0, 0)
        self._runs = threading.Event()
        self._idle = threading.Event()
        self._ends = False
        self._pool = [self._signal() for _ in range(4000)]

    def _signal(self):
        data = {"symbol": "BTCUSDT", "action": self.random.choice(("BUY", "SELL", "CLOSE", "BUY", "SELL", "HOLD")),
                "confidence": self.random.choice((0.42, 0.64, 0.65, 0.7, 0.85, 0.99)),
                "timestamp": "2026-01-12T10:00:00Z", "source": "ensemble_v5",
                "account": self.random.choice(("main", "second"))}
        text = json.dumps(data)
        return (None, text[:-1]) if self.random.random() < 0.005 else (data, text)

    def go_on(self):
        self._idle.clear()
        self._runs.set()

    def pause(self):
        """Until everything is in Redis."""
        self._runs.clear()
        self._idle.wait()

    def take(self):
        taken, self.sent = self.sent, []
        return taken

    def end(self):
        self._ends = True
        self._runs.set()

    def run(self):
        while True:
            if not self._runs.is_set():
                self._idle.set()
                self._runs.wait()
            if self._ends:
                return
            begin = time.monotonic()
            self.send(max(1, round(self.rate * self.BATCH_S)))
            time.sleep(max(0.0, begin + self.BATCH_S - time.monotonic()))

    def send(self, count):
        commands = []
        price = 95000 + self.random.randrange(200)
        tick = json.dumps({"symbol": "BTCUSDT", "bid": price, "ask": price + 1})
        for at in range(count + 1):
            ms = time.time_ns() // 1_000_000
            last_ms, counter = self._last
            self._last = (ms, 0) if ms > last_ms else (last_ms, counter + 1)
            entry_id = f"{self._last[0]}-{self._last[1]}"
            if at == 0:
                commands.append((self._last, ("XADD", TICK, entry_id, "data", tick)))
                continue
            data, text = self.random.choice(self._pool)
            commands.append((self._last, ("XADD", SIGNAL, entry_id, "data", text)))
            self.sent.append((entry_id, data))
            self.wanted += not (data and data["action"] == "HOLD")
        self._deliver(commands)

    def _deliver(self, commands):
        while commands and not self._ends:
            try:
                if self._client is None:
                    self._client = Client(self.path, timeout=30.0 * SLACK)
                    stands = {stream: self._last_id(stream) for stream in (TICK, SIGNAL)}
                    commands = [(i, words) for i, words in commands if i > stands[words[1]]]
                self._client.pipeline([words for _, words in commands])
                return
            except (OSError, ReplyError):
                # LOADING, too: a server that has just come back.
                self._client = None
                time.sleep(0.05)

    def _last_id(self, stream):
        found = self._client("XREVRANGE", stream, "+", "-", "COUNT", 1)
        return tuple(map(int, found[0][0].decode().split("-"))) if found else (0, 0)
