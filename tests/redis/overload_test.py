#!/usr/bin/env python3
"""More than the engine or Redis can take, and nothing for a while.

    tests/redis/overload_test.py --bin build/release [--thorough] [unittest options]
"""

import os
import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.case import RedisCase, SLACK, THREE_THREADS
from support.oracle import SIGNAL, TICK
from support.proxy import Delay, PassOn, Proxy


class OverloadTest(RedisCase):
    def flood(self, count):
        """As fast as Redis takes it (ten times more with --thorough): ready-made commands, without
        HOLD."""
        actions = [self.random.choice(("BUY", "SELL", "CLOSE")) for _ in range(500)]
        commands = [("XADD", TICK, "*", "data", case.price_json())]
        commands += [("XADD", SIGNAL, "*", "data", case.signal_json(action)) for action in actions]
        client = self.server.client()
        for _ in range(count // len(actions) * (10 if case.options.thorough else 1)):
            client.pipeline(commands)
            self.signals_fed += len(actions)
        client.close()

    def test_o1_signals_faster_than_they_are_decided(self):
        self.start_engine(self.server.unix_url, layout=THREE_THREADS)
        self.feed(10)
        # The producer gets most of the time that both want.
        os.setpriority(os.PRIO_PROCESS, self.engine.process.pid, 10)
        self.flood(100_000)
        behind = self.signals_fed - self.outcome_count()
        print(f"{self.signals_fed} signals, {behind} behind at the end of the flood")
        self.finish(120)

    def finish(self, timeout=case.SETTLE_S, limit_mb=400, before_mb=0.0):
        self.wait_for_outcomes(timeout)
        self.assert_memory_below(limit_mb, before_mb)
        self.stop_engine()
        self.check_streams()

    def test_o3_rings_of_two_slots_are_always_full(self):
        five = '[["ingress"], ["risk"], ["fill"], ["mark"], ["egress"]]'
        self.start_engine(self.server.unix_url, layout=five, more="[rings]\ncapacity = 2")
        self.feed(10)
        self.flood(20_000)
        self.finish(120)

    def test_o4_a_slow_redis_bounds_what_is_held(self):
        proxy = Proxy(self.server.path, str(self.folder / "slow.sock"))
        self.addCleanup(proxy.close)
        self.start_engine(proxy.url, layout=THREE_THREADS, redis="egress_batch_max = 64")
        self.feed(500)
        self.wait_for_outcomes()
        before_mb = self.engine.peak_rss_mb()
        proxy.policy = Delay(0.05)
        self.flood(20_000)
        time.sleep(2.0)
        self.assertLess(self.outcome_count(), self.signals_fed)  # it is behind
        self.assert_memory_below(60, before_mb)
        proxy.policy = PassOn()
        self.finish(120, 60, before_mb)

    def test_o6_a_burst_after_a_time_of_nothing(self):
        self.start_engine(self.server.unix_url, layout=THREE_THREADS)
        self.feed(100)
        self.wait_for_outcomes()
        cpu = self.engine.cpu_s()
        time.sleep(10 if case.options.thorough else 4)
        self.assertLess(self.engine.cpu_s() - cpu, 0.4 * SLACK)
        begin = time.monotonic()
        self.feed(2000)
        self.wait_for_outcomes()
        print(f"2000 signals after the pause in {time.monotonic() - begin:.2f} s")
        self.finish()
        timers = self.tape.read_text(encoding="utf-8").replace(" ", "").count('{"stream":"@timer"')
        self.assertLess(timers, 100)

    def test_o7_spinning_threads_on_one_core(self):
        core = str(min(os.sched_getaffinity(0)))
        self.start_engine(self.server.unix_url, layout=THREE_THREADS + '\nwait = "spin"',
                          prefix=("taskset", "-c", core))
        self.feed(2000)
        self.finish(120)

    def test_o7_the_default_layout_on_one_core_and_redis_beside_it(self):
        core = str(min(os.sched_getaffinity(0)))
        self.start_engine(self.server.unix_url, layout='"auto"', prefix=("taskset", "-c", core))
        self.feed(10)
        self.flood(20_000)
        self.finish(120)


if __name__ == "__main__":
    case.main()
