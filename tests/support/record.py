"""What a long test printed, kept with what it takes to repeat it: command, revision, date, machine."""

import datetime
import os
import pathlib
import platform
import re
import shlex
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TESTED = ("engine", "stages", "io", "tools", "CMakeLists.txt", "CMakePresets.json")


def revision():
    """The commit that last changed what is tested, `-dirty` where that is not as committed."""
    def git(*words):
        done = subprocess.run(["git", *words, "--", *TESTED], cwd=ROOT, capture_output=True, text=True)
        return done.stdout.strip()
    commit = git("log", "-1", "--format=%h")
    return commit + ("-dirty" if git("status", "--porcelain") else "") if commit else "unknown"


def command():
    """The command line, with paths as seen from the root of the repository."""
    words = [os.path.relpath(sys.argv[0], ROOT), *sys.argv[1:]]
    return shlex.join(word.replace(f"{ROOT}/", "").replace(f"{ROOT.parent}/", "../") for word in words)


def machine():
    """Processor, cores this process may use, memory, system."""
    def first(path, pattern):
        try:
            return re.search(pattern, pathlib.Path(path).read_text(encoding="utf-8"), re.M)[1]
        except (OSError, TypeError):
            return None
    memory = first("/proc/meminfo", r"^MemTotal:\s*(\d+) kB")
    return ", ".join(filter(None, [
        first("/proc/cpuinfo", r"^model name\s*:\s*(.*)") or platform.machine(),
        f"{len(os.sched_getaffinity(0))} cores",
        memory and f"{int(memory) / 2**20:.0f} GiB",
        f"{platform.system()} {platform.release()}"]))


def compilers(*names):
    """One line, naming the version of each compiler that is there."""
    found = []
    for name in names:
        try:
            done = subprocess.run([name, "--version"], capture_output=True, text=True, check=True)
            found.append(done.stdout.splitlines()[0])
        except (OSError, subprocess.CalledProcessError, IndexError):
            continue
    return ", ".join(found) or "not found"


class Record:
    """Lines that are printed and, where a file is named, kept in it under a heading."""

    def __init__(self, title, path, *compiler_names):
        self.path, self.lines, self.started = path, [], time.monotonic()
        self.head = [title, "", f"command   {command()}", f"revision  {revision()} (the last that changed the sources)",
                     f"date      {datetime.datetime.now(datetime.timezone.utc):%Y-%m-%dT%H:%MZ}",
                     f"machine   {machine()}"]
        if compiler_names:
            self.head.append(f"compiler  {compilers(*compiler_names)}")
        self.load = os.getloadavg()

    def say(self, text=""):
        """Prints and remembers."""
        print(text, flush=True)
        self.lines.append(text)

    def write(self):
        """Writes the file, when the last line has been said."""
        if not self.path:
            return
        load = [" ".join(f"{value:.2f}" for value in values) for values in (self.load, os.getloadavg())]
        head = [*self.head, f"load      {load[0]} before, {load[1]} after (whatever ran beside it included)",
                f"took      {time.monotonic() - self.started:.0f} s", ""]
        path = pathlib.Path(self.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(line.rstrip() for line in [*head, *self.lines]) + "\n", encoding="utf-8")
