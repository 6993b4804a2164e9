#!/usr/bin/env python3
"""The README's tables against what they are about: measured numbers against the files that keep them, defaults
against the engine, keys against the schemas, mentioned paths against the tree, links against the headings.

    tests/docs/facts_test.py --engine build/release/engine [unittest options]
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
DOCUMENTS = ("README.md", "CONTRIBUTING.md", "SECURITY.md", "bench/README.md", "conf/README.md", "conf/adopt.md", "conf/grafana/README.md",
             "conf/prometheus/README.md", "tools/python/README.md", "tests/results/README.md", "tests/fuzz/README.md")
# The order that a reader of such a page expects.
SECTIONS = ("Sixty seconds", "The picture", "What was measured", "Configuration", "Wire format", "Between Redis streams", "HTTP",
            "Metrics", "Tools", "Building", "Layout", "Why believe it", "Change drills", "Decisions, and why", "Limits", "Licence")
OPTIONS = argparse.Namespace()


def readme():
    return (ROOT / "README.md").read_text(encoding="utf-8")


def section(name):
    """The text of one section of the README."""
    return re.search(rf"^## {re.escape(name)}\n(.*?)(?=^## |\Z)", readme(), re.M | re.S)[1]


def rows(text):
    """The cells of every table row whose first cell is not a heading."""
    table = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip(" |") for cell in row] for row in table if not set(row[0]) <= {"-"}]


def numbers(text):
    return [number.replace(",", "") for number in re.findall(r"\d[\d,]*(?:\.\d+)?", text)]


class Facts(unittest.TestCase):
    def test_sections_are_in_their_order(self):
        self.assertEqual(tuple(re.findall(r"^## (.*)", readme(), re.M)), SECTIONS)

    def test_measured_numbers_stand_in_their_files(self):
        found = 0
        for what, *measured, file in rows(section("What was measured"))[1:]:
            kept = (ROOT / file.strip("`")).read_text(encoding="utf-8")
            known = set(numbers(kept))
            for number in numbers(" ".join(measured)):
                self.assertIn(number, known, (what, file))
                found += 1
        self.assertGreater(found, 15)

    def test_defaults_are_those_of_the_engine(self):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as conf:
            conf.write('[input]\nsource = "capture:-"\n')
            conf.flush()
            printed = subprocess.run([OPTIONS.engine, "--print-config", conf.name], check=True, capture_output=True, text=True).stdout
        defaults, name = {}, ""
        for line in printed.splitlines():
            if line.startswith("["):
                name = line.strip("[]")
            elif line:
                key, _, value = line.partition(" = ")
                defaults[f"{name}.{key}"] = value
        told = {row[0].strip("`"): row[1].strip("`") for row in rows(section("Configuration")) if "." in row[0] and "/" not in row[0]}
        self.assertGreater(len(told), 8)
        for key, value in told.items():
            self.assertEqual(value, defaults.get(key), key)

    def test_keys_of_the_streams_are_those_of_their_schemas(self):
        told = rows(section("Wire format"))[1:]
        schemas = {path.stem: json.loads(path.read_text()) for path in (ROOT / "tools/python/schema").glob("*.json")}
        self.assertEqual({row[0].strip("`") for row in told}, set(schemas))
        for stream, _, keys in told:
            words = re.findall(r"\w+", keys.replace("optional", "").replace(" and ", " ").replace(" or ", " "))
            self.assertEqual(sorted(words), sorted(schemas[stream.strip("`")]["properties"]), stream)

    def test_dead_letter_codes_are_those_of_the_program(self):
        told = re.search(r"with a code, in order: ([A-Z0-9_,\s]+)\.", section("Wire format"))[1]
        header = (ROOT / "stages/reason.hpp").read_text()
        names = re.search(r"dead_letter_code_names\S*\s*=?\s*\{+(.*?)\}", header, re.S)[1]
        self.assertEqual(re.findall(r"\w+", told), [name for name in re.findall(r'"(\w+)"', names) if name != "NONE"])

    def test_what_is_counted_is_there(self):
        alerts = re.findall(r"^ *- alert: ", (ROOT / "conf/prometheus/coreloop.rules.yml").read_text(), re.M)
        self.assertIn(f"raises {len(alerts)} alerts", readme())
        words = ("three", "four", "five", "six", "seven")
        self.assertIn(f"holds {words[len(list((ROOT / 'conf/grafana/dashboards').glob('*.json'))) - 3]} dashboards", readme())

    def test_paths_that_are_mentioned_exist(self):
        for document in DOCUMENTS:
            text = re.sub(r"^```.*?^```", "", (ROOT / document).read_text(encoding="utf-8"), flags=re.M | re.S)
            for path in re.findall(r"`((?:engine|stages|io|tools|tests|bench|conf)/[\w./-]*\w)(?:/|`| )", text):
                with self.subTest(document=document, path=path):
                    self.assertTrue((ROOT / path).exists() or list(ROOT.glob(path + ".*")))

    def test_programs_that_name_their_interpreter_can_be_called(self):
        found = 0
        for folder in ("tools", "tests", "bench", "conf", ".ci"):
            for path in filter(pathlib.Path.is_file, (ROOT / folder).rglob("*")):
                with path.open("rb") as file:
                    if file.read(2) != b"#!":
                        continue
                found += 1
                with self.subTest(path=path.relative_to(ROOT)):
                    self.assertTrue(path.stat().st_mode & 0o100)
        self.assertGreater(found, 50)

    def test_redis_is_known_where_the_change_drill_says(self):
        """The row "replace Redis" of the README's drills."""
        files = [path for folder in ("engine", "stages", "io", "tools") for path in (ROOT / folder).rglob("*.[hc]pp")]
        knowing = {str(path.relative_to(ROOT)) for path in files if '#include "io/redis/' in path.read_text(encoding="utf-8")}
        outside = {path for path in knowing if not path.startswith(("io/redis/", "tools/doctor"))}
        self.assertEqual(outside, {"io/conf/conf_rules.cpp", "tools/redis_ends.hpp", "tools/replay_capture.cpp", "tools/replay_feed.cpp"})
        including = [str(path.relative_to(ROOT)) for path in files if '"tools/redis_ends.hpp"' in path.read_text(encoding="utf-8")
                     and not path.name.startswith("doctor")]
        self.assertEqual(sorted(including), ["tools/live_run.cpp", "tools/redis_ends.cpp"])
        row = next(row for row in rows(section("Change drills")) if row[0] == "replace Redis")
        for name in ("tools/redis_ends.*", "io/conf/", "tools/live_run.cpp", "replay capture", "replay feed", "tools/doctor*"):
            self.assertIn(f"`{name}`", row[1])

    def test_links_lead_somewhere(self):
        for document in DOCUMENTS:
            text = (ROOT / document).read_text(encoding="utf-8")
            for target in re.findall(r"\]\(((?!https?:)[^)]+)\)", text):
                with self.subTest(document=document, target=target):
                    path, _, anchor = target.partition("#")
                    file = (ROOT / document).parent / path if path else ROOT / document
                    self.assertTrue(file.exists())
                    if anchor:
                        titles = re.findall(r"^#+ (.*)", file.read_text(encoding="utf-8"), re.M)
                        self.assertIn(anchor, [re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, type=lambda text: pathlib.Path(text).resolve())
    OPTIONS, rest = parser.parse_known_args()
    unittest.main(argv=[sys.argv[0], *rest])
