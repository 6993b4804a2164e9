#!/usr/bin/env python3
"""The engine between Python services as they are: redis-py, XADD MAXLEN ~, XREAD COUNT 10 BLOCK 1000,
dataclasses built with Cls(**json).

    tests/redis/drop_in_test.py --bin build/release [unittest options]
"""

import dataclasses
import datetime
import json
import pathlib
import sys
import time

sys.dont_write_bytecode = True
sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools/python"))
try:
    import redis
except ImportError:
    # Debian's package is seen by Debian's python3 only; it is pure Python.
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        import redis
    except ImportError:
        print("skipped: no python3-redis here; tools/setup installs it")
        sys.exit(77)

from eventbus_bridge import ExecutionResult, PositionUpdate, RiskApprovedSignal, public
from support import case
from support.case import RedisCase, SLACK
from support.oracle import DEAD, EXECUTION, POSITION, REJECTED, SAFE, SIGNAL, TICK

PRICE = 95_000.0


@dataclasses.dataclass
class Rejection:
    symbol: str
    action: str
    confidence: float
    reason: str
    value: float
    limit: float
    timestamp: str
    source: str


class Consumer:
    """Reads a stream as the services do, from where it stands now."""

    def __init__(self, bus, stream, kind):
        self.bus, self.stream, self.kind = bus, stream, kind
        self.last = "0"

    def read(self, count=1, timeout=5.0 * SLACK):
        """`count` messages, or fewer after `timeout` seconds."""
        found = []
        end = time.monotonic() + timeout
        while len(found) < count and time.monotonic() < end:
            for _, entries in self.bus.xread({self.stream: self.last}, count=10, block=1000) or []:
                for self.last, fields in entries:
                    data = json.loads(fields["data"])
                    # Cls(**json) refuses a key too many; one that has a default may not be missing either.
                    assert list(data) == [field.name for field in dataclasses.fields(self.kind)], data
                    found.append(self.kind(**public(data)))
        return found

    def nothing_more(self):
        return not self.bus.xread({self.stream: self.last}, count=10)


class DropInTest(RedisCase):
    def setUp(self):
        super().setUp()
        self.bus = redis.Redis(port=self.server.port, decode_responses=True)
        self.addCleanup(self.bus.close)
        self.start_engine(start="$")
        self.approvals = Consumer(self.bus, SAFE, RiskApprovedSignal)
        self.executions = Consumer(self.bus, EXECUTION, ExecutionResult)
        self.positions = Consumer(self.bus, POSITION, PositionUpdate)
        self.rejections = Consumer(self.bus, REJECTED, Rejection)
        self.xadd(TICK, {"symbol": "BTCUSDT", "price": PRICE})
        self.begin = time.monotonic()

    def tearDown(self):
        self.assertLess(time.monotonic() - self.begin, 5.0 * SLACK)
        self.stop_engine()

    def xadd(self, stream, message):
        return self.bus.xadd(stream, {"data": json.dumps(message)}, maxlen=10_000, approximate=True)

    def publish(self, action="BUY", confidence=0.85, symbol="BTCUSDT"):
        return self.xadd(SIGNAL, {"symbol": symbol, "action": action, "confidence": confidence,
                                  "timestamp": datetime.datetime.utcnow().isoformat(),
                                  "source": "ensemble_v5", "meta_override": False,
                                  "ensemble_votes": {"lstm": action, "xgb": action}})

    def test_an_approval_is_executed_and_shows_as_a_position(self):
        self.publish(confidence=0.85)
        approval, = self.approvals.read()
        self.assertEqual((approval.symbol, approval.action, approval.confidence, approval.approved_by),
                         ("BTCUSDT", "BUY", 0.85, "risk_safety"))
        self.assertGreater(approval.position_size_usd, 0)
        self.assertLessEqual(approval.position_size_pct, 0.10)
        self.assertLessEqual(approval.position_size_usd, 1000.0)
        execution, = self.executions.read()
        self.assertEqual((execution.symbol, execution.action, execution.status), ("BTCUSDT", "BUY", "filled"))
        self.assertRegex(execution.order_id, r"^PAPER-[0-9A-F]{12}$")
        self.assertGreater(execution.fee_usd, 0)
        self.assertGreater(execution.slippage_pct, 0)
        self.assertGreater(execution.entry_price, PRICE)
        position, = self.positions.read()
        self.assertEqual((position.symbol, position.side), ("BTCUSDT", "LONG"))
        self.assertEqual(position.entry_price, execution.entry_price)
        self.assertAlmostEqual(position.size_usd, execution.position_size_usd, delta=1)

    def test_the_threshold_itself_is_approved(self):
        self.publish(confidence=0.65)
        self.assertEqual([a.confidence for a in self.approvals.read()], [0.65])

    def test_lower_confidence_is_rejected(self):
        self.publish(confidence=0.64)
        self.publish(confidence=0.42)
        rejections = self.rejections.read(2)
        self.assertEqual([(r.confidence, r.reason, r.limit) for r in rejections],
                         [(0.64, "LOW_CONFIDENCE", 0.65), (0.42, "LOW_CONFIDENCE", 0.65)])
        self.assertTrue(self.approvals.nothing_more())

    def test_hold_is_skipped(self):
        self.publish("HOLD", 0.9)
        self.publish("BUY", 0.9)
        self.assertEqual([a.action for a in self.approvals.read()], ["BUY"])
        self.assertTrue(self.rejections.nothing_more())
        self.assertEqual(self.bus.xlen(DEAD), 0)

    def test_five_signals_in_a_burst(self):
        for symbol in ("ETHUSDT", "SOLUSDT"):
            self.xadd(TICK, {"symbol": symbol, "price": 100.0})
        begin = time.monotonic()
        for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BTCUSDT", "ETHUSDT"):
            self.publish(symbol=symbol)
        approvals = self.approvals.read(5)
        executions = self.executions.read(5)
        self.assertEqual(len(approvals), 5, self.bus.xrange(REJECTED))
        self.assertLess(time.monotonic() - begin, 2.0 * SLACK)
        self.assertEqual([a.symbol for a in approvals], [e.symbol for e in executions])
        self.assertEqual(len(executions), 5)
        self.assertEqual(len({e.order_id for e in executions}), 5)

    def test_what_is_no_signal_harms_nobody(self):
        self.bus.xadd(SIGNAL, {"data": "not json"})
        self.bus.xadd(SIGNAL, {"payload": "x"})
        self.publish()
        self.assertEqual(len(self.approvals.read()), 1)
        self.assertEqual(self.bus.xlen(DEAD), 2)


if __name__ == "__main__":
    case.main()
