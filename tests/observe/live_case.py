"""An engine on three threads that has had inputs of every kind, and what its /metrics says."""

import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests" / "http"))

from endpoint import EndpointCase, wait_until  # noqa: E402  (its folder is on the path only now)
from metrics_format import SAMPLE, labels_of  # noqa: E402


class BusyEngineCase(EndpointCase):
    settings = ('threads.layout=[["ingress"], ["risk", "fill", "mark"], ["egress"]]', "threads.cores=none",
                "mark.interval_s=1", "risk.cooldown_after_loss_minutes=0", "risk.max_daily_trades=1000000")

    def setUp(self):
        super().setUp()
        self.signals_fed = 0
        self.feed()

    def feed(self):
        """Approvals, rejections, holds, closes, dead letters; one position stays open."""
        self.assertEqual(self.engine.post("/prices/ETHUSDT?price=3000")[0], 200)
        self.redis.cli("XADD", "market.tick", "*", "data", json.dumps({"symbol": "BTCUSDT", "price": 95000}))
        self.assertTrue(wait_until(lambda: "BTCUSDT" in self.engine.get("/prices")))
        for action, symbol, confidence in (("BUY", "BTCUSDT", 0.9), ("CLOSE", "BTCUSDT", 0.9), ("SELL", "ETHUSDT", 0.8),
                                           ("HOLD", "BTCUSDT", 0.5), ("BUY", "BTCUSDT", 0.1)):
            self.redis.send_signal(action, symbol, confidence)
        self.redis.cli("XADD", "trade.signal.v5", "*", "data", "{")
        self.signals_fed += 6
        self.assertTrue(wait_until(lambda: self.engine.get("/health")["signals_received"] == self.signals_fed))

    def series(self):
        """(name, labels) of each sample of a scrape, under the labels Prometheus gives the target."""
        found = []
        for line in self.metrics().splitlines():
            if not line.startswith("#"):
                match = SAMPLE.fullmatch(line)
                labels = dict(labels_of(match[2] or "", line))
                found.append((match[1], {**labels, "job": "coreloop", "instance": f"127.0.0.1:{self.engine.port}"}))
        return found
