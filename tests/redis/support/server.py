"""A private redis-server: its own folder, its own port and socket, gone with the test."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile

from support.resp import Client, ReplyError

ANSWER_S = 20.0  # a loaded machine included


def is_installed():
    return shutil.which("redis-server") is not None


def free_port(host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]


class RedisServer:
    """`options`: as on redis-server's command line, ("maxmemory", "10mb"), … in addition to those of the file `conf`;
    `login`: (user, password) of the test itself."""

    def __init__(self, *options, bind="127.0.0.1", conf=None, login=None):
        self.folder = tempfile.mkdtemp(prefix="coreloop-redis-")
        self.bind = bind
        self.port = free_port(bind.split()[0])
        self.path = os.path.join(self.folder, "redis.sock")
        self.options = list(options)
        self.conf = conf
        self.login = login
        self.process = None
        self._client = None
        self.start()

    @property
    def url(self):
        host = self.bind.split()[0]
        return f"redis://[{host}]:{self.port}" if ":" in host else f"redis://{host}:{self.port}"

    @property
    def unix_url(self):
        return f"unix://{self.path}"

    @property
    def address(self):
        return ("127.0.0.1", self.port)

    def start(self, waits=True):
        words = ["redis-server", *([str(self.conf)] if self.conf else []), "--port", str(self.port),
                 "--bind", *self.bind.split(), "--unixsocket", self.path, "--dir", self.folder, "--save", "", "--loglevel", "warning",
                 "--enable-debug-command", "yes"]
        for name, value in self.options:
            words += [f"--{name}", value]
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL)
        if waits:
            self.wait_until_up()

    def wait_until_up(self):
        password = dict(self.options).get("requirepass")
        client = Client(self.path, password, ANSWER_S)
        while True:
            try:
                client("PING")
                break
            except ReplyError as error:
                if not str(error).startswith("LOADING"):
                    break
        client.close()

    def client(self, password=None):
        client = Client(self.path, password or dict(self.options).get("requirepass"))
        if self.login is not None:
            client("AUTH", *self.login)
        return client

    @property
    def ask(self):
        """A connection of the test's own, made when first needed and after each restart."""
        if self._client is None:
            self._client = self.client()
        return self._client

    def stop(self, hard=False):
        """Ends the process: by SHUTDOWN's way, or by SIGKILL."""
        if self._client is not None:
            self._client.close()
            self._client = None
        if self.process is None:
            return
        self.process.send_signal(signal.SIGCONT)
        self.process.send_signal(signal.SIGKILL if hard else signal.SIGTERM)
        try:
            self.process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def freeze(self):
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self):
        self.process.send_signal(signal.SIGCONT)

    def remove(self):
        self.stop(hard=True)
        shutil.rmtree(self.folder, ignore_errors=True)
