#!/usr/bin/env python3
"""Twenty minutes of load with a fault every half minute: nothing lost, nothing twice, nothing that grows.

    tests/crash/soak.py --bin build/release [--minutes 20] [--rate-max RATE] [--record tests/results/soak.txt]

Measures what producer, Redis and engine together bring from one end to the other where nothing holds the producer back,
and sends half of that, at most --rate-max, and no more than leaves a third of the free disk free: all of the journal is kept.
In the middle of every half minute something happens: the engine or Redis is killed, stopped or restarted, connections are
cut or paused, the disk is full. At its end the producer waits until everything is decided; then the independent checker
(soak_checker.cpp) judges the half minute, descriptors and threads are counted, and the streams are cut.

At the end: the memory that the engine has taken for itself (RssAnon) must not grow with time (least squares over all
lives, each with its own level, the first 10 s of each left out, in which each has met a backlog); descriptors and
threads must be the same in every pause; and a replay of the journal in one go must give every byte of the outputs,
which is compared by a SHA-256 of each stream.
"""

import argparse
import collections
import itertools
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent / "support"))
from crash_case import LAYOUTS, TICK, CrashRun
from record import Record
from soak_producer import Producer
from stream_checker import DEAD, OUTPUTS, REJECTED, SAFE, SIGNAL
from support.server import is_installed

SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))
PERIOD_S = 30.0
SETTLE_S = 60.0 * SLACK
GROWTH_MB_MAX = 4.0  # over the whole run, by the slope
WARM_S = 10.0
CAPACITY_SIGNALS = 1_000_000  # by which the capacity is measured
JOURNAL_BYTES = 300  # of a signal, and what is kept of it besides


class Slope:
    """Least squares of a value over time, with a level of its own for each life."""

    def __init__(self):
        self.lives = collections.defaultdict(list)

    def add(self, life, seconds, value):
        self.lives[life].append((seconds, value))

    def per_second(self):
        above = below = 0.0
        for points in self.lives.values():
            mean_t = sum(t for t, _ in points) / len(points)
            mean_v = sum(v for _, v in points) / len(points)
            above += sum((t - mean_t) * (v - mean_v) for t, v in points)
            below += sum((t - mean_t) ** 2 for t, _ in points)
        return above / below if below else 0.0


class CheckerProgram:
    """soak_checker as a child process; goes on from one check to the next."""

    def __init__(self, programs, pool, socket_path):
        self.process = subprocess.Popen([programs / "soak_checker", pool, socket_path], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise AssertionError(f"soak_checker ended with {self.process.wait()} at {command!r}")
        return json.loads(answer)

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        return self.process.wait()


class Soak:
    def __init__(self, programs, seed, say):
        self.say = say
        self.run = CrashRun(programs, seed, segment_mb=64,
                            server_options=(("appendonly", "yes"), ("appendfsync", "everysec"),
                                            ("auto-aof-rewrite-percentage", "0")))
        self.run.url = self.run.server.unix_url
        self.full = self.run.folder / "full"
        self.producer = None
        self.checker = None
        self.checked_s = 0.0
        self.totals = collections.Counter()
        self.anon, self.life, self.born = Slope(), 0, 0.0
        self.rss_max_mb = 0.0
        self.counts = set()  # (descriptors, threads) in pauses
        self.faults = itertools.cycle((
            ("kill -9 of the engine", self.kill_engine), ("SIGSTOP of Redis for 5 s", self.stop_redis),
            ("CLIENT KILL of all", self.kill_clients), ("disk full for 8 s", self.fill_disk),
            ("restart of Redis", lambda: self.restart_redis(False)), ("SIGSTOP of the engine for 5 s", self.stop_engine),
            ("CLIENT PAUSE for 4 s", lambda: self.run.server.ask("CLIENT", "PAUSE", 4000, "ALL")),
            ("kill -9 of Redis", lambda: self.restart_redis(True)), ("SIGTERM of the engine", self.end_engine)))

    def start(self):
        run = self.run
        shim = [f"LD_PRELOAD={(run.programs / 'libfault_shim.so').resolve()}", f"SHIM_FULL_FILE={self.full}"]
        run.start(layout=LAYOUTS[1], prefix=["env", *shim])
        self.life += 1
        self.born = time.monotonic()

    # What happens.

    def start_again(self):
        """With a backlog before its memory is looked at: its buffers have room for the largest reply then."""
        self.start()
        self.run.engine.send(signal.SIGSTOP)
        time.sleep(1)
        self.run.engine.send(signal.SIGCONT)

    def kill_engine(self):
        self.run.kill()
        self.start_again()

    def end_engine(self):
        code, _ = self.run.engine.stop()
        if code != 0:
            raise AssertionError(f"exit code {code}\n{self.run.engine.log}")
        self.start_again()

    def stop_engine(self):
        self.run.engine.send(signal.SIGSTOP)
        time.sleep(5)
        self.run.engine.send(signal.SIGCONT)

    def stop_redis(self):
        self.run.server.freeze()
        time.sleep(5)
        self.run.server.thaw()

    def kill_clients(self):
        self.run.server.ask("CLIENT", "KILL", "TYPE", "normal")

    def restart_redis(self, hard):
        self.run.server.stop(hard=hard)
        self.run.server.start()

    def fill_disk(self):
        self.full.touch()
        time.sleep(8)
        self.full.unlink()

    # What is looked at.

    def status(self, *names):
        text = pathlib.Path(f"/proc/{self.run.engine.process.pid}/status").read_text(encoding="ascii")
        return [int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1]) for name in names]

    def sample(self):
        if not self.run.engine.is_alive():
            raise AssertionError(f"the engine ended with {self.run.engine.wait()}\n{self.run.engine.log[-3000:]}")
        anon_kb, rss_kb = self.status("RssAnon", "VmRSS")
        self.rss_max_mb = max(self.rss_max_mb, rss_kb / 1024)
        age = time.monotonic() - self.born
        if age > WARM_S:
            self.anon.add(self.life, age, anon_kb / 1024)

    def outcome_count(self):
        """Numbers of an output stream are contiguous: its last one says how many there were."""
        total = 0
        for stream in (SAFE, REJECTED, DEAD):
            last = self.run.server.ask("XREVRANGE", stream, "+", "-", "COUNT", 1)
            total += int(last[0][0].split(b"-")[1]) if last else 0
        return total

    def settle(self):
        """Until everything sent is decided; answers the seconds that took."""
        self.producer.pause()
        begin = time.monotonic()
        while (count := self.outcome_count()) < self.producer.wanted:
            self.sample()
            if time.monotonic() - begin > SETTLE_S:
                raise AssertionError(f"{count} of {self.producer.wanted} outcomes after {SETTLE_S:.0f} s\n"
                                     f"{self.run.engine.log[-3000:]}")
            time.sleep(0.1)
        return time.monotonic() - begin

    def count(self):
        """Descriptors and threads, when the journal has made its next file and Redis is connected."""
        end = time.monotonic() + 10 * SLACK
        while True:
            found = (len(os.listdir(f"/proc/{self.run.engine.process.pid}/fd")), *self.status("Threads"))
            if not self.counts or found in self.counts or time.monotonic() > end:
                self.counts.add(found)
                return found
            time.sleep(0.05)

    def judge(self):
        """The checker over what came since the last time; then cuts the streams, up to what it has seen."""
        ask = self.run.server.ask
        sent = self.run.folder / "sent"
        self.producer.take(sent)
        begin = time.monotonic()
        verdict = self.checker.ask(f"check {sent}")
        self.checked_s += time.monotonic() - begin
        for kind in ("signals", "entries", "lost", "twice", "divergent"):
            self.totals[kind] += verdict[kind]
        for stream, last_id in verdict["last_ids"].items():
            ask("XTRIM", stream, "MINID", last_id)
        for stream in (SIGNAL, TICK):
            ask("XTRIM", stream, "MAXLEN", 1)
        self.shorten_file()
        return verdict["problems"]

    def shorten_file(self):
        """Of Redis, in the pause: what was cut from the streams is in it still, and it would be read at each restart."""
        ask = self.run.server.ask
        ask("BGREWRITEAOF")
        end = time.monotonic() + SETTLE_S
        while re.search(rb"aof_rewrite_(in_progress|scheduled):1", ask("INFO", "persistence")):
            if time.monotonic() > end:
                raise AssertionError(f"Redis rewrites its file for more than {SETTLE_S:.0f} s")
            time.sleep(0.05)

    def capacity(self):
        """Signals a second, sent one batch after another, until all of them are decided."""
        begin = time.monotonic()
        self.producer.send(CAPACITY_SIGNALS)
        while self.outcome_count() < self.producer.wanted:
            if time.monotonic() - begin > SETTLE_S:
                raise AssertionError(f"not decided in {SETTLE_S:.0f} s\n{self.run.engine.log[-3000:]}")
            time.sleep(0.005)
        return CAPACITY_SIGNALS / (time.monotonic() - begin)

    def replay_differences(self):
        """Between every byte that was checked and that an uninterrupted replay of the journal writes."""
        begin = time.monotonic()
        checked = self.checker.ask("digests")
        journal_bytes = sum(path.stat().st_size for path in self.run.journal.iterdir())
        programs = self.run.programs
        with subprocess.Popen([programs / "replay", "run", "--journal", self.run.journal, "--out", "-"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE) as replay:
            digests = subprocess.run([programs / "soak_checker", "--lines"], stdin=replay.stdout, capture_output=True,
                                     check=False)
            replay.stdout.close()
            told = replay.stderr.read().decode(errors="replace")
            codes = replay.wait(), digests.returncode
        if codes != (0, 0):
            return [f"replay run, soak_checker --lines: exit codes {codes}: {told[-2000:]}{digests.stderr[-2000:]!r}"]
        self.say(f"journal of {journal_bytes / 1e9:.2f} GB replayed and compared in {time.monotonic() - begin:.0f} s")
        replayed = json.loads(digests.stdout)
        return [f"{stream}: Redis and an uninterrupted replay differ" for stream in OUTPUTS
                if replayed[stream] != checked[stream]]

    def period(self, number):
        """Half a minute with a fault in its middle; answers the problems."""
        name, fault = next(self.faults)
        self.producer.go_on()
        begin = time.monotonic()
        is_done = False
        while (passed := time.monotonic() - begin) < PERIOD_S:
            if not is_done and passed > PERIOD_S / 3:
                fault()
                is_done = True
            self.sample()
            time.sleep(1.0)
        settled_s = self.settle()
        descriptors, threads = self.count()
        sent = self.producer.sent_count
        problems = self.judge()
        anon_kb, = self.status("RssAnon")
        self.say(f"{number:>3}  {name:<31}{sent:>9} signals  decided {settled_s:>4.1f} s after the last  "
                 f"RssAnon {anon_kb / 1024:>5.1f} MiB  {descriptors} descriptors  {threads} threads"
                 f"{'' if not problems else '  FAILED'}")
        return problems

    def soak(self, minutes, rate_max):
        self.start()
        self.producer = Producer(self.run.server.path, 0, 1)
        self.producer.start()
        pool = self.run.folder / "pool"
        self.producer.write_pool(pool)
        self.checker = CheckerProgram(self.run.programs, pool, self.run.server.path)
        capacity = self.capacity()
        room = shutil.disk_usage(self.run.folder).free * 2 / 3 / JOURNAL_BYTES / (minutes * 60)
        limits = {"half of it": capacity / 2, "by the free disk": room}
        if rate_max:
            limits["by --rate-max"] = rate_max
        limit = min(limits, key=limits.get)
        self.producer.rate = limits[limit]
        self.say(f"{CAPACITY_SIGNALS:,} signals sent without a pause: {capacity:,.0f} a second until all were decided; to be "
                 f"sent from now on: {self.producer.rate:,.0f}, {self.producer.rate / capacity * 100:.0f} % of it ({limit})")
        problems = self.judge()
        self.count()
        periods = max(1, round(minutes * 60 / PERIOD_S))
        for number in range(1, periods + 1):
            problems += self.period(number)
        self.producer.end()
        code, _ = self.run.engine.stop()
        # Marks that came after the last look.
        problems += self.judge()
        if code != 0:
            problems.append(f"exit code {code}")
        return problems + self.replay_differences() + self.growth(periods * PERIOD_S)

    def growth(self, seconds):
        """What grew; says the rest."""
        by_slope_mb = self.anon.per_second() * seconds
        sent_rate = (self.totals["signals"] - CAPACITY_SIGNALS) / seconds
        self.say(f"signals {self.totals['signals']:,}, output entries {self.totals['entries']:,}, lives {self.life}; sent at "
                 f"{sent_rate:,.0f} signals a second, faults included; checked at "
                 f"{self.totals['entries'] / self.checked_s:,.0f} entries a second")
        self.say(f"lost / twice / divergent  {self.totals['lost']} / {self.totals['twice']} / {self.totals['divergent']}")
        self.say(f"RssAnon by its slope  {by_slope_mb:+.2f} MiB over {seconds / 60:.1f} minutes (limit "
                 f"{GROWTH_MB_MAX} MiB); VmRSS at most {self.rss_max_mb:.0f} MiB, mapped files with it")
        self.say("descriptors, threads in pauses  " + ", ".join(map(str, sorted(self.counts))))
        problems = []
        if by_slope_mb > GROWTH_MB_MAX:
            problems.append("memory grows")
        if len(self.counts) != 1:
            problems.append("descriptors or threads change")
        return problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder of engine, replay and soak_checker")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate-max", type=float, help="signals a second, if less than half of the capacity")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", metavar="FILE", help="keep what is printed")
    options = parser.parse_args()
    if not is_installed() or not all((options.bin / name).exists() for name in ("libfault_shim.so", "soak_checker")):
        print("skipped: no redis-server here, or no fault shim or no soak_checker in this build")
        return 77
    record = Record(f"{options.minutes:g} minutes of load with a fault every {PERIOD_S:.0f} s", options.record, "c++")
    soak = Soak(options.bin, options.seed, record.say)
    try:
        problems = soak.soak(options.minutes, options.rate_max)
    finally:
        if soak.checker is not None:
            soak.checker.close()
        soak.run.close()
    for problem in problems[:20]:
        record.say(problem)
    record.say("OK" if not problems else "FAILED")
    record.write()
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
