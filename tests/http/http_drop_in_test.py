#!/usr/bin/env python3
"""The engine in the place of the three services: conf/drop_in.toml, asked as their users ask.

    tests/http/http_drop_in_test.py --bin build/release [unittest options]
"""

import json
import os
import pathlib
import socket
import subprocess
import tempfile
import time
import unittest

from endpoint import (CONF, SLACK, DropInCase, DropInEngine, Redis, program, run_tests,
                      wait_until)

COUNT, NUMBER, TEXT, TABLE = int, (int, float), str, dict
SYMBOLS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT"]

# (service, path) -> keys in their order -> type.
KEYS = {
    ("risk", "/health"): {
        "status": TEXT, "uptime_seconds": NUMBER, "signals_received": COUNT,
        "signals_approved": COUNT, "signals_rejected": COUNT, "approval_rate": NUMBER},
    ("risk", "/stats"): {
        "governer_balance": NUMBER, "governer_peak": NUMBER, "governer_drawdown": NUMBER,
        "total_trades": COUNT, "recent_win_rate": NUMBER, "rejection_reasons": TABLE},
    ("execution", "/health"): {
        "status": TEXT, "uptime_seconds": NUMBER, "orders_received": COUNT,
        "orders_filled": COUNT, "orders_rejected": COUNT, "fill_rate": NUMBER},
    ("execution", "/stats"): {
        "total_volume_usd": NUMBER, "total_fees_usd": NUMBER, "avg_slippage_pct": NUMBER,
        "orders_filled": COUNT, "orders_rejected": COUNT},
    ("position", "/health"): {
        "status": TEXT, "uptime_seconds": NUMBER, "open_positions": COUNT,
        "total_exposure_usd": NUMBER, "unrealized_pnl": NUMBER},
    ("position", "/portfolio"): {
        "initial_balance": NUMBER, "current_balance": NUMBER, "total_realized_pnl": NUMBER,
        "total_unrealized_pnl": NUMBER, "total_pnl": NUMBER, "total_return_pct": NUMBER,
        "open_positions": COUNT, "total_exposure_usd": NUMBER, "exposure_pct": NUMBER,
        "win_rate": NUMBER, "total_fees_paid": NUMBER},
}
POSITION = {"symbol": TEXT, "side": TEXT, "entry_price": NUMBER, "current_price": NUMBER,
            "size_usd": NUMBER, "leverage": NUMBER, "unrealized_pnl": NUMBER,
            "unrealized_pnl_pct": NUMBER, "entry_time": TEXT, "order_id": TEXT}
CLOSED = {"symbol": TEXT, "pnl": NUMBER, "pnl_pct": NUMBER}


def listening_ports(pid):
    """TCP ports on which a process listens."""
    inodes = set()
    for link in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            inodes.add(os.readlink(link).removeprefix("socket:[").removesuffix("]"))
        except FileNotFoundError:
            pass
    rows = [line.split() for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()]
    listen = "0A"
    return {int(row[1].split(":")[1], 16) for row in rows if row[3] == listen and row[9] in inodes}


class Services(DropInCase):
    def assert_shape(self, value, shape, words):
        self.assertEqual(list(value), list(shape), words)
        for key, kind in shape.items():
            self.assertIsInstance(value[key], kind, (words, key))
            self.assertNotIsInstance(value[key], bool, (words, key))

    def test_answer_with_exactly_their_keys(self):
        self.redis.send_signal()
        self.redis.send_signal(confidence=0.3)
        self.wait_for_signals(2)
        for (service, path), shape in KEYS.items():
            self.assert_shape(self.engine.services[service].get(path), shape, (service, path))
        (position,) = self.position.get("/positions")
        self.assert_shape(position, POSITION, "/positions")
        status, closed = self.position.post("/close/BTCUSDT")
        self.assertEqual(status, 200)
        self.assert_shape(closed, CLOSED, "/close")

    def test_say_what_happened(self):
        self.redis.send_signal()
        self.redis.send_signal(confidence=0.3)
        self.redis.send_signal("HOLD")
        self.wait_for_signals(3)
        health = self.risk.get("/health")
        self.assertEqual((health["status"], health["signals_received"], health["signals_approved"],
                          health["signals_rejected"]), ("healthy", 3, 1, 2))
        self.assertAlmostEqual(health["approval_rate"], 1 / 3, 7)
        stats = self.risk.get("/stats")
        self.assertEqual(stats["rejection_reasons"], {"LOW_CONFIDENCE": 1, "HOLD_SIGNAL": 1})
        self.assertEqual(stats["total_trades"], 1)
        health = self.execution.get("/health")
        self.assertEqual((health["orders_received"], health["orders_filled"], health["fill_rate"]),
                         (1, 1, 1.0))
        (execution,) = wait_until(
            lambda: list(self.redis.entries("trade.execution.res").values()))
        execution = json.loads(execution["data"])
        stats = self.execution.get("/stats")
        self.assertEqual(stats["total_volume_usd"], execution["position_size_usd"])
        self.assertEqual(stats["total_fees_usd"], execution["fee_usd"])
        (position,) = self.position.get("/positions")
        self.assertEqual(position["order_id"], execution["order_id"])
        self.assertEqual(position["entry_price"], execution["entry_price"])
        portfolio = self.position.get("/portfolio")
        self.assertEqual(portfolio["total_fees_paid"], execution["fee_usd"])
        self.assertEqual(self.position.get("/health")["open_positions"], 1)

    def test_prices_are_simulated_and_shared(self):
        self.assertEqual(list(self.execution.get("/prices")), SYMBOLS)
        status, body = self.execution.post("/prices/ETHUSDT?price=1234.5")
        self.assertEqual((status, body["symbol"], body["price"]), (200, "ETHUSDT", 1234.5))
        first = body["sequence"]
        # A walk may come in between.
        for endpoint in (self.execution, self.position, self.engine):
            self.assertAlmostEqual(endpoint.get("/prices")["ETHUSDT"], 1234.5, delta=12)
        status, body = self.position.post("/prices/XRPUSDT?price=2")
        self.assertEqual((status, body["symbol"], body["price"]), (200, "XRPUSDT", 2.0))
        self.assertGreater(body["sequence"], first)
        self.assertAlmostEqual(self.execution.get("/prices")["XRPUSDT"], 2.0, delta=0.02)

    def test_posts_are_inputs_of_the_one_log(self):
        self.execution.post("/prices/BTCUSDT?price=90000")
        self.redis.send_signal()
        self.wait_for_signals(1)
        size = self.position.get("/positions")[0]["size_usd"]
        status, closed = self.position.post("/close/BTCUSDT")
        self.assertEqual((status, closed["symbol"]), (200, "BTCUSDT"))
        self.assertAlmostEqual(closed["pnl_pct"], 100 * closed["pnl"] / size, 6)
        self.assertEqual(self.position.get("/positions"), [])
        self.assertEqual(self.position.get("/portfolio")["total_realized_pnl"], closed["pnl"])
        self.assertTrue(wait_until(
            lambda: len(self.redis.entries("trade.execution.res")) == 2))
        updates = [json.loads(fields["data"])
                   for fields in self.redis.entries("trade.position.update").values()]
        self.assertEqual((updates[-1]["side"], updates[-1]["realized_pnl"]),
                         ("CLOSED", closed["pnl"]))
        self.assertEqual(len(self.redis.entries("trade.signal.safe")), 1, "no approval of a close")
        for endpoint in (self.risk, self.execution):
            self.assertEqual(endpoint.post("/reset")[0], 200)
        commands = [json.loads(line)["fields"] for line in self.engine.stop_and_read_tape()
                    if '"@command"' in line]
        self.assertEqual(commands, [
            {"command": "price", "symbol": "BTCUSDT", "price": "90000"},
            {"command": "close", "symbol": "BTCUSDT"},
            {"command": "reset", "service": "risk"}, {"command": "reset", "service": "execution"}])

    def test_a_reset_is_of_its_own_service_alone(self):
        self.redis.send_signal()
        self.wait_for_signals(1)
        self.assertEqual(self.risk.post("/reset")[0], 200)
        health = self.risk.get("/health")
        self.assertEqual((health["signals_received"], health["approval_rate"]), (0, 0.0))
        self.assertEqual(self.risk.get("/stats")["total_trades"], 0)
        self.assertEqual(self.execution.get("/health")["orders_received"], 1)
        self.assertEqual(self.execution.post("/reset")[0], 200)
        self.assertEqual(self.execution.get("/health")["orders_received"], 0)
        self.assertEqual(self.execution.get("/stats")["total_volume_usd"], 0.0)
        self.assertEqual(self.position.get("/health")["open_positions"], 1, "books go on")

    def test_have_no_other_routes(self):
        for endpoint, method, path, status in (
                (self.risk, "GET", "/metrics", 404), (self.risk, "GET", "/prices", 404),
                (self.risk, "POST", "/halt", 404), (self.risk, "GET", "/reset", 405),
                (self.risk, "POST", "/stats", 405), (self.risk, "GET", "/", 404),
                (self.execution, "GET", "/portfolio", 404),
                (self.execution, "POST", "/close/BTCUSDT", 404),
                (self.position, "POST", "/reset", 404), (self.position, "GET", "/stats", 404),
                (self.position, "GET", "/close/BTCUSDT", 405), (self.engine, "GET", "/stats", 404)):
            got, headers, body = endpoint.ask(method, path)
            self.assertEqual(got, status, (endpoint.port, path))
            self.assertEqual(headers["Content-Type"], "application/problem+json")
            self.assertEqual(json.loads(body)["status"], status)

    def test_wrong_requests_change_nothing(self):
        for endpoint, path, status in (
                (self.execution, "/prices/BTCUSDT", 400), (self.position, "/prices/b?price=1", 400),
                (self.execution, "/prices/BTCUSDT?price=0", 400),
                (self.risk, "/reset?service=execution", 400),
                (self.position, "/close/BTCUSDT?account=no/name", 400),
                (self.position, "/close/BTCUSDT", 409)):
            got, body = endpoint.post(path)
            self.assertEqual((got, body["status"]), (status, status), path)
        commands = [line for line in self.engine.stop_and_read_tape() if '"@command"' in line]
        self.assertEqual(len(commands), 1, "the close that found nothing")

    def test_are_guarded_as_the_main_listener_is(self):
        for endpoint in self.engine.services.values():
            for status, request in (
                    (421, b"GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n"),
                    (403, b"POST /reset HTTP/1.1\r\nHost: localhost\r\n"
                          b"Origin: http://evil.example\r\n\r\n"),
                    (413, b"POST /reset HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"),
                    (411, b"POST /reset HTTP/1.1\r\nHost: localhost\r\n"
                          b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
                    (431, b"GET /" + b"a" * 9_000 + b" HTTP/1.1\r\n\r\n")):
                answer = endpoint.raw(request)
                self.assertTrue(answer.startswith(f"HTTP/1.1 {status} ".encode()), answer)
                self.assertIn(b"\r\nContent-Type: application/problem+json\r\n", answer)
        self.assertEqual(listening_ports(self.engine.process.pid), {
            self.engine.port, *(endpoint.port for endpoint in self.engine.services.values())})

    def test_slow_clients_keep_nobody_out(self):
        slow = [client for endpoint in self.engine.services.values()
                for client in endpoint.slow_clients(40)]
        begin = time.monotonic()
        for endpoint in self.engine.services.values():
            self.assertEqual(endpoint.get("/health")["status"], "healthy")
        self.assertEqual(self.engine.get("/health")["status"], "healthy")
        self.assertLess(time.monotonic() - begin, 1.5 * SLACK)
        for client in slow:
            client.close()

    def test_take_five_threads_each(self):
        def thread_count(engine):
            return len(list(pathlib.Path(f"/proc/{engine.process.pid}/task").iterdir()))
        all_of_them = thread_count(self.engine)
        folder = self.folder / "second"
        folder.mkdir()
        second = Redis(folder)
        self.addCleanup(second.stop)
        second.start()
        alone = DropInEngine(folder, second, services=())
        self.addCleanup(alone.kill)
        self.assertTrue(wait_until(alone.is_ready))
        self.assertEqual(listening_ports(alone.process.pid), {alone.port})
        self.assertEqual(all_of_them - thread_count(alone), 3 * 5)


class Starting(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.redis = Redis(self.folder)
        self.addCleanup(self.redis.stop)

    def started(self, *settings, **more):
        engine = DropInEngine(self.folder, self.redis, *settings, **more)
        self.addCleanup(engine.kill)
        return engine

    def check(self, *settings):
        """--check-config of the conf as it is, with `settings`."""
        settings = [word for setting in settings for word in ("--set", setting)]
        return subprocess.run([program("engine"), "--check-config", *settings,
                               CONF / "drop_in.toml"], capture_output=True, text=True)

    def test_has_the_ports_of_the_services(self):
        done = subprocess.run([program("engine"), "--print-config", CONF / "drop_in.toml"],
                              capture_output=True, text=True)
        for key, port in (("listen", 8080), ("risk_listen", 8003), ("execution_listen", 8002),
                          ("position_listen", 8005)):
            self.assertIn(f'\n{key} = "127.0.0.1:{port}"\n', done.stdout)

    def test_no_other_conf_opens_them(self):
        for conf in CONF.glob("*.toml"):
            done = subprocess.run([program("engine"), "--print-config", conf],
                                  capture_output=True, text=True)
            for key in DropInEngine.NAMES:
                self.assertEqual(f'\n{key}_listen = ""\n' in done.stdout,
                                 conf.name != "drop_in.toml", (conf.name, key))

    def test_other_machines_are_refused(self):
        for key in DropInEngine.NAMES:
            for listen in ("0.0.0.0:8003", "10.1.2.3:80", "[::]:80", "8003"):
                done = self.check(f"http.{key}_listen={listen}")
                self.assertEqual(done.returncode, 78, listen)
                self.assertIn(f"http.{key}_listen: must be host:port of this machine alone",
                              done.stderr)
        self.assertEqual(self.check().returncode, 0)

    def test_a_port_in_use_ends_it(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            for key in DropInEngine.NAMES:
                engine = self.started(f"http.{key}_listen=127.0.0.1:{port}")
                self.assertEqual(engine.process.wait(timeout=10 * SLACK), 71)
                self.assertIn(f"cannot listen on 127.0.0.1:{port}: Address already in use",
                              engine.log())
                self.assertNotIn("listening", engine.log(), "all ports or none")

    def test_one_port_for_two_listeners_ends_it(self):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        engine = self.started(f"http.risk_listen=127.0.0.1:{port}",
                              f"http.position_listen=127.0.0.1:{port}")
        self.assertEqual(engine.process.wait(timeout=10 * SLACK), 71)

    def test_are_up_before_redis_and_say_so(self):
        engine = self.started()
        for (service, path), shape in KEYS.items():
            status, _, body = engine.services[service].ask("GET", path)
            if path == "/health":
                self.assertEqual((status, list(json.loads(body))), (200, list(shape)))
            else:
                self.assertEqual(status, 503, path)
        self.assertEqual(engine.services["execution"].post("/prices/BTCUSDT?price=1")[0], 503)
        self.redis.start()
        self.assertTrue(wait_until(engine.is_ready))
        self.assertEqual(engine.services["execution"].post("/prices/BTCUSDT?price=1")[0], 200)
        self.assertEqual(engine.stop(), 0)

    def test_go_without_the_main_listener(self):
        self.redis.start()
        engine = self.started(services=("risk",), listen="")
        risk = engine.services["risk"]
        self.assertEqual(listening_ports(engine.process.pid), {risk.port})
        self.assertTrue(wait_until(lambda: risk.ask("GET", "/stats")[0] == 200))
        self.redis.send_signal(confidence=0.1)
        self.assertTrue(wait_until(lambda: risk.get("/health")["signals_rejected"] == 1))
        self.assertEqual(engine.stop(), 0)


if __name__ == "__main__":
    run_tests(__doc__)
