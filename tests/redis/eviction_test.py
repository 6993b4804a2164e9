#!/usr/bin/env python3
"""A Redis that may delete streams to make room: told, or refused where the conf is strict.

    tests/redis/eviction_test.py --bin build/release [unittest options]
"""

import sys

sys.dont_write_bytecode = True
from support import case
from support.case import RedisCase


class EvictionTest(RedisCase):
    """R23: Redis may delete streams to make room."""

    server_options = (("maxmemory", "200mb"), ("maxmemory-policy", "allkeys-lru"))

    def test_r23_is_told_at_the_start(self):
        engine = self.start_engine()
        self.assertIn("maxmemory-policy is allkeys-lru", engine.log)
        self.feed(50)
        self.finish()

    def test_r23_output_streams_that_were_deleted_are_told_and_begun_again(self):
        """What eviction does, at a moment of our choice."""
        self.start_engine()
        self.feed(100)
        self.wait_for_outcomes()
        before = self.outcome_count()
        self.server.ask("DEL", "trade.signal.safe", "trade.signal.rejected", "trade.execution.res")
        self.feed(50)
        self.wait_until(lambda: self.outcome_count() >= self.signals_fed - before)
        self.stop_engine()

    def test_r23_is_refused_where_the_conf_is_strict(self):
        code, log = self.exit_of_start(redis="strict = true")
        self.assertEqual(code, 78, log)
        self.assertIn("maxmemory-policy is allkeys-lru", log)
        self.assertEqual(self.server.ask("DBSIZE"), 0)

    def test_r23_strict_is_content_with_noeviction(self):
        self.server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        self.start_engine(redis="strict = true")
        self.feed(50)
        self.finish()

    def test_r23_strict_has_to_ask(self):
        self.server.ask("ACL", "SETUSER", "trader", "on", ">secret", "+@all", "-info", "allkeys")
        url = f"redis://trader:secret@127.0.0.1:{self.server.port}"
        code, log = self.exit_of_start(url, redis="strict = true")
        self.assertEqual(code, 77, log)
        self.assertIn("INFO", log)

    def test_none_is_told_where_nothing_is_deleted(self):
        self.server.ask("CONFIG", "SET", "maxmemory-policy", "noeviction")
        engine = self.start_engine()
        self.assertNotIn("maxmemory-policy", engine.log)
        self.finish()


if __name__ == "__main__":
    case.main()
