"""What is looked at: the streams and the three services."""

import dataclasses
import http.client
import json
import re
import socket
import urllib.parse

from validation.failure import Failure, Unreachable

SIGNALS, APPROVALS, REJECTIONS, EXECUTIONS, POSITIONS = (
    "trade.signal.v5", "trade.signal.safe", "trade.signal.rejected", "trade.execution.res",
    "trade.position.update")
NEWEST = 100  # entries that averages look at
PATIENCE_S = 5  # with a service
NUMBER = (int, float)


@dataclasses.dataclass
class Entry:
    id: str
    fields: dict
    data: dict  # the field `data`; empty: it is no JSON object

    @classmethod
    def of(cls, reply):
        fields = dict(zip(reply[1][::2], reply[1][1::2]))
        try:
            data = json.loads(fields.get("data", ""))
        except ValueError:
            data = {}
        return cls(reply[0], fields, data if isinstance(data, dict) else {})

    @property
    def ms(self):
        return int(self.id.split("-")[0])

    @property
    def cause_ms(self):
        """When the signal that caused it was published; None: no signal did, or nobody says."""
        found = re.fullmatch(re.escape(SIGNALS) + r"/(\d+)-\d+", self.fields.get("cause", ""))
        return int(found[1]) if found else None


class Loop:
    SERVICES = {"risk": "risk safety", "execution": "execution", "position": "position monitor"}

    def __init__(self, redis, ports):
        self.redis = redis
        self.ports = ports

    def newest(self, stream, count=NEWEST):
        """The last entries of a stream, newest first. A Failure where there are none."""
        (reply,) = self.redis(["XREVRANGE", stream, "+", "-", "COUNT", count])
        if not reply:
            raise Failure(f"nothing in {stream}")
        return [Entry.of(entry) for entry in reply]

    def between(self, stream, first, last="+"):
        (reply,) = self.redis(["XRANGE", stream, first, last])
        return [Entry.of(entry) for entry in reply]

    def with_sequence_of(self, approval, stream):
        """What the approval's signal left in another output stream: it has the same time."""
        return [entry for entry in self.between(stream, approval.ms, approval.ms)
                if entry.fields.get("seq") == approval.fields.get("seq")]

    def connect(self, service):
        """A connection to a service."""
        port = self.ports[service]
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        except OSError as error:
            raise Unreachable(f"{self.SERVICES[service]} does not listen on 127.0.0.1:{port}: "
                              f"{error.strerror or error}") from None

    def ask(self, service, method, path):
        """(status, JSON) from a service."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[service])
        connection.sock = self.connect(service)
        where = f"{self.SERVICES[service]}: {method} {path}"
        try:
            connection.request(method, urllib.parse.quote(path, safe="/?=:"))
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"{where}: {str(error) or type(error).__name__}") from None
        except ValueError:
            raise Failure(f"{where}: the answer is no JSON") from None
        finally:
            connection.close()

    def get(self, service, path, keys):
        """The JSON object of a path, which must have `keys`: name -> type."""
        status, body = self.ask(service, "GET", path)
        where = f"{self.SERVICES[service]}: GET {path}"
        if status != 200:
            raise Failure(f"{where}: status {status}")
        if not isinstance(body, dict):
            raise Failure(f"{where}: the answer is no JSON object")
        wrong = [key for key, kind in keys.items() if not isinstance(body.get(key), kind)]
        if wrong:
            raise Failure(f"{where}: missing or of another type: {', '.join(wrong)}")
        return body
