"""What tests/crash/soak.py sends: signals and prices at a rate, whatever happens to Redis meanwhile.

60,000 signals a second of Python: each of a pool is encoded once, and only ids are made as they are sent.
"""

import json
import os
import random
import threading
import time

from crash_case import TICK
from stream_checker import SIGNAL
from support.resp import Client, ReplyError, connect, encode

SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))
POOL_SIZE = 4000


class Connection:
    """Sends XADDs under ids that are given; knows byte for byte what Redis answers where it takes them."""

    def __init__(self, path):
        self._socket = connect(path, 30.0 * SLACK)

    def close(self):
        self._socket.close()

    def add(self, commands, ids_bytes):
        """`commands`: bytes of whole commands; `ids_bytes`: the ids they give, each as Redis answers it."""
        self._socket.sendall(commands)
        left = memoryview(ids_bytes)
        while left:
            answer = self._socket.recv(min(len(left), 1 << 20))
            if not answer:
                raise ConnectionError("the connection was closed")
            if answer != left[:len(answer)]:
                raise ReplyError(f"Redis says {answer[:200]!r} where an id belongs")
            left = left[len(answer):]


class Batch:
    """A price and some signals, all of one millisecond, numbers of their ids from `first` on; the price is the first."""

    def __init__(self, ms, first, tick, pool_indexes):
        self.ms, self.first, self.tick, self.pool_indexes = ms, first, tick, pool_indexes

    @property
    def last_id(self):
        return self.ms, self.first + len(self.pool_indexes)

    def lines(self):
        """Of the sent file."""
        return "".join(f"{self.ms}-{number} {index}\n" for number, index in enumerate(self.pool_indexes, self.first + 1))

    def encoded(self, tails, stands):
        """The commands that are behind what stands in the streams, and what is answered to them."""
        tick_id = f"{self.ms}-{self.first}"
        commands, answers = [], []
        if (self.ms, self.first) > stands[TICK]:
            commands.append(encode("XADD", TICK, tick_id, "data", self.tick))
            answers.append(b"$%d\r\n%b\r\n" % (len(tick_id), tick_id.encode()))
        stood_ms, stood_number = stands[SIGNAL]
        done = 0 if stood_ms < self.ms else len(self.pool_indexes) if stood_ms > self.ms else \
            max(0, stood_number - self.first)
        head = b"*5\r\n$4\r\nXADD\r\n$%d\r\n%b\r\n" % (len(SIGNAL), SIGNAL.encode())
        begin = b"%d-" % self.ms
        heads = [b"$%d\r\n%b" % (len(begin) + digits, begin) for digits in range(20)]
        ids = [heads[len(number)] + number + b"\r\n" for number in
               (b"%d" % n for n in range(self.first + 1 + done, self.first + 1 + len(self.pool_indexes)))]
        commands += [head + entry_id + tails[index] for entry_id, index in zip(ids, self.pool_indexes[done:])]
        return b"".join(commands), b"".join(answers + ids)


class Producer(threading.Thread):
    """Signals at a rate, under ids of its own, so that what a lost connection leaves open can be settled: what stands
    in the stream was sent."""

    BATCH_S = 0.02
    BATCH_MAX = 2000

    def __init__(self, path, rate, seed):
        super().__init__(daemon=True)
        self.path, self.rate = path, rate
        self.random = random.Random(seed)
        self.sent_count = 0  # since take()
        self.wanted = 0  # outcomes of all ever sent
        self._batches = []
        self._connection = None
        self._last = (0, 0)
        self._runs = threading.Event()
        self._idle = threading.Event()
        self._ends = False
        pool = [self._signal() for _ in range(POOL_SIZE)]
        self._indexes = range(POOL_SIZE)
        self._tails = [b"$4\r\ndata\r\n$%d\r\n%b\r\n" % (len(text), text.encode()) for _, text in pool]
        self._outcomes = [int(not (data and data["action"] == "HOLD")) for data, _ in pool]
        self._pool = pool

    def _signal(self):
        data = {"symbol": "BTCUSDT", "action": self.random.choice(("BUY", "SELL", "CLOSE", "BUY", "SELL", "HOLD")),
                "confidence": self.random.choice((0.42, 0.64, 0.65, 0.7, 0.85, 0.99)),
                "timestamp": "2026-01-12T10:00:00Z", "source": "ensemble_v5",
                "account": self.random.choice(("main", "second"))}
        text = json.dumps(data)
        return (None, text[:-1]) if self.random.random() < 0.005 else (data, text)

    def write_pool(self, path):
        """The distinct signals, one a line, `-` for one that is none."""
        path.write_text("".join((text if data else "-") + "\n" for data, text in self._pool), encoding="ascii")

    def go_on(self):
        self._idle.clear()
        self._runs.set()

    def pause(self):
        """Until everything is in Redis."""
        self._runs.clear()
        self._idle.wait()

    def take(self, path):
        """Writes what was sent since the last time, a line for each: id and place in the pool."""
        with open(path, "w", encoding="ascii") as file:
            for batch in self._batches:
                file.write(batch.lines())
        self._batches, self.sent_count = [], 0

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
        while count > 0:
            part = min(count, self.BATCH_MAX)
            count -= part
            price = 95000 + self.random.randrange(200)
            tick = json.dumps({"symbol": "BTCUSDT", "bid": price, "ask": price + 1})
            ms = time.time_ns() // 1_000_000
            last_ms, last_number = self._last
            first = (ms, 0) if ms > last_ms else (last_ms, last_number + 1)
            batch = Batch(*first, tick, self.random.choices(self._indexes, k=part))
            self._last = batch.last_id
            self._batches.append(batch)
            self.sent_count += part
            self.wanted += sum(map(self._outcomes.__getitem__, batch.pool_indexes))
            self._deliver(batch)

    def _deliver(self, batch):
        stands = {TICK: (0, 0), SIGNAL: (0, 0)}
        while not self._ends:
            try:
                if self._connection is None:
                    stands = self._stands()
                    self._connection = Connection(self.path)
                self._connection.add(*batch.encoded(self._tails, stands))
                return
            except (OSError, ReplyError):
                # LOADING, too: a server that has just come back.
                if self._connection is not None:
                    self._connection.close()
                self._connection = None
                time.sleep(0.05)

    def _stands(self):
        client = Client(self.path, timeout=30.0 * SLACK)
        try:
            return {stream: self._last_id(client, stream) for stream in (TICK, SIGNAL)}
        finally:
            client.close()

    @staticmethod
    def _last_id(client, stream):
        found = client("XREVRANGE", stream, "+", "-", "COUNT", 1)
        return tuple(map(int, found[0][0].decode().split("-"))) if found else (0, 0)
