"""Named moments at which an engine is killed: `tests/crash/kill_cycles.py --points`.

Each is a call that the shim knows (fault_rules.hpp) and a side of it; nothing of it is in the programs. A new
one is a line of POINTS. The first, a middle and a late occurrence of each are met, as many as a counting
run has shown there to be.
"""

import dataclasses
import time

from support.engine import SLACK

END_S = 60 * SLACK
FEW, ROTATING = 300, 9000  # signals; those of the second fill a segment of 1 MiB and begin others


@dataclasses.dataclass(frozen=True)
class Point:
    name: str
    where: str  # CALL@WHERE[~TEXT]
    side: str  # kill_before, kill_in, kill_after
    signals: int = FEW
    sync: str = "none"
    recovers: bool = False  # met by an engine that has a journal, and outputs that Redis lacks


POINTS = (
    Point("before_journal_directory", "mkdir@journal", "kill_before"),
    Point("after_journal_directory", "mkdir@journal", "kill_after"),
    Point("after_lock_made", "open@lock", "kill_after"),
    # A segment.
    Point("before_segment_made", "open@.log.new", "kill_before", ROTATING),
    Point("after_segment_made", "open@.log.new", "kill_after", ROTATING),
    Point("in_segment_zeros", "pwrite@.log.new", "kill_in", ROTATING),
    Point("after_segment_zeros", "pwrite@.log.new", "kill_after", ROTATING),
    Point("before_segment_sync", "fsync@.log.new", "kill_before", ROTATING),
    Point("after_segment_sync", "fsync@.log.new", "kill_after", ROTATING),
    Point("before_segment_rename", "rename@.log.new", "kill_before", ROTATING),
    Point("after_segment_rename", "rename@.log.new", "kill_after", ROTATING),
    Point("before_directory_sync", "fsync@journal", "kill_before", ROTATING),
    Point("after_directory_sync", "fsync@journal", "kill_after", ROTATING),
    Point("before_segment_mapped", "mmap@.log", "kill_before", ROTATING),
    Point("after_segment_mapped", "mmap@.log", "kill_after", ROTATING),
    Point("before_segment_retired", "munmap@.log", "kill_before", ROTATING),
    Point("after_segment_retired", "munmap@.log", "kill_after", ROTATING),
    # An input on its way.
    Point("after_input_read", "read@socket~trade.signal.v5", "kill_after"),
    Point("before_append", "memcpy@.log", "kill_before"),
    Point("in_append", "memcpy@.log", "kill_in"),
    Point("after_append", "memcpy@.log", "kill_after"),
    Point("before_sync", "fdatasync@.log", "kill_before", sync="batch"),
    Point("after_sync", "fdatasync@.log", "kill_after", sync="batch"),
    Point("before_transaction", "write@socket~EXEC", "kill_before"),
    Point("in_transaction", "write@socket~EXEC", "kill_in"),
    Point("after_transaction", "write@socket~EXEC", "kill_after"),
    Point("after_exec_answer", "read@socket~+QUEUED", "kill_after"),
    Point("in_dead_letter", "write@socket~trade.signal.dlq", "kill_in"),
    # A snapshot behind a full segment.
    Point("before_snapshot_made", "open@snapshot.new", "kill_before", ROTATING),
    Point("in_snapshot_bytes", "pwrite@snapshot.new", "kill_in", ROTATING),
    Point("before_snapshot_sync", "fsync@snapshot.new", "kill_before", ROTATING),
    Point("before_snapshot_rename", "rename@snapshot.new", "kill_before", ROTATING),
    Point("after_snapshot_rename", "rename@snapshot.new", "kill_after", ROTATING),
    # The end of a run.
    Point("before_last_sync", "fdatasync@.log", "kill_before"),
    Point("after_last_sync", "fdatasync@.log", "kill_after"),
    # Recovery: each of these is killed twice, one life after the other.
    Point("recovery_before_journal_read", "open@.log", "kill_before", recovers=True),
    Point("recovery_while_journal_read", "mmap@.log", "kill_after", recovers=True),
    Point("recovery_before_tail_wiped", "msync@.log", "kill_before", recovers=True),
    Point("recovery_after_tail_wiped", "msync@.log", "kill_after", recovers=True),
    Point("recovery_before_handshake", "write@socket~XINFO", "kill_before", recovers=True),
    Point("recovery_after_handshake_answer", "read@socket~last-generated-id", "kill_after", recovers=True),
    Point("recovery_before_transaction", "write@socket~EXEC", "kill_before", recovers=True),
    Point("recovery_in_transaction", "write@socket~EXEC", "kill_in", recovers=True),
    Point("recovery_after_transaction", "write@socket~EXEC", "kill_after", recovers=True),
    Point("recovery_after_exec_answer", "read@socket~+QUEUED", "kill_after", recovers=True),
    Point("recovery_before_append", "memcpy@.log", "kill_before", recovers=True),
    Point("recovery_in_append", "memcpy@.log", "kill_in", recovers=True),
)


class PointRun:
    """Lives of an engine under one rule, on a CrashRun."""

    def __init__(self, run):
        self.run = run
        self.hits = run.folder / "hits"

    def occurrences(self, point):
        """How often a whole life comes by."""
        self._prepare(point)
        self.hits.unlink(missing_ok=True)
        self._live(point, f"{point.where}#1+=count")
        return self.hits.stat().st_size if self.hits.exists() else 0

    def kill_at(self, point, occurrence):
        """Kills there, starts again, comes to the end; answers whether it got there, and the problems."""
        self._prepare(point)
        rule = f"{point.where}#{occurrence}={point.side}"
        if not self._live(point, rule):
            return False, []
        if point.recovers:
            self._live(point, rule)
        self.run.start()
        self.run.finish(END_S)
        _, problems = self.run.check()
        return True, problems

    def _prepare(self, point):
        run = self.run
        run.begin_anew()
        if not point.recovers:
            return
        run.start()
        run.send(FEW // 3)
        self._wait(lambda: run.outcome_count() > 0)
        run.watch.swallows = True
        run.send(FEW // 3)
        self._wait(run.watch.in_flight)
        run.kill()

    def _live(self, point, rule):
        """From the start to SIGTERM, or to a kill: answers whether it was killed."""
        run = self.run
        few_at_a_time = "read_count = 8\negress_batch_max = 8" if point.signals == FEW else ""
        run.start(waits=False, prefix=run.faults(rule, hits=self.hits), redis=few_at_a_time, sync=point.sync)
        run.send(point.signals if not point.recovers else FEW // 3)
        engine = run.engine
        self._wait(lambda: not engine.is_alive() or run.outcome_count() >= run.wanted_outcomes())
        if engine.is_alive():
            engine.stop()
        code = engine.wait()
        if code not in (0, -9):
            raise AssertionError(f"{point.name}: exit code {code}\n{engine.log}")
        return code == -9

    def _wait(self, condition):
        end = time.monotonic() + END_S
        while not condition():
            if time.monotonic() > end:
                raise AssertionError(f"not within {END_S} s\n{self.run.engine.log[-3000:]}")
            time.sleep(0.003)


def chosen_occurrences(count, is_quick):
    """First, middle and late; the middle one alone where it has to be quick."""
    middle = (count + 1) // 2
    return [middle] if is_quick else sorted({1, middle, max(1, count * 9 // 10)})


def kill_at_points(run, say, is_quick, only=""):
    """Kills at every point whose name contains `only`; `say(line)`. Answers the number of kills, and of faults."""
    points = PointRun(run)
    kills = faults = 0
    for point in (point for point in POINTS if only in point.name):
        count = points.occurrences(point)
        told = []
        problems = [] if count else ["never comes by"]
        for occurrence in chosen_occurrences(count, is_quick) if count else []:
            # Two runs are not alike to the last call: nearer to the beginning there will be one.
            while True:
                is_there, found = points.kill_at(point, occurrence)
                if is_there or occurrence == 1:
                    break
                occurrence = (occurrence + 1) // 2
            if not is_there:
                found = [f"never came by a {occurrence}. time"]
            kills += is_there + (is_there and point.recovers)
            told.append(occurrence)
            problems += found
        faults += bool(problems)
        say(f"{point.name:<33} {count:>7} times, killed at {', '.join(map(str, told)) or '-':<18}"
            f" {'FAILED' if problems else 'ok'}")
        for problem in problems:
            say(f"  {problem}")
    return kills, faults
