"""A Redis client for tests, over the protocol of tools/python: pipelines, and connections that wait for a listener."""

import pathlib
import socket
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[3] / "tools/python"))
from resp import ReplyError, encode, read_reply  # noqa: E402


def connect(address, timeout=10.0):
    """A socket to (host, port) or to a unix path, with retries as long as nobody listens yet."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    end = time.monotonic() + timeout
    while True:
        connection = socket.socket(family, socket.SOCK_STREAM)
        connection.settimeout(timeout)
        try:
            connection.connect(address)
            return connection
        except OSError:
            connection.close()
            if time.monotonic() > end:
                raise
            time.sleep(0.01)


class Client:
    """One connection."""

    def __init__(self, address, password=None, timeout=30.0):
        self._socket = connect(address, timeout)
        self._file = self._socket.makefile("rb")
        if password is not None:
            self("AUTH", password)

    def close(self):
        self._file.close()
        self._socket.close()

    def __call__(self, *words):
        """Sends a command, answers its reply; an error reply is raised."""
        return self.pipeline([words])[0]

    def pipeline(self, commands, raises=True, chunk=2000):
        """Sends many commands at a time; answers their replies."""
        replies = []
        for begin in range(0, len(commands), chunk):
            part = commands[begin:begin + chunk]
            self._socket.sendall(b"".join(encode(*words) for words in part))
            replies += [read_reply(self._file) for _ in part]
        errors = [reply for reply in replies if isinstance(reply, ReplyError)]
        if errors and raises:
            raise errors[0]
        return replies

    def entries(self, stream):
        """All entries of a stream: [(id, {field: value}), …] in order, as text."""
        found = []
        last = "-"
        while True:
            part = self("XRANGE", stream, last, "+", "COUNT", 5000)
            found += [(i.decode(), pairs(fields)) for i, fields in part]
            if len(part) < 5000:
                return found
            last = "(" + found[-1][0]


def pairs(fields):
    text = [field.decode("utf-8", "surrogateescape") for field in fields]
    return dict(zip(text[::2], text[1::2]))
