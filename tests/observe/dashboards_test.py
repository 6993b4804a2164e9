#!/usr/bin/env python3
"""The dashboards and their provisioning: what Grafana asks of a file before it looks at a query.

    tests/observe/dashboards_test.py
"""

import subprocess
import sys
import unittest

from observed import GRAFANA, PROMETHEUS, dashboards, need, read_yaml

UNITS = {"cps", "s", "none", "percentunit", "currencyUSD", "bytes", "reqps"}


class Dashboards(unittest.TestCase):
    def test_are_what_the_table_says(self):
        done = subprocess.run([sys.executable, GRAFANA / "make_dashboards.py", "--check"], capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stdout.strip()), (0, ""), done.stderr)

    def test_have_fixed_unique_ids_and_none_of_an_export(self):
        found = dashboards()
        self.assertGreaterEqual(len(found), 5)
        for key in ("uid", "title"):
            values = [dashboard[key] for dashboard in found.values()]
            self.assertEqual(len(values), len(set(values)), key)
        for name, dashboard in found.items():
            self.assertEqual(dashboard["uid"], "coreloop-" + name.removesuffix(".json"))
            self.assertLessEqual(len(dashboard["uid"]), 40, "Grafana's limit")
            self.assertEqual(set(dashboard) & {"id", "__inputs", "__requires", "iteration"}, set(), name)
            ids = [panel["id"] for panel in dashboard["panels"]]
            self.assertEqual(len(ids), len(set(ids)), name)

    def test_ask_the_data_source_that_is_chosen(self):
        for name, dashboard in dashboards().items():
            variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
            self.assertEqual(variables["datasource"]["type"], "datasource", name)
            self.assertEqual(variables["datasource"]["query"], "prometheus", name)
            for panel in dashboard["panels"]:
                for part in (panel, *panel["targets"]):
                    self.assertEqual(part["datasource"], {"type": "prometheus", "uid": "${datasource}"}, panel["title"])

    def test_panels_have_a_unit_a_place_and_windows_that_fit_the_scrape(self):
        for name, dashboard in dashboards().items():
            taken = set()
            for panel in dashboard["panels"]:
                where = f"{name}: {panel['title']}"
                self.assertIn(panel["fieldConfig"]["defaults"]["unit"], UNITS, where)
                place = panel["gridPos"]
                self.assertLessEqual(place["x"] + place["w"], 24, where)
                cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                         for y in range(place["y"], place["y"] + place["h"])}
                self.assertEqual(cells & taken, set(), f"{where} lies on another panel")
                taken |= cells
                references = [target["refId"] for target in panel["targets"]]
                self.assertEqual(len(references), len(set(references)), where)
                for target in panel["targets"]:
                    for window in target["expr"].split("[")[1:]:
                        self.assertEqual(window.split("]")[0], "$__rate_interval", where)

    def test_are_provisioned_read_only_from_files(self):
        (source,) = read_yaml(GRAFANA / "provisioning/datasources/prometheus.yml")["datasources"]
        self.assertEqual((source["type"], source["uid"]), ("prometheus", "coreloop-prometheus"))
        scrape = read_yaml(PROMETHEUS / "prometheus.yml")["global"]["scrape_interval"]
        self.assertEqual(source["jsonData"]["timeInterval"], scrape, "what $__rate_interval goes by")
        (provider,) = read_yaml(GRAFANA / "provisioning/dashboards/coreloop.yml")["providers"]
        self.assertEqual((provider["type"], provider["allowUiUpdates"]), ("file", False))


if __name__ == "__main__":
    need()
    unittest.main()
