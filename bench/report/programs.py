"""The programs behind the rows: with which options each runs, in a full run and in a quick one, and
when it cannot run here."""

import dataclasses
import os
import pathlib
import shutil
import signal
import subprocess
import threading
import typing

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAIRS = 5  # of two builds, row 10
# Which loads of redis_bench a row needs.
REDIS_LOADS = {"6": ("relay_write", "ping"), "7": ("flood",), "8": ("open_loop",), "9": ("journal",),
               "13": ("memory",), "14": ("idle",)}
LOADS = ("relay_write", "ping", "flood", "open_loop", "journal", "memory", "idle")
LIMIT_S, QUICK_LIMIT_S = 600, 120  # of one program


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is to be run, and where the programs are."""
    build: pathlib.Path
    is_quick: bool
    rows: frozenset

    @property
    def build_off(self):
        """The same programs with measuring compiled out."""
        return self.build.with_name(self.build.name + "-timing-off")

    @property
    def limit_s(self):
        return QUICK_LIMIT_S if self.is_quick else LIMIT_S


@dataclasses.dataclass(frozen=True)
class Step:
    command: list
    is_json: bool = False  # Google Benchmark's; else lines
    prefix: str = ""  # of its benchmarks' names


@dataclasses.dataclass(frozen=True)
class Program:
    name: str
    rows: frozenset
    steps: typing.Callable  # Plan -> [Step]
    obstacle: typing.Callable = lambda plan: None  # Plan -> why it cannot run here, or None


def benchmark(program, filter_text, min_time_s, repetitions=5):
    """Steps of a Google Benchmark program: one, of the benchmarks that the filter names."""
    def steps(plan):
        time_s, count = (0.01, 1) if plan.is_quick else (min_time_s, repetitions)
        return [Step([plan.build / program, f"--benchmark_filter={filter_text}",
                      f"--benchmark_min_time={time_s}", f"--benchmark_repetitions={count}"], True)]
    return steps


def timing_steps(plan):
    steps = []
    for pair in range(1 if plan.is_quick else PAIRS):
        both = [(folder, prefix) for folder, prefix in ((plan.build, "on/"), (plan.build_off, "off/"))]
        for folder, prefix in both if pair % 2 == 0 else reversed(both):
            steps.append(Step([folder / "pipeline_bench", "--benchmark_filter=^BM_wire_to_wire/close$",
                               f"--benchmark_min_time={0.01 if plan.is_quick else 1}"], True, prefix))
    return steps


def redis_steps(plan):
    wanted = {load for row in plan.rows for load in REDIS_LOADS.get(row, ())}
    loads = ",".join(load for load in LOADS if load in wanted)
    quick = ["--quick"] if plan.is_quick else []
    return [Step([plan.build / "redis_bench", "--engine", plan.build / "engine", "--only", loads, *quick])]


def journal_steps(plan):
    return [Step([plan.build / "journal_bench", "--engine", plan.build / "engine", "--replay", plan.build / "replay",
                  *(["--quick"] if plan.is_quick else [])])]


def lines(program, *options):
    return lambda plan: [Step([plan.build / program, *options, *(["--quick"] if plan.is_quick else [])])]


def needs_cores(count, why):
    def obstacle(_):
        cores = len(os.sched_getaffinity(0))
        return None if cores >= count else f"{why}; here are {cores}"
    return obstacle


def no_redis(_):
    return None if shutil.which("redis-server") else "no redis-server (Debian: redis-server)"


def no_journal_bench(plan):
    if not (plan.build / "journal_bench").exists():
        return "no journal_bench among the programs"
    return no_redis(plan)


def row_set(*numbers):
    return frozenset(numbers)


TWO_CORES = needs_cores(2, "two threads that spin need 2 cores")
PROGRAMS = (
    Program("ring", row_set("1", "2"), benchmark("ring_bench", ".", 0.3), TWO_CORES),
    Program("disruptor", row_set("1"), lambda plan: [Step(
        [ROOT / "bench/disruptor/run", *(("1", "20000") if plan.is_quick else ("5", "300000"))])]),
    Program("stage", row_set("3"), benchmark("stage_bench", "^BM_core", 0.2)),
    Program("scale", row_set("scale"), benchmark("stage_bench", "^BM_scale", 0.1, 3)),
    Program("codec", row_set("4"), benchmark("codec_bench", ".", 0.3)),
    Program("wire", row_set("5"), benchmark("pipeline_bench", "^BM_wire_to_wire", 0.5)),
    Program("redis", frozenset(REDIS_LOADS), redis_steps, no_redis),
    Program("timing", row_set("10"), timing_steps),
    # Prints replay_gzip, journal_replay, recovery (ratios to a flood of its own) and recovery_ns.
    Program("journal", row_set("11", "12"), journal_steps, no_journal_bench),
    Program("allocation", row_set("13"), lines("allocation_bench")),
    Program("layouts", row_set("15"), benchmark("pipeline_bench", "^BM_layout", 0.3, 3)),
    Program("open_loop", row_set("15"), lines("open_loop_bench"),
            needs_cores(6, "five pinned threads and what feeds them need 6 cores")),
)


def kill(child):
    """Ends a program and what it has started, if it still runs."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def execute(command, limit_s, take_line):
    """Runs a command to its end, each line of its output given to `take_line` as it comes; its exit code,
    or what kept it from one."""
    try:
        child = subprocess.Popen([str(word) for word in command], cwd=ROOT, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True)
    except OSError as error:
        return f"cannot be started: {error.strerror}"
    was_late = threading.Event()

    def stop():
        was_late.set()
        kill(child)
    timer = threading.Timer(limit_s, stop)
    timer.daemon = True
    timer.start()
    with child:
        try:
            for text in child.stdout:
                take_line(text)
        except BaseException:
            kill(child)  # or leaving would wait for it
            raise
    timer.cancel()
    if was_late.is_set():
        return f"stopped after {limit_s} s"
    return child.returncode
