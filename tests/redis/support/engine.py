"""The engine as a child process: started on a conf, watched on stderr, stopped by a signal."""

import os
import pathlib
import re
import signal
import subprocess
import threading
import time

# How much more time and memory a test may take than a release build on a quiet machine does.
SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))
START_S = 30.0 * SLACK
FINAL = re.compile(r"stopped; inputs=(\d+) published=(\d+) drained=(\d) outbox_pending=(\d+)")


class Engine:
    """`folder` keeps the conf, `text`; `prefix` are words before the program (taskset …)."""

    def __init__(self, program, folder, text, waits=True, prefix=(), arguments=()):
        self.conf = pathlib.Path(folder) / "engine.toml"
        self.conf.write_text(text)
        self._lines = []
        self.process = subprocess.Popen([*prefix, str(program), str(self.conf), *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        self._readers = [threading.Thread(target=self._read, args=[self.process.stderr, self._lines]),
                         threading.Thread(target=self._read, args=[self.process.stdout, []])]
        for reader in self._readers:
            reader.start()
        if waits:
            self.wait_for("running on")

    @staticmethod
    def _read(file, lines):
        for line in file:
            lines.append(line.rstrip("\n"))
        file.close()

    @property
    def log(self):
        return "\n".join(self._lines)

    def wait_for(self, words, timeout=START_S):
        """Until the log says `words`."""
        end = time.monotonic() + timeout
        while words not in self.log:
            if self.process.poll() is not None:
                self._readers[0].join()
                if words in self.log:
                    return
                raise AssertionError(f"exit code {self.process.returncode} before {words!r}:\n{self.log}")
            if time.monotonic() > end:
                raise AssertionError(f"the log does not say {words!r}:\n{self.log}")
            time.sleep(0.005)

    def is_alive(self):
        return self.process.poll() is None

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=START_S):
        """The exit code, once the process has ended by itself."""
        code = self.process.wait(timeout)
        for reader in self._readers:
            reader.join()
        return code

    def stop(self, timeout=START_S):
        """SIGTERM; answers the exit code and the seconds it took."""
        begin = time.monotonic()
        self.send(signal.SIGTERM)
        code = self.wait(timeout)
        return code, time.monotonic() - begin

    def kill(self):
        if self.is_alive():
            self.process.kill()
        self.wait()

    def final(self):
        """(inputs, published, drained, pending) of the last line."""
        found = FINAL.search(self.log)
        if found is None:
            raise AssertionError(f"no final line:\n{self.log}")
        return tuple(map(int, found.groups()))

    def rss_mb(self):
        return self._memory("VmRSS")

    def peak_rss_mb(self):
        return self._memory("VmHWM")

    def _memory(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(name + r":\s+(\d+) kB", text).group(1)) / 1024

    def cpu_s(self):
        words = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / 100
