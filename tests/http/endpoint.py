"""A private redis-server and an engine with its endpoint on a free port: what the tests here share.

Needs redis-server and redis-cli; a test program exits 77 (skipped) without them.
"""

import argparse
import http.client
import json
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
import unittest

from metrics_format import parse_metrics

BIN = pathlib.Path()
CONF = pathlib.Path(__file__).resolve().parent.parent.parent / "conf"
# How much more time a test may take than a release build on a quiet machine does.
SLACK = float(os.environ.get("CORELOOP_TEST_SLACK", "1"))


def wait_until(condition, seconds=10):
    """The first true value of `condition`, asked again and again for `seconds`, times SLACK."""
    end = time.monotonic() + seconds * SLACK
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(0.01)


class Redis:
    """A redis-server on a unix socket in `folder`."""

    def __init__(self, folder):
        self.socket = folder / "redis.sock"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "",
             "--dir", self.socket.parent], stdout=subprocess.DEVNULL)
        assert wait_until(lambda: self.socket.exists() and self.cli("PING") == "PONG")

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()
            self.process = None

    def cli(self, *words):
        done = subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True,
                              text=True)
        return done.stdout.strip()

    def entries(self, stream):
        """id -> fields of a stream, in order."""
        rows = json.loads(self.cli("--json", "XRANGE", stream, "-", "+"))
        return {row[0]: dict(zip(row[1][::2], row[1][1::2])) for row in rows}

    def send_signal(self, action="BUY", symbol="BTCUSDT", confidence=0.9, **more):
        data = {"symbol": symbol, "action": action, "confidence": confidence,
                "timestamp": "2026-01-12T10:00:00Z", "source": "test", **more}
        self.cli("XADD", "trade.signal.v5", "*", "data", json.dumps(data))


    def send_many_signals(self, count):
        """BUY and SELL in turn, so that each is an entry or an exit."""
        words = []
        for i in range(count):
            data = json.dumps({"symbol": "BTCUSDT", "action": "SELL" if i % 2 else "BUY",
                               "confidence": 0.9, "timestamp": "2026-01-12T10:00:00Z",
                               "source": "test"})
            words.append(f"*5\r\n$4\r\nXADD\r\n$15\r\ntrade.signal.v5\r\n$1\r\n*\r\n"
                         f"$4\r\ndata\r\n${len(data)}\r\n{data}\r\n")
        subprocess.run(["redis-cli", "-s", self.socket, "--pipe"], input="".join(words), text=True,
                       stdout=subprocess.DEVNULL, check=True)


class Endpoint:
    """What answers on a port of this machine."""

    def __init__(self, port):
        self.port = port

    def ask(self, method, path, headers=None, timeout=5 * SLACK):
        """(status, headers, body) of one request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, path, headers=headers or {})
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read().decode()
        finally:
            connection.close()

    def get(self, path):
        status, _, body = self.ask("GET", path)
        assert status == 200, (path, status, body)
        return json.loads(body)

    def post(self, path):
        status, _, body = self.ask("POST", path)
        return status, json.loads(body)

    def raw(self, request, timeout=5 * SLACK):
        """Whatever comes back for the bytes of a request."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=timeout) as connection:
            try:
                connection.sendall(request)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it has heard enough, and answered
            answer = b""
            while True:
                try:
                    piece = connection.recv(65536)
                except ConnectionResetError:
                    break
                if not piece:
                    break
                answer += piece
        return answer

    def slow_clients(self, count):
        """Connections that have sent a piece of a request."""
        slow = []
        for _ in range(count):
            connection = socket.create_connection(("127.0.0.1", self.port), timeout=5 * SLACK)
            connection.sendall(b"GET /hea")
            slow.append(connection)
        return slow


class Engine(Endpoint):
    """An engine between the streams of `redis`, its endpoint on a free port."""

    def __init__(self, folder, redis, *settings, port=0):
        self.tape = folder / "tape.ndjson"
        conf = folder / "engine.toml"
        conf.write_text(f'[input]\nsource = "redis"\n[output]\nsink = "redis"\n'
                        f'tape = "{self.tape}"\n[redis]\nurl = "unix://{redis.socket}"\n'
                        f'[http]\nlisten = "127.0.0.1:{port}"\n[journal]\ndir = ""\n')
        self.launch(folder, conf, settings)

    def launch(self, folder, conf, settings, words=""):
        """Starts it, until it listens (the log says so with `words`) or has ended."""
        self.log_path = folder / "engine.log"
        settings = [word for setting in settings for word in ("--set", setting)]
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen([BIN / "engine", *settings, conf], stderr=log,
                                            stdout=subprocess.DEVNULL)
        found = wait_until(lambda: self.process.poll() is not None or self.find_port(words))
        super().__init__(0 if found is True else found or 0)

    def find_port(self, words):
        """The port that the log says after "listening" and `words`; None: it does not."""
        found = re.search(rf"listening{words} on http://127\.0\.0\.1:(\d+)\n", self.log())
        return int(found[1]) if found else None

    def log(self):
        return self.log_path.read_text(encoding="utf-8")

    def is_ready(self):
        return self.ask("GET", "/ready")[0] == 200

    def stop(self):
        """The exit code after SIGTERM."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=20 * SLACK)

    def stop_and_read_tape(self):
        assert self.stop() == 0, self.log()
        return self.tape.read_text(encoding="utf-8").splitlines()

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


class DropInEngine(Engine):
    """An engine in the place of `services`: conf/drop_in.toml, each listener on a free port, and
    the main one at `listen`."""

    NAMES = {"risk": "risk safety", "execution": "execution", "position": "position monitor"}

    def __init__(self, folder, redis, *settings, services=tuple(NAMES), listen="127.0.0.1:0"):
        self.tape = folder / "tape.ndjson"
        asked = [f'redis.url="unix://{redis.socket}"', f'output.tape="{self.tape}"', "journal.dir=''",
                 f'http.listen="{listen}"']
        for key in self.NAMES:
            asked.append(f'http.{key}_listen="{"127.0.0.1:0" if key in services else ""}"')
        self.launch(folder, CONF / "drop_in.toml", [*asked, *settings],
                    "" if listen else f" in the place of {self.NAMES[services[0]]}")
        self.services = {}
        for key in services if self.port != 0 else ():
            words = f" in the place of {self.NAMES[key]}"
            self.services[key] = Endpoint(wait_until(lambda words=words: self.find_port(words)))


class EndpointCase(unittest.TestCase):
    """A Redis and an engine of the test's own."""

    settings = ()

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.redis = Redis(self.folder)
        self.addCleanup(self.redis.stop)
        self.redis.start()
        self.engine = self.started_engine()
        self.assertTrue(wait_until(self.engine.is_ready))

    def started_engine(self, *settings, folder=None, port=0):
        engine = Engine(folder or self.folder, self.redis, *self.settings, *settings, port=port)
        self.addCleanup(engine.kill)
        return engine

    def wait_for_signals(self, count):
        """Until so many have passed every stage since the last reset, and every view shows it."""
        def is_shown():
            health = self.engine.get("/health")
            return (health["signals_received"] == count and
                    self.engine.get("/risk")["sequence"] >= health["sequence"] and
                    self.engine.get("/portfolio")["sequence"] >= health["sequence"])
        self.assertTrue(wait_until(is_shown))

    def metrics(self):
        """The text of a scrape."""
        status, headers, body = self.engine.ask("GET", "/metrics")
        self.assertEqual(status, 200)
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        return body

    def samples(self):
        """Every sample of a scrape, by its text without the value."""
        families = parse_metrics(self.metrics())
        return {key: value for family in families.values() for key, value in family.items()}


class DropInCase(EndpointCase):
    """The same with an engine in the place of the three services."""

    def started_engine(self, *settings, folder=None, port=0):
        engine = DropInEngine(folder or self.folder, self.redis, *self.settings, *settings)
        self.addCleanup(engine.kill)
        self.risk, self.execution, self.position = engine.services.values()
        return engine


def run_tests(doc):
    """The main function of a test program: --bin, then what unittest takes."""
    global BIN
    parser = argparse.ArgumentParser(description=doc,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=lambda text: pathlib.Path(text).resolve())
    known, rest = parser.parse_known_args()
    BIN = known.bin
    if not shutil.which("redis-server") or not shutil.which("redis-cli"):
        print("skipped: no redis-server here")
        sys.exit(77)
    unittest.main(argv=[sys.argv[0], *rest])


def program(name):
    """Path of one of our programs."""
    return BIN / name
