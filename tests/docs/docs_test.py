#!/usr/bin/env python3
"""What the documents say to type is typed, in a fresh copy of the repository, and what they say is printed
is compared with what is. Blocks that are not run are listed with their reasons.

    tests/docs/docs_test.py --bin build/release [--only README.md:35] [unittest options]
"""

import argparse
import pathlib
import shutil
import subprocess
import sys
import unittest

sys.dont_write_bytecode = True
from fenced_blocks import BadMark, blocks_of  # noqa: E402
from printed import VARIES, complaint_about  # noqa: E402
from reader import ROOT, Reader, do_as_told, has_module  # noqa: E402

BIN = pathlib.Path()
HAS = {"module": has_module, "program": shutil.which, "file": lambda path: pathlib.Path(path).exists()}


def documents():
    """Every Markdown file of the repository."""
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
                            check=True, capture_output=True, text=True).stdout
    return sorted(name for name in listed.splitlines() if (ROOT / name).exists())


def sessions_of(blocks):
    """Blocks that are run, those together that go on from each other."""
    found = []
    for block in blocks:
        if block.reason or (block.language == "text" and not block.is_output):
            continue
        if block.goes_on or block.is_output:
            found[-1].append(block)
        else:
            found.append([block])
    return found


class Documents(unittest.TestCase):
    """A test for each session, added below."""


class Marks(unittest.TestCase):
    def blocks(self, *lines):
        return blocks_of("\n".join(lines), "x.md")

    def complain(self, words, *lines):
        with self.assertRaises(BadMark) as caught:
            self.blocks(*lines)
        self.assertIn(words, str(caught.exception))

    def test_what_a_block_says_is_read(self):
        block, = self.blocks("<!-- run: with redis engine; varies ids -->", "```console", "$ a \\", "  b", "x", "$ c", "```")
        self.assertEqual((block.with_, block.varies, block.goes_on, block.line), (("redis", "engine"), ("ids",), False, 2))
        self.assertEqual(block.commands(), [["a \\\n  b", "x\n"], ["c", ""]])

    def test_what_is_not_understood_is_refused(self):
        self.complain("a block is one of", "```", "x", "```")
        self.complain("a block is one of", "```shell", "x", "```")
        self.complain("has no end", "```text", "x")
        self.complain("unknown mark", "<!-- not run -->", "```sh", "x", "```")
        self.complain("unknown need: luck", "<!-- run: with luck -->", "```sh", "x", "```")
        self.complain("unknown: sometimes", "<!-- run: sometimes -->", "```sh", "x", "```")
        self.complain("goes on from", "<!-- run: goes on -->", "```sh", "x", "```")
        self.complain("output is a text block", "<!-- output -->", "```text", "x", "```")

    def test_a_command_cannot_hide_as_text(self):
        for line in ("$ ls", "tools/test   # all of it", "bench/run", "curl localhost", "sudo systemctl start x",
                     "build/release/engine --help"):
            self.complain("holds a command", "```text", line, "```")
        self.blocks("```text", "tools/   the programs", "engine/   moving messages", " 1 thread    [ingress]", "```")


class Comparison(unittest.TestCase):
    def test_the_same_is_the_same(self):
        self.assertEqual(complaint_about("a\nb\n", "a\nb  \n"), "")
        self.assertEqual(complaint_about("", ""), "")

    def test_any_other_character_is_told(self):
        self.assertIn("-a 1\n+a 2", complaint_about("a 1\n", "a 2\n"))
        self.assertNotEqual(complaint_about("a\n", "a\nb\n"), "")
        self.assertNotEqual(complaint_about("a\nb\n", "a\n"), "")
        self.assertNotEqual(complaint_about("", "a\n"), "")
        self.assertNotEqual(complaint_about("a.c\n", "abc\n"), "")

    def test_an_ellipsis_is_what_was_left_out(self):
        self.assertEqual(complaint_about("a\n…\nd\n", "a\nb\nc\nd\n"), "")
        self.assertEqual(complaint_about("a\n…\nd\n", "a\nd\n"), "")
        self.assertEqual(complaint_about("a … z\n", "a b z\n"), "")
        self.assertNotEqual(complaint_about("a … z\n", "a\nz\n"), "")
        self.assertNotEqual(complaint_about("a\n…\nd\n", "a\nb\n"), "")

    def test_what_varies_keeps_its_form(self):
        self.assertEqual(complaint_about("at 1795406805652-0\n", "at 1795406805773-12\n", ["ids"]), "")
        self.assertNotEqual(complaint_about("at 1795406805652-0\n", "at 1795406805652\n", ["ids"]), "")
        self.assertIn("nothing of the kind", complaint_about("at\n", "at\n", ["ids"]))
        self.assertIn("unknown kind", complaint_about("at\n", "at\n", ["moods"]))


def add_tests(only):
    """A test in Documents for every session of every document; what is not run is printed."""
    for document in documents():
        blocks = blocks_of((ROOT / document).read_text(encoding="utf-8"), document)
        for block in blocks:
            for kind in block.varies:
                assert kind in VARIES, f"{block.place}: unknown kind of what varies: {kind}"
            if block.reason:
                print(f"not run: {block.place}: {block.reason}")
        for session in sessions_of(blocks):
            if only in (None, session[0].place, document):
                add_test(session)


def add_test(session):
    def test(self):
        for kind, _, name in (word.partition("=") for block in session for word in block.with_):
            if name and not HAS[kind](name):
                self.skipTest(f"no {kind} {name} here; tools/setup installs it")
        reader = Reader(BIN)
        self.addCleanup(reader.close)
        do_as_told(reader, session)

    name = session[0].place.replace("/", "_").replace(".md", "").replace(":", "_line_")
    setattr(Documents, f"test_{name}", test)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", required=True, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--only", metavar="DOCUMENT[:LINE]", help="one document, or one block")
    known, rest = parser.parse_known_args()
    BIN = known.bin
    for program in ("redis-server", "redis-cli", "curl", "git"):
        if shutil.which(program) is None:
            print(f"skipped: no {program} here; tools/setup installs it")
            sys.exit(77)
    if subprocess.run(["git", "-C", ROOT, "rev-parse"], capture_output=True, check=False).returncode != 0:
        print("skipped: no git checkout here, and a copy is made of what git lists")
        sys.exit(77)
    add_tests(known.only)
    unittest.main(argv=[sys.argv[0], *rest])
