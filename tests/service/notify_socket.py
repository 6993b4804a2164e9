"""A stand-in for systemd's end of $NOTIFY_SOCKET, and a way to stop one thread of a process."""

import ctypes
import os
import pathlib
import socket
import threading
import time

PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207
WALL = 0x40000000


class NotifySocket:
    """Collects what comes, each datagram as a list of its lines, in order. `address`: a path, or
    `@name` for an abstract one."""

    def __init__(self, address):
        self.address = str(address)
        self.messages = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.address.replace("@", "\0", 1))
        self._socket.settimeout(0.1)
        self._closes = threading.Event()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        while not self._closes.is_set():
            try:
                data = self._socket.recv(65536)
            except TimeoutError:
                continue
            self.messages.append((time.monotonic(), data.decode().split("\n")))

    def close(self):
        self._closes.set()
        self._reader.join()
        self._socket.close()

    def lines(self):
        """Every line so far, in order."""
        return [line for _, lines in list(self.messages) for line in lines]

    def assignments(self):
        """The same without status lines."""
        return [line for line in self.lines() if not line.startswith("STATUS=")]

    def statuses(self):
        return [line[7:] for line in self.lines() if line.startswith("STATUS=")]

    def count(self, line):
        return self.lines().count(line)


def thread_named(pid, name):
    """The thread of a process that the system knows by that name (its first 15 characters)."""
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().rstrip("\n") == name[:15]:
            return int(task.name)
    raise AssertionError(f"no thread {name}")


class StoppedThread:
    """While it is entered, one thread of a child process stands still and all others go on: ptrace
    stops threads, not processes. PermissionError where this machine does not allow it."""

    def __init__(self, thread):
        self.thread = thread
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
        self._libc.ptrace.restype = ctypes.c_long

    def _ptrace(self, request):
        if self._libc.ptrace(request, self.thread, None, None) == -1:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))

    def __enter__(self):
        self._ptrace(PTRACE_SEIZE)
        self._ptrace(PTRACE_INTERRUPT)
        os.waitpid(self.thread, WALL)
        state = pathlib.Path(f"/proc/{self.thread}/stat").read_text().rsplit(")", 1)[1].split()[0]
        assert state == "t", state
        return self

    def has_ended(self):
        """Whether the thread is gone with its process; the process can be waited for only then."""
        thread, status = os.waitpid(self.thread, WALL | os.WNOHANG)
        return thread != 0 and (os.WIFEXITED(status) or os.WIFSIGNALED(status))

    def __exit__(self, *_):
        try:
            self._ptrace(PTRACE_DETACH)
        except ProcessLookupError:
            pass  # the process has ended
