"""A reader who does what a document says: a fresh copy of the repository with the built programs in it, ports
of its own, and one bash for blocks that go on from each other.
"""

import importlib.util
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

from printed import complaint_about

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))
COMMAND_S = 240 * SLACK
# The ports that documents and confs name. Each becomes a free one, in the commands and in these files of the
# copy, and back in what is printed.
PORTS = ("6379", "8080", "8002", "8003", "8005")
FILES_WITH_PORTS = ("conf/*.toml", "tools/python/*.py", "tools/validate", "tools/validation/*.py")
MARK = "-- that was the command, and its exit code"


def free_ports(count):
    """As many ports that nobody listens on."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [str(each.getsockname()[1]) for each in sockets]
    for each in sockets:
        each.close()
    return ports


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds * SLACK
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def has_module(name):
    """Whether python3 as the documents call it can import this."""
    found = subprocess.run(["python3", "-c", f"import {name}"], env=environment(), capture_output=True, check=False)
    return found.returncode == 0


def environment():
    # Debian's Python packages are seen by Debian's python3 only; those used here are pure Python.
    paths = [] if importlib.util.find_spec("redis") else ["/usr/lib/python3/dist-packages"]
    path = ":".join(filter(None, [str(pathlib.Path(sys.executable).parent), os.environ["PATH"]]))
    return {**os.environ, "PATH": path, "PYTHONPATH": ":".join(["tools/python", *paths]), "PYTHONDONTWRITEBYTECODE": "1",
            "LC_ALL": "C.UTF-8", "TERM": "dumb"}


class Reader:
    """Runs blocks in a copy of the repository of its own. Leave it with close()."""

    def __init__(self, programs):
        """`programs`: the build folder, which is build/release in the copy."""
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="coreloop-docs."))
        self.copy = self.folder / "coreloop"
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.running = []
        self.copy_tree()
        for words in (("init", "--quiet"), ("add", "--all")):
            subprocess.run(["git", "-C", self.copy, *words], check=True)
        (self.copy / "build").mkdir()
        (self.copy / "build/release").symlink_to(programs)

    def copy_tree(self):
        listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                                check=True, capture_output=True).stdout.decode()
        for name in filter(None, listed.split("\0")):
            source, target = ROOT / name, self.copy / name
            if source.is_file():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(source, target)
        for pattern in FILES_WITH_PORTS:
            for path in self.copy.glob(pattern):
                path.write_text(self.with_own_ports(path.read_text(encoding="utf-8")), encoding="utf-8")

    def with_own_ports(self, text):
        return re.sub(rf"(?<![\d.])({'|'.join(PORTS)})(?![\d.])", lambda match: self.ports[match[1]], text)

    def with_documented_ports(self, text):
        for documented, own in self.ports.items():
            text = re.sub(rf"(?<!\d){own}(?!\d)", documented, text)
        return text.replace(str(self.copy), "/home/you/coreloop")

    def start(self, *words, log):
        """Something that a block needs, until close()."""
        with open(self.folder / log, "w", encoding="utf-8") as output:
            self.running.append(subprocess.Popen(words, cwd=self.copy, env=environment(), stdin=subprocess.DEVNULL,
                                                 stdout=output, stderr=output, start_new_session=True))

    def succeeds(self, *words):
        return subprocess.run(words, cwd=self.copy, capture_output=True, check=False).returncode == 0

    def start_redis(self):
        port = self.ports["6379"]
        self.start("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder), log="redis.log")
        assert wait_until(lambda: self.succeeds("redis-cli", "-p", port, "ping")), self.log("redis.log")

    def start_engine(self):
        self.start("build/release/engine", "--set", "mark.interval_s=86400", "conf/live.toml", log="engine.log")
        url = f"http://127.0.0.1:{self.ports['8080']}/ready"
        assert wait_until(lambda: self.succeeds("build/release/engine", "--health", url)), self.log("engine.log")

    def log(self, name):
        return (self.folder / name).read_text(encoding="utf-8")

    def run_shell(self, commands):
        """[output] of each command, in one bash. AssertionError: one failed, or took too long."""
        script = "".join(f"{self.with_own_ports(command)}\nprintf '%s %d\\n' '{MARK}' $?\n" for command in commands)
        output = self.run_words(["bash", "-c", "set -o pipefail\n" + script])
        parts = re.split(rf"{re.escape(MARK)} (\d+)\n", output)
        for command, text, code in zip(commands, parts[::2], parts[1::2]):
            assert code == "0", f"$ {command}\n{text}exit code {code}"
        assert len(parts) == 2 * len(commands) + 1, f"the shell ended before its last command:\n{output}"
        return parts[:-1:2]

    def run_python(self, program):
        """What a program prints."""
        return self.run_words(["python3", "-c", self.with_own_ports(program)])

    def run_words(self, words):
        log = "output.log"  # a file: what goes on in the background would hold a pipe open
        self.start(*words, log=log)
        process = self.running[-1]
        try:
            code = process.wait(COMMAND_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"not done in {COMMAND_S:.0f} s:\n{self.log(log)}") from None
        output = self.with_documented_ports(self.log(log))
        assert code == 0, f"exit code {code}:\n{output}"
        return output

    def close(self):
        """Ends everything that was started, in the background too."""
        for process in reversed(self.running):
            for which in (signal.SIGTERM, signal.SIGKILL):
                try:
                    os.killpg(process.pid, which)
                except ProcessLookupError:
                    break
                wait_until(lambda process=process: not is_group_alive(process), 5)
        shutil.rmtree(self.folder, ignore_errors=True)


def is_group_alive(process):
    process.poll()
    try:
        os.killpg(process.pid, 0)
        return True
    except ProcessLookupError:
        return False


def do_as_told(reader, blocks):
    """Runs blocks that go on from each other, and a program's output block. AssertionError: it is not as told."""
    needs = {word for block in blocks for word in block.with_}
    if "redis" in needs:
        reader.start_redis()
    if "engine" in needs:
        reader.start_engine()
    complaints = []
    if blocks[0].language == "python":
        program, *output = blocks
        printed = reader.run_python(program.text)
        told = output[0].text if output else ""
        complaints.append(complaint_about(told, printed, program.varies))
    else:
        steps = [(block, *step) for block in blocks for step in block.commands()]
        printed = reader.run_shell([command for _, command, _ in steps])
        for (block, command, told), text in zip(steps, printed):
            kinds = [kind for kind in block.varies if told is not None and kind_is_in(kind, told)]
            complaint = complaint_about(told, text, kinds) if told is not None else ""
            if complaint:
                complaints.append(f"{block.place}: $ {command}\n{complaint}")
    assert not any(complaints), "\n\n".join(filter(None, complaints))


def kind_is_in(kind, text):
    """Whether this kind of what varies is in this command's output; complaint_about() names unknown ones."""
    return complaint_about(text, text, (kind,)) == ""
