#!/usr/bin/env python3
"""The alert rules as those on duty need them: complete, explained, and each with its unit test.

    tests/observe/alerts_test.py
"""

import re
import unittest

from observed import PROMETHEUS, alerts, need, read_yaml

LABEL = re.compile(r"\$labels\.(\w+)")


def moments(alert):
    """Samples expected of this alert at each moment of its unit tests: [[{label: value}, …], …]."""
    found = []
    for test in read_yaml(PROMETHEUS / "coreloop.rules.test.yml")["tests"]:
        for moment in test["promql_expr_test"]:
            if f'alertname="{alert}"' in moment["expr"]:
                found.append([dict(re.findall(r'(\w+)="([^"]*)"', sample["labels"]))
                              for sample in moment.get("exp_samples", [])])
    return found


class Alerts(unittest.TestCase):
    def test_are_complete(self):
        rules = alerts()
        names = [rule["alert"] for rule in rules]
        self.assertGreater(len(names), 0)
        self.assertEqual(len(names), len(set(names)))
        for rule in rules:
            self.assertIn("for", rule, rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("warning", "critical"), rule["alert"])
            self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook_url"}, rule["alert"])

    def test_have_a_runbook_and_every_runbook_an_alert(self):
        readme = (PROMETHEUS / "README.md").read_text(encoding="utf-8")
        headings = re.findall(r"^### (Coreloop\w+)$", readme, re.M)
        self.assertEqual(headings, [rule["alert"] for rule in alerts()], "one section an alert, in order")
        for rule in alerts():
            self.assertEqual(rule["annotations"]["runbook_url"],
                             f"conf/prometheus/README.md#{rule['alert'].lower()}")

    def test_are_seen_to_fire_and_not_to_fire(self):
        for rule in alerts():
            seen = [bool(samples) for samples in moments(rule["alert"])]
            self.assertIn(True, seen, f"{rule['alert']} is never seen to fire")
            self.assertIn(False, seen, f"{rule['alert']} is never seen not to fire")

    def test_speak_of_labels_that_they_have(self):
        for rule in alerts():
            named = set(LABEL.findall(" ".join(rule["annotations"].values())))
            for samples in moments(rule["alert"]):
                for labels in samples:
                    self.assertLessEqual(named, set(labels), rule["alert"])


if __name__ == "__main__":
    need()
    unittest.main()
