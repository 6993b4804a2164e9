#!/usr/bin/env python3
"""Twenty minutes of load with a fault every half minute: nothing lost, nothing twice, nothing that grows.

    tests/crash/soak.py --bin build/release [--minutes 20] [--rate-max 5000] [--record tests/results/soak.txt]

Measures what the engine decides a second and sends half of that, at most --rate-max, so that all of it can be checked.
In the middle of every half minute something happens: the engine or Redis is killed, stopped or restarted,
connections are cut or paused, the disk is full. At its end the producer waits until everything is decided; then the
independent checker judges the half minute, descriptors and threads are counted, and the streams are cut.

At the end: the memory that the engine has taken for itself (RssAnon) must not grow with time (least squares over all
lives, each with its own level, the first 10 s of each left out, in which each has met a backlog); descriptors and
threads must be the same in every pause; and a replay of the journal in one go must give every byte of the outputs.
"""

import argparse
import collections
import hashlib
import itertools
import json
import os
import pathlib
import re
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
from stream_checker import DEAD, OUTPUTS, REJECTED, SAFE, SIGNAL, Checker
from support.server import is_installed

SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))
PERIOD_S = 30.0
SETTLE_S = 60.0 * SLACK
GROWTH_MB_MAX = 4.0  # over the whole run, by the slope
WARM_S = 10.0


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


class Soak:
    def __init__(self, programs, seed, say):
        self.say = say
        self.run = CrashRun(programs, seed, segment_mb=4,
                            server_options=(("appendonly", "yes"), ("appendfsync", "everysec")))
        self.run.url = self.run.server.unix_url
        self.full = self.run.folder / "full"
        self.producer = None
        self.checker = None
        self.digests = {stream: hashlib.sha256() for stream in OUTPUTS}
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
        """The checker over what came since the last time; then cuts the streams."""
        ask = self.run.server.ask
        entries = {}
        for stream in OUTPUTS:
            last = self.checker.last_ids.get(stream) if self.checker else None
            entries[stream] = [(i, f) for i, f in ask.entries(stream)
                               if last is None or tuple(map(int, i.split("-"))) > last]
            for entry in entries[stream]:
                self.digests[stream].update(repr(entry).encode())
        checker = Checker(self.producer.take(), entries.__getitem__, self.checker)
        problems = checker.run()
        for kind in ("lost", "twice", "divergent"):
            self.totals[kind] += getattr(checker, kind)
        self.totals["signals"] += len(checker.sent)
        self.totals["entries"] += sum(map(len, entries.values()))
        self.checker = checker
        for stream in (*OUTPUTS, SIGNAL, TICK):
            ask("XTRIM", stream, "MAXLEN", 1)
        return problems

    def capacity(self):
        """Signals a second, of a backlog."""
        self.run.engine.send(signal.SIGSTOP)
        self.producer.send(20_000)
        begin = time.monotonic()
        self.run.engine.send(signal.SIGCONT)
        while self.outcome_count() < self.producer.wanted:
            if time.monotonic() - begin > SETTLE_S:
                raise AssertionError(f"a backlog is not decided in {SETTLE_S:.0f} s\n{self.run.engine.log[-3000:]}")
            time.sleep(0.005)
        return 20_000 / (time.monotonic() - begin)

    def replay_differences(self):
        run = self.run
        tape, out = run.folder / "tape.ndjson", run.folder / "out.ndjson"
        for words in (("export", "--journal", run.journal, "--out", tape), ("run", "--capture", tape, "--out", out)):
            done = subprocess.run([run.programs / "replay", *words], capture_output=True, text=True, check=False)
            if done.returncode != 0:
                return [f"replay {words[0]}: exit code {done.returncode}: {done.stderr[-2000:]}"]
        replayed = {stream: hashlib.sha256() for stream in OUTPUTS}
        with open(out, encoding="utf-8") as lines:
            for line in lines:
                entry = json.loads(line)
                replayed[entry["stream"]].update(repr((entry["id"], entry["fields"])).encode())
        return [f"{stream}: Redis and an uninterrupted replay differ" for stream in OUTPUTS
                if replayed[stream].digest() != self.digests[stream].digest()]

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
        sent = len(self.producer.sent)
        problems = self.judge()
        anon_kb, = self.status("RssAnon")
        self.say(f"{number:>3}  {name:<31}{sent:>8} signals  decided {settled_s:>4.1f} s after the last  "
                 f"RssAnon {anon_kb / 1024:>5.1f} MiB  {descriptors} descriptors  {threads} threads"
                 f"{'' if not problems else '  FAILED'}")
        return problems

    def soak(self, minutes, rate_max):
        self.start()
        self.producer = Producer(self.run.server.path, 0, 1)
        self.producer.start()
        capacity = self.capacity()
        self.producer.rate = min(rate_max, capacity / 2)
        self.say(f"a backlog is decided at {capacity:,.0f} signals a second; sent from now on: {self.producer.rate:,.0f}, "
                 f"{self.producer.rate / capacity * 100:.0f} % of it")
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
        self.say(f"signals {self.totals['signals']:,}, output entries {self.totals['entries']:,}, lives {self.life}")
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
    parser.add_argument("--bin", required=True, type=pathlib.Path, help="folder of engine and replay")
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--rate-max", type=float, default=5000, help="signals a second")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", metavar="FILE", help="keep what is printed")
    options = parser.parse_args()
    if not is_installed() or not (options.bin / "libfault_shim.so").exists():
        print("skipped: no redis-server here, or no fault shim in this build")
        return 77
    record = Record(f"{options.minutes:g} minutes of load with a fault every {PERIOD_S:.0f} s", options.record, "c++")
    soak = Soak(options.bin, options.seed, record.say)
    try:
        problems = soak.soak(options.minutes, options.rate_max)
    finally:
        soak.run.close()
    for problem in problems[:20]:
        record.say(problem)
    record.say("OK" if not problems else "FAILED")
    record.write()
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
