#!/usr/bin/env python3
"""conf/redis: a server with both files, and each program as its own user, with just its rights.

    tests/redis/acl_test.py --bin build/release [unittest options]
"""

import hashlib
import re
import sys

sys.dont_write_bytecode = True
from support import case
from support.case import ROOT, RedisCase, price_json
from support.doctor import Doctor
from support.oracle import EXECUTION, OUTPUTS, SAFE, SIGNAL, TICK
from support.resp import Client, ReplyError
from support.server import RedisServer

FILES = ROOT / "conf/redis"
USERS = ("producer", "engine", "consumer", "operator")


def password_of(user):
    return f"{user}-secret"


def users_file():
    """users.acl as somebody has filled it in, and a user more for the test itself."""
    text = (FILES / "users.acl").read_text()
    for user in USERS:
        placeholder = f"#{user.upper()}_PASSWORD_SHA256"
        assert text.count(placeholder) == 1, placeholder
        text = text.replace(placeholder, "#" + hashlib.sha256(password_of(user).encode()).hexdigest())
    return text + "user test reset on >test-secret ~* &* +@all\n"


class AclTest(RedisCase):
    starts_server = False

    def setUp(self):
        super().setUp()
        users = self.folder / "users.acl"
        users.write_text(users_file())
        self.server = RedisServer(("aclfile", str(users)), conf=FILES / "coreloop.conf", login=("test", "test-secret"))
        self.addCleanup(self.server.remove)
        file = self.folder / "password"
        file.write_text(password_of("engine") + "\n")
        file.chmod(0o600)
        self.url = f"redis://engine@127.0.0.1:{self.server.port}"
        self.login = f'password_file = "{file}"\nstrict = true'

    def client_of(self, user):
        client = Client(self.server.path)
        self.addCleanup(client.close)
        client("AUTH", user, password_of(user))
        return client

    def doctor(self):
        text = self.conf(self.url, redis=self.login, more=f'[journal]\ndir = "{self.folder / "journal"}"\nsegment_mb = 1\n')
        return Doctor(self.folder, text.replace(f'tape = "{self.tape}"', ""))

    def assert_clean(self, doctor):
        # Of a disk that is nearly full or in memory, and of a machine that is busy, the files here know nothing.
        others = ("journal.disk", "journal.space", "redis.round_trip")
        bad = [row for row in doctor.rows_of("warn", "FAIL") if row.what not in others]
        self.assertEqual(bad, [], doctor.text)
        self.assertEqual(doctor.code, 0, doctor.text)

    def test_each_program_does_its_work_as_its_own_user(self):
        self.assert_clean(self.doctor())
        self.start_engine(self.url, redis=self.login)
        producer, consumer = self.client_of("producer"), self.client_of("consumer")
        self.feed(200, producer)
        producer("XADD", TICK, "MAXLEN", "~", "10000", "*", "data", price_json())
        self.wait_for_outcomes(client=consumer)
        self.assertGreater(len(consumer.entries(EXECUTION)), 0)
        (stream, entries), = consumer("XREAD", "COUNT", "10", "BLOCK", "1000", "STREAMS", SAFE, "0")
        self.assertEqual((stream.decode(), len(entries)), (SAFE, 10))
        self.assertEqual(consumer("PING"), b"PONG")
        self.stop_engine()
        self.check_streams()
        self.assertNotIn("NOPERM", self.engine.log)
        self.assert_clean(self.doctor())

    def test_each_user_is_refused_what_is_not_its_work(self):
        self.server.ask("XADD", SIGNAL, "1-1", "data", "{}")
        self.server.ask("XADD", SAFE, "1-1", "data", "{}")
        of_all = [("DEL", SAFE), ("DEL", SIGNAL), ("XTRIM", SIGNAL, "MAXLEN", "0"), ("SET", "other", "x"),
                  ("FLUSHALL",), ("CONFIG", "SET", "maxmemory", "0"), ("SHUTDOWN",), ("REPLICAOF", "NO", "ONE"),
                  ("ACL", "SETUSER", "engine", "+@all"), ("EVAL", "return 1", "0"), ("DEBUG", "SLEEP", "0"), ("KEYS", "*"),
                  ("XGROUP", "CREATE", SIGNAL, "g", "$"), ("MONITOR",)]
        refused = {
            "producer": [("XADD", SAFE, "*", "data", "x"), ("XRANGE", SIGNAL, "-", "+"), ("INFO",), ("MULTI",),
                         ("XREAD", "STREAMS", SIGNAL, "0"), ("XLEN", SAFE), ("CLIENT", "LIST")],
            "engine": [("XADD", SIGNAL, "*", "data", "x"), ("XADD", "other", "*", "data", "x"), ("XREAD", "STREAMS", "other", "0"),
                       ("XREVRANGE", SAFE, "+", "-"), ("CONFIG", "GET", "requirepass"), ("CLIENT", "LIST"), ("XDEL", SAFE, "1-1")],
            "consumer": [("XADD", SAFE, "*", "data", "x"), ("XADD", SIGNAL, "*", "data", "x"),
                         ("XREAD", "STREAMS", SIGNAL, "0"), ("INFO",), ("MULTI",), ("XDEL", SAFE, "1-1")],
            "operator": [("XADD", SAFE, "*", "data", "x"), ("XADD", SIGNAL, "*", "data", "x"), ("XDEL", SAFE, "1-1"),
                         ("ACL", "LIST"), ("MULTI",)],
        }
        self.assertEqual(set(refused), set(USERS))
        for user, commands in refused.items():
            client = self.client_of(user)
            for words in of_all + commands:
                with self.subTest(user=user, words=words), self.assertRaisesRegex(ReplyError, "NOPERM"):
                    client(*words)
        self.assertEqual(sorted(self.server.ask("KEYS", "*")), sorted([SIGNAL.encode(), SAFE.encode()]))
        stranger = Client(self.server.path)
        self.addCleanup(stranger.close)
        with self.assertRaisesRegex(ReplyError, "NOAUTH"):
            stranger("XREAD", "STREAMS", SAFE, "0")

    def test_the_operator_sees_everything(self):
        operator = self.client_of("operator")
        self.server.ask("XADD", SIGNAL, "1-1", "data", "{}")
        for words in (("INFO",), ("CLIENT", "LIST"), ("CONFIG", "GET", "maxmemory"), ("XINFO", "GROUPS", SIGNAL), ("TIME",),
                      ("XREVRANGE", SIGNAL, "+", "-"), ("SLOWLOG", "GET"), ("LATENCY", "LATEST"),
                      ("MEMORY", "USAGE", SIGNAL), ("ACL", "DRYRUN", "engine", "EXEC"), ("TYPE", SIGNAL), ("PING",)):
            operator(*words)

    def assert_missed(self, right):
        doctor = self.doctor()
        with self.subTest(right):
            told = [row for row in doctor.rows_of("warn", "FAIL") if row.what in ("redis.rights", "redis.login")]
            self.assertTrue(told, doctor.text)
            self.assertTrue(all(right.partition("|")[0].upper() in row.found + row.below.upper() for row in told))

    def test_no_right_of_the_engine_is_one_too_many(self):
        """Each one taken away is missed."""
        line, = re.findall(r"^user engine .*$", (FILES / "users.acl").read_text(), re.MULTILINE)
        line, *selectors = line.split(" (")  # what it may do with its inputs alone, with its outputs alone
        selectors = [f"({selector}" for selector in selectors]
        rights = re.findall(r"\+(\S+)", line)
        self.assertGreater(len(rights), 8)
        for right in rights:
            self.server.ask("ACL", "SETUSER", "engine", f"-{right}")
            self.assert_missed(right)
            self.server.ask("ACL", "SETUSER", "engine", f"+{right}")
        self.assertEqual([re.findall(r"\+([a-z]+)", selector) for selector in selectors],
                         [["xrange", "xrevrange"], ["xrange"]])
        for at, selector in enumerate(selectors):
            for right in re.findall(r"\+([a-z]+)", selector):
                rest = [*selectors[:at], selector.replace(f" +{right}", ""), *selectors[at + 1:]]
                self.server.ask("ACL", "SETUSER", "engine", "clearselectors", *rest)
                self.assert_missed(right)
        self.server.ask("ACL", "SETUSER", "engine", "clearselectors", *selectors)
        self.assertEqual([sorted(re.findall(r"(?<=~)[^\s)]+", selector)) for selector in selectors],
                         [sorted((SIGNAL, TICK)), sorted(OUTPUTS)])
        keys = re.findall(r"(?<=~)\S+", line)
        self.assertEqual(sorted(keys), sorted((SIGNAL, TICK, *OUTPUTS)))

    def test_the_settings_are_those_of_the_file(self):
        for line in (FILES / "coreloop.conf").read_text().splitlines():
            name, _, value = line.partition(" ")
            if not line or line.startswith("#") or name in ("aclfile", "save", "client-output-buffer-limit"):
                continue
            value = {"1gb": str(1 << 30)}.get(value, value)
            self.assertEqual(self.server.ask("CONFIG", "GET", name), [name.encode(), value.encode()])
        limits = self.server.ask("CONFIG", "GET", "client-output-buffer-limit")[1].decode()
        self.assertIn(f"normal {256 << 20} {64 << 20} 60", limits)

    def test_a_file_that_nobody_has_filled_in_is_refused(self):
        """So that no server ever runs with passwords everybody knows."""
        self.server.stop()
        self.server.options[:] = [("aclfile", str(FILES / "users.acl"))]
        self.server.start(waits=False)
        self.assertNotEqual(self.server.process.wait(case.SETTLE_S), 0)


if __name__ == "__main__":
    case.main()
