#!/usr/bin/env python3
"""Captures through a real Redis: what stands in the output streams is what a replay of the tape gives.

    tests/redis/live_test.py --bin build/release [unittest options]
"""

import gzip
import json
import signal
import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.case import ONE_THREAD, ROOT, RedisCase, THREE_THREADS
from support.oracle import DEAD, EXECUTION, OUTPUTS, REJECTED, SAFE, SIGNAL, TICK

SAMPLE = ROOT / "tests/data/sample.ndjson.gz"
REAL = ROOT / "../shared/captures/binance_usdm_20240808.ndjson.gz"


def entries_of(capture):
    """(seconds since the first, stream, fields) of what the engine reads."""
    first = None
    with gzip.open(capture, "rt", encoding="utf-8") as lines:
        for line in lines:
            entry = json.loads(line)
            if entry["stream"] in (SIGNAL, TICK):
                ns = entry.get("ns") or int(entry["id"].split("-")[0]) * 1_000_000
                first = ns if first is None else first
                yield (ns - first) / 1e9, entry["stream"], entry["fields"]


class LiveTest(RedisCase):
    def run_capture(self, capture, layout, speed=None, seconds=None):
        """Feeds it at `speed` times its own pace (None: as fast as it goes), the first `seconds` of
        it; then looks at everything that came of it."""
        self.start_engine(self.server.unix_url, start="$", layout=layout)
        client = self.server.client()
        self.addCleanup(client.close)
        begin = time.monotonic()
        batch, signals = [], 0
        for at, stream, fields in entries_of(capture):
            if seconds is not None and at > seconds:
                break
            if speed is not None:
                ahead = at / speed - (time.monotonic() - begin)
                if ahead > 0.001:
                    client.pipeline(batch)
                    batch = []
                    time.sleep(ahead)
            signals += stream == SIGNAL
            batch.append(("XADD", stream, "*", *(word for pair in fields.items() for word in pair)))
            if len(batch) == 2000:
                client.pipeline(batch)
                batch = []
        client.pipeline(batch)
        client("XADD", TICK, "*", "data", case.price_json())
        client("XADD", SIGNAL, "*", "data", case.signal_json("BUY", 0.1))
        self.wait_until(self.is_through)
        self.stop_engine()
        self.signals_fed = self.outcome_count()
        self.check_streams()
        self.assertEqual(client("XLEN", SIGNAL), signals + 1)
        self.assertGreater(client("XLEN", EXECUTION), 20)

    def is_through(self):
        last = self.server.ask("XREVRANGE", REJECTED, "+", "-", "COUNT", 1)
        return bool(last) and b'"confidence": 0.1,' in last[0][1][1]

    def test_the_sample_at_maximum_speed_on_one_thread(self):
        self.run_capture(SAMPLE, ONE_THREAD)

    def test_the_sample_at_maximum_speed_on_three_threads(self):
        self.run_capture(SAMPLE, THREE_THREADS)

    def real(self):
        if not REAL.exists():
            self.skipTest(f"no {REAL.name} here")
        return REAL

    def test_the_real_capture_at_maximum_speed_on_one_thread(self):
        self.run_capture(self.real(), ONE_THREAD)

    def test_the_real_capture_at_maximum_speed_on_three_threads(self):
        self.run_capture(self.real(), THREE_THREADS)

    def test_the_real_capture_at_ten_times_its_pace_on_one_thread(self):
        self.run_capture(self.real(), ONE_THREAD, 10, None if case.options.thorough else 60)

    def test_the_real_capture_at_ten_times_its_pace_on_three_threads(self):
        self.run_capture(self.real(), THREE_THREADS, 10, None if case.options.thorough else 60)


class OrderTest(RedisCase):
    def test_a_signal_knows_the_prices_of_its_own_millisecond(self):
        """Counters of two streams say nothing of each other, and a producer that prices first and
        then signals may do both within one."""
        self.start_engine(layout=ONE_THREAD)
        ms = int(time.time() * 1000)
        self.engine.send(signal.SIGSTOP)
        self.server.ask.pipeline(
            [("XADD", TICK, f"{ms}-{i}", "data", case.price_json()) for i in range(5)] +
            [("XADD", TICK, f"{ms}-5", "data", case.price_json(100.0, "ETHUSDT")),
             ("XADD", SIGNAL, f"{ms}-0", "data", case.signal_json(symbol="ETHUSDT"))])
        self.engine.send(signal.SIGCONT)
        self.signals_fed = 1
        self.wait_for_outcomes()
        self.assertEqual(self.server.ask("XLEN", SAFE), 1, self.server.ask.entries(REJECTED))


class LengthTest(RedisCase):
    def test_output_streams_stay_about_as_long_as_the_conf_says(self):
        maxlen, batch_max, node_entries = 200, 64, 100
        self.start_engine(arguments=("--set", f"output.maxlen={maxlen}", "--set", f"redis.egress_batch_max={batch_max}"))
        longest = 0
        for _ in range(20):
            self.feed(200)
            self.wait_until(lambda: self.outcomes_added() >= self.signals_fed)
            longest = max(longest, *(self.server.ask("XLEN", stream) for stream in OUTPUTS))
        self.stop_engine()
        self.assertGreaterEqual(longest, maxlen)
        self.assertLessEqual(longest, maxlen + node_entries + batch_max)

    def outcomes_added(self):
        """What came, be it trimmed since: numbers of a stream are contiguous."""
        last = [self.server.ask("XREVRANGE", stream, "+", "-", "COUNT", 1) for stream in (SAFE, REJECTED, DEAD)]
        return sum(int(found[0][0].split(b"-")[1]) for found in last if found)


class FirstIdsTest(RedisCase):
    """What stood in the output streams before."""

    def test_numbers_go_on_above_what_the_old_services_wrote(self):
        bases = {}
        for stream in (SAFE, EXECUTION):
            for _ in range(3):
                bases[stream] = self.server.ask("XADD", stream, "*", "data", "{}").decode()
        ahead = f"{int(time.time() * 1000) + 3_600_000}-7"
        bases[DEAD] = self.server.ask("XADD", DEAD, ahead, "data", "{}").decode()
        self.start_engine()
        self.feed(50)
        self.wait_until(lambda: self.outcome_count() >= self.signals_fed + 4)
        self.stop_engine()
        for stream, base in bases.items():
            self.server.ask("XDEL", stream, *(i for i, _ in self.server.ask.entries(stream) if i <= base))
        self.check_streams()
        first = self.server.ask.entries(SAFE)[0][0]
        self.assertEqual(int(first.split("-")[1]), int(bases[SAFE].split("-")[1]) + 1)

    def test_a_second_run_goes_on_behind_the_first(self):
        numbers = {}
        for _ in range(2):
            self.start_engine(start="$")
            self.feed(100)
            self.wait_for_outcomes()
            self.stop_engine()
        for stream in OUTPUTS:
            numbers = [int(i.split("-")[1]) for i, _ in self.server.ask.entries(stream)]
            self.assertEqual(numbers, list(range(1, len(numbers) + 1)))


if __name__ == "__main__":
    case.main()
