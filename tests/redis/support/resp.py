"""A minimal RESP client: commands out, replies in, nothing else."""

import socket
import time


class RedisError(Exception):
    """An error reply."""


def encode(*words):
    """A command in RESP form."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def read_reply(file):
    """One reply from a binary file: bytes, int, None, a list, or a RedisError (not raised)."""
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("closed in the middle of a reply" if line else "closed")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest
    if kind == b"-":
        return RedisError(rest.decode())
    if kind == b":":
        return int(rest)
    size = int(rest)
    if size < 0:
        return None
    if kind == b"$":
        data = file.read(size + 2)
        if len(data) != size + 2:
            raise ConnectionError("closed in the middle of a reply")
        return data[:-2]
    return [read_reply(file) for _ in range(size)]


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
        errors = [reply for reply in replies if isinstance(reply, RedisError)]
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
