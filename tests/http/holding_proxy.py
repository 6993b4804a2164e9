"""A proxy between two unix sockets that can hold back what the server answers to writers."""

import select
import socket
import threading


class HoldingProxy:
    """Listens on `path` and passes everything to `target`; while `holds`, the answers to any
    connection that has published something stay here."""

    def __init__(self, path, target):
        self.target = str(target)
        self.holds = False
        self.ends = False
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        self.pairs = {}  # either socket -> (the other one, whether this one is the client's)
        self.writers = set()  # client sockets that have published
        self.thread = threading.Thread(target=self.run)
        self.thread.start()

    def stop(self):
        self.ends = True
        self.thread.join()
        for end in [self.listener, *self.pairs]:
            end.close()

    def is_held(self, end):
        other, is_client = self.pairs[end]
        return self.holds and not is_client and other in self.writers

    def run(self):
        while not self.ends:
            watched = [self.listener] + [end for end in self.pairs if not self.is_held(end)]
            for end in select.select(watched, [], [], 0.02)[0]:
                if end is self.listener:
                    self.accept()
                elif end in self.pairs:
                    self.pass_on(end)

    def accept(self):
        client, _ = self.listener.accept()
        server = socket.socket(socket.AF_UNIX)
        try:
            server.connect(self.target)
        except OSError:
            client.close()
            return
        self.pairs[client] = (server, True)
        self.pairs[server] = (client, False)

    def pass_on(self, end):
        other, is_client = self.pairs[end]
        try:
            data = end.recv(1 << 20)
            if is_client and b"XADD" in data:
                self.writers.add(end)
            if data:
                other.sendall(data)
                return
        except OSError:
            pass
        for closed in (end, other):
            del self.pairs[closed]
            self.writers.discard(closed)
            closed.close()
