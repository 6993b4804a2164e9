"""A RESP server with a small stream store that can be scripted to answer anything.

`script(server, words)` is asked before each command is carried out: None lets it happen, bytes are
the reply instead, CLOSE ends the connection, and a function is called for any of these, while the
other connections go on. Inside MULTI a scripted error spoils the transaction, as it does in Redis.
"""

import socket
import threading
import time

from support.resp import read_reply

CLOSE = object()


def bulk(data):
    return b"$-1\r\n" if data is None else b"$%d\r\n%b\r\n" % (len(data), data)


def array(items):
    return b"*%d\r\n" % len(items) + b"".join(items)


def id_key(text):
    return tuple(map(int, text.split(b"-")))


class FakeServer:
    """Thread: one a connection; the store is behind a lock."""

    def __init__(self, port=0):
        self.streams = {}  # name -> [(id, [field, value, …])]
        self.added = {}
        self.script = lambda server, words: None
        self.commands = []  # names, in order
        self.lock = threading.RLock()
        self.connections = set()
        self._listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.bind(("127.0.0.1", port))
        self._listener.listen(64)
        self.port = self._listener.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self.connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def add(self, stream, *fields):
        """Adds an entry as a producer would."""
        with self.lock:
            ms = int(time.time() * 1000)
            last = self.last_id(stream)
            key = max((ms, 0), (id_key(last)[0], id_key(last)[1] + 1))
            self._add(stream, b"%d-%d" % key, [f if isinstance(f, bytes) else f.encode() for f in fields])

    def last_id(self, stream):
        name = stream if isinstance(stream, bytes) else stream.encode()
        entries = self.streams.get(name)
        return entries[-1][0] if entries else b"0-0"

    def entries(self, stream):
        """As Client.entries."""
        with self.lock:
            found = list(self.streams.get(stream.encode(), []))
        return [(i.decode(), dict(zip([f.decode() for f in fields[::2]],
                                      [f.decode("utf-8", "surrogateescape") for f in fields[1::2]])))
                for i, fields in found]

    def _add(self, stream, entry_id, fields):
        name = stream if isinstance(stream, bytes) else stream.encode()
        self.streams.setdefault(name, []).append((entry_id, fields))

    def _accept(self):
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections.add(connection)
            threading.Thread(target=self._serve, args=[connection], daemon=True).start()

    def _serve(self, connection):
        file = connection.makefile("rb")
        queued, is_spoilt = None, False
        try:
            while True:
                words = read_reply(file)
                name = words[0].upper()
                with self.lock:
                    self.commands.append(name)
                    scripted = self.script(self, words)
                if callable(scripted):
                    scripted = scripted()
                if scripted is CLOSE:
                    break
                if scripted is not None:
                    if queued is not None and scripted.startswith(b"-"):
                        is_spoilt = True
                        if name in (b"EXEC", b"DISCARD"):
                            queued, is_spoilt = None, False
                    connection.sendall(scripted)
                elif name == b"MULTI":
                    queued, is_spoilt = [], False
                    connection.sendall(b"+OK\r\n")
                elif name in (b"EXEC", b"DISCARD"):
                    connection.sendall(self._end(name, queued, is_spoilt))
                    queued = None
                elif queued is not None:
                    queued.append(words)
                    connection.sendall(b"+QUEUED\r\n")
                else:
                    connection.sendall(self._run(words))
        except (OSError, ConnectionError, ValueError):
            pass
        self.connections.discard(connection)
        connection.close()

    def _end(self, name, queued, is_spoilt):
        if queued is None:
            return b"-ERR %b without MULTI\r\n" % name
        if name == b"DISCARD":
            return b"+OK\r\n"
        if is_spoilt:
            return b"-EXECABORT Transaction discarded because of previous errors.\r\n"
        with self.lock:
            return array([self._run(words) for words in queued])

    def _run(self, words):
        name = words[0].upper()
        if name == b"XREAD":
            return self._read(words)
        with self.lock:
            if name == b"ROLE":
                return array([bulk(b"master"), b":0\r\n", b"*0\r\n"])
            if name == b"XLEN":
                return b":%d\r\n" % len(self.streams.get(words[1], []))
            if name == b"XINFO":
                return self._info(words[2])
            if name in (b"XRANGE", b"XREVRANGE"):
                return self._range(words, name == b"XREVRANGE")
            if name == b"XADD":
                return self._xadd(words)
        return b"+OK\r\n"

    def _info(self, stream):
        if stream not in self.streams:
            return b"-ERR no such key\r\n"
        entries = self.streams[stream]
        pairs = [(b"length", b":%d\r\n" % len(entries)),
                 (b"last-generated-id", bulk(entries[-1][0])),
                 (b"entries-added", b":%d\r\n" % len(entries)),
                 (b"recorded-first-entry-id", bulk(entries[0][0]))]
        return array([part for key, value in pairs for part in (bulk(key), value)])

    def _range(self, words, is_reversed):
        """As Redis answers XRANGE stream from to COUNT n; `-` and `+` are the ends."""
        entries = self.streams.get(words[1], [])
        first, last = (words[3], words[2]) if is_reversed else (words[2], words[3])
        found = [e for e in entries if (first == b"-" or id_key(e[0]) >= id_key(first)) and
                 (last == b"+" or id_key(e[0]) <= id_key(last))]
        found = (found[::-1] if is_reversed else found)[:int(words[5])]
        return array([array([bulk(i), array([bulk(f) for f in fields])]) for i, fields in found])

    def _xadd(self, words):
        at = 5 if words[2].upper() == b"MAXLEN" else 2
        if id_key(words[at]) <= id_key(self.last_id(words[1])):
            return (b"-ERR The ID specified in XADD is equal or smaller than the target stream top "
                    b"item\r\n")
        self._add(words[1], words[at], words[at + 1:])
        return bulk(words[at])

    def _read(self, words):
        upper = [word.upper() for word in words]
        count = int(words[upper.index(b"COUNT") + 1])
        end = time.monotonic() + int(words[upper.index(b"BLOCK") + 1]) / 1000
        rest = words[upper.index(b"STREAMS") + 1:]
        names, cursors = rest[:len(rest) // 2], rest[len(rest) // 2:]
        while True:
            found = []
            with self.lock:
                for stream, cursor in zip(names, cursors):
                    newer = [e for e in self.streams.get(stream, []) if id_key(e[0]) > id_key(cursor)]
                    if newer:
                        found.append(array([bulk(stream), array(
                            [array([bulk(i), array([bulk(f) for f in fields])])
                             for i, fields in newer[:count]])]))
            if found:
                return array(found)
            if time.monotonic() > end:
                return b"*-1\r\n"
            time.sleep(0.01)
