#!/usr/bin/env python3
"""Clocks that are set while the engine runs, and dates far away: T1-T4.

    tests/redis/time_test.py --bin build/release [unittest options]

The clocks are those of the shim (tests/crash/fault_shim.cpp): the engine's alone, Redis goes on with the true one.
"""

import calendar
import json
import shutil
import signal
import struct
import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.case import ONE_THREAD, THREE_THREADS
from support.journal_case import FaultCase
from support.oracle import OUTPUTS, REJECTED, SAFE, SIGNAL, TICK

NS = 10**9
HOUR = 3600
STEPPED = "the wall clock was set "
QUIET = "[mark]\ninterval_s = 0\n"


def seconds(text):
    """`2028-02-29 00:00:01` in seconds since 1970."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S"))


class ClockCase(FaultCase):
    def setUp(self):
        super().setUp()
        self.clock = self.folder / "clock"
        self.set_clocks()

    def set_clocks(self, wall_s=0, monotonic_s=0):
        """What is added to the true ones; taken up at once by an engine that runs."""
        with open(self.clock, "r+b" if self.clock.exists() else "w+b") as file:
            file.write(struct.pack("<qq", wall_s * NS, monotonic_s * NS))

    def set_date(self, text):
        self.set_clocks(seconds(text) - int(time.time()))

    def start_with_clock(self, **more):
        return self.start_with(sync="none", CLOCK_FILE=self.clock, **more)

    def log_ms(self, stream):
        return [int(entry_id.split("-")[0]) for entry_id, _ in self.server.ask.entries(stream)]

    def ids_never_go_back(self):
        for stream in OUTPUTS:
            found = self.log_ms(stream)
            self.assertEqual(found, sorted(found), stream)


class StepTest(ClockCase):
    """T1, T3."""

    def test_t1_the_wall_clock_is_set_under_load(self):
        for layout in (ONE_THREAD, THREE_THREADS):
            with self.subTest(layout=layout):
                self.set_clocks()
                self.start_with_clock(layout=layout)
                steps = (HOUR, 0, -HOUR, -int(time.time()) + 1, 0, 25 * HOUR, 0)
                for count, wall_s in enumerate(steps, 1):
                    self.feed(100)
                    self.wait_until(lambda: self.outcome_count() > 0)
                    self.set_clocks(wall_s)
                    self.wait_until(lambda n=count: f"clock_step_total={n}" in self.engine.log)
                    self.feed(100)
                self.wait_for_outcomes()
                self.stop_engine()
                self.assertEqual(self.engine.log.count(STEPPED), len(steps), self.engine.log)
                self.ids_never_go_back()
                self.check()

    def test_t1_a_restart_with_a_clock_that_was_set_back(self):
        self.set_clocks(5 * HOUR)
        for wall_s in (5 * HOUR, 0, -HOUR):
            self.set_clocks(wall_s)
            self.start_with_clock()
            self.feed(100)
            self.wait_for_outcomes()
            self.kill()
        self.start_engine()
        self.wait_for_outcomes()
        self.stop_engine()
        self.ids_never_go_back()
        self.check()

    def test_t1_a_jump_of_more_than_31_days_ends_it_and_a_restart_takes_it(self):
        self.start_with_clock(more=QUIET)
        self.feed(50)
        self.wait_for_outcomes()
        self.set_clocks(32 * 24 * HOUR)
        self.assertEqual(self.engine.wait(), 70, self.engine.log)
        self.assertIn("time jumped by more than 31 days", self.engine.log)
        self.feed(50)
        self.start_with_clock(more=QUIET)
        self.wait_for_outcomes()
        self.stop_engine()
        self.check()

    def test_t1_no_step_is_told_of_a_process_that_stood_still(self):
        self.start_with_clock()
        self.engine.send(signal.SIGSTOP)
        begin = time.monotonic()
        self.wait_until(lambda: time.monotonic() - begin > 6)
        self.engine.send(signal.SIGCONT)
        self.feed(50)
        self.wait_for_outcomes()
        self.stop_engine()
        self.assertNotIn(STEPPED, self.engine.log)

    def test_t3_the_monotonic_clock_jumps(self):
        """As after a virtual machine has stood still: connections may be made anew, nothing else."""
        for layout in (ONE_THREAD, THREE_THREADS):
            with self.subTest(layout=layout):
                self.set_clocks()
                self.start_with_clock(layout=layout)
                for jump_s in (HOUR, 30 * 24 * HOUR):
                    self.feed(200)
                    self.set_clocks(0, jump_s)
                    self.feed(200)
                    self.wait_for_outcomes()
                self.stop_engine()
                self.check()


class DateTest(ClockCase):
    """T2, T4."""

    def outcomes_of_a_day(self):
        """Five BUYs and a CLOSE; how many of them were approved."""
        client = self.server.ask
        before = client("XLEN", SAFE)
        for action in ("BUY",) * 5 + ("CLOSE",):
            client("XADD", SIGNAL, "*", "data", case.signal_json(action, 0.9))
        self.signals_fed += 6
        self.wait_for_outcomes()
        reasons = [json.loads(fields["data"])["reason"] for _, fields in client.entries(REJECTED)[-2:]]
        self.assertEqual(reasons, ["DAILY_TRADE_LIMIT_REACHED"] * 2)
        return client("XLEN", SAFE) - before

    def test_t2_days_are_those_of_utc_whatever_the_zone(self):
        dates = ("2028-02-28 12:00:00", "2028-02-28 23:30:00",  # one day
                 "2028-02-29 00:00:01", "2028-02-29 23:30:00",  # a leap day
                 "2028-03-01 00:00:01",  # a month's end
                 "2028-03-26 00:30:00", "2028-03-26 02:30:00", "2028-03-26 23:00:00",  # summer time in Berlin
                 "2028-03-27 00:00:01")
        for zone in ("Europe/Berlin", "America/New_York"):
            with self.subTest(zone=zone):
                self.set_date(dates[0])
                self.start_with(sync="none", CLOCK_FILE=self.clock, environment=(f"TZ={zone}",), more=QUIET,
                                arguments=("--set", "risk.max_daily_trades=3", "--set", "risk.max_drawdown_pct=1"))
                self.server.ask("XADD", TICK, "*", "data", case.price_json())
                days = set()
                for date in dates:
                    self.set_date(date)
                    is_new = date.split()[0] not in days
                    days.add(date.split()[0])
                    if is_new:
                        self.assertEqual(self.outcomes_of_a_day(), 4, date)
                        continue
                    before = self.server.ask("XLEN", SAFE)
                    self.server.ask("XADD", SIGNAL, "*", "data", case.signal_json("BUY", 0.9))
                    self.signals_fed += 1
                    self.wait_for_outcomes()
                    self.assertEqual(self.server.ask("XLEN", SAFE), before, date)
                self.stop_engine()
                self.check()
                self.begin_anew()

    def test_t4_dates_far_away(self):
        """Behind 32 bits of seconds, signed and unsigned; the last year that 64 bits of nanoseconds hold."""
        for date in ("2038-01-19 03:14:06", "2106-02-07 06:28:14", "2261-12-30 23:59:58"):
            with self.subTest(date=date):
                self.set_date(date)
                self.start_with_clock()
                self.feed(50)
                self.wait_for_outcomes()
                self.wait_until(lambda d=date: self.now_s() > seconds(d) + 3)
                self.feed(50)
                self.wait_for_outcomes()
                self.kill()
                self.start_with_clock()
                self.feed(50)
                self.wait_for_outcomes()
                self.stop_engine()
                for stream in (SAFE, REJECTED):
                    self.assertGreaterEqual(min(self.log_ms(stream)) // 1000, seconds(date))
                    year = json.loads(self.server.ask.entries(stream)[-1][1]["data"])["timestamp"][:4]
                    self.assertEqual(year, date[:4])
                self.ids_never_go_back()
                self.check()
                self.begin_anew()

    def test_t4_a_restart_after_any_pause(self):
        """The journal ends two months ago, and inputs are waiting; the same once more on a journal with that gap."""
        for date in ("2028-01-01 00:00:00", "2028-03-01 00:00:00", "2028-09-01 00:00:00"):
            self.set_date(date)
            self.feed(50)
            self.start_with_clock(more=QUIET)
            self.wait_for_outcomes()
            self.stop_engine()
        self.ids_never_go_back()
        self.check()

    def now_s(self):
        return time.time() + struct.unpack("<qq", self.clock.read_bytes())[0] // NS

    def begin_anew(self):
        shutil.rmtree(self.journal)
        self.server.ask("FLUSHALL")
        self.signals_fed = 0


if __name__ == "__main__":
    case.main()
