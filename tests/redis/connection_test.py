#!/usr/bin/env python3
"""A Redis that is absent, restarts, stalls or goes silent; addresses of every form.

    tests/redis/connection_test.py --bin build/release [unittest options]
"""

import os
import subprocess
import sys
import time

sys.dont_write_bytecode = True
from support import case
from support.case import RedisCase, SLACK, THREE_THREADS
from support.proxy import Delay, PassOn, Proxy, SplitReplies
from support.server import RedisServer, free_port


class AbsentTest(RedisCase):
    """R1."""

    starts_server = False

    def test_no_server_is_69_at_the_deadline(self):
        begin = time.monotonic()
        code, log = self.exit_of_start(f"redis://127.0.0.1:{free_port()}", redis="connect_deadline_s = 1")
        self.assertEqual(code, 69, log)
        self.assertIn("not ready within redis.connect_deadline_s", log)
        self.assertGreater(time.monotonic() - begin, 0.9)

    def test_a_server_that_comes_late_is_found(self):
        server = RedisServer()
        self.addCleanup(server.remove)
        server.stop()
        engine = self.start_engine(server.url, waits=False)
        time.sleep(1.0)
        self.assertTrue(engine.is_alive())
        self.assertLess(engine.log.count("trying again"), 4, "one line a trouble, not one a try")
        self.server = server
        server.start()
        engine.wait_for("running on")
        self.feed(40)
        self.finish()

    def test_a_stop_signal_ends_the_wait_for_a_server(self):
        engine = self.start_engine(f"redis://127.0.0.1:{free_port()}", waits=False)
        time.sleep(0.3)
        code, seconds = engine.stop()
        self.assertEqual(code, 0, engine.log)
        self.assertLess(seconds, 1.0 * SLACK)


class RestartTest(RedisCase):
    """R2, on three threads."""

    layout = THREE_THREADS
    server_options = (("appendonly", "yes"), ("appendfsync", "always"))

    def test_restarts_under_load_lose_and_repeat_nothing(self):
        self.start_engine(self.server.unix_url)
        for _ in range(3):
            self.feed(3000)
            self.server.stop()
            self.server.start()
        self.feed(100)
        self.finish()
        self.assertIn("connected again", self.engine.log)

    def test_a_killed_server_that_kept_its_log_loses_and_repeats_nothing(self):
        self.start_engine()
        self.feed(3000)
        self.server.stop(hard=True)
        self.server.start()
        self.feed(100)
        self.finish()


class StallTest(RedisCase):
    """R6, R7, R8."""

    def test_a_stopped_server_is_left_and_found_again(self):
        self.start_engine(layout=THREE_THREADS)
        self.feed(500)
        self.wait_for_outcomes()
        self.feed(4000)
        self.server.freeze()
        self.wait_until(lambda: "no answer" in self.engine.log)
        self.server.thaw()
        self.feed(100)
        self.finish()

    def test_client_pause_delays_and_harms_nothing(self):
        self.start_engine()
        self.feed(100)
        # Of all commands: what the engine asks every second gets no answer, either.
        self.server.ask("CLIENT", "PAUSE", 5000, "ALL")
        self.wait_until(lambda: "no answer" in self.engine.log, 10)
        self.feed(100)
        self.finish()

    def test_a_sleeping_server_delays_and_harms_nothing(self):
        self.start_engine()
        self.feed(1000)
        self.server.ask("DEBUG", "SLEEP", 3)
        self.feed(100)
        self.finish()

    def test_half_open_connections_are_noticed_within_3_s_and_replaced(self):
        proxy = Proxy(self.server.path)
        self.addCleanup(proxy.close)
        self.start_engine(proxy.url)
        self.feed(100)
        self.wait_for_outcomes()
        proxy.swallow()
        begin = time.monotonic()
        self.feed(200)
        self.wait_until(lambda: self.engine.log.count("no answer") >= 1, 10)
        noticed_s = time.monotonic() - begin
        self.wait_for_outcomes(10)
        self.assertLess(noticed_s, 3 * SLACK)
        self.finish()

    def test_half_open_and_idle_both_connections_are_noticed_within_3_s(self):
        proxy = Proxy(self.server.path)
        self.addCleanup(proxy.close)
        self.start_engine(proxy.url, layout=THREE_THREADS)
        self.feed(100)
        self.wait_for_outcomes()
        proxy.swallow()
        begin = time.monotonic()
        self.wait_until(lambda: self.engine.log.count("no answer") >= 2, 10)
        self.assertLess(time.monotonic() - begin, 3 * SLACK)
        self.finish()

    def test_half_open_while_a_transaction_is_on_its_way(self):
        proxy = Proxy(self.server.path)
        self.addCleanup(proxy.close)
        self.start_engine(proxy.url, layout=THREE_THREADS)
        proxy.policy = Delay(0.02)
        self.feed(3000)
        time.sleep(0.3)
        proxy.swallow()
        self.wait_until(lambda: self.engine.log.count("connected again") >= 2, 10)
        proxy.policy = PassOn()
        self.finish()

    def test_replies_that_drip_are_read(self):
        proxy = Proxy(self.server.path)
        self.addCleanup(proxy.close)
        self.start_engine(proxy.url)
        self.feed(50)
        self.wait_for_outcomes()
        before_mb = self.engine.peak_rss_mb()
        proxy.policy = SplitReplies(0.01, 600)
        self.feed(50)
        self.finish_flat(before_mb)

    def test_replies_split_at_every_byte_are_read(self):
        proxy = Proxy(self.server.path, str(self.folder / "proxy.sock"))
        self.addCleanup(proxy.close)
        proxy.policy = SplitReplies()
        self.start_engine(proxy.url)
        self.feed(50)
        self.wait_for_outcomes()
        before_mb = self.engine.peak_rss_mb()
        self.feed(300)
        self.finish_flat(before_mb)

    def finish_flat(self, before_mb):
        self.wait_for_outcomes()
        self.assert_memory_below(30, before_mb)
        self.assertNotIn("trying again", self.engine.log)
        self.finish()


class AddressTest(RedisCase):
    """R26, R27."""

    def test_a_name_that_does_not_resolve_is_69(self):
        code, log = self.exit_of_start("redis://no-such-host.invalid:6379")
        self.assertEqual(code, 69, log)
        self.assertIn("no-such-host.invalid", log)

    def test_a_name_is_resolved_to_where_the_server_listens(self):
        self.start_engine(f"redis://localhost:{self.server.port}")
        self.feed(20)
        self.finish()

    def test_each_address_of_a_name_is_tried(self):
        """Whichever of the two the resolver names first: the server listens on one, then on the other."""
        hosts = self.folder / "hosts"
        hosts.write_text("127.0.0.1 two.test\n127.0.0.2 two.test\n")
        prefix = ["unshare", "--mount", *(() if os.geteuid() == 0 else ("--map-root-user",)), "sh", "-c",
                  'mount --bind "$0" /etc/hosts && exec "$@"', str(hosts)]
        seen = subprocess.run([*prefix, "getent", "ahosts", "two.test"], capture_output=True, text=True)
        if seen.returncode != 0 or not all(f"127.0.0.{n} " in seen.stdout for n in (1, 2)):
            self.skipTest(f"no name with two addresses can be had here: {seen.stdout}{seen.stderr}")
        for address in ("127.0.0.1", "127.0.0.2"):
            server = RedisServer(bind=address)
            self.addCleanup(server.remove)
            engine = self.start_engine(f"redis://two.test:{server.port}", prefix=prefix)
            self.assertIn(f"redis://{address}:{server.port}/0: connected", engine.log)
            self.assertNotIn("trying again", engine.log)
            self.assertEqual(engine.stop()[0], 0, engine.log)

    def test_a_unix_socket(self):
        self.start_engine(self.server.unix_url)
        self.feed(20)
        self.finish()

    def test_a_database_by_number(self):
        self.start_engine(f"{self.server.url}/3")
        self.server.ask("SELECT", 3)
        self.feed(20)
        self.finish()

    def test_tls_is_refused_in_words(self):
        code, log = self.exit_of_start("rediss://127.0.0.1:6379")
        self.assertEqual(code, 78, log)
        self.assertIn("TLS is not supported", log)

    def test_what_is_no_url_is_refused_in_words(self):
        for url in ("127.0.0.1:6379", "http://127.0.0.1", "redis://", "redis://h:0", "unix://relative"):
            code, log = self.exit_of_start(url)
            self.assertEqual(code, 78, log)
            self.assertIn("redis.url", log)


class AddressSixTest(RedisCase):
    """R27."""

    starts_server = False

    def test_an_ipv6_address(self):
        try:
            self.server = RedisServer(bind="::1")
        except OSError as error:
            self.skipTest(f"no IPv6 here: {error}")
        self.addCleanup(self.server.remove)
        self.start_engine()
        self.feed(20)
        self.finish()


if __name__ == "__main__":
    case.main()
