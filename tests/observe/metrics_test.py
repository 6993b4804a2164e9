#!/usr/bin/env python3
"""/metrics of a live engine: every name that the old dashboards query and our own, with type and labels, and sums.

    tests/observe/metrics_test.py --bin build/release [unittest options]
"""

from live_case import BusyEngineCase
from endpoint import run_tests, wait_until
from metrics_format import parse_metrics

# name -> (type, labels)
OLD_NAMES = {
    "quantum_signals_total": ("counter", "symbol action"),
    "quantum_approvals_total": ("counter", "symbol action"),
    "quantum_rejections_total": ("counter", "symbol"),
    "quantum_executions_total": ("counter", "symbol action"),
    "quantum_position_updates_total": ("counter", "symbol side"),
    "quantum_approval_rate": ("gauge", ""),
    "quantum_fill_rate": ("gauge", ""),
    "quantum_confidence_avg": ("gauge", ""),
    "quantum_pnl_unrealized": ("gauge", ""),
    "quantum_pnl_realized": ("gauge", ""),
    "quantum_stream_length": ("gauge", "stream"),
    "quantum_last_signal_timestamp_seconds": ("gauge", ""),
    "quantum_positions_open": ("gauge", ""),
    "quantum_exposure_usd": ("gauge", ""),
    "quantum_fees_total": ("counter", ""),
    "quantum_balance_current": ("gauge", ""),
    "quantum_execution_latency_seconds": ("histogram", ""),
    "quantum_position_duration_minutes": ("histogram", ""),
    "quantum_eventbus_publish_errors_total": ("counter", ""),
}
OWN_NAMES = {
    "quantum_position_duration_seconds": ("histogram", ""),
    "quantum_confidence": ("summary", ""),
    "quantum_drawdown_ratio": ("gauge", ""),
    "quantum_drawdown_limit_ratio": ("gauge", ""),
    "quantum_accounts_latched": ("gauge", ""),
    "coreloop_build_info": ("gauge", "version revision compiler"),
    "coreloop_state": ("gauge", "state"),
    "coreloop_halted": ("gauge", ""),
    "coreloop_stage_latency_seconds": ("histogram", "stage part"),
    "coreloop_ring_depth": ("gauge", "queue"),
    "coreloop_ring_full_total": ("counter", "queue"),
    "coreloop_input_lag": ("gauge", "stream"),
    "coreloop_input_trimmed_total": ("counter", "stream"),
    "coreloop_dead_letters_total": ("counter", "kind reason"),
    "coreloop_redis_reconnects_total": ("counter", "connection"),
    "coreloop_scrape_duration_seconds": ("gauge", ""),
    "process_cpu_seconds_total": ("counter", ""),
    "process_open_fds": ("gauge", ""),
    "process_max_fds": ("gauge", ""),
    "process_virtual_memory_bytes": ("gauge", ""),
    "process_virtual_memory_max_bytes": ("gauge", ""),
    "process_resident_memory_bytes": ("gauge", ""),
    "process_start_time_seconds": ("gauge", ""),
    "process_threads": ("gauge", ""),
}


class Metrics(BusyEngineCase):
    def test_every_name_is_there_with_its_type_and_labels(self):
        types = dict(line[len("# TYPE "):].split() for line in self.metrics().splitlines()
                     if line.startswith("# TYPE "))
        series = self.series()
        for name, (kind, labels) in {**OLD_NAMES, **OWN_NAMES}.items():
            self.assertEqual(types.get(name), kind, name)
            suffix = {"histogram": "_bucket", "summary": "_count"}.get(kind, "")
            found = {frozenset(held) - {"job", "instance"} for sample, held in series if sample == name + suffix}
            wanted = set(labels.split()) | ({"le"} if kind == "histogram" else set())
            self.assertEqual(found, {frozenset(wanted)}, name)

    def test_sums_are_those_of_what_was_fed(self):
        samples = {key: value for family in parse_metrics(self.metrics()).values() for key, value in family.items()}
        self.assertAlmostEqual(samples["quantum_confidence_sum"], 0.9 + 0.9 + 0.8 + 0.5 + 0.1, 8)
        self.assertEqual(samples["quantum_confidence_count"], 5, "a dead letter has no confidence")
        self.assertAlmostEqual(samples["quantum_confidence_avg"], 3.2 / 5, 8)
        for unit in ("minutes", "seconds"):
            self.assertEqual(samples[f"quantum_position_duration_{unit}_count"], 1, "one was closed")
        self.assertAlmostEqual(60 * samples["quantum_position_duration_minutes_sum"],
                               samples["quantum_position_duration_seconds_sum"], 6)
        self.assertGreater(samples["quantum_position_duration_seconds_sum"], 0)
        self.assertEqual(samples["quantum_drawdown_limit_ratio"], 0.15)

    def test_a_drawdown_shows_and_latches(self):
        """The open short loses: its price goes up by a half."""
        self.engine.kill()
        (self.folder / "second").mkdir()
        self.engine = self.started_engine("risk.drawdown_latch=true", "risk.max_drawdown_pct=0.02",
                                          folder=self.folder / "second")
        self.signals_fed = 0
        self.assertTrue(wait_until(self.engine.is_ready))
        self.feed()
        self.assertEqual(self.engine.post("/prices/ETHUSDT?price=4500")[0], 200)
        risk = self.engine.get("/risk")
        self.assertGreater(risk["governer_drawdown"], 0.02)
        samples = self.samples()
        self.assertEqual(samples["quantum_drawdown_ratio"], risk["governer_drawdown"])
        self.assertEqual(samples["quantum_drawdown_limit_ratio"], 0.02)
        self.assertEqual(samples["quantum_accounts_latched"], 0, "nothing has been refused yet")
        self.redis.send_signal("BUY", "BTCUSDT", 0.9)
        self.assertTrue(wait_until(lambda: self.samples()["quantum_accounts_latched"] == 1))
        self.assertEqual(self.engine.post("/resume")[0], 200)
        self.assertEqual(self.samples()["quantum_accounts_latched"], 0)


if __name__ == "__main__":
    run_tests(__doc__)
