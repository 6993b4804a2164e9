"""A proxy between the engine and Redis that can be told to misbehave, byte by byte.

A policy decides what becomes of the bytes of a link: `request(link, data)` and `reply(link, data)`
answer the pieces to pass on, each as (bytes, seconds to wait before), or None to cut the link with a
reset after what was passed on so far. Policies may be exchanged while links are up.
"""

import os
import socket
import struct
import threading
import time

from support.resp import connect

MULTI = b"*1\r\n$5\r\nMULTI\r\n"


class PassOn:
    """What a wire does."""

    def request(self, link, data):
        return [(data, 0)]

    def reply(self, link, data):
        return [(data, 0)]

    def on_cut(self):
        """The link is gone."""


class CutTransaction(PassOn):
    """Cuts one link, once: `count` bytes behind the beginning of its next transaction's requests, or
    of the replies to it."""

    def __init__(self, side, count):
        self.side = side
        self.left = count
        self.link = None
        self.cuts = True
        self.done = threading.Event()

    def on_cut(self):
        self.done.set()

    def _pass(self, data):
        if len(data) < self.left:
            self.left -= len(data)
            return [(data, 0)]
        self.cuts = False
        return [(data[:self.left], 0), None]

    def request(self, link, data):
        if not self.cuts:
            return [(data, 0)]
        before = b""
        if self.link is None:
            at = data.find(MULTI)
            if at < 0:
                return [(data, 0)]
            self.link = link
            before, data = data[:at], data[at:]
        if link is not self.link or self.side != "request":
            return [(before + data, 0)]
        return [(before, 0), *self._pass(data)]

    def reply(self, link, data):
        if link is not self.link or self.side != "reply" or not self.cuts:
            return [(data, 0)]
        return self._pass(data)


class Count(PassOn):
    """Counts the bytes of everything from the next transaction on, on its link."""

    def __init__(self):
        self.link = None
        self.requests = self.replies = 0

    def request(self, link, data):
        if self.link is None and MULTI in data:
            self.link = link
            data_of = data[data.find(MULTI):]
            self.requests += len(data_of)
        elif link is self.link:
            self.requests += len(data)
        return [(data, 0)]

    def reply(self, link, data):
        if link is self.link:
            self.replies += len(data)
        return [(data, 0)]


class SplitReplies(PassOn):
    """Each byte of a reply on its own, `wait_s` apart, for the first `count` bytes of all."""

    def __init__(self, wait_s=0.0, count=1 << 60):
        self.wait_s = wait_s
        self.left = count

    def reply(self, link, data):
        size = min(len(data), self.left)
        self.left -= size
        pieces = [(data[i:i + 1], self.wait_s) for i in range(size)]
        return pieces + ([(data[size:], 0)] if size < len(data) else [])


class Delay(PassOn):
    """Every reply late."""

    def __init__(self, wait_s):
        self.wait_s = wait_s

    def reply(self, link, data):
        return [(data, self.wait_s)]


class Swallow(PassOn):
    """Nothing gets through any more, and nobody is told: a half-open connection. Links made later
    are fine."""

    def __init__(self):
        self.links = None

    def _is_dead(self, link):
        return self.links is None or link in self.links

    def request(self, link, data):
        return [] if self._is_dead(link) else [(data, 0)]

    def reply(self, link, data):
        return [] if self._is_dead(link) else [(data, 0)]


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.client = client
        self.server = server
        for source, target, side in ((client, server, "request"), (server, client, "reply")):
            threading.Thread(target=self._pump, args=[source, target, side], daemon=True).start()

    def _pump(self, source, target, side):
        try:
            while True:
                data = source.recv(65536)
                if not data:
                    break
                policy = self.proxy.policy
                for piece in getattr(policy, side)(self, data):
                    if piece is None:
                        self.cut()
                        policy.on_cut()
                        return
                    if piece[1]:
                        time.sleep(piece[1])
                    target.sendall(piece[0])
        except OSError:
            pass
        self.cut(reset=False)

    def cut(self, reset=True):
        self.proxy.links.discard(self)
        for end in (self.client, self.server):
            try:
                if reset and end.family == socket.AF_INET:
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


class Proxy:
    """Listens on 127.0.0.1 or, with `path`, on a unix socket; `target` as for resp.connect."""

    def __init__(self, target, path=None):
        self.target = target
        self.policy = PassOn()
        self.links = set()
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX if path else socket.AF_INET, socket.SOCK_STREAM)
        self._listener.bind(path or ("127.0.0.1", 0))
        self._listener.listen(64)
        self.url = f"unix://{path}" if path else f"redis://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = connect(self.target, 0.2)
                server.settimeout(None)
                if client.family == socket.AF_INET:
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError:
                client.close()
                continue
            self.links.add(Link(self, client, server))

    def swallow(self):
        """From now on the links that are up are half-open."""
        policy = Swallow()
        policy.links = set(self.links)
        self.policy = policy

    def cut_all(self):
        for link in list(self.links):
            link.cut()

    def close(self):
        # close() alone does not wake a thread that waits in accept().
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut_all()
        if self.path:
            os.unlink(self.path)
