"""Why outcomes stay away: what a test says when it has waited for them in vain."""

import pathlib
import re
import time

from support.resp import ReplyError

LOOK_S = 1.0  # between the two looks that show what moves
PARTS = 10  # of the time waited, each with what it brought


class Growth:
    """A count as it was seen to grow."""

    def __init__(self):
        self._seen = []  # (when, count), where it changed
        self._begin = time.monotonic()

    def note(self, count):
        if not self._seen or count != self._seen[-1][1]:
            self._seen.append((time.monotonic(), count))

    def text(self):
        """When it grew by how much, and for how long it has not."""
        now = time.monotonic()
        ends = [self._begin + (now - self._begin) * part / PARTS for part in range(1, PARTS + 1)]
        counts = [max((count for when, count in self._seen if when <= end), default=0) for end in ends]
        first = self._seen[0][1]
        grown = [after - before for before, after in zip([first, *counts], [max(first, n) for n in counts])]
        parts = " ".join(f"+{n}" for n in grown)
        return (f"{first} at first, then {parts} in each tenth of {now - self._begin:.1f} s; "
                f"still for {now - self._seen[-1][0]:.1f} s")


def explain(processes, client):
    """What each thread of `processes` ({name: pid}) and Redis do in a second, and what Redis would refuse."""
    before = [threads(pid) for pid in processes.values()], command_counts(client)
    time.sleep(LOOK_S)
    lines = []
    for (name, pid), earlier in zip(processes.items(), before[0]):
        lines.append(f"{name}: {state(pid)}")
        lines += thread_lines(earlier, threads(pid))
    for name, now in command_counts(client).items():
        calls, rejected, failed = (n - old for n, old in zip(now, before[1].get(name, (0, 0, 0))))
        if calls or rejected or failed:
            lines.append(f"redis {name}: +{calls} calls, +{rejected} rejected, +{failed} failed")
    lines.append("redis " + " ".join(setting(client, name) for name in ("maxmemory", "maxmemory-policy")))
    lines.append(re.search(rb"used_memory:\d+", client("INFO", "memory")).group().decode())
    lines.append(client("CLIENT", "LIST").decode())
    return "\n".join(lines)


def threads(pid):
    """{thread id: (name, state, where it waits, ns it ran, ns it waited for a core, times it was let run)}."""
    found = {}
    for folder in pathlib.Path(f"/proc/{pid}/task").glob("*"):
        try:
            ran, waited, times = map(int, (folder / "schedstat").read_text().split())
            status = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
            found[folder.name] = ((folder / "comm").read_text().strip(), status, place(folder), ran, waited, times)
        except OSError:
            continue  # it has ended
    return found


def thread_lines(before, after):
    for thread, (name, status, where, *now) in sorted(after.items()):
        ran, waited, times = (n - old for n, old in zip(now, before.get(thread, now)[-3:]))
        yield (f"  {name}: {status} in {where}, ran {ran / 1e6:.1f} ms, waited {waited / 1e6:.1f} ms for a core, "
               f"let run {times} times in {LOOK_S:.0f} s")


def place(folder):
    """The function of the kernel it waits in, where that may be read."""
    try:
        return (folder / "wchan").read_text().strip() or "?"
    except OSError:
        return "?"


def state(pid):
    """Running, stopped, traced (and by whom)."""
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    words = [re.search(rf"^{name}:\s*(.*)$", text, re.M).group(1) for name in ("State", "TracerPid")]
    return f"{words[0]}, traced by {words[1]}" if words[1] != "0" else words[0]


def command_counts(client):
    """{command: (calls, rejected, failed)}; a server older than 6.2 tells of calls only."""
    def number(name, text):
        found = re.search(rf"{name}=(\d+)", text)
        return int(found.group(1)) if found else 0
    lines = client("INFO", "commandstats").decode().split()
    return {line.split(":")[0].removeprefix("cmdstat_"):
            tuple(number(name, line) for name in ("calls", "rejected_calls", "failed_calls"))
            for line in lines if line.startswith("cmdstat_")}


def setting(client, name):
    try:
        return " ".join(word.decode() for word in client("CONFIG", "GET", name))
    except ReplyError as error:
        return f"{name}: {error}"
