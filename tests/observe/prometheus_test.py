#!/usr/bin/env python3
"""A real Prometheus over a live engine, by the committed configuration: every query of every panel is answered, every
rule is evaluated, and an alert fires when its cause is there.

    tests/observe/prometheus_test.py --bin build/release [unittest options]
"""

import json
import re
import socket
import subprocess
import urllib.error
import urllib.parse
import urllib.request

from live_case import BusyEngineCase
from endpoint import SLACK, run_tests, wait_until
from observed import PROMETHEUS, alerts, need, panel_queries

# Those that show trouble only, and have no answer while there is none.
MAY_BE_EMPTY = re.compile(r"> 0$")
# Measured on one input in 64: a stage may have been measured on none.
MAY_BE_NAN = re.compile(r"coreloop_stage_latency_seconds")


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class PrometheusServer:
    """On a free port: the committed configuration and rules, but with `target`, and every 200 ms."""

    def __init__(self, folder, target):
        text = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
        for old, new in (("127.0.0.1:8080", target), ("coreloop.rules.yml", str(PROMETHEUS / "coreloop.rules.yml")),
                         ("_interval: 15s", "_interval: 200ms")):
            assert old in text, old
            text = text.replace(old, new)
        conf = folder / "prometheus.yml"
        conf.write_text(text, encoding="utf-8")
        self.log_path = folder / "prometheus.log"
        self.url = f"http://127.0.0.1:{free_port()}"
        with open(self.log_path, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                ["prometheus", f"--config.file={conf}", f"--storage.tsdb.path={folder / 'tsdb'}",
                 f"--web.listen-address={self.url.removeprefix('http://')}"], stdout=log, stderr=subprocess.STDOUT)

    def ask(self, path, **parameters):
        """The data of an answer; raises ValueError with what Prometheus says is wrong."""
        url = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        try:
            with urllib.request.urlopen(url, timeout=10 * SLACK) as response:
                return json.load(response)["data"]
        except urllib.error.HTTPError as error:
            raise ValueError(error.read().decode()) from None

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=10 * SLACK) as response:
                return response.status == 200
        except OSError:
            return False

    def value(self, query):
        """Of the first series of an instant query; None where there is none."""
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def rules(self):
        return [rule for group in self.ask("rules")["groups"] for rule in group["rules"]]

    def firing(self):
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Prometheus(BusyEngineCase):
    def setUp(self):
        super().setUp()
        self.prometheus = PrometheusServer(self.folder, f"127.0.0.1:{self.engine.port}")
        self.addCleanup(self.prometheus.stop)
        self.assertTrue(wait_until(self.prometheus.is_ready, 30), self.prometheus.log_path.read_text("utf-8"))
        self.assertTrue(wait_until(lambda: self.prometheus.value("up") == 1))

    def test_answers_every_query_of_every_panel(self):
        self.feed()
        fed = f"quantum_confidence_count == {self.signals_fed - 2}"
        self.assertTrue(wait_until(lambda: self.prometheus.value(fed)), "a scrape after the second feed")
        instance = f"127.0.0.1:{self.engine.port}"
        for where, query, _ in panel_queries():
            query = query.replace("$__rate_interval", "1m").replace("$instance", instance)
            answer = self.prometheus.ask("query", query=query)["result"]
            if not MAY_BE_EMPTY.search(query):
                self.assertTrue(answer, f"{where}: no answer to {query}")
            if not MAY_BE_NAN.search(query):
                self.assertNotIn("NaN", [series["value"][1] for series in answer], f"{where}: {query}")

    def test_evaluates_every_rule_and_is_quiet(self):
        names = [rule["alert"] for rule in alerts()]
        self.assertTrue(wait_until(lambda: all(rule["health"] == "ok" for rule in self.prometheus.rules())),
                        self.prometheus.rules())
        self.assertEqual([rule["name"] for rule in self.prometheus.rules()], names)
        self.assertEqual(self.prometheus.firing(), set())

    def test_raises_an_alert_with_its_texts(self):
        """The open short loses; this alert waits for nothing."""
        self.assertEqual(self.engine.post("/prices/ETHUSDT?price=9000")[0], 200)
        self.assertGreater(self.engine.get("/risk")["governer_drawdown"], 0.15)
        self.assertTrue(wait_until(lambda: "CoreloopDrawdownExceeded" in self.prometheus.firing()))
        (alert,) = [alert for alert in self.prometheus.ask("alerts")["alerts"]
                    if alert["labels"]["alertname"] == "CoreloopDrawdownExceeded"]
        self.assertEqual(alert["labels"]["severity"], "critical")
        self.assertRegex(alert["annotations"]["description"],
                         rf"^The deepest drawdown of 127\.0\.0\.1:{self.engine.port} is [0-9.]+%, above ")

    def test_sees_an_engine_that_is_gone(self):
        self.engine.kill()
        self.assertTrue(wait_until(lambda: self.prometheus.value("up") == 0))
        states = wait_until(lambda: [alert["state"] for alert in self.prometheus.ask("alerts")["alerts"]
                                     if alert["labels"]["alertname"] == "CoreloopDown"])
        self.assertEqual(states, ["pending"], "it fires after a minute")


if __name__ == "__main__":
    need("prometheus")
    run_tests(__doc__)
