#!/usr/bin/env python3
"""A Redis that answers but refuses: error replies of a real server, at the start and later.

    tests/redis/refusal_test.py --bin build/release [--thorough] [unittest options]
"""

import os
import signal
import sys
import threading
import time
import urllib.error
import urllib.request

sys.dont_write_bytecode = True
from support import case, stall
from support.case import RedisCase, THREE_THREADS, signal_json
from support.oracle import OUTPUTS, POSITION, REJECTED, SAFE, SIGNAL, TICK
from support.proxy import Delay, PassOn, Proxy
from support.resp import ReplyError
from support.server import RedisServer, free_port


class RefusalTest(RedisCase):
    def refuse_and_relent(self, refuse, relent, count=600, moment_s=0.7):
        """Feeds before, during and after a time of refusal."""
        self.feed(count)
        refuse()
        self.feed_quietly(count)
        time.sleep(moment_s)
        self.assertTrue(self.engine.is_alive(), self.engine.log)
        relent()
        self.feed(count)
        self.recount()
        self.finish()

    def feed_quietly(self, count):
        """Where the server refuses the feeder too, later is soon enough."""
        try:
            self.feed(count)
        except ReplyError:
            pass

    def recount(self):
        """What got in, where some was refused."""
        entries = self.server.ask.entries(SIGNAL)
        self.signals_fed = sum('"HOLD"' not in fields["data"] for _, fields in entries)


class TransientTest(RefusalTest):
    layout = THREE_THREADS

    def test_r10_out_of_memory_toggled_under_flood(self):
        self.start_engine(redis="egress_batch_max = 64")
        toggles = 1000 if case.options.thorough else 120
        done = threading.Event()

        def toggle():
            client = self.server.client()
            for _ in range(toggles):
                client("CONFIG", "SET", "maxmemory", "1")
                time.sleep(self.random.uniform(0.0, 0.01))
                client("CONFIG", "SET", "maxmemory", "0")
                time.sleep(self.random.uniform(0.0, 0.03))
            client.close()
            done.set()

        thread = threading.Thread(target=toggle)
        thread.start()
        client = self.server.client()
        while not done.is_set():
            # Between two toggles the feeder is refused too.
            replies = client.pipeline([("XADD", TICK, "*", "data", case.price_json())] + [
                ("XADD", SIGNAL, "*", "data", case.signal_json(self.random.choice(("BUY", "SELL"))))
                for _ in range(30)], raises=False)
            self.signals_fed += sum(isinstance(reply, bytes) for reply in replies[1:])
        thread.join()
        self.wait_until(lambda: "OOM" in self.engine.log, 5)
        self.finish()

    def test_r10_out_of_memory_until_the_engine_is_full(self):
        """Every try of a whole flood refused: nothing is read any more, and all goes on from there."""
        self.start_engine(redis="egress_batch_max = 64")
        self.engine.send(signal.SIGSTOP)
        for _ in range(15):
            self.feed(2000)
        self.server.ask("CONFIG", "SET", "maxmemory", "1")
        self.engine.send(signal.SIGCONT)
        self.wait_until(lambda: "OOM" in self.engine.log)

        def reads():
            return stall.command_counts(self.server.ask)["xread"]

        def is_held_back():
            before = reads()
            time.sleep(1.5)  # an engine with room asks again within a second
            return reads() == before

        self.wait_until(is_held_back)
        self.assertLess(self.outcome_count(), self.signals_fed)
        self.server.ask("CONFIG", "SET", "maxmemory", "0")
        self.finish()
        # Told once: by the XADD that was refused first, and by an EXEC, if one was refused before it.
        self.assertLessEqual(self.engine.log.count("OOM"), 2)

    def test_r11_readonly_after_replicaof(self):
        self.start_engine()
        self.refuse_and_relent(lambda: self.server.ask("REPLICAOF", "127.0.0.1", "1"),
                               lambda: self.server.ask("REPLICAOF", "NO", "ONE"))
        # Both connections went to look for a master.
        self.assertIn("reader: redis://", self.engine.log)
        self.assertGreaterEqual(self.engine.log.count("connected again"), 2)

    def test_r13_noreplicas(self):
        self.start_engine()
        self.refuse_and_relent(lambda: self.server.ask("CONFIG", "SET", "min-replicas-to-write", "1"),
                               lambda: self.server.ask("CONFIG", "SET", "min-replicas-to-write", "0"))
        self.assertIn("NOREPLICAS", self.engine.log)

    def test_r13_busy_with_a_script(self):
        self.start_engine()
        self.server.ask("CONFIG", "SET", "busy-reply-threshold", "10")

        def loop():
            client = self.server.client()
            try:
                client("EVAL", "while true do end", "0")
            except (ReplyError, ConnectionError):
                pass
            client.close()

        script = threading.Thread(target=loop)

        def refuse():
            script.start()
            self.wait_until(lambda: "BUSY" in self.engine.log)

        def relent():
            self.server.ask("SCRIPT", "KILL")
            script.join()

        self.refuse_and_relent(refuse, relent)
        self.assertIn("BUSY", self.engine.log)

    def test_r17_no_client_more_is_let_in(self):
        self.start_engine()

        def refuse():
            others = [self.server.client() for _ in range(3)]
            self.addCleanup(lambda: [other.close() for other in others])
            self.server.ask("CONFIG", "SET", "maxclients", "1")
            self.server.ask("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES")

        self.refuse_and_relent(refuse, lambda: self.server.ask("CONFIG", "SET", "maxclients", "100"))


class MisconfTest(RefusalTest):
    """R12."""

    server_options = (("enable-protected-configs", "yes"),)

    def is_ready(self):
        try:
            with urllib.request.urlopen(self.ready_url, timeout=10 * case.SLACK) as answer:
                return answer.status == 200
        except urllib.error.HTTPError as error:
            self.assertEqual(error.code, 503)
            return False

    def test_r12_a_failing_bgsave(self):
        port = free_port()
        self.ready_url = f"http://127.0.0.1:{port}/ready"
        proxy = Proxy(self.server.path)
        self.addCleanup(proxy.close)
        self.start_engine(proxy.url, arguments=("--set", f"http.listen=127.0.0.1:{port}"))
        self.assertTrue(self.is_ready())
        folder = self.folder / "gone"
        folder.mkdir()

        def refuse():
            self.server.ask("CONFIG", "SET", "save", "3600 1000000")
            self.server.ask("CONFIG", "SET", "dir", str(folder))
            os.rmdir(folder)
            # The server will refuse the feeder, too: what it is to refuse the engine comes before.
            self.engine.send(signal.SIGSTOP)
            self.feed(300)
            self.server.ask("BGSAVE")
            self.wait_until(lambda: b"rdb_last_bgsave_status:err" in self.server.ask("INFO", "persistence"))
            self.engine.send(signal.SIGCONT)
            self.wait_until(lambda: not self.is_ready(), 5)
            # Nor while it tries again, which takes a while now.
            proxy.policy = Delay(0.1)
            for _ in range(250):
                self.assertFalse(self.is_ready(), self.engine.log)
                time.sleep(0.02)
            proxy.policy = PassOn()

        def relent():
            folder.mkdir()
            self.server.ask("CONFIG", "SET", "dir", str(folder))
            self.server.ask("BGSAVE")
            self.wait_until(lambda: b"rdb_last_bgsave_status:ok" in self.server.ask("INFO", "persistence"))
            self.wait_until(self.is_ready)

        self.refuse_and_relent(refuse, relent)
        self.assertIn("MISCONF", self.engine.log)


class LoadingTest(RedisCase):
    """R9."""

    server_options = (("appendonly", "yes"), ("loading-process-events-interval-bytes", "1024"))

    def test_r9_a_server_that_loads_is_waited_for(self):
        self.server.ask.pipeline([("SET", f"k{i}", "x" * 1000) for i in range(5000)])
        self.server.ask("BGREWRITEAOF")
        self.wait_until(lambda: b"aof_last_bgrewrite_status:ok" in self.server.ask("INFO", "persistence")
                        and b"aof_rewrite_in_progress:0" in self.server.ask("INFO", "persistence")
                        and b"aof_rewrite_scheduled:0" in self.server.ask("INFO", "persistence"))
        self.start_engine()
        self.feed(100)
        self.wait_for_outcomes()
        self.server.stop()
        self.server.options.append(("key-load-delay", "500"))
        self.server.start(waits=False)
        self.wait_until(lambda: "LOADING" in self.engine.log, 15)
        self.assertTrue(self.engine.is_alive())
        self.server.wait_until_up()
        self.feed(100)
        self.finish()


class LoginTest(RefusalTest):
    """R14."""

    server_options = (("requirepass", "first-secret"),)

    def url_with(self, password):
        return f"redis://:{password}@127.0.0.1:{self.server.port}"

    def test_r14_no_password_is_77(self):
        code, log = self.exit_of_start()
        self.assertEqual(code, 77, log)
        self.assertIn("NOAUTH", log)

    def test_r14_a_wrong_password_is_77_and_not_told(self):
        code, log = self.exit_of_start(self.url_with("wrong-secret"))
        self.assertEqual(code, 77, log)
        self.assertIn("WRONGPASS", log)
        self.assertNotIn("secret", log)

    def test_r14_a_password_where_none_is_wanted_is_77(self):
        server = RedisServer()
        self.addCleanup(server.remove)
        code, log = self.exit_of_start(f"redis://:x@127.0.0.1:{server.port}")
        self.assertEqual(code, 77, log)

    def test_r14_a_password_from_a_file(self):
        file = self.folder / "password"
        file.write_text("first-secret\n")
        file.chmod(0o600)
        self.start_engine(redis=f'password_file = "{file}"')
        self.feed(20)
        self.finish()
        self.assertNotIn("secret", self.engine.log)

    def change_password(self, password):
        self.server.ask("CONFIG", "SET", "requirepass", password)
        self.server.options[:] = [("requirepass", password)]
        self.server.ask("CLIENT", "KILL", "TYPE", "NORMAL", "SKIPME", "YES")

    def test_r14_a_password_changed_for_a_while(self):
        self.start_engine(self.url_with("first-secret"))
        self.refuse_and_relent(lambda: self.change_password("second"),
                               lambda: self.change_password("first-secret"))
        self.assertIn("WRONGPASS", self.engine.log)

    def test_r14_a_password_changed_for_good_is_77_after_a_minute(self):
        if not case.options.thorough:
            self.skipTest("takes more than a minute; --thorough runs it")
        engine = self.start_engine(self.url_with("first-secret"))
        begin = time.monotonic()
        self.change_password("second")
        self.assertEqual(engine.wait(80), 77, engine.log)
        self.assertGreater(time.monotonic() - begin, 55)


class PermissionTest(RefusalTest):
    """R15."""

    def start_as(self, *rules):
        self.server.ask("ACL", "SETUSER", "trader", "reset", "on", ">secret", "+@all", *rules)
        return self.exit_of_start(f"redis://trader:secret@127.0.0.1:{self.server.port}")

    def test_r15_each_output_key_that_may_not_be_written_is_named(self):
        for stream in OUTPUTS:
            allowed = [f"~{name}" for name in (*OUTPUTS, SIGNAL, TICK) if name != stream]
            code, log = self.start_as(*allowed, f"%R~{stream}")
            self.assertEqual(code, 77, log)
            self.assertIn(f"{stream}: NOPERM", log)

    def test_r15_an_input_key_that_may_not_be_read_is_named(self):
        code, log = self.start_as(*(f"~{name}" for name in (*OUTPUTS, TICK)))
        self.assertEqual(code, 77, log)
        self.assertIn(f"{SIGNAL}: NOPERM", log)

    def test_r15_without_leave_for_transactions_nothing_is_written(self):
        code, log = self.start_as("allkeys", "-multi")
        self.assertEqual(code, 77, log)
        self.assertIn("MULTI", log)
        self.assertEqual([self.server.ask("EXISTS", stream) for stream in OUTPUTS], [0] * 5)

    def test_r15_each_further_command_of_a_transaction_is_asked_for(self):
        for command in ("exec", "discard"):
            code, log = self.start_as("allkeys", f"-{command}")
            self.assertEqual(code, 77, log)
            self.assertRegex(log, f"{command.upper()}: .*NOPERM")
        self.assertEqual([self.server.ask("EXISTS", stream) for stream in OUTPUTS], [0] * 5)

    def test_r15_leave_taken_and_given_back(self):
        self.server.ask("ACL", "SETUSER", "trader", "on", ">secret", "+@all", "allkeys")
        self.start_engine(f"redis://trader:secret@127.0.0.1:{self.server.port}")
        self.refuse_and_relent(lambda: self.server.ask("ACL", "SETUSER", "trader", "resetkeys", f"~{SIGNAL}"),
                               lambda: self.server.ask("ACL", "SETUSER", "trader", "allkeys"))
        self.assertIn("NOPERM", self.engine.log)


class WrongTypeTest(RefusalTest):
    """R16."""

    def test_r16_each_key_of_another_type_is_refused_at_the_start(self):
        for stream in (SIGNAL, TICK, *OUTPUTS):
            self.server.ask("SET", stream, "no stream")
            code, log = self.exit_of_start()
            self.assertEqual(code, 78, log)
            self.assertIn("WRONGTYPE", log)
            self.assertIn(stream, log)
            self.server.ask("DEL", stream)

    def test_r16_an_output_key_that_changes_its_type_stops_what_is_published(self):
        self.start_engine()
        self.feed(50)
        self.wait_for_outcomes()
        held = self.server.ask("DUMP", POSITION)
        self.refuse_and_relent(
            lambda: self.server.ask.pipeline([("DEL", POSITION), ("SET", POSITION, "x")]),
            lambda: self.server.ask("RESTORE", POSITION, "0", held, "REPLACE"))
        self.assertIn("WRONGTYPE", self.engine.log)

    def test_r16_an_input_key_that_changes_its_type_is_waited_for(self):
        self.start_engine()
        time.sleep(0.2)
        self.server.ask("SET", SIGNAL, "x")
        time.sleep(1.5)
        self.assertTrue(self.engine.is_alive(), self.engine.log)
        self.assertIn("WRONGTYPE", self.engine.log)
        self.server.ask("DEL", SIGNAL)
        self.feed(50)
        self.finish()


class TrimTest(RedisCase):
    """R18."""

    def test_r18_entries_trimmed_before_they_were_read_are_counted(self):
        self.start_engine(start="$")
        self.feed(50)
        self.wait_for_outcomes()
        self.engine.send(signal.SIGSTOP)
        self.feed(3000)
        self.server.ask("XTRIM", SIGNAL, "MAXLEN", 500)
        self.engine.send(signal.SIGCONT)
        # 3050 were added and 500 are left; 50 had been read, and at most one reply of 1024 was on
        # its way: its entries were read before they were trimmed.
        last = self.server.ask("XADD", SIGNAL, "*", "data", signal_json()).decode()
        self.wait_until(lambda: "were trimmed or deleted" in self.engine.log)
        self.wait_until(lambda: any(fields["cause"] == f"{SIGNAL}/{last}" for stream in (SAFE, REJECTED)
                                    for _, fields in self.server.ask.entries(stream)))
        self.stop_engine()
        taped = self.tape.read_text().replace(" ", "").count(f'{{"stream":"{SIGNAL}"')
        missing = sum(int(line.split(f"{SIGNAL}: ")[1].split()[0]) for line in self.engine.log.splitlines()
                      if "were trimmed or deleted" in line)
        self.assertEqual(taped + missing, 3051, self.engine.log)
        self.assertGreaterEqual(missing, 3000 - 500 - 1024)


if __name__ == "__main__":
    case.main()
