#!/usr/bin/env python3
"""Man pages and completions against the programs: every option and command of --help and every conf
key is there, nothing else is, and man, bash and zsh take them without a complaint.

    tests/service/pages_test.py --bin build/release [unittest options]
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
COMPLETION = ROOT / "conf/completion"
COMMANDS = ("run", "generate", "diff", "books", "capture", "feed", "export")
BIN = pathlib.Path()


def help_of(*words):
    return subprocess.run([BIN / words[0], *words[1:], "--help"], check=True, capture_output=True,
                          text=True).stdout


def options_of(*words):
    """Options of a program or command: at the beginning of a line of its --help."""
    found = re.findall(r"^  (?:(-\w),)?(--[\w-]+)", help_of(*words), re.MULTILINE)
    return {option for pair in found for option in pair if option}


class ManTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if shutil.which("man") is None:
            raise unittest.SkipTest("no man here")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        subprocess.run([ROOT / "tools/man_pages.py", "--bin", BIN, "--out", cls.folder], check=True)
        cls.text = {}
        for page in ("engine.1", "replay.1", "engine.toml.5"):
            done = subprocess.run(["man", "--warnings=w", "--local-file", cls.folder / page],
                                  capture_output=True, text=True,
                                  env={**os.environ, "MANWIDTH": "200", "LC_ALL": "C.UTF-8",
                                       "MAN_KEEP_FORMATTING": "", "GROFF_NO_SGR": "1"})
            assert (done.returncode, done.stderr) == (0, ""), (page, done.stderr)
            cls.text[page] = re.sub(r".\x08", "", done.stdout).replace("‐", "-").replace("−", "-")

    def words(self, page):
        return " ".join(self.text[page].split())

    def tags(self, page):
        """Options that have an entry: indented by seven, and at the beginning of a line."""
        found = re.findall(r"^ {7}(?:(-\w),)?(--[\w-]+)", self.text[page], re.MULTILINE)
        return [option for pair in found for option in pair if option]

    def test_engine_has_every_option_and_no_other(self):
        self.assertEqual(set(self.tags("engine.1")), options_of("engine"))

    def test_replay_has_every_option_of_every_command_and_no_other(self):
        expected = sorted(options_of("replay"))
        for command in COMMANDS:
            self.assertIn(f"replay {command}", self.text["replay.1"])
            expected += options_of("replay", command)
        self.assertEqual(sorted(self.tags("replay.1")), sorted(expected))

    def test_commands_are_those_of_the_program(self):
        told = help_of("replay").partition("Subcommands:\n")[2].partition("\n\n")[0]
        self.assertEqual(re.findall(r"^  (\w+)", told, re.MULTILINE), list(COMMANDS))

    def test_engine_tells_every_exit_code_of_the_program(self):
        header = (ROOT / "tools/exit_codes.hpp").read_text()
        status = self.words("engine.1").partition("EXIT STATUS")[2]
        for code in re.findall(r"exit_\w+ = (\d+);", header):
            self.assertRegex(status, rf"\b{code}\b")

    def test_conf_page_has_every_key_with_its_default(self):
        conf = self.folder / "least.toml"
        conf.write_text('[input]\nsource = "capture:-"\n')
        printed = subprocess.run([BIN / "engine", "--print-config", conf], check=True,
                                 capture_output=True, text=True).stdout
        section, told, count = "", "", 0
        for line in printed.splitlines():
            if line.startswith("["):
                section = line
                self.assertEqual(self.text["engine.toml.5"].count(f"\n{section}\n"), 1)
                told = self.text["engine.toml.5"].partition(f"\n{section}\n")[2]
                told = re.split(r"\n\S", told)[0]
            elif line:
                count += 1
                key = line.partition(" = ")[0]
                entry = re.search(rf"^ {{7}}{key}(\s.*\n(?:(?: {{14}}.*)?\n)*)", told, re.MULTILINE)
                self.assertIsNotNone(entry, (section, key))
                self.assertRegex(entry[1], r"Default:\s+\S")
                self.assertRegex(entry[1], r"Allowed:\s+\S")
        self.assertGreater(count, 50)


class BashTest(unittest.TestCase):
    def complete(self, *words):
        """What bash offers for the last word."""
        script = ('source "$1"; name=$2; shift 2; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1));'
                  'compopt() { :; }; "$name"; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-euc", script, "bash", COMPLETION / f"{words[0]}.bash",
                               f"_coreloop_{words[0]}", *words], capture_output=True, text=True,
                              cwd=ROOT / "conf")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return set(done.stdout.split())

    def test_engine(self):
        self.assertEqual(self.complete("engine", "-"), options_of("engine"))
        self.assertEqual(self.complete("engine", "--c"), {"--check-config"})
        self.assertIn("completion", self.complete("engine", "--recover-check", "c"))
        self.assertNotIn("live.toml", self.complete("engine", "--recover-check", ""))
        self.assertIn("live.toml", self.complete("engine", "l"))
        self.assertNotIn("README.md", self.complete("engine", ""))
        self.assertEqual(len(self.complete("engine", "--health", "http")), 2)

    def test_replay(self):
        self.assertEqual(self.complete("replay", ""), options_of("replay") | set(COMMANDS))
        for command in COMMANDS:
            with self.subTest(command):
                self.assertEqual(self.complete("replay", command, "-"),
                                 options_of("replay", command))
        self.assertEqual(self.complete("replay", "run", "--wait", ""), {"spin", "yield", "adaptive"})
        self.assertEqual(self.complete("replay", "run", "--speed", "1"), {"1", "10"})
        self.assertEqual(self.complete("replay", "export", "--csv", ""), {"executions", "positions"})
        self.assertIn("live.toml", self.complete("replay", "run", "--conf", "li"))
        self.assertIn("live.toml", self.complete("replay", "diff", "li"))

    def test_every_value_offered_is_taken(self):
        for option in ("--wait", "--speed", "--layout"):
            for value in self.complete("replay", "run", option, ""):
                done = subprocess.run(
                    [BIN / "replay", "run", "--conf", ROOT / "conf/quickstart.toml",
                     "--set", "threads.cores=none", "--set", "threads.oversubscribe=true",
                     "--capture", "/dev/null", option, value], capture_output=True, text=True,
                    cwd=ROOT)
                self.assertEqual(done.returncode, 0, (option, value, done.stderr))


@unittest.skipIf(shutil.which("zsh") is None, "no zsh here")
class ZshTest(unittest.TestCase):
    def specs(self, *words):
        """What the completion hands to _arguments, as zsh itself expands it."""
        script = ('_arguments() { print -rl -- "$@" }; words=("${@[2,-1]}"); CURRENT=$#words;'
                  'function complete_it { source "$1" }; complete_it "$1"')
        done = subprocess.run(["zsh", "-fc", script, "zsh", COMPLETION / f"_{words[0]}", *words],
                              capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout.splitlines()

    def offered(self, *words):
        found = [re.match(r"(?:\([^)]*\)|\*)*(-[\w-]+)\[", spec) for spec in self.specs(*words)]
        return {match[1] for match in found if match}

    def test_engine(self):
        self.assertEqual(self.offered("engine", "-"), options_of("engine"))

    def test_replay(self):
        self.assertEqual(self.offered("replay", "-"), options_of("replay"))
        (commands,) = (spec for spec in self.specs("replay", "") if spec.startswith("1:command:"))
        self.assertIn("commands", commands)
        for command in COMMANDS:
            with self.subTest(command):
                self.assertEqual(self.offered("replay", command, "-"),
                                 options_of("replay", command))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=lambda text: pathlib.Path(text).resolve())
    known, rest = parser.parse_known_args()
    BIN = known.bin
    unittest.main(argv=[sys.argv[0], *rest])
