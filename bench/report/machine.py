"""What a result is worth depends on where it was made: machine, build, revision, and what else the
machine was doing meanwhile."""

import json
import os
import pathlib
import re
import resource
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
# What is built for the benchmarks: a result is named after the commit that last changed it.
MEASURED = ("engine", "stages", "io", "tools", "bench", "tests/support", "tests/pipeline",
            "CMakeLists.txt", ":!bench/results", ":!bench/*.md")


def said(*command):
    """The first line a command prints; empty where it fails."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return (done.stdout.splitlines() or [""])[0].strip()


def revision():
    """Of what is measured, `-dirty` where that is not as committed; `unknown` without git."""
    commit = said("git", "log", "-1", "--format=%h", "--", *MEASURED) or "unknown"
    return commit + ("-dirty" if said("git", "status", "--porcelain", "--", *MEASURED) else "")


def text_of(path, otherwise="not readable"):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return otherwise


class CoreTime:
    """Where the cores' time went since it was made: to us, to others, to the host, to nobody."""

    def __init__(self):
        self.before, self.own_before = self.ticks(), self.own_s()

    @staticmethod
    def ticks():
        """(all, idle, stolen) since boot."""
        words = text_of("/proc/stat", "cpu 0 0 0 0 0 0 0 0").split("\n")[0].split()[1:9]
        ticks = [int(word) for word in words]
        return sum(ticks), ticks[3] + ticks[4], ticks[7]

    @staticmethod
    def own_s():
        return sum(usage.ru_utime + usage.ru_stime for usage in
                   (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))

    def shares(self):
        every, idle, stolen = (now - then for now, then in zip(self.ticks(), self.before))
        every = every or 1
        busy = 100 * (every - idle - stolen) / every
        own = min(busy, 100 * (self.own_s() - self.own_before) * os.sysconf("SC_CLK_TCK") / every)
        return (f"these benchmarks {own:.0f} %, other work {busy - own:.0f} %, "
                f"stolen by the host {100 * stolen / every:.1f} %, idle {100 * idle / every:.0f} %")


def load_average():
    return " ".join(f"{load:.2f}" for load in os.getloadavg())


def machine_lines():
    facts = dict(re.findall(r"^(.+?)\s*: (.*)$", text_of("/proc/cpuinfo", ""), re.M))
    hypervisor = re.search(r"^Hypervisor vendor: *(.+)$", all_said("lscpu"), re.M)
    system = os.uname()
    return {"cpu": f"{facts.get('model name', 'not said')}, family {facts.get('cpu family', '?')} "
                   f"model {facts.get('model', '?')}",
            "cores": f"{len(os.sched_getaffinity(0))} usable",
            "virtual": hypervisor[1] if hypervisor else "not said",
            "governor": text_of("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
            "clock source": text_of("/sys/devices/system/clocksource/clocksource0/current_clocksource"),
            "kernel": f"{system.sysname} {system.release}"}


def all_said(*command):
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout
    except OSError:
        return ""


def build_lines(build):
    """Compiler and flags of a build tree, from what CMake has left in it."""
    cache = text_of(build / "CMakeCache.txt", "")
    compiler = re.search(r"^CMAKE_CXX_COMPILER:\w+=(.+)$", cache, re.M)
    try:
        commands = [entry["command"] for entry in json.loads(text_of(build / "compile_commands.json", "[]"))
                    if entry["file"].endswith("bench/ring_bench.cpp")]
    except ValueError:
        commands = []
    flags = re.findall(r" (-(?:O|g|D|f|m|W|std)\S*)", commands[0]) if commands else []
    return {"compiler": said(compiler[1], "--version") if compiler else "not known",
            "flags": " ".join(flags) or "not known"}
