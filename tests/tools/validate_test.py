#!/usr/bin/env python3
"""tools/validate: green beside a real engine with conf/drop_in.toml, and red with the right line for
whatever is wrong.

    tests/tools/validate_test.py --bin build/release [unittest options]
"""

import http.server
import json
import pathlib
import subprocess
import sys
import tempfile
import threading
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path.append(str(ROOT / "tests/http"))
from endpoint import SLACK, DropInCase, DropInEngine, Redis, run_tests, wait_until

GROUPS = ["services", "streams", "signals", "end to end", "health"]
APPROVALS, EXECUTIONS, POSITIONS, SIGNALS = (
    "trade.signal.safe", "trade.execution.res", "trade.position.update", "trade.signal.v5")


class Run:
    """What a run of tools/validate said."""

    def __init__(self, *arguments):
        done = subprocess.run([ROOT / "tools/validate", *map(str, arguments)], capture_output=True,
                              text=True)
        self.code, self.errors = done.returncode, done.stderr
        self.lines = done.stdout.splitlines()
        self.checks = [line for line in self.lines if line.startswith(("  ok ", "  FAIL "))]
        self.failed = {line[8:44].strip(): line[46:] for line in self.checks
                       if line.startswith("  FAIL")}
        self.groups = [line for line in self.lines if line and line[0].islower()]
        self.last = self.lines[-1] if self.lines else ""

    def line(self, words):
        """The check of that name."""
        (found,) = (line for line in self.checks if line[8:44].strip() == words)
        return found


def ports_of(ports):
    return [f"--{key}-port={port}" for key, port in ports.items()]


class BesideAnEngine(DropInCase):
    def validate(self, *arguments, engine=None):
        services = (engine or self.engine).services
        ports = {key: services[key].port if key in services else self.unused_port()
                 for key in DropInEngine.NAMES}
        return Run("--redis", f"unix://{self.redis.socket}", *ports_of(ports), *arguments)

    def unused_port(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), None)
        server.server_close()
        return server.server_port

    def publish(self):
        self.redis.send_signal("BUY", "BTCUSDT")
        self.redis.send_signal("SELL", "ETHUSDT", 0.7)
        self.redis.send_signal("HOLD")
        self.redis.send_signal("BUY", "SOLUSDT", 0.4)
        self.wait_for_signals(4)
        self.assertTrue(wait_until(lambda: len(self.redis.entries(POSITIONS)) == 2))

    def test_is_green_after_some_signals(self):
        self.publish()
        run = self.validate()
        self.assertEqual((run.code, run.errors, run.failed), (0, "", {}), run.lines)
        self.assertEqual(run.last, "CORE LOOP OK")
        self.assertEqual(run.lines[-2], "13 checks: 13 ok, 0 failed")
        self.assertEqual((len(run.checks), run.groups), (13, GROUPS))
        self.assertIn(f"127.0.0.1:{self.risk.port}", run.line("risk safety is up and listens"))
        self.assertIn(f"{SIGNALS} 4, {APPROVALS} 2", run.line("every stream has messages"))
        self.assertIn("50.0%: 2 of 4 signals approved", run.line("approval rate"))
        self.assertIn("0.8000 of the newest 2", run.line("mean confidence of at least 0.65"))
        self.assertIn("BUY, HOLD, SELL", run.line("more than one kind of action"))
        self.assertIn("filled, ETHUSDT now SHORT", run.line("from signal to position"))
        self.assertIn("100.0%: 2 of 2 orders filled", run.line("fill rate"))
        self.assertRegex(run.line("time to execution"), r"median [\d.]+ ms, at most \d+ ms, of 2$")

    def test_injects_edge_cases_and_leaves_other_books_alone(self):
        self.publish()
        before = self.position.get("/portfolio")
        run = self.validate("--inject", "--account", "probe", "--patience", 20 * SLACK)
        self.assertEqual((run.code, run.failed), (0, {}), run.lines)
        self.assertEqual(run.last, "CORE LOOP OK")
        self.assertEqual(run.lines[-2], "18 checks: 18 ok, 0 failed")
        self.assertEqual(run.groups, [*GROUPS, "edge cases"])
        self.assertIn("rejected: LOW_CONFIDENCE", run.line("confidence 0.64"))
        self.assertIn("executed: PAPER-", run.line("confidence 0.65"))
        self.assertIn("account probe closed again", run.lines[-3])
        self.assertEqual(self.position.get("/positions?account=probe"), [])
        portfolio = self.position.get("/portfolio")
        self.assertEqual((portfolio["current_balance"], portfolio["open_positions"]),
                         (before["current_balance"], 2))
        probe = self.position.get("/portfolio?account=probe")
        self.assertGreater(probe["total_fees_paid"], 0)
        self.assertEqual(self.redis.cli("XLEN", SIGNALS), str(4 + 9))

    def test_can_be_repeated_and_needs_nothing_published_before(self):
        for _ in range(3):
            run = self.validate("--inject", "--patience", 20 * SLACK)
            self.assertEqual((run.code, run.last), (0, "CORE LOOP OK"), run.lines)

    def test_is_red_where_nothing_was_published(self):
        run = self.validate()
        self.assertEqual(run.code, 1)
        self.assertEqual(run.lines[-2], "13 checks: 6 ok, 7 failed")
        self.assertEqual(run.failed["every stream has messages"],
                         f"nothing in {SIGNALS}, {APPROVALS}, {EXECUTIONS}, {POSITIONS}")
        self.assertEqual(run.failed["approval rate"], "0 of 0 signals approved")
        self.assertEqual(run.failed["fill rate"], "0 of 0 orders filled")
        self.assertEqual(run.failed["from signal to position"], f"nothing in {APPROVALS}")
        self.assertIn(f"CORE LOOP BROKEN: every stream has messages: nothing in {SIGNALS}", run.last)

    def test_is_red_where_one_listener_is_missing(self):
        self.publish()
        self.engine.kill()
        folder = self.folder / "second"
        folder.mkdir()
        for key, words in DropInEngine.NAMES.items():
            others = tuple(name for name in DropInEngine.NAMES if name != key)
            engine = DropInEngine(folder, self.redis, services=others)
            self.addCleanup(engine.kill)
            self.assertTrue(wait_until(engine.is_ready))
            self.redis.send_signal(account=f"of-{key}")
            self.assertTrue(wait_until(lambda e=engine: e.get("/health")["orders_filled"] == 1))
            run = self.validate(engine=engine)
            self.assertEqual(run.code, 1)
            self.assertIn(f"{words} is up and listens", run.failed)
            self.assertIn(f"{words} is healthy", run.failed)
            self.assertEqual(len(run.failed), 2 + (key != "position"), run.failed)
            self.assertRegex(run.last, rf"^CORE LOOP BROKEN: {words} does not listen on "
                                       r"127\.0\.0\.1:\d+: Connection refused$")
            engine.kill()

    def test_is_red_where_the_engine_is_gone(self):
        self.publish()
        self.engine.kill()
        run = self.validate("--inject", "--patience", "0.1")
        self.assertEqual(run.code, 1)
        for words in DropInEngine.NAMES.values():
            self.assertIn(f"{words} does not listen on 127.0.0.1:", run.last)
            self.assertIn("Connection refused", run.failed[f"{words} is up and listens"])
        self.assertIn("Connection refused", run.failed["a burst of five"])
        self.assertNotIn("every stream has messages", run.failed, "those are still there")
        self.assertEqual(self.redis.cli("XLEN", SIGNALS), "4", "nothing is injected for nobody")

    def test_is_red_where_redis_is_gone(self):
        self.redis.stop()
        run = self.validate()
        self.assertEqual(run.code, 1)
        self.assertIn(f"Redis at {self.redis.socket}: ", run.last)
        self.assertEqual(run.last.count("Redis at"), 1)

    def test_shows_why_an_edge_case_went_another_way(self):
        self.engine.post("/halt")
        run = self.validate("--inject", "--patience", 20 * SLACK)
        self.assertEqual(run.code, 1)
        self.assertEqual(run.failed["confidence 0.65"], "rejected: EMERGENCY_STOP_ACTIVE")
        self.assertEqual(run.failed["a burst of five"], "rejected: EMERGENCY_STOP_ACTIVE")
        self.assertNotIn("confidence 0.42", run.failed)
        self.assertNotIn("HOLD", run.failed)

    def test_is_red_where_low_confidence_passes(self):
        self.engine.kill()
        folder = self.folder / "second"
        folder.mkdir()
        engine = self.started_engine("risk.min_confidence_threshold=0.4", folder=folder)
        self.assertTrue(wait_until(engine.is_ready))
        run = self.validate("--inject", "--patience", 20 * SLACK, engine=engine)
        self.assertEqual(run.failed["confidence 0.42"],
                         "not rejected as LOW_CONFIDENCE, but: approved")


class Service(http.server.BaseHTTPRequestHandler):
    """A service that answers what `answers` of its server says: path -> (status, body)."""

    def do_GET(self):
        status, body = self.server.answers[self.path]
        self.send_response(status)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments):
        pass


class BesideScripts(unittest.TestCase):
    """Streams and services as no engine of ours leaves them."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.redis = Redis(pathlib.Path(folder.name))
        self.addCleanup(self.redis.stop)
        self.redis.start()
        counts = {
            "risk": {"signals_received": 2, "signals_approved": 1, "signals_rejected": 1,
                     "approval_rate": 0.5},
            "execution": {"orders_received": 1, "orders_filled": 1, "orders_rejected": 0,
                          "fill_rate": 1.0},
            "position": {"open_positions": 1, "total_exposure_usd": 1.0, "unrealized_pnl": 0.0}}
        self.health = {key: {"status": "healthy", "uptime_seconds": 1.0, **rest}
                       for key, rest in counts.items()}
        self.servers = {}
        for key in counts:
            server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
            server.answers = {"/stats": (200, '{"rejection_reasons": {}}')}
            self.servers[key] = server
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            self.addCleanup(thread.join)
            self.addCleanup(server.server_close)
            self.addCleanup(server.shutdown)
            self.say(key)
        self.add(SIGNALS, "100000-0", None, action="BUY")
        self.add(SIGNALS, "100001-0", None, action="SELL")
        self.add(APPROVALS, "100005-1", 1, confidence=0.7)
        self.add(EXECUTIONS, "100005-1", 1, status="filled", order_id="PAPER-1")
        self.add(POSITIONS, "100005-1", 1, side="LONG")

    def add(self, stream, entry_id, sequence, cause=f"{SIGNALS}/100000-0", **data):
        more = [] if sequence is None else ["seq", str(sequence), "cause", cause]
        self.redis.cli("XADD", stream, entry_id, "data", json.dumps(data), *more)

    def say(self, key, http_status=200, body=None, **more):
        """What a service answers to GET /health from now on."""
        body = json.dumps({**self.health[key], **more}) if body is None else body
        self.servers[key].answers["/health"] = (http_status, body)

    def validate(self, *arguments, redis=None):
        ports = {key: server.server_port for key, server in self.servers.items()}
        return Run("--redis", redis or f"unix://{self.redis.socket}", *ports_of(ports), *arguments)

    def expect(self, what, told):
        """That this one check fails, for this reason."""
        run = self.validate()
        self.assertEqual((run.code, run.failed), (1, {what: told}))
        self.assertEqual(run.last, f"CORE LOOP BROKEN: {what}: {told}")

    def test_are_green_as_they_are(self):
        run = self.validate()
        self.assertEqual((run.code, run.last), (0, "CORE LOOP OK"), run.lines)
        self.assertIn("median 5 ms, at most 5 ms, of 1", run.line("time to execution"))

    def test_confidence_below_the_threshold(self):
        self.add(APPROVALS, "100005-2", 1, confidence=0.5)
        self.expect("mean confidence of at least 0.65",
                    "mean confidence 0.6000 of the newest 2 approvals, below 0.65")

    def test_confidence_missing(self):
        self.add(APPROVALS, "100005-2", 1)
        self.expect("mean confidence of at least 0.65", f"an entry of {APPROVALS} has no confidence")

    def test_one_kind_of_action(self):
        self.redis.cli("XDEL", SIGNALS, "100001-0")
        self.expect("more than one kind of action", "only BUY among the newest signals")

    def test_approved_and_not_executed(self):
        self.add(APPROVALS, "100006-2", 2, f"{SIGNALS}/100001-0", confidence=0.7)
        self.expect("from signal to position",
                    f"signal {SIGNALS}/100001-0 was approved and has no execution")

    def test_executed_and_not_booked(self):
        self.redis.cli("XDEL", POSITIONS, "100005-1")
        self.add(POSITIONS, "100005-2", 3, side="LONG")
        self.expect("from signal to position", f"{SIGNALS}/100000-0: approved, PAPER-1 filled, "
                    "and there is no position update")

    def test_slow_executions(self):
        for number in (2, 3):
            self.add(EXECUTIONS, f"102005-{number}", number, f"{SIGNALS}/100001-0", status="filled")
        self.expect("time to execution", "median 2004 ms, at most 2004 ms, of 3; more than 1000 ms")

    def test_executions_of_no_signal(self):
        self.redis.cli("DEL", EXECUTIONS)
        self.add(EXECUTIONS, "100005-1", 1, "@command/100005-1", status="filled")
        self.expect("time to execution", f"no execution of a signal in {EXECUTIONS}")

    def test_nothing_approved(self):
        self.say("risk", signals_approved=0, approval_rate=0.0)
        self.expect("approval rate", "0 of 2 signals approved")

    def test_orders_not_filled(self):
        self.say("execution", orders_received=10, orders_filled=8, fill_rate=0.8)
        self.expect("fill rate", "8 of 10 orders filled")

    def test_a_service_that_is_not_well(self):
        self.say("position", status="degraded")
        self.expect("position monitor is healthy", "position monitor says it is degraded")

    def test_a_service_with_another_status(self):
        self.say("position", 500)
        self.expect("position monitor is healthy", "position monitor: GET /health: status 500")

    def test_a_service_that_speaks_something_else(self):
        self.say("position", body="<html>")
        self.expect("position monitor is healthy",
                    "position monitor: GET /health: the answer is no JSON")
        self.say("position", body="[]")
        self.expect("position monitor is healthy",
                    "position monitor: GET /health: the answer is no JSON object")
        self.say("position", open_positions="1", unrealized_pnl=None)
        self.expect("position monitor is healthy", "position monitor: GET /health: missing or of "
                    "another type: open_positions, unrealized_pnl")

    def test_nobody_decides_what_is_injected(self):
        run = self.validate("--inject", "--patience", "0.1")
        self.assertRegex(run.failed["confidence 0.42"],
                         r"^no outcome of signal \d+-\d+ within 0.1 s$")
        self.assertRegex(run.failed["HOLD"], "^no outcome of signal")
        self.assertIn("nothing to close", run.lines[-3])

    def test_password_and_database(self):
        self.redis.cli("CONFIG", "SET", "requirepass", "s e/c:r")
        run = self.validate()
        self.assertIn("NOAUTH", run.failed["every stream has messages"])
        run = self.validate(redis=f"unix://:wrong@{self.redis.socket}")
        self.assertIn("WRONGPASS", run.failed["every stream has messages"])
        run = self.validate(redis=f"unix://:s%20e%2Fc%3Ar@{self.redis.socket}")
        self.assertEqual(run.last, "CORE LOOP OK", run.lines)

    def test_over_tcp_with_a_database(self):
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), None) as free:
            port = free.server_port
        self.redis.cli("CONFIG", "SET", "port", str(port))
        run = self.validate(redis=f"redis://127.0.0.1:{port}/0")
        self.assertEqual(run.last, "CORE LOOP OK", run.lines)
        run = self.validate(redis=f"redis://127.0.0.1:{port}/1")
        self.assertIn("nothing in", run.failed["every stream has messages"])


class Usage(unittest.TestCase):
    def test_wrong_arguments_are_told(self):
        for arguments, words in ((["--nothing"], "--nothing"), (["--risk-port", "0"], "1 to 65535"),
                                 (["--risk-port", "x"], "1 to 65535"), (["--patience", "x"], "float"),
                                 (["--redis", "http://x"], "redis://"), (["--redis", "unix:"], "unix"),
                                 (["--redis", "redis://h:99999"], "Port"), (["more"], "more")):
            run = Run(*arguments)
            self.assertEqual((run.code, run.lines), (64, []), arguments)
            self.assertIn(words, run.errors)
            self.assertIn("Try 'tools/validate --help'", run.errors)

    def test_help_teaches(self):
        run = Run("--help")
        self.assertEqual((run.code, run.errors), (0, ""))
        text = "\n".join(run.lines)
        for words in ("--redis", "--risk-port", "--execution-port", "--position-port", "--inject",
                      "conf/drop_in.toml", "CORE LOOP OK", "8003", "8002", "8005", "Exit code"):
            self.assertIn(words, text)


if __name__ == "__main__":
    run_tests(__doc__)
