"""A Redis, a stand-in for the service manager, and the engine as a child: what the tests of this
folder share."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "http"))
import endpoint
from endpoint import SLACK, Redis, wait_until
from notify_socket import NotifySocket

THREE_THREADS = '[["ingress"], ["risk", "fill", "mark"], ["egress"]]'
WATCHDOG_S = 2  # of the stand-in for systemd, which kills nobody; pulses come before the five ticks of P14


class ServiceCase(unittest.TestCase):
    """A Redis, a notify socket, and the engine as a child."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.redis = Redis(self.folder)
        self.addCleanup(self.redis.stop)
        self.notify = NotifySocket(self.folder / "notify.sock")
        self.addCleanup(self.notify.close)
        self.process = None
        self.starts = 0

    def start(self, *settings, **environment):
        """An engine on three threads; keywords go into its environment. Each has files of its own: one that is
        starting may still be reading its conf when the next is started."""
        given = {"NOTIFY_SOCKET": self.notify.address,
                 "WATCHDOG_USEC": str(int(WATCHDOG_S * 1e6)), **environment}
        self.starts += 1
        conf = self.folder / f"engine-{self.starts}.toml"
        conf.write_text(f'[input]\nsource = "redis"\n[output]\nsink = "redis"\n'
                        f'[redis]\nurl = "unix://{self.redis.socket}"\n'
                        f'[http]\nlisten = "127.0.0.1:0"\n'
                        f'[threads]\nlayout = {THREE_THREADS}\ncores = "none"\n'
                        f'[journal]\ndir = ""\n')
        self.log_path = self.folder / f"engine-{self.starts}.log"
        words = [word for setting in settings for word in ("--set", setting)]
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [endpoint.BIN / "engine", *words, conf], stderr=log, stdout=subprocess.DEVNULL,
                env={**os.environ, **{k: v for k, v in given.items() if v is not None}})
        self.addCleanup(self.end, self.process)

    @staticmethod
    def end(process):
        if process.poll() is None:
            process.kill()
        process.wait()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.process.wait(30 * SLACK), 0, self.log())

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def wait_for(self, line, more=1):
        """Until that line has come `more` times from now on."""
        wanted = self.notify.count(line) + more
        self.assertTrue(wait_until(lambda: self.notify.count(line) >= wanted, 30),
                        (line, self.notify.messages, self.log()))

    def write_as_somebody_else(self):
        """An entry of a second writer, with an id ahead of ours."""
        ahead = int(time.time() * 1000) + 3_600_000
        self.redis.cli("XADD", "trade.signal.rejected", f"{ahead}-1", "data", "{}")

    def started(self, *settings, **environment):
        self.redis.start()
        self.start(*settings, **environment)
        self.assertTrue(wait_until(lambda: self.notify.count("READY=1") == 1, 30), self.log())
