#!/usr/bin/env python3
"""send_signal.py as people run it.

    tests/python/send_signal_test.py --bin build/release [unittest options]
"""

import json
import socket
import sys
import threading

sys.dont_write_bytecode = True
import script_case
from script_case import ScriptCase, case

from support.oracle import EXECUTION, REJECTED, SAFE, SIGNAL, TICK


class SendTest(ScriptCase):
    def entry(self, stream):
        """Id and message of the only entry."""
        (entry_id, fields), = self.server.ask.entries(stream)
        self.assertEqual(list(fields), ["data"])
        return entry_id, fields["data"]

    def test_a_signal_and_its_price_become_an_execution(self):
        self.start_engine(start="$")
        tick_id = self.run_script("send_signal.py", "tick", "BTCUSDT", "94999.5", "95000.5", *self.at).stdout.strip()
        signal_id = self.run_script("send_signal.py", "signal", "BTCUSDT", "BUY", "0.85", *self.at).stdout.strip()
        self.assertEqual(self.entry(TICK)[0], tick_id)
        self.assertEqual(self.entry(SIGNAL)[0], signal_id)
        self.wait_until(lambda: self.server.ask("XLEN", EXECUTION) == 1)
        for stream in (SAFE, EXECUTION):
            (_, fields), = self.server.ask.entries(stream)
            self.assertEqual(fields["cause"], f"{SIGNAL}/{signal_id}")
        self.stop_engine()

    def test_every_option_arrives(self):
        self.run_script("send_signal.py", "signal", "ETHUSDT", "CLOSE", "1", "--source", "désk \"7\"", "--account", "a.b",
                        "--signal-id", "s-1", "--position-size-pct", "0.05", "--stop-loss-pct", "0", "--max-slippage-pct",
                        "1e-3", "--ttl-ms", "60000", "--timestamp", "2026-01-12T10:00:00.5Z", *self.at)
        _, data = self.entry(SIGNAL)
        self.assertEqual(json.loads(data), {
            "symbol": "ETHUSDT", "action": "CLOSE", "confidence": 1, "timestamp": "2026-01-12T10:00:00.5Z",
            "source": "désk \"7\"", "account": "a.b", "signal_id": "s-1", "position_size_pct": 0.05, "stop_loss_pct": 0,
            "max_slippage_pct": 0.001, "ttl_ms": 60000})

    def test_numbers_go_out_as_they_were_typed(self):
        typed = "0.64999999999999999999999"
        self.run_script("send_signal.py", "signal", "BTCUSDT", "BUY", typed, *self.at)
        self.assertIn(f'"confidence": {typed},', self.entry(SIGNAL)[1])
        self.run_script("send_signal.py", "tick", "BTCUSDT", "95000.00", *self.at)
        self.assertIn('"price": 95000.00,', self.entry(TICK)[1])

    def test_what_it_sends_is_taken_by_the_engine(self):
        self.start_engine(start="$")
        self.run_script("send_signal.py", "tick", "BTCUSDT", "0.00000001", *self.at)
        for words in (("HOLD", "0"), ("BUY", "0.1"), ("SELL", "1e-9")):
            self.run_script("send_signal.py", "signal", "BTCUSDT", *words, *self.at)
        self.wait_until(lambda: self.server.ask("XLEN", REJECTED) == 2)
        self.stop_engine()
        self.assertEqual(self.server.ask("XLEN", "trade.signal.dlq"), 0)

    def test_port_stream_database_and_length(self):
        where = ("--port", self.server.port, "--db", 3, "--stream", "other", "--maxlen", 1)
        for _ in range(300):
            self.server.ask.pipeline([("SELECT", 3), ("XADD", "other", "*", "a", "b"), ("SELECT", 0)])
        self.run_script("send_signal.py", "tick", "BTCUSDT", 1, *where)
        self.server.ask("SELECT", 3)
        self.assertLess(self.server.ask("XLEN", "other"), 301)
        self.assertEqual(self.server.ask("XREVRANGE", "other", "+", "-", "COUNT", 1)[0][1][0], b"data")

    def test_dry_run_sends_nothing(self):
        done = self.run_script("send_signal.py", "signal", "BTCUSDT", "BUY", "0.85", "--dry-run", *self.at)
        self.assertEqual(json.loads(done.stdout)["action"], "BUY")
        self.assertEqual(self.server.ask("EXISTS", SIGNAL), 0)

    def test_a_wrong_type_of_key_is_told(self):
        self.server.ask("SET", SIGNAL, "x")
        done = self.run_script("send_signal.py", "signal", "BTCUSDT", "BUY", "0.85", *self.at, code=78)
        self.assertIn("refuses: WRONGTYPE", done.stderr)

    def test_a_full_redis_is_told(self):
        self.server.ask("CONFIG", "SET", "maxmemory", "1")
        done = self.run_script("send_signal.py", "tick", "BTCUSDT", "1", *self.at, code=69)
        self.assertIn("refuses: OOM", done.stderr)


class PasswordTest(ScriptCase):
    server_options = (("requirepass", "secret"),)

    def test_password_from_the_environment(self):
        words = ("tick", "BTCUSDT", "1", *self.at)
        self.assertIn("NOAUTH", self.run_script("send_signal.py", *words, code=77).stderr)
        done = self.run_script("send_signal.py", *words, code=77, env={"REDISCLI_AUTH": "wrong"})
        self.assertIn("WRONGPASS", done.stderr)
        self.run_script("send_signal.py", *words, env={"REDISCLI_AUTH": "secret"})
        self.run_script("send_signal.py", *words, "--user", "default", env={"REDISCLI_AUTH": "secret"})
        self.assertEqual(self.server.ask("XLEN", TICK), 2)

    def test_a_user_without_permission(self):
        self.server.ask("ACL", "SETUSER", "reader", "on", ">r", "~*", "+xread")
        done = self.run_script("send_signal.py", "tick", "BTCUSDT", "1", "--user", "reader", *self.at, code=77,
                               env={"REDISCLI_AUTH": "r"})
        self.assertIn("NOPERM", done.stderr)


class NoRedisTest(ScriptCase):
    starts_server = False

    def listener(self, answer):
        """The port of a server that says `answer` (None: nothing) to whoever comes, and waits."""
        server = socket.create_server(("127.0.0.1", 0))
        kept = []

        def serve():
            try:
                while True:
                    connection, _ = server.accept()
                    kept.append(connection)
                    if answer is not None:
                        connection.sendall(answer)
                        connection.shutdown(socket.SHUT_WR)
            except OSError:
                return
        thread = threading.Thread(target=serve)
        thread.start()

        def stop():
            server.shutdown(socket.SHUT_RDWR)
            server.close()
            thread.join()
            for connection in kept:
                connection.close()
        self.addCleanup(stop)
        return server.getsockname()[1]

    def told(self, *where):
        return self.run_script("send_signal.py", "tick", "BTCUSDT", "1", *where, code=69).stderr

    def test_nobody_there(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.assertIn("Connection refused", self.told("--port", probe.getsockname()[1]))
        self.assertIn("No such file", self.told("--unix-socket", self.folder / "none.sock"))
        self.assertIn("no Redis at no.such.host.invalid:6379", self.told("--host", "no.such.host.invalid"))

    def test_somebody_else_there(self):
        self.assertIn("this is no Redis", self.told("--port", self.listener(b"HTTP/1.1 400 Bad Request\r\n\r\n")))
        self.assertIn("this is no Redis", self.told("--port", self.listener(b"$x\r\n")))

    def test_silence_and_a_reply_that_breaks_off(self):
        self.assertIn("timed out", self.told("--port", self.listener(None), "--timeout", "0.2"))
        self.assertIn("the connection was closed", self.told("--port", self.listener(b"")))
        self.assertIn("the connection was closed", self.told("--port", self.listener(b"$20\r\n17")))

    def test_wrong_usage(self):
        for words, told in ((("signal", "BTCUSDT", "BUY", "1.01"), "'1.01' is no number from 0 to 1"),
                            (("signal", "BTCUSDT", "BUY", "nan"), "'nan' is no number"),
                            (("signal", "BTCUSDT", "BUY", "0x1"), "'0x1' is no number"),
                            (("signal", "BTCUSDT", "buy", "1"), "invalid choice: 'buy'"),
                            (("signal", "btc", "BUY", "1"), "'btc' is no symbol"),
                            (("signal", "BTC", "BUY", "1", "--account", "a b"), "'a b' is no account"),
                            (("signal", "BTC", "BUY", "1", "--source", ""), "'' is no printable text"),
                            (("signal", "BTC", "BUY", "1", "--source", "€" * 22), "is no printable text of 1 to 64 bytes"),
                            (("signal", "BTC", "BUY", "1", "--source", b"\xff"), "is no printable text"),
                            (("signal", "BTC", "BUY", "1", "--signal-id", "x" * 65), "is no printable text"),
                            (("signal", "BTC", "BUY", "1", "--timestamp", "now"), "'now' is no UTC time"),
                            (("signal", "BTC", "BUY", "1", "--ttl-ms", "1.5"), "'1.5' is no whole number"),
                            (("signal", "BTC", "BUY", "1", "--max-slippage-pct", "1"), "'1' is no number from 0 to below 1"),
                            (("signal", "BTC", "BUY", "1", "--position-size-pct", "0"), "'0' is no number above 0"),
                            (("tick", "BTCUSDT", "0"), "'0' is no number from 0.00000001"),
                            (("tick", "BTCUSDT", "2", "1"), "the bid 2 is above the ask 1"),
                            (("tick", "BTCUSDT", "1", "--port", "65536"), "'65536' is no port"),
                            (("tick", "BTCUSDT", "1", "--maxlen", "0"), "'0' is no whole number"),
                            (("tick",), "the following arguments are required"), ((), "required")):
            done = self.run_script("send_signal.py", *words, code=64)
            self.assertIn(told, done.stderr, words)
            self.assertEqual(done.stdout, "")

    def test_help(self):
        for words in ((), ("signal",), ("tick",)):
            self.assertIn("usage: send_signal.py", self.run_script("send_signal.py", *words, "--help").stdout)


if __name__ == "__main__":
    case.main()
