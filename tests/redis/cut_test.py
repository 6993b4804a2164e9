#!/usr/bin/env python3
"""R5: the connection is reset behind any byte of a transaction's requests, or of its replies.

    tests/redis/cut_test.py --bin build/release [--thorough] [unittest options]

--thorough cuts behind every byte instead of 40 of them.
"""

import sys

sys.dont_write_bytecode = True
from support import case
from support.case import ONE_THREAD, RedisCase, SETTLE_S, SLACK, THREE_THREADS
from support.proxy import Count, CutTransaction, PassOn, Proxy

SAMPLE = 40
BATCH = 12  # signals


class CutTest(RedisCase):
    def cut_everywhere(self, side, layout):
        proxy = Proxy(self.server.path)
        self.addCleanup(proxy.close)
        self.start_engine(proxy.url, layout=layout)
        self.feed(BATCH, atomic=True)
        self.wait_for_outcomes()
        counter = proxy.policy = Count()
        self.feed(BATCH, atomic=True)
        self.wait_for_outcomes()
        # The transaction, and a little of what follows it.
        size = counter.requests if side == "request" else counter.replies
        self.assertGreater(size, 100)
        values = range(1, size + 1)
        if not case.options.thorough:
            values = sorted({1, 2, size, *(1 + size * i // SAMPLE for i in range(SAMPLE))})
        for count in values:
            policy = proxy.policy = CutTransaction(side, count)
            self.random.seed(1)
            self.feed(BATCH, atomic=True)
            self.wait_for_outcomes()
            # Redis shows the outcomes before the proxy has seen the replies; how the book stands decides how
            # many entries a batch makes, so the last quarter may lie behind its end.
            with self.subTest(count=count):
                self.assertTrue(count > size * 3 // 4 or policy.done.wait(SETTLE_S * SLACK))
            proxy.policy = PassOn()
        self.assertGreater(self.engine.log.count("connected again"), len(values) // 2)
        self.finish()

    def test_behind_any_byte_of_the_requests(self):
        self.cut_everywhere("request", ONE_THREAD)

    def test_behind_any_byte_of_the_replies(self):
        self.cut_everywhere("reply", THREE_THREADS)


class ReadCutTest(RedisCase):
    def test_all_connections_reset_again_and_again_under_load(self):
        proxy = Proxy(self.server.path)
        self.addCleanup(proxy.close)
        self.start_engine(proxy.url, layout=THREE_THREADS, redis="read_count = 64\negress_batch_max = 64")
        for _ in range(20):
            self.feed(400)
            proxy.cut_all()
        self.finish()


if __name__ == "__main__":
    case.main()
