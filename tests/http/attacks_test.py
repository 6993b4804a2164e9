#!/usr/bin/env python3
"""Attacks on the HTTP endpoint, one test a row: what each must be answered, exactly, and that it changed nothing and
cost nothing.

    tests/http/attacks_test.py --bin build/release [unittest options]
"""

import base64
import concurrent.futures
import gzip
import json
import pathlib
import socket
import tempfile
import threading
import time
import unittest

from attack_case import GET, POST, AttackCase, status_of
from endpoint import SLACK, Engine, Redis, run_tests, wait_until

# Longer than a head may take (io/http/head_reader.hpp), times SLACK.
DEADLINE = 5


def memory_kb(process):
    """Resident memory of a process."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


class SlowClients(AttackCase):
    def test_h1_two_hundred_slow_connections_stop_neither_trading_nor_health(self):
        slow = [(socket.create_connection(("127.0.0.1", self.engine.port), timeout=10 * SLACK), time.monotonic())
                for _ in range(200)]
        is_over = threading.Event()
        cut_after = {}

        def drip():
            """A byte a second on each connection, until the server has cut it."""
            while not is_over.wait(1):
                for connection, begin in slow:
                    if connection in cut_after:
                        continue
                    try:
                        connection.send(b"G")
                        connection.setblocking(False)
                        if connection.recv(1) == b"":
                            raise ConnectionResetError
                    except BlockingIOError:
                        continue
                    except OSError:
                        cut_after[connection] = time.monotonic() - begin

        dripping = threading.Thread(target=drip)
        dripping.start()
        self.addCleanup(dripping.join)
        self.addCleanup(is_over.set)
        for i in range(20):
            begin = time.monotonic()
            self.assertEqual(self.engine.get("/health")["status"], "healthy")
            self.assertLess(time.monotonic() - begin, SLACK)
            self.redis.cli("XADD", "market.tick", "*", "data", json.dumps({"symbol": "BTCUSDT", "price": 95000 + i}))
            self.redis.send_signal("SELL" if i % 2 else "BUY")
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["signals_received"] == 20))
        self.assertTrue(wait_until(lambda: len(self.redis.entries("trade.execution.res")) >= 2))
        # All are cut, by a deadline from their beginning: a byte each second has won no time.
        self.assertTrue(wait_until(lambda: len(cut_after) == len(slow), 4 * DEADLINE))
        self.assertLess(max(cut_after.values()), (DEADLINE + 3) * SLACK + 2)
        self.assertGreaterEqual(self.samples()["coreloop_http_deadline_total"], 200)
        for connection, _ in slow:
            connection.close()

    def test_h1_many_more_than_there_is_room_for_make_room(self):
        slow = self.engine.slow_clients(600)
        begin = time.monotonic()
        self.assertEqual(self.engine.get("/health")["status"], "healthy")
        self.assertLess(time.monotonic() - begin, SLACK)
        # The oldest had to go before their time.
        self.assertTrue(wait_until(lambda: self.samples()["coreloop_http_deadline_total"] >= 300))
        for connection in slow:
            connection.close()


class Heads(AttackCase):
    def send_for_ever(self, begin, piece, bytes_max=64 << 20):
        """Sends `piece` until the server has had enough; what it answered and how much was sent."""
        with socket.create_connection(("127.0.0.1", self.engine.port), timeout=5 * SLACK) as connection:
            sent = 0
            try:
                connection.sendall(begin)
                while sent < bytes_max:
                    connection.sendall(piece)
                    sent += len(piece)
            except OSError:
                pass
            try:
                return connection.recv(65536), sent
            except OSError:
                return b"", sent

    def test_h2_endless_heads_cost_no_memory(self):
        self.expect(431, GET + b"X: " + b"a" * 100_000)
        before = memory_kb(self.engine.process)
        for begin, piece in ((GET + b"X: ", b"a" * 65536),  # a header without an end
                             (GET, b"X: 1\r\n" * 10_000),  # headers without an end
                             (b"GET /", b"a" * 65536)):  # a path without an end
            for _ in range(20):
                answer, sent = self.send_for_ever(begin, piece)
                self.assertIn(status_of(answer), (431, 0))  # 0: reset before it was read
                self.assertLess(sent, 32 << 20)
        self.assertLess(memory_kb(self.engine.process) - before, 8 << 10)
        self.expect(431, GET + b"".join(b"X%d: 1\r\n" % i for i in range(65)) + b"\r\n")
        self.expect(200, GET + b"".join(b"X%d: 1\r\n" % i for i in range(60)) + b"\r\n")
        self.expect(431, b"GET /" + b"a" * 8_192 + b" HTTP/1.1\r\n\r\n")

    def test_h8_paths_and_protocols_that_are_none(self):
        line = b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for path in (b"//", b"//health", b"/health/", b"/..%2fhealth", b"/../etc/passwd", b"/%2e%2e/health",
                     b"/health%00",
                     b"/health;x=1", b"/health%0d%0aX-Injected:1", b"/%FF%FE", b"/" + b"a" * 7_000,
                     b"/" + b"%41" * 2_000,
                     b"/he%61lth/..", b"/health%2f", b"/%252e"):
            self.expect(404, b"GET " + path + line, (b"X-Injected", b"passwd", b"aaaa", b"AAAA"))
        for path in (b"http://evil.example/health", b"*", b"health", b"/health#x", b"/%", b"/%zz", b"/\x80", b"/a b",
                     b"/\x1b[31m"):
            self.expect(400, b"GET " + path + line, (b"evil", b"zz", b"[31m"))
        for path in (b"/close/../halt", b"/close/%0d%0aX-Injected:1", b"/close/", b"/close/btc%00",
                     b"/prices/%3Cscript%3E?price=1"):
            self.expect(400, b"POST " + path + line, (b"X-Injected", b"script"))
        self.expect(200, GET + b"Range: bytes=" + b"0-0," * 1_800 + b"0-0\r\n\r\n")
        self.expect(200, GET + b"X: a%0d%0aX-Injected: 1\r\n\r\n", (b"X-Injected",))
        for request in (b"GET /health\r\n\r\n",  # HTTP/0.9
                        b"GET /health HTTP/3.0\r\n\r\n", b"GET /health HTTP/9.9\r\n\r\n",
                        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
                        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",  # the beginning of TLS
                        b"GET  /health HTTP/1.1\r\n\r\n", b"GET /health HTTP/1.1 x\r\n\r\n", b"\r\n\r\n",
                        b"NOTHING /health HTTP/1.1\r\n\r\n",
                        b"GET /health HTTP/1.1\r\nX: 1\r\n folded\r\n\r\n", b"GET /he\0alth HTTP/1.1\r\n\r\n"):
            self.expect(400, request, (b"NOTHING", b"folded"))
        self.assertNotIn("evil", self.engine.log())
        self.assertNotIn("X-Injected", self.engine.log())


class Bodies(AttackCase):
    def test_h3_lengths_that_lie(self):
        for status, header in (
                (413, b"Content-Length: 5"), (413, b"Content-Length: 4097"), (413, b"Content-Length: 1073741824"),
                (413, b"Content-Length: 99999999999999999999"), (413, b"Content-Length: 18446744073709551616"),
                (400, b"Content-Length: -1"), (400, b"Content-Length: +5"), (400, b"Content-Length: 5, 5"),
                (400, b"Content-Length: 0x5"), (400, b"Content-Length: 5 5"),
                (400, b"Content-Length: 5\r\nContent-Length: 6"), (400, b"Content-Length: 0\r\nContent-Length: 5"),
                (411, b"Transfer-Encoding: chunked"), (411, b"Transfer-Encoding: identity"),
                (411, b"transfer-encoding: xchunked"),
                (411, b"Content-Length: 5\r\nTransfer-Encoding: chunked"),
                (411, b"Transfer-Encoding: chunked\r\nContent-Length: 0"),
                (417, b"Expect: 100-continue\r\nContent-Length: 5")):
            self.expect(status, POST + header + b"\r\n\r\nhello")
        for chunk in (b"-2\r\n", b"FFFFFFFFFFFFFFFF\r\n", b"5\r\nhello\r\n0\r\nX: 1\r\n\r\n", b"0\r\n\r\n"):
            self.expect(411, POST + b"Transfer-Encoding: chunked\r\n\r\n" + chunk)

    def test_h3_what_stands_behind_a_request_is_no_request(self):
        self.expect(200, GET + b"\r\n" + POST + b"\r\n")
        self.expect(200, GET + b"Connection: keep-alive\r\n\r\n" + POST + b"\r\n")
        self.expect(413, POST + b"Content-Length: 40\r\n\r\n" + POST + b"\r\n")

    def test_h4_a_bomb_is_not_unpacked(self):
        bomb = gzip.compress(bytes(64 << 20))
        before = memory_kb(self.engine.process)
        for encoding in (b"gzip", b"br", b"deflate", b"identity", b"gzip, gzip"):
            self.expect(415, POST + b"Content-Type: application/json\r\nContent-Encoding: " + encoding +
                        b"\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)
        self.assertLess(memory_kb(self.engine.process) - before, 8 << 10)

    def test_h6_bodies_of_forms(self):
        for kind in (b"text/plain", b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=x",
                     b"text/json", b"json"):
            self.expect(415, POST + b"Content-Type: " + kind + b"\r\nContent-Length: 5\r\n\r\na=b&c")

    def test_h7_bodies_of_json_are_refused_unread(self):
        cases = pathlib.Path(__file__).resolve().parent.parent / "data" / "bad_inputs.ndjson"
        bodies = [b'{"symbol": "BTCUSDT", "price": 1}', b'{"price": NaN}', b'{"price": 1e308}', b"{}", b"null"]
        for line in cases.read_text(encoding="ascii").splitlines():
            for field in json.loads(line)["fields"]:
                if isinstance(field, list) and isinstance(field[1], str):  # others tell how they are made
                    bodies.append(base64.b64decode(field[1]))
        bodies = [body for body in bodies if 0 < len(body) <= 16_384]
        self.assertGreater(len(bodies), 100)
        for body in bodies:
            for path in (b"/prices/BTCUSDT?price=1", b"/prices/BTCUSDT", b"/halt"):
                self.expect(413, b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n"
                            b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


class Parameters(AttackCase):
    def ask_raw(self, method, target):
        return self.expect(400, f"{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode("latin-1"))

    def test_h7_query_values_that_are_none(self):
        prices = (
            "", "0", "-0", "-1", "-0.0001", "NaN", "Infinity", "-Infinity", "1e308", "1e400",
            "-1e400", "1e-400", "5e-324", "1.7976931348623157e308", "01", "%2B1", "+1", ".5", "5.",
            "1e", "0x10", "1_000", "1,5", "true", "null", "%22%31%22", "[1]", "{}", "1%00", "%001",
            "1%20", "%201", "1%0a", "9223372036854775808", "18446744073709551616", "9" * 400,
            "0." + "0" * 400 + "1", "1e-9", "%EF%BB%BF1", "%80", "%C0%AF", "%ED%A0%80", "%D9%A1",
            "1;DROP", "1%26price=2", "%")
        for price in prices:
            self.ask_raw("POST", f"/prices/BTCUSDT?price={price}")
        for symbol in ("", "btcusdt", "BTCUSDT%20", "A" * 33, "%D0%92TCUSDT", "BTC%00USDT", "%80", "BTCUSDT%0a",
                       "..%2F..%2Fetc", "%22", "%ff" * 40):
            self.ask_raw("POST", f"/prices/{symbol}?price=1")
            self.ask_raw("POST", f"/close/{symbol}")
        for query in ("", "price=1&price=2", "price=1&x=1", "x=1", "Price=1", "price%00=1", "price=1&account=main",
                      "&" * 500):
            self.ask_raw("POST", f"/prices/BTCUSDT?{query}")
        for account in ("", "no%2Fname", "%00", "a" * 33, "%C3%A9", "a%20b", "../x", "a&account=b"):
            self.ask_raw("POST", f"/close/BTCUSDT?account={account}")
            self.ask_raw("GET", f"/portfolio?account={account}")
        for service in ("", "all", "Risk", "risk%00", "risk&service=risk", "__proto__"):
            self.ask_raw("POST", f"/reset?service={service}")
        for path in ("/halt", "/resume"):
            for query in ("now=1", "=", "token=x", "_method=DELETE"):
                self.ask_raw("POST", f"{path}?{query}")
        self.assertNotIn("95000", json.dumps(self.engine.get("/prices")))


class Browsers(AttackCase):
    def test_h6_pages_of_strangers(self):
        post, get = b"POST /halt HTTP/1.1\r\n", b"GET /portfolio HTTP/1.1\r\n"
        for origin in (b"http://evil.example", b"null", b"https://localhost", b"http://localhost:1",
                       b"http://localhost.evil.example", b"file://", b""):
            self.expect(403, post + b"Host: localhost\r\nOrigin: " + origin + b"\r\n\r\n")
        self.expect(403, post + b"Host: localhost\r\nOrigin: http://localhost\r\nOrigin: http://evil.example\r\n\r\n")
        for site in (b"cross-site", b"same-site", b"anything"):
            self.expect(403, post + b"Host: localhost\r\nSec-Fetch-Site: " + site + b"\r\n\r\n")
        for host in (b"evil.example", b"evil.example:8080", b"127.0.0.1.evil.example", b"localhost.evil.example",
                     b"10.0.0.1", b"[::2]", b"localhost:x", b""):
            self.expect(421, post + b"Host: " + host + b"\r\n\r\n", (b"evil",))
            self.expect(421, get + b"Host: " + host + b"\r\n\r\n", (b"evil", b"balance"))
        self.expect(400, post + b"Host: localhost\r\nHost: evil.example\r\n\r\n")
        for path in (b"/halt", b"/resume", b"/reset", b"/close/BTCUSDT"):
            for override in (b"X-HTTP-Method-Override: POST", b"X-HTTP-Method: POST", b"X-Method-Override: POST"):
                answer = self.expect(405,
                                     b"GET " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + override + b"\r\n\r\n")
                self.assertIn(b"\r\nAllow: POST\r\n", answer)
            for method in (b"PUT", b"DELETE", b"PATCH", b"OPTIONS", b"HEAD"):
                self.expect(405, method + b" " + path + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

    def test_h6_no_page_may_read_an_answer(self):
        answer = self.expect(200, GET + b"Origin: http://evil.example\r\n\r\n")
        self.assertNotIn(b"access-control", answer.lower())
        for header in (b"Cache-Control: no-store", b"X-Content-Type-Options: nosniff"):
            self.assertIn(b"\r\n" + header + b"\r\n", answer)


class Ports(unittest.TestCase):
    def test_h10_a_port_is_one_engines(self):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "two").mkdir()
            redis = Redis(folder)
            first = Engine(folder, redis)
            self.addCleanup(first.kill)
            second = Engine(folder / "two", redis, port=first.port)
            self.addCleanup(second.kill)
            self.assertEqual(second.process.wait(timeout=10 * SLACK), 71)
            self.assertIn("Address already in use", second.log())
            self.assertEqual(first.get("/health")["state"], "starting")


class Readers(AttackCase):
    def test_h11_readers_stop_no_trading(self):
        """A thousand scrapes while signals come: every signal is decided, and the views are copied at most 50 times a
        second each, however many ask."""
        begin = time.monotonic()
        before = self.samples()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            scrapes = [pool.submit(self.engine.ask, "GET", "/metrics") for _ in range(1_000)]
            self.redis.send_many_signals(2_000)
            for scrape in scrapes:
                self.assertEqual(scrape.result()[0], 200)
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["signals_received"] == 2_000))
        took = time.monotonic() - begin
        fills = {key: value for key, value in self.samples().items() if "view" in key and "late" not in key}
        self.assertTrue(fills)
        for key, value in fills.items():
            self.assertLessEqual(value - before[key], 3 * (50 * took + 2), key)


if __name__ == "__main__":
    run_tests(__doc__)
