#!/usr/bin/env python3
"""The HTTP endpoint as its users meet it: routes, commands, starting and stopping, load.

    tests/http/http_test.py --bin build/release [unittest options]

promtool is used where it is installed.
"""

import concurrent.futures
import json
import pathlib
import shutil
import subprocess
import tempfile
import time
import unittest

from endpoint import SLACK, EndpointCase, Engine, Redis, program, run_tests, wait_until
from holding_proxy import HoldingProxy
from metrics_format import parse_metrics

OUTPUTS = ("trade.signal.safe", "trade.signal.rejected", "trade.execution.res",
           "trade.position.update", "trade.signal.dlq")
HOUR_S = 3600


class Routes(EndpointCase):
    def test_every_get_route_answers_with_its_keys(self):
        self.engine.post("/prices/BTCUSDT?price=100")
        self.redis.send_signal()
        self.redis.send_signal(confidence=0.1)
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["signals_received"] == 2))
        keys = {
            "/health": "status uptime_seconds signals_received signals_approved signals_rejected "
                       "approval_rate orders_received orders_filled orders_rejected fill_rate "
                       "open_positions total_exposure_usd unrealized_pnl",
            "/risk": "governer_balance governer_peak governer_drawdown total_trades "
                     "recent_win_rate rejection_reasons",
            "/execution": "total_volume_usd total_fees_usd avg_slippage_pct orders_filled "
                          "orders_rejected",
            "/portfolio": "initial_balance current_balance total_realized_pnl "
                          "total_unrealized_pnl total_pnl total_return_pct open_positions "
                          "total_exposure_usd exposure_pct win_rate total_fees_paid",
            "/ready": "ready state redis_reader redis_writer",
            "/latency": "latency_ns threads",
        }
        for path, names in keys.items():
            self.assertLessEqual(set(names.split()), set(self.engine.get(path)), path)
        self.assertEqual(self.engine.get("/risk")["rejection_reasons"], {"LOW_CONFIDENCE": 1})
        self.assertEqual(self.engine.get("/prices"), {"BTCUSDT": 100.0})
        (position,) = self.engine.get("/positions")
        self.assertEqual(list(position), "symbol side entry_price current_price size_usd leverage "
                         "unrealized_pnl unrealized_pnl_pct entry_time order_id".split())
        (execution,) = self.redis.entries("trade.execution.res").values()
        self.assertEqual(position["order_id"], json.loads(execution["data"])["order_id"])
        self.assertEqual(position["entry_time"], json.loads(execution["data"])["timestamp"])
        self.assertEqual(self.engine.ask("GET", "/portfolio?account=nobody")[0], 404)

    def test_errors_are_problems(self):
        for method, path, status in (("GET", "/nothing", 404), ("POST", "/health", 405),
                                     ("GET", "/halt", 405), ("DELETE", "/halt", 405),
                                     ("POST", "/prices/BTCUSDT?price=0", 400),
                                     ("POST", "/close/b", 400), ("GET", "/health?x=1", 400)):
            got, headers, body = self.engine.ask(method, path)
            self.assertEqual(got, status, path)
            self.assertEqual(headers["Content-Type"], "application/problem+json")
            self.assertEqual(headers["Cache-Control"], "no-store")
            self.assertEqual(json.loads(body)["status"], status)

    def test_metrics_are_well_formed_and_move(self):
        self.engine.post("/prices/BTCUSDT?price=100")
        self.redis.send_signal()
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["orders_filled"] == 1))
        self.engine.post("/close/BTCUSDT")
        body = self.metrics()
        families = parse_metrics(body)
        wanted = {"quantum_" + name for name in (
            "signals_total approvals_total rejections_total executions_total "
            "position_updates_total approval_rate fill_rate confidence_avg pnl_unrealized "
            "pnl_realized stream_length last_signal_timestamp_seconds positions_open exposure_usd "
            "fees_total balance_current execution_latency_seconds position_duration_minutes "
            "position_duration_seconds eventbus_publish_errors_total").split()}
        wanted |= {"coreloop_" + name for name in (
            "build_info state stage_latency_seconds ring_depth ring_full_total input_lag "
            "input_trimmed_total dead_letters_total redis_reconnects_total redis_errors_total "
            "outbox_pending published_total scrape_duration_seconds").split()}
        wanted |= {"process_" + name for name in (
            "cpu_seconds_total open_fds max_fds virtual_memory_bytes virtual_memory_max_bytes "
            "resident_memory_bytes start_time_seconds threads").split()}
        self.assertEqual(wanted - set(families), set())
        samples = self.samples()
        self.assertEqual(samples['quantum_executions_total{symbol="BTCUSDT",action="SELL"}'], 1)
        self.assertEqual(samples["quantum_execution_latency_seconds_count"], 2)
        self.assertEqual(samples["quantum_position_duration_minutes_count"], 1)
        self.assertGreater(samples["process_open_fds"], 3)
        self.assertLess(abs(samples["quantum_last_signal_timestamp_seconds"] - time.time()),
                        HOUR_S)
        if shutil.which("promtool"):
            done = subprocess.run(["promtool", "check", "metrics"], input=body, text=True,
                                  capture_output=True)
            said = [line for line in done.stdout.splitlines() + done.stderr.splitlines()
                    if "quantum_position_duration_minutes" not in line]
            self.assertEqual(said, [])

    def test_head_has_no_body(self):
        answer = self.engine.raw(b"HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertTrue(answer.endswith(b"\r\n\r\n"))


class Commands(EndpointCase):
    def test_take_effect_at_their_sequence(self):
        status, body = self.engine.post("/prices/BTCUSDT?price=100")
        self.assertEqual((status, body["sequence"], body["applied"]), (200, 1, True))
        self.redis.send_signal()
        self.assertTrue(wait_until(lambda: self.engine.get("/positions")))
        status, body = self.engine.post("/prices/BTCUSDT?price=120")
        self.assertEqual((status, body["sequence"]), (200, 3))
        self.assertEqual(self.engine.get("/prices"), {"BTCUSDT": 120.0}, "seen at once")
        (position,) = self.engine.get("/positions")
        status, body = self.engine.post("/close/BTCUSDT")
        self.assertEqual((status, body["sequence"], body["symbol"]), (200, 4, "BTCUSDT"))
        self.assertAlmostEqual(body["pnl_pct"], 100 * body["pnl"] / position["size_usd"], 6)
        self.assertEqual(self.engine.get("/positions"), [])
        portfolio = self.engine.get("/portfolio")
        self.assertEqual(portfolio["total_realized_pnl"], body["pnl"])
        self.assertEqual(portfolio["sequence"], 4)
        updates = wait_until(lambda: list(self.redis.entries("trade.position.update").values())[1:])
        self.assertEqual(json.loads(updates[0]["data"])["side"], "CLOSED")
        self.assertEqual(updates[0]["seq"], "4")
        status, body = self.engine.post("/close/BTCUSDT")
        self.assertEqual((status, body["sequence"], body["reason"]), (409, 5, "NOTHING_TO_CLOSE"))

    def test_halt_resume_and_reset(self):
        self.engine.post("/prices/BTCUSDT?price=100")
        self.assertEqual(self.engine.post("/halt")[0], 200)
        self.assertTrue(self.engine.get("/risk")["halted"])
        self.redis.send_signal()
        reasons = {"EMERGENCY_STOP_ACTIVE": 1}
        self.assertTrue(wait_until(
            lambda: self.engine.get("/risk")["rejection_reasons"] == reasons))
        self.assertEqual(self.engine.post("/resume")[0], 200)
        self.assertFalse(self.engine.get("/risk")["halted"])
        self.redis.send_signal()
        self.assertTrue(wait_until(lambda: self.engine.get("/execution")["orders_filled"] == 1))
        self.assertEqual(self.engine.post("/reset?service=risk")[0], 200)
        health = self.engine.get("/health")
        self.assertEqual((health["signals_received"], health["orders_received"]), (0, 1))
        self.assertEqual(self.engine.post("/reset")[0], 200)
        self.assertEqual(self.engine.get("/health")["orders_received"], 0)
        self.assertEqual(len(self.engine.get("/positions")), 1, "books go on")
        self.assertIn('quantum_signals_total{symbol="BTCUSDT",action="BUY"} 2\n', self.metrics())

    def test_other_accounts_are_closed_by_name(self):
        self.engine.post("/prices/BTCUSDT?price=100")
        self.redis.send_signal(account="second")
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["open_positions"] == 1))
        self.assertEqual(self.engine.get("/positions"), [])
        self.assertEqual(len(self.engine.get("/positions?account=second")), 1)
        self.assertEqual(self.engine.post("/close/BTCUSDT")[0], 409)
        self.assertEqual(self.engine.post("/close/BTCUSDT?account=second")[0], 200)

    def test_a_tape_with_commands_replays_to_what_the_streams_hold(self):
        for i in range(6):
            self.engine.post(f"/prices/BTCUSDT?price={100 + i}")
            self.engine.post(f"/prices/ETHUSDT?price={3000 - 7 * i}")
            self.redis.send_signal()
            self.redis.send_signal("SELL", "ETHUSDT", 0.8)
            self.redis.send_signal(confidence=0.3)
            self.redis.cli("XADD", "trade.signal.v5", "*", "data", "{")
            if i % 2:
                self.engine.post("/close/BTCUSDT")
            if i == 3:
                self.engine.post("/halt")
                self.engine.post("/resume")
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["signals_received"] == 24))
        self.assertEqual(self.engine.stop(), 0)
        out = self.folder / "replayed.ndjson"
        done = subprocess.run([program("replay"), "run", "--capture", self.engine.tape, "--conf",
                               self.folder / "engine.toml", "--out", out], capture_output=True,
                              text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        replayed = {stream: {} for stream in OUTPUTS}
        for line in out.read_text().splitlines():
            entry = json.loads(line)
            replayed[entry["stream"]][entry["id"]] = entry["fields"]
        held = {stream: self.redis.entries(stream) for stream in OUTPUTS}
        self.assertGreater(len(held["trade.execution.res"]), 6)
        self.assertEqual(replayed, held)
        commands = [json.loads(line) for line in self.engine.tape.read_text().splitlines()
                    if '"@command"' in line]
        self.assertEqual(len(commands), 6 * 2 + 3 + 2)

    def test_an_idle_engine_on_several_threads_wakes_for_a_command(self):
        folder = self.folder / "second"
        folder.mkdir()
        self.engine.kill()
        self.engine = self.started_engine(
            'threads.layout=[["ingress"], ["risk"], ["fill"], ["mark"], ["egress"]]',
            "threads.cores=none", folder=folder)
        self.assertTrue(wait_until(self.engine.is_ready))
        time.sleep(0.5)
        taken = []
        for i in range(5):
            time.sleep(0.15)
            begin = time.monotonic()
            self.assertEqual(self.engine.post(f"/prices/BTCUSDT?price={i + 1}")[0], 200)
            self.assertEqual(self.engine.get("/prices"), {"BTCUSDT": i + 1.0})
            taken.append(time.monotonic() - begin)
        self.assertLess(sorted(taken)[2], 0.09 * SLACK, "woken, not found by a look every 100 ms")

    def test_what_cannot_be_answered_in_time_is_202_and_still_happens(self):
        """Redis confirms nothing any more, so that in the end no stage can go on."""
        folder = self.folder / "held"
        folder.mkdir()
        proxy = HoldingProxy(folder / "proxy.sock", self.redis.socket)
        self.addCleanup(proxy.stop)
        self.engine.kill()
        self.engine = self.started_engine(
            f'redis.url="unix://{folder / "proxy.sock"}"', "risk.max_daily_trades=1000000",
            "risk.cooldown_after_loss_minutes=0", folder=folder)
        self.assertTrue(wait_until(self.engine.is_ready))
        self.assertEqual(self.engine.post("/prices/BTCUSDT?price=100")[0], 200)
        proxy.holds = True
        self.redis.send_many_signals(40_000)
        answers = []
        self.assertTrue(wait_until(lambda: self.asks_to_halt(answers) == 202, 30), answers)
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            asked = [pool.submit(self.engine.post, "/resume") for _ in range(3)]
            self.assertEqual(self.engine.get("/health")["status"], "healthy")
            self.assertLess(time.monotonic() - begin, SLACK, "a thread is left for others")
            statuses = sorted(task.result()[0] for task in asked)
        self.assertEqual(statuses, [202, 202, 503])
        proxy.holds = False
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["signals_received"] == 40_000,
                                   60))
        self.assertFalse(self.engine.get("/risk")["halted"], "the last one was a resume")
        commands = [line for line in self.engine.stop_and_read_tape() if '"@command"' in line]
        self.assertEqual(len(commands), 1 + len(answers) + 2)

    def asks_to_halt(self, answers):
        """The status of one more POST /halt; all of them are kept in `answers`."""
        status, body = self.engine.post("/halt")
        answers.append((status, body))
        return status


class Starting(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.redis = Redis(self.folder)
        self.addCleanup(self.redis.stop)

    def engine_of(self, *settings, port=0, name="one"):
        folder = self.folder / name
        folder.mkdir()
        engine = Engine(folder, self.redis, *settings, port=port)
        self.addCleanup(engine.kill)
        return engine

    def test_is_up_before_redis_and_says_what_is_missing(self):
        engine = self.engine_of()
        status, _, body = engine.ask("GET", "/ready")
        self.assertEqual(status, 503)
        self.assertEqual(json.loads(body)["redis_reader"], "not connected")
        self.assertEqual(engine.get("/health")["state"], "starting")
        parse_metrics(engine.ask("GET", "/metrics")[2])
        for path in ("/portfolio", "/positions", "/risk", "/execution", "/prices"):
            self.assertEqual(engine.ask("GET", path)[0], 503, path)
        self.assertEqual(engine.post("/halt")[0], 503)
        self.redis.start()
        self.assertTrue(wait_until(engine.is_ready))
        self.assertEqual(engine.post("/halt")[0], 200)
        self.redis.stop()
        self.assertTrue(wait_until(lambda: not engine.is_ready()))
        self.assertEqual(engine.post("/resume")[0], 200, "commands go on without Redis")
        self.redis.start()
        self.assertTrue(wait_until(engine.is_ready, 20))
        self.assertEqual(engine.stop(), 0)

    def test_a_port_in_use_is_an_error(self):
        first = self.engine_of()
        second = self.engine_of(port=first.port, name="two")
        self.assertEqual(second.process.wait(timeout=10 * SLACK), 71)
        self.assertIn(f"cannot listen on 127.0.0.1:{first.port}: Address already in use",
                      second.log())
        self.assertEqual(first.get("/health")["status"], "healthy")

    def test_other_machines_are_refused_and_nothing_is_off(self):
        conf = self.folder / "engine.toml"
        conf.write_text('[input]\nsource = "redis"\n[output]\nsink = "redis"\n')
        alone = "http.listen: other machines could command the engine"
        for listen, said in (("0.0.0.0:8080", alone), ("10.1.2.3:80", alone),
                             ("example.org:80", alone), ("[::]:80", alone),
                             ("8080", "http.listen: must be host:port")):
            done = subprocess.run([program("engine"), "--set", f'http.listen="{listen}"',
                                   "--check-config", conf], capture_output=True, text=True)
            self.assertEqual(done.returncode, 78, listen)
            self.assertIn(said, done.stderr)
        self.redis.start()
        engine = Engine(self.folder, self.redis, 'http.listen=""')
        self.addCleanup(engine.kill)
        self.assertEqual(engine.port, 0)
        self.assertIn("running on", engine.log())
        self.assertEqual(engine.stop(), 0)


class Load(EndpointCase):
    def scrape(self):
        """The status. A client that is late with its words to the last free thread is shut out: it asks again."""
        for _ in range(20):
            try:
                return self.engine.ask("GET", "/metrics")[0]
            except ConnectionError:
                pass
        return None

    def test_many_scrapes_cost_stages_few_copies(self):
        self.engine.post("/prices/BTCUSDT?price=100")
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            statuses = set(pool.map(lambda _: self.scrape(), range(300)))
        elapsed = time.monotonic() - begin
        self.assertEqual(statuses, {200})
        samples = self.samples()
        self.assertLessEqual(samples["coreloop_views_filled_total"], 3 * (50 * elapsed + 5))
        self.assertEqual(samples["coreloop_views_late_total"], 0)


if __name__ == "__main__":
    run_tests(__doc__)
