"""A Redis client of one socket: commands out, replies in. Standard library only.

One Connection is for one thread. It does not reconnect: whoever uses it knows where to go on.
"""

import argparse
import os
import socket


class ReplyError(Exception):
    """Redis answered with an error; its text begins with the kind (NOAUTH, WRONGTYPE, …)."""

    @property
    def kind(self):
        return str(self).partition(" ")[0]


def encode(*words):
    """A command as Redis reads it; words are bytes, text or numbers."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%b\r\n" % (len(data), data))
    return b"".join(parts)


def read_reply(file):
    """One reply from a binary file: bytes, int, None, a list of these, or a ReplyError (not raised).

    Errors: ConnectionError where it ends, or is no reply.
    """
    line = file.readline()
    if not line.endswith(b"\r\n"):
        raise ConnectionError("the connection was closed")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest
    if kind == b"-":
        return ReplyError(rest.decode("utf-8", "replace"))
    if kind not in (b":", b"$", b"*") or not rest.lstrip(b"-").isdigit():
        raise ConnectionError(f"this is no Redis: it answered {line[:40]!r}")
    number = int(rest)
    if kind == b":":
        return number
    if number < 0:
        return None
    if kind == b"*":
        return [read_reply(file) for _ in range(number)]
    data = file.read(number + 2)
    if len(data) != number + 2:
        raise ConnectionError("the connection was closed")
    return data[:-2]


class Connection:
    """An open connection, logged in and on its database.

    `address`: (host, port), or the path of a unix socket. `timeout_s` holds for connecting and for
    each reply. Errors: OSError for whatever happens on the way, ReplyError for what Redis refuses.
    """

    def __init__(self, address, user=None, password=None, db=0, timeout_s=5.0):
        if isinstance(address, str):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            self._socket.settimeout(timeout_s)
            self._socket.connect(address)
        else:
            self._socket = socket.create_connection(address, timeout_s)
        self._file = self._socket.makefile("rb")
        try:
            if password is not None:
                self.ask("AUTH", *([user] if user else []), password)
            if db:
                self.ask("SELECT", db)
        except BaseException:
            self.close()
            raise

    def close(self):
        self._file.close()
        self._socket.close()

    def ask(self, *words):
        """The reply to a command: bytes, int, None, or a list of these."""
        self._socket.sendall(encode(*words))
        reply = read_reply(self._file)
        if isinstance(reply, ReplyError):
            raise reply
        return reply


def port(text):
    """A converter for argparse."""
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port: 1 to 65535")
    return int(text)


def add_address_options(parser):
    """Where Redis is, as options of an argparse parser; connect() reads them."""
    group = parser.add_argument_group("Redis", "A password is taken from REDISCLI_AUTH, as redis-cli does.")
    group.add_argument("--host", default="127.0.0.1", help="default 127.0.0.1")
    group.add_argument("--port", type=port, default=6379, help="default 6379")
    group.add_argument("--unix-socket", metavar="PATH", help="instead of host and port")
    group.add_argument("--user", help="where the server has more than one")
    group.add_argument("--db", type=int, default=0, help="number of the database, default 0")
    group.add_argument("--timeout", type=float, default=5.0, metavar="S",
                       help="seconds to wait for a connection and for a reply, default 5")


def address_text(options):
    """The address as messages name it."""
    return options.unix_socket or f"{options.host}:{options.port}"


def connect(options):
    """A Connection by add_address_options' options."""
    address = options.unix_socket or (options.host, options.port)
    return Connection(address, options.user, os.environ.get("REDISCLI_AUTH"), options.db, options.timeout)
