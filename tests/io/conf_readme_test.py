#!/usr/bin/env python3
"""conf/README.md and the conf files against the engine's own key table.

    tests/io/conf_readme_test.py --engine build/release/engine [unittest options]

The engine is asked for its keys and defaults (--print-config), for what it allows (its complaint about a value that no
key takes) and for the keys that decide outputs (the first record of a tape); the page must say the same.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import tomllib
import unittest

CONF = pathlib.Path(__file__).resolve().parent.parent.parent / "conf"
README = CONF / "README.md"
HEADINGS = ["key", "unit", "default", "allowed", "what it does", "lower / higher"]
REQUIRED = "required"  # the default cell of a key that must be given
WRONG = "1979-05-27"  # a TOML date: no key takes one
ENGINE = pathlib.Path()


def engine(*arguments):
    """The program's result, with what it printed."""
    return subprocess.run([ENGINE, *map(str, arguments)], capture_output=True, text=True)


def cells_of(line):
    """The cells of a table row."""
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def value_of(text):
    """A TOML value; numbers with a point keep their text, tables their order."""
    value = tomllib.loads("value = " + text, parse_float=str)["value"]
    return list(value.items()) if isinstance(value, dict) else value


def keys_of_readme():
    """section.key -> its row as heading -> cell, and the section headings in order."""
    rows, sections, section = {}, [], None
    for line in README.read_text(encoding="utf-8").splitlines():
        heading = re.fullmatch(r"## \[(\w+)\]", line)
        if heading:
            section = heading[1]
            sections.append(section)
        elif line.startswith("| `"):
            cells = cells_of(line)
            name = f"{section}.{cells[0].strip('`')}"
            assert len(cells) == len(HEADINGS), f"{name}: {len(cells)} cells"
            assert name not in rows, f"{name} stands twice"
            rows[name] = dict(zip(HEADINGS, cells))
    return rows, sections


class ConfReadmeTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rows, cls.sections = keys_of_readme()
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.conf = cls.folder / "least.toml"
        cls.conf.write_text('[input]\nsource = "capture:-"\n')
        cls.printed = cls.printed_keys()

    @classmethod
    def printed_keys(cls):
        """section.key -> default, of a conf that gives only what it must."""
        done = engine("--print-config", cls.conf)
        assert done.returncode == 0, done.stderr
        keys, section = {}, None
        for line in done.stdout.splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line:
                name, _, value = line.partition(" = ")
                keys[f"{section}.{name}"] = value
        return keys

    def test_has_every_key_in_order_and_no_other(self):
        self.assertEqual(list(self.rows), list(self.printed))
        self.assertEqual(self.sections, list(dict.fromkeys(name.split(".")[0] for name in self.printed)))

    def test_defaults_are_the_engines(self):
        missing = engine("--check-config", self.written("empty.toml", "")).stderr
        for name, value in self.printed.items():
            shown = self.rows[name]["default"]
            if f" {name}: must be given" in missing:
                self.assertEqual(shown, REQUIRED, name)
            else:
                self.assertRegex(shown, "^`.*`$", name)
                self.assertEqual(value_of(shown.strip("`")), value_of(value), name)

    def test_allowed_is_what_the_engine_says(self):
        done = engine("--check-config", self.written("wrong.toml", "".join(f"{name} = {WRONG}\n" for name in self.printed)))
        self.assertEqual(done.returncode, 78)
        for name in self.printed:
            found = re.search(rf": {re.escape(name)}: must be (.*), not {WRONG}$", done.stderr, re.MULTILINE)
            self.assertIsNotNone(found, name)
            self.assertEqual(self.rows[name]["allowed"], found[1], name)

    def test_tells_which_keys_decide_outputs(self):
        capture = self.written("one.ndjson", '{"stream":"market.tick","id":"1-0","fields":{"data":"{}"}}\n')
        tape = self.folder / "tape.ndjson"
        done = engine("--set", f"input.source=capture:{capture}", "--set", f"output.tape={tape}", self.conf)
        self.assertEqual(done.returncode, 0, done.stderr)
        with open(tape, encoding="ascii") as lines:
            first = json.loads(lines.readline())
        self.assertEqual(first["stream"], "@conf")
        text = README.read_text(encoding="utf-8").partition("All keys decide outputs except:")[2].partition(".\n")[0]
        others = re.findall(r"`([\w.]+\.[\w*]+)`", text)
        deciding = {name for name in self.printed
                    if name not in others and name.split(".")[0] + ".*" not in others}
        self.assertEqual(deciding, set(first["fields"]))

    def test_every_number_that_has_a_range_says_what_less_and_more_do(self):
        for name, row in self.rows.items():
            self.assertTrue(row["what it does"].endswith("."), name)
            if row["allowed"].startswith(("a number", "a whole number", "a power")):
                self.assertNotEqual(row["lower / higher"], "-", name)

    def test_conf_files_are_good_and_named_on_the_page(self):
        files = sorted(CONF.glob("*.toml"))
        self.assertIn(CONF / "quickstart.toml", files)
        for file in files:
            done = engine("--check-config", file)
            self.assertEqual((done.returncode, done.stderr), (0, ""), file.name)
            self.assertIn(f"[{file.name}]({file.name})", README.read_text(encoding="utf-8"))

    def test_conf_files_explain_every_key(self):
        for file in sorted(CONF.glob("*.toml")):
            for line in file.read_text(encoding="utf-8").splitlines():
                if line and not line.startswith(("#", "[")):
                    self.assertRegex(line, r"=.*# \S", f"{file.name}: {line}")

    def written(self, name, text):
        """A file of the test's own."""
        path = self.folder / name
        path.write_text(text)
        return path


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", required=True, type=lambda text: pathlib.Path(text).resolve())
    known, rest = parser.parse_known_args()
    ENGINE = known.engine
    unittest.main(argv=[sys.argv[0], *rest])
