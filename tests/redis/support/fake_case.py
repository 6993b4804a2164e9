"""The test case over a scripted server instead of a real one."""

from support import case, oracle
from support.case import RedisCase, price_json, signal_json
from support.fake_server import FakeServer
from support.oracle import DEAD, REJECTED, SAFE, SIGNAL, TICK


class FakeCase(RedisCase):
    starts_server = False

    def setUp(self):
        super().setUp()
        self.fake = FakeServer()
        self.addCleanup(self.fake.close)

    def feed_fake(self, count=10):
        self.fake.add(TICK, "data", price_json())
        for _ in range(count):
            self.fake.add(SIGNAL, "data", signal_json(self.random.choice(("BUY", "SELL"))))
        self.signals_fed += count

    def wait_for_fake(self, timeout=case.SETTLE_S):
        def count():
            return sum(len(self.fake.entries(stream)) for stream in (SAFE, REJECTED, DEAD))
        self.wait_until(lambda: count() >= self.signals_fed, timeout,
                        lambda: f"{count()} of {self.signals_fed} outcomes")

    def wait_until_confirmed(self):
        """Until the engine has had an answer to all it asked: only then does it ask for lengths, four at a time."""
        self.fake.script = lambda *_: None
        asked = self.fake.commands.count(b"XLEN")
        self.wait_until(lambda: self.fake.commands.count(b"XLEN") > asked + 4)

    def finish_fake(self):
        self.wait_for_fake()
        self.stop_engine()
        told = oracle.differences(case.options.bin / "replay", self.tape, self.folder,
                                  self.fake.entries(SIGNAL), self.fake.entries)
        self.assertEqual(told, [], self.engine.log[-3000:])

    def misbehave_once(self, name, reply, at=1):
        """The `at`-th command of this name gets `reply`; answers a list that holds it when done."""
        left, done = [at], []

        def script(_, words):
            if words[0].upper() != name or done:
                return None
            left[0] -= 1
            if left[0]:
                return None
            done.append(reply)
            return reply

        self.fake.script = script
        return done
