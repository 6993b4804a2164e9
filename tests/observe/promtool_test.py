#!/usr/bin/env python3
"""promtool's opinion of a live engine's /metrics, of the rules, of their unit tests and of the scrape configuration.

    tests/observe/promtool_test.py --bin build/release [unittest options]
"""

import subprocess

from live_case import BusyEngineCase
from endpoint import SLACK, run_tests
from observed import PROMETHEUS, need

# Fixed by the old system, which counted minutes: the one name that promtool may complain about.
KNOWN = 'quantum_position_duration_minutes use base unit "seconds" instead of "minutes"'


def promtool(*words, text=""):
    done = subprocess.run(["promtool", *words], input=text, text=True, capture_output=True, cwd=PROMETHEUS,
                          timeout=60 * SLACK)
    return done.returncode, (done.stdout + done.stderr).strip()


class Promtool(BusyEngineCase):
    def test_finds_one_name_that_is_older_than_we(self):
        _, said = promtool("check", "metrics", text=self.metrics())
        self.assertEqual(said.splitlines(), [KNOWN])

    def test_would_notice_a_name(self):
        _, said = promtool("check", "metrics", text=self.metrics() + "# HELP a_minutes A.\n# TYPE a_minutes gauge\na_minutes 1\n")
        self.assertEqual(len(said.splitlines()), 2)

    def test_accepts_rules_and_configuration(self):
        for words in (("check", "rules", "coreloop.rules.yml"), ("check", "config", "prometheus.yml")):
            code, said = promtool(*words)
            self.assertEqual(code, 0, said)
            self.assertIn("SUCCESS", said)

    def test_sees_every_alert_fire_and_not_fire(self):
        code, said = promtool("test", "rules", "coreloop.rules.test.yml")
        self.assertEqual(code, 0, said)
        self.assertIn("SUCCESS", said)


if __name__ == "__main__":
    need("promtool")
    run_tests(__doc__)
