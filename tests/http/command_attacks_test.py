#!/usr/bin/env python3
"""Who may command, and how often: tokens, and the same command twice, too many, while the engine
stops and while Redis is away. Each attack: what it is answered, exactly, and that nothing else was done.

    tests/http/command_attacks_test.py --bin build/release [unittest options]
"""

import concurrent.futures
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import time
import unittest

from attack_case import POST, AttackCase
from endpoint import SLACK, Endpoint, EndpointCase, Engine, Redis, program, run_tests, wait_until

TOKEN = "S3cret-token-of-this-test"


class Tokens(AttackCase):
    def started_engine(self, *settings, folder=None, port=0):
        self.token_file = self.folder / "token"
        self.token_file.write_text(TOKEN + "\n")
        self.token_file.chmod(0o600)
        return super().started_engine(f'http.token_file="{self.token_file}"', *settings, folder=folder, port=port)

    def tearDown(self):
        status, _, body = self.engine.ask("GET", "/risk", {"Authorization": "Bearer " + TOKEN})
        self.assertEqual((status, json.loads(body)["halted"]), (200, False))
        self.assertNotIn(TOKEN, self.engine.log())
        self.assertEqual(self.engine.stop(), 0)
        self.assertNotIn(TOKEN, self.engine.log())
        tape = self.engine.tape.read_text(encoding="utf-8")
        self.assertNotIn(TOKEN, tape)
        self.assertNotIn("@command", tape)

    def test_h5_without_the_token_nothing_is_shown_and_nothing_done(self):
        wrong = (b"", b"Authorization: Bearer\r\n", b"Authorization: Bearer \r\n",
                 b"Authorization: Bearer " + TOKEN[:-1].encode() + b"\r\n",
                 b"Authorization: Bearer " + TOKEN.encode() + b"x\r\n",
                 b"Authorization: Bearer " + TOKEN.lower().encode() + b"\r\n",
                 b"Authorization: Basic " + TOKEN.encode() + b"\r\n", b"Authorization: " + TOKEN.encode() + b"\r\n",
                 b"X-Token: " + TOKEN.encode() + b"\r\n", b"Cookie: token=" + TOKEN.encode() + b"\r\n",
                 b"Authorization: Bearer " + TOKEN.encode() + b"\r\nAuthorization: Bearer x\r\n",
                 b"Authorization: Bearer " + b"x" * 7_000 + b"\r\n")
        requests = 0
        for header in wrong:
            for first in (b"POST /halt", b"POST /halt?token=" + TOKEN.encode(),
                          b"POST /halt?access_token=" + TOKEN.encode(),
                          b"GET /portfolio", b"GET /metrics", b"GET /risk", b"HEAD /positions", b"GET /nothing",
                          b"PUT /halt"):
                answer = self.expect(401, first + b" HTTP/1.1\r\nHost: localhost\r\n" + header + b"\r\n",
                                     (TOKEN.encode(),))
                self.assertIn(b"\r\nWWW-Authenticate: Bearer\r\n", answer)
                requests += 1
        for path in ("/", "/ready", "/docs", "/openapi.json"):
            self.assertEqual(self.engine.ask("GET", path)[0], 200)
        self.assertEqual(set(self.engine.get("/health")), {"status", "state", "uptime_seconds"})
        # A guess is counted, wherever it is made.
        status, _, body = self.engine.ask("GET", "/health", {"Authorization": "Bearer " + TOKEN + "x"})
        self.assertEqual((status, set(json.loads(body))), (200, {"status", "state", "uptime_seconds"}))
        requests += 1
        status, _, body = self.engine.ask("GET", "/metrics", {"Authorization": "Bearer " + TOKEN})
        self.assertEqual(status, 200)
        self.assertIn(f"\ncoreloop_http_without_token_total {requests}\n", body)
        self.assertIn("\ncoreloop_http_commands_total 0\n", body)
        self.assertNotIn(TOKEN, body)

    def test_h5_a_wrong_page_with_the_token_is_refused_all_the_same(self):
        token = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n\r\n"
        self.expect(403, POST + b"Origin: http://evil.example\r\n" + token)
        self.expect(421, b"POST /halt HTTP/1.1\r\nHost: evil.example\r\n" + token)

    def test_h5_the_token_is_shown_nowhere(self):
        done = subprocess.run([program("engine"), "--set", f'http.token_file="{self.token_file}"', "--print-config",
                               self.folder / "engine.toml"], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0)
        self.assertIn(f'token_file = "{self.token_file}"', done.stdout)
        self.assertNotIn(TOKEN, done.stdout + done.stderr)
        for file in ("cmdline", "environ"):
            self.assertNotIn(TOKEN.encode(), pathlib.Path(f"/proc/{self.engine.process.pid}/{file}").read_bytes())


class TokenFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "token"
        self.redis = Redis(self.folder)  # not started: the endpoint is there before Redis

    def write(self, text, mode=0o600):
        self.file.unlink(missing_ok=True)
        self.file.write_bytes(text)
        self.file.chmod(mode)

    def engine(self, *settings):
        engine = Engine(self.folder, self.redis, f'http.token_file="{self.file}"', *settings)
        self.addCleanup(engine.kill)
        return engine

    def expect_exit(self, code, words):
        engine = self.engine()
        self.assertEqual(engine.process.wait(timeout=10 * SLACK), code, engine.log())
        self.assertIn(words, engine.log())
        self.assertNotIn(TOKEN, engine.log())

    def test_h5_a_token_that_others_may_read_is_refused(self):
        for mode in (0o644, 0o640, 0o604, 0o660, 0o602, 0o610):
            self.write(TOKEN.encode(), mode)
            self.expect_exit(77, "others may read this token; chmod 600 it")
        self.file.unlink()
        self.expect_exit(77, "No such file or directory")
        self.file.mkdir()
        self.expect_exit(77, "is no file")
        self.file.rmdir()
        os.mkfifo(self.file, 0o600)
        self.expect_exit(77, "is no file")

    def test_h5_what_can_be_no_token_is_refused(self):
        for text in (b"", b"\n", b"\n" + TOKEN.encode(), b"short", b"with blanks in it, and long", b"x" * 257,
                     b"\0" * 20, "é".encode() * 20):
            self.write(text)
            self.expect_exit(78, "the first line must be a token of 16 to 256 visible ASCII characters")

    def test_h5_other_machines_may_ask_with_the_token_alone(self):
        for mode, text in ((0o600, TOKEN.encode()), (0o400, TOKEN.encode() + b"\r\nsecond line\n")):
            self.write(text, mode)
            folder = self.folder / oct(mode)
            folder.mkdir()
            engine = Engine.__new__(Engine)
            conf = folder / "engine.toml"
            conf.write_text(f'[input]\nsource = "redis"\n[output]\nsink = "redis"\n[redis]\n'
                            f'url = "unix://{self.redis.socket}"\n'
                            f'[http]\nlisten = "0.0.0.0:0"\ntoken_file = "{self.file}"\nhosts = ["trade.example"]\n'
                            f'[journal]\ndir = ""\n')
            with open(folder / "log", "w", encoding="utf-8") as log:
                engine.process = subprocess.Popen([program("engine"), conf], stderr=log, stdout=subprocess.DEVNULL)
            self.addCleanup(engine.kill)
            marker = "listening on http://0.0.0.0:"
            self.assertTrue(wait_until(lambda folder=folder: marker in (folder / "log").read_text()))
            endpoint = Endpoint(int((folder / "log").read_text().split(marker)[1].split()[0]))
            for host, status in (("10.1.2.3:80", 503), ("[2001:db8::1]", 503), ("trade.example", 503), ("localhost",
                                                            503), ("evil.example", 421)):
                self.assertEqual(endpoint.ask("POST", "/halt", {"Host": host, "Authorization": "Bearer " + TOKEN})[0],
                                 status, host)
            self.assertEqual(endpoint.ask("POST", "/halt", {"Host": "10.1.2.3"})[0], 401)
            self.assertEqual(endpoint.ask("GET", "/health", {"Host": "10.1.2.3"})[0], 200)


class Commands(EndpointCase):
    settings = ("http.command_rate_max=20",)

    def commands_on_tape(self):
        entries = [json.loads(line) for line in self.engine.stop_and_read_tape()]
        return [entry["fields"] for entry in entries if entry["stream"] == "@command"]

    def test_h9_one_key_is_one_command(self):
        def ask(_):
            status, headers, body = self.engine.ask("POST", "/prices/BTCUSDT?price=95000", {"Idempotency-Key": "one"})
            return status, headers.get("Idempotent-Replayed"), body
        first = ask(0)
        self.assertEqual((first[0], first[1], json.loads(first[2])["applied"]), (200, None, True))
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for again in pool.map(ask, range(40)):
                self.assertEqual(again, (200, "true", first[2]))
        self.assertEqual(self.engine.ask("POST", "/prices/BTCUSDT?price=1", {"Idempotency-Key": "one"})[0], 422)
        self.assertEqual(self.engine.ask("POST", "/halt", {"Idempotency-Key": "one"})[0], 422)
        for key in ("", "x" * 65, "a b", "\xe9"):
            self.assertEqual(self.engine.ask("POST", "/halt", {"Idempotency-Key": key})[0], 400, key)
        self.assertEqual(self.engine.get("/risk")["halted"], False)
        self.assertEqual(self.commands_on_tape(), [{"command": "price", "symbol": "BTCUSDT", "price": "95000"}])

    def test_h9_of_two_at_once_one_is_done(self):
        def ask(_):
            return self.engine.ask("POST", "/prices/BTCUSDT?price=95000", {"Idempotency-Key": "race"})[0]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            statuses = set(pool.map(ask, range(24)))
        # 409: while the first was on its way.
        self.assertLessEqual(statuses, {200, 202, 409})
        self.assertEqual(len(self.commands_on_tape()), 1)

    def test_h9_a_thousand_a_second_are_limited(self):
        begin = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda i: self.engine.ask("POST", f"/prices/BTCUSDT?price={95000 + i}"),
                                    range(1_000)))
        took = time.monotonic() - begin
        statuses = [answer[0] for answer in answers]
        self.assertLessEqual(set(statuses), {200, 202, 429, 503})
        self.assertGreaterEqual(statuses.count(200) + statuses.count(202), 1)
        self.assertGreater(statuses.count(429), 0)
        for status, headers, _ in answers:
            self.assertEqual(headers.get("Retry-After"), "1" if status in (429, 503) else None)
        self.assertEqual(self.samples()["coreloop_http_commands_limited_total"], statuses.count(429))
        commands = self.commands_on_tape()
        self.assertEqual(len(commands), statuses.count(200) + statuses.count(202))
        self.assertLessEqual(len(commands), 20 * (took + 1) + 1)

    def test_h9_a_command_while_redis_is_away(self):
        self.redis.stop()
        self.assertTrue(wait_until(lambda: not self.engine.is_ready()))
        status, _, body = self.engine.ask("POST", "/halt", {"Idempotency-Key": "outage"})
        self.assertIn(status, (200, 202, 503))
        if status != 503:
            # It is queued or applied, and told so again, not done twice.
            self.assertEqual(self.engine.ask("POST", "/halt", {"Idempotency-Key": "outage"})[2], body)
        self.redis.start()
        self.assertTrue(wait_until(self.engine.is_ready, 20))
        if status != 503:
            self.assertTrue(wait_until(lambda: self.engine.get("/risk")["halted"]))
        else:
            self.assertFalse(self.engine.get("/risk")["halted"])
        self.assertEqual(len(self.commands_on_tape()), 0 if status == 503 else 1)

    def test_h9_a_command_while_the_engine_drains(self):
        self.redis.cli("XADD", "market.tick", "*", "data", '{"symbol": "BTCUSDT", "price": 95000}')
        self.assertTrue(wait_until(lambda: self.engine.get("/prices")))
        self.redis.send_signal()
        self.assertTrue(wait_until(lambda: self.engine.get("/positions")))
        os.kill(self.redis.process.pid, signal.SIGSTOP)  # the drain has to wait for what this publishes:
        self.assertEqual(self.engine.ask("POST", "/close/BTCUSDT")[0], 200)
        self.engine.process.send_signal(signal.SIGTERM)
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["state"] == "draining"))
        for header in ({}, {"Idempotency-Key": "drain"}):
            status, headers, body = self.engine.ask("POST", "/halt", header)
            self.assertEqual((status, headers["Retry-After"]), (503, "1"))
            self.assertIn("nothing was changed", json.loads(body)["detail"])
        os.kill(self.redis.process.pid, signal.SIGCONT)
        self.assertEqual(self.engine.process.wait(timeout=20 * SLACK), 0)
        tape = self.engine.tape.read_text(encoding="utf-8")
        self.assertEqual((tape.count('"@command"'), tape.count('"halt"')), (1, 0))


if __name__ == "__main__":
    run_tests(__doc__)
