#!/usr/bin/env python3
"""Every query of a panel, a template variable or a rule names only what /metrics of a live engine has.

    tests/observe/queries_test.py --bin build/release [unittest options]
"""

import re

from live_case import BusyEngineCase
from endpoint import run_tests
from observed import dashboards, need, panel_queries, rule_queries
from promql import grouping_labels, selectors

OF_PROMETHEUS = {"up"}  # made by Prometheus itself, for each target
VARIABLE_QUERY = re.compile(r"label_values\((.+), (\w+)\)")
LEGEND_LABEL = re.compile(r"{{(\w+)}}")


class Queries(BusyEngineCase):
    def setUp(self):
        super().setUp()
        self.scraped = self.series()

    def labels_selected(self, where, query):
        """Labels of what the query selects; each of its selectors must select something."""
        found = set()
        for selector in selectors(query):
            if selector.name in OF_PROMETHEUS:
                found |= {"job", "instance"}
                continue
            picked = [labels for name, labels in self.scraped if selector.picks(name, labels)]
            self.assertTrue(picked, f"{where}: nothing in /metrics is {selector.name} {selector.matchers}")
            found |= {label for labels in picked for label in labels}
        return found

    def test_of_panels_select_what_is_there(self):
        queries = panel_queries()
        self.assertGreater(len(queries), 50)
        for where, query, legend in queries:
            labels = self.labels_selected(where, query)
            self.assertLessEqual(grouping_labels(query), labels, f"{where}: {query}")
            self.assertLessEqual(set(LEGEND_LABEL.findall(legend)), labels, f"{where}: legend {legend}")
            aggregated = grouping_labels(query)
            if query.startswith(("sum", "histogram_quantile")):
                self.assertLessEqual(set(LEGEND_LABEL.findall(legend)), aggregated, f"{where}: legend {legend}")

    def test_of_variables_select_what_is_there(self):
        for name, dashboard in dashboards().items():
            for variable in dashboard["templating"]["list"]:
                if variable["type"] == "query":
                    query, label = VARIABLE_QUERY.fullmatch(variable["query"]).groups()
                    self.assertIn(label, self.labels_selected(name, query))

    def test_of_rules_select_what_is_there(self):
        for where, query in rule_queries():
            labels = self.labels_selected(where, query)
            self.assertLessEqual(grouping_labels(query), labels, where)

    def test_that_name_something_else_are_noticed(self):
        for query in ("quantum_signals", 'coreloop_state{state="walking"}', "rate(quantum_execution_latency_seconds[5m])",
                      'quantum_signals_total{direction="BUY"}', "sum by (job) (coreloop_journal_errors_total)"):
            with self.assertRaises(self.failureException, msg=query):
                self.labels_selected("here", query)


if __name__ == "__main__":
    need()
    run_tests(__doc__)
