"""As much of a Redis client as looking at streams takes."""

import socket
import urllib.parse

from validation.failure import Failure, Unreachable

PATIENCE_S = 5


class Redis:
    """Commands to one server; connects at the first one."""

    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)
        has_place = {"redis": self.url.hostname, "unix": self.url.path}.get(self.url.scheme)
        if not has_place:
            raise ValueError("must be redis://[user:password@]host[:port][/db] or unix:///path")
        self.port = self.url.port or 6379  # a bad one raises ValueError
        self.file = None

    def place(self):
        return self.url.path if self.url.scheme == "unix" else f"{self.url.hostname}:{self.port}"

    def __call__(self, *commands):
        """The replies to several commands, sent at once. An error reply is a Failure."""
        try:
            if self.file is None:
                self.connect()
            return self.exchange(commands)
        except OSError as error:
            self.file = None
            raise Unreachable(f"Redis at {self.place()}: {error.strerror or error}") from None

    def connect(self):
        if self.url.scheme == "unix":
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(PATIENCE_S)
            connection.connect(self.url.path)
        else:
            connection = socket.create_connection((self.url.hostname, self.port),
                                                  timeout=PATIENCE_S)
        self.file = connection.makefile("rwb")
        if self.url.password:
            words = [urllib.parse.unquote(word) for word in (self.url.username,
                                                             self.url.password) if word]
            self.exchange([["AUTH", *words]])
        database = self.url.path.strip("/") if self.url.scheme == "redis" else ""
        if database:
            self.exchange([["SELECT", database]])

    def exchange(self, commands):
        for words in commands:
            self.file.write(b"*%d\r\n" % len(words))
            for word in map(str.encode, map(str, words)):
                self.file.write(b"$%d\r\n%b\r\n" % (len(word), word))
        self.file.flush()
        replies = [self.read() for _ in commands]
        for reply in replies:
            if isinstance(reply, Failure):
                raise reply
        return replies

    def read(self):
        line = self.file.readline()
        if not line.endswith(b"\r\n"):
            raise OSError("the connection was closed")
        kind, rest = line[:1], line[1:-2].decode()
        if kind == b"-":
            return Failure(f"Redis at {self.place()}: {rest}")
        if kind == b"+":
            return rest
        size = int(rest)
        if kind == b":":
            return size
        if size < 0:
            return None
        if kind == b"$":
            return self.file.read(size + 2)[:-2].decode(errors="replace")
        return [self.read() for _ in range(size)]
