"""The test case of this folder: tests/redis' server and engine, and the scripts of tools/python run as programs."""

import os
import pathlib
import re
import subprocess
import sys
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SCRIPTS = ROOT / "tools/python"
sys.path[:0] = [str(ROOT / "tests/redis"), str(SCRIPTS)]

from support import case  # noqa: E402
from support.case import RedisCase, SLACK  # noqa: E402

RUN_S = 30.0 * SLACK
SAMPLE = ROOT / "tests/data/sample.ndjson.gz"


def import_or_skip(name, package):
    """The module of a Debian package, or the end of the test program."""
    try:
        return __import__(name)
    except ImportError:
        # Debian's package is seen by Debian's python3 only; it is pure Python.
        sys.path.append("/usr/lib/python3/dist-packages")
    try:
        return __import__(name)
    except ImportError:
        print(f"skipped: no {package} here; tools/setup installs it")
        sys.exit(77)


def replay(*words):
    """Runs replay; its standard output."""
    done = subprocess.run([case.options.bin / "replay", *map(str, words)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"replay {words}: exit code {done.returncode}\n{done.stderr}")
    return done.stdout


def script(name, *words, **more):
    """The command line and Popen's options of a script; stdin is closed."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **more.pop("env", {})}
    arguments = [word if isinstance(word, bytes) else str(word) for word in words]
    return {"args": [sys.executable, str(SCRIPTS / name), *arguments], "stdin": subprocess.DEVNULL, "text": True,
            "env": environment, **more}


def readme_example(word):
    """(program, output) of the README's Python example that has this word."""
    blocks = re.findall(r"```python\n(.*?)```\n\n<!-- output -->\n```text\n(.*?)```", (SCRIPTS / "README.md").read_text(), re.S)
    return next(block for block in blocks if word in block[0])


class RunningScript:
    """A script that goes on until it is stopped."""

    def __init__(self, name, *words):
        self.process = subprocess.Popen(**script(name, *words, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        self.lines, self.told = [], []
        self._readers = [threading.Thread(target=self._read, args=pair)
                         for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.told))]
        for reader in self._readers:
            reader.start()

    @staticmethod
    def _read(file, lines):
        with file:
            for line in file:
                lines.append(line.rstrip("\n"))

    def wait_for(self, condition):
        """Until condition(self) holds."""
        end = time.monotonic() + RUN_S
        while not condition(self):
            if self.process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError(f"exit code {self.process.returncode}: {self.lines[-5:]} {self.told[-5:]}")
            time.sleep(0.01)

    def wait_for_told(self, words):
        self.wait_for(lambda script: any(words in line for line in script.told))

    def send(self, number):
        """Sends a signal; the exit code."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self):
        code = self.process.wait(RUN_S)
        for reader in self._readers:
            reader.join()
        return code

    def kill(self):
        self.process.kill()
        self.wait()


class ScriptCase(RedisCase):
    """A Redis of the test's own, and runs of scripts."""

    def run_script(self, name, *words, code=0, **more):
        """Runs a script to its end, which must come with `code`."""
        done = subprocess.run(**script(name, *words, **more), capture_output=True, timeout=RUN_S, check=False)
        self.assertEqual(done.returncode, code, (done.stdout, done.stderr))
        self.assertNotIn("Traceback", done.stderr)
        return done

    def start_script(self, name, *words):
        running = RunningScript(name, *words)
        self.addCleanup(running.kill)
        return running

    @property
    def at(self):
        """Options that lead a script to the server."""
        return ("--unix-socket", self.server.path)
