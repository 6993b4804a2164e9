#!/usr/bin/env python3
"""What tests/observe/promql.py reads out of an expression.

    tests/observe/promql_test.py
"""

import unittest

from promql import Selector, grouping_labels, selectors


class Names(unittest.TestCase):
    def test_are_told_from_everything_else(self):
        for query, names in {
            "up": "up",
            "up == 0": "up",
            "3 + 1e3 - .5 + 0x1F": "",
            "a_total{x=\"b{c}\", y!~'d,e'}[5m] offset 1h30m": "a_total",
            "rate(a_total[5m])": "a_total",
            "sum(rate(a_total{}[$__rate_interval]))": "a_total",
            "sum by (by_label, le) (a) / sum(b) by (c)": "a b",
            "sum without(x) (a)": "a",
            "a * on (job) group_left (version) b": "a b",
            "a and b or c unless ignoring (z) d": "a b c d",
            "histogram_quantile(0.95, sum by (le) (rate(h_bucket[5m]))) > bool 0.1": "h_bucket",
            "max_over_time(a[1h:5m]) - (b @ 1609746000)": "a b",
            "rate_limit + sum_of_all": "rate_limit sum_of_all",
            "ns:recorded:rate5m": "ns:recorded:rate5m",
            "absent(up{job=\"coreloop\"}) # comment (with names": "up",
            "a > Inf or a == NaN": "a a",
            "label_replace(a, \"dst\", \"$1\", \"src\", \"(.*)\")": "a",
            "quantile_over_time(0.9, a[${window}])": "a",
            "-a ^ 2 % b": "a b",
            "time() - process_start_time_seconds": "process_start_time_seconds",
        }.items():
            self.assertEqual([selector.name for selector in selectors(query)], names.split(), query)

    def test_of_groupings_are_labels(self):
        self.assertEqual(grouping_labels("sum by (a, b,) (x) / on(c) group_left y"), {"a", "b", "c"})

    def test_a_broken_expression_is_an_error(self):
        for query in ("sum(a", "a)", "a[5m", "a(b]", "a{x=}", "a{x>\"1\"}", "a{x=\"1\"", "{x=\"1\"}", "a ? b", "a{x=\"1",
                      "sum by (a", "sum by (5) (x)", "a; b"):
            with self.assertRaises(ValueError, msg=query):
                selectors(query)


class Matchers(unittest.TestCase):
    def test_pick_as_prometheus_does(self):
        series = {"kind": "signal", "reason": "JSON"}
        for query, is_picked in {
            "a": True, "b": False,
            'a{kind="signal"}': True, 'a{kind="tick"}': False, 'a{kind!="tick"}': True, 'a{kind!="signal"}': False,
            'a{kind=~"sig.*"}': True, 'a{kind=~"sig"}': False, 'a{kind!~"sig.*"}': False, 'a{kind!~"tick|timer"}': True,
            'a{other=""}': True, 'a{other="x"}': False, 'a{other!=""}': False,
            'a{kind=~"$kind", reason="JSON"}': True, 'a{kind="$kind", reason="SIZE"}': False,
        }.items():
            (selector,) = selectors(query)
            self.assertEqual(selector.picks("a", series), is_picked, query)

    def test_are_kept_in_order(self):
        self.assertEqual(selectors('a{x="1", y=~"2"}'), [Selector("a", (("x", "=", "1"), ("y", "=~", "2")))])


if __name__ == "__main__":
    unittest.main()
