#!/usr/bin/env python3
"""The programs as people run them: exit codes, messages, files, signals.

    tests/tools/programs_test.py --bin build/release [unittest options]
"""

import argparse
import gzip
import hashlib
import json
import os
import pathlib
import pty
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from decimal import Decimal

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLE = ROOT / "tests/data/sample.ndjson.gz"
BIN = pathlib.Path()


def program(name, *args, **options):
    return subprocess.run([BIN / name, *map(str, args)], capture_output=True, text=True, **options)


class Programs(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def file(self, name, text=""):
        path = self.folder / name
        path.write_text(text)
        return path

    def run_replay(self, *args, code=0):
        done = program("replay", *args)
        self.assertEqual(done.returncode, code, done.stderr)
        return done

    def summary_of(self, capture, *args, code=0):
        summary = self.folder / "summary.json"
        done = self.run_replay("run", "--capture", capture, "--summary", summary, *args, code=code)
        return json.loads(summary.read_text()), done


class GoldenTest(Programs):
    def test_the_sample_gives_its_committed_sha256(self):
        golden = (ROOT / "tests/data/sample.sha256").read_text().split()[0]
        summary, _ = self.summary_of(SAMPLE)
        self.assertEqual(summary["output"]["sha256"], golden)

    def test_another_seed_gives_another_sha256(self):
        first, _ = self.summary_of(SAMPLE)
        other, _ = self.summary_of(SAMPLE, "--set", "engine.seed=2")
        self.assertNotEqual(first["output"]["sha256"], other["output"]["sha256"])

    def test_sha256_is_over_the_lines_of_the_output(self):
        out = self.folder / "out.ndjson"
        summary, _ = self.summary_of(SAMPLE, "--out", out)
        self.assertEqual(summary["output"]["sha256"], hashlib.sha256(out.read_bytes()).hexdigest())
        self.assertEqual(summary["output"]["entries"], out.read_bytes().count(b"\n"))
        zipped = self.folder / "out.ndjson.gz"
        self.summary_of(SAMPLE, "--out", zipped)
        self.assertEqual(gzip.decompress(zipped.read_bytes()), out.read_bytes())

    def test_output_is_a_capture_again(self):
        out = self.folder / "out.ndjson"
        self.summary_of(SAMPLE, "--out", out)
        for line in out.read_text().splitlines():
            entry = json.loads(line)
            self.assertEqual(list(entry), ["stream", "id", "ns", "fields"])
            json.loads(entry["fields"]["data"])

    def test_generate_repeats_itself_byte_for_byte(self):
        made = [self.folder / name for name in ("a", "b", "c")]
        for path, seed in zip(made, (5, 5, 6)):
            self.run_replay("generate", "--signals", 500, "--bad", 0.1, "--commands", 0.05, "--seed", seed,
                            "--out", path)
        self.assertEqual(made[0].read_bytes(), made[1].read_bytes())
        self.assertNotEqual(made[0].read_bytes(), made[2].read_bytes())

    def test_generated_bad_messages_are_bad_in_every_way_a_shape_can_be(self):
        capture = self.folder / "in"
        self.run_replay("generate", "--signals", 3000, "--bad", 0.3, "--seed", 4, "--out", capture)
        summary, _ = self.summary_of(capture)
        for code in ("SIZE", "EMPTY", "UTF8", "JSON", "DUPLICATE_KEY", "TYPE", "RANGE", "MISSING_KEY"):
            self.assertGreater(summary["signals"]["dead_lettered"].get(code, 0), 20, code)


class TapeTest(Programs):
    def test_a_tape_replayed_gives_the_same_bytes_commands_and_timers_included(self):
        capture, tape, first, second, again = (self.folder / n for n in ("in", "tape", "a", "b", "tape2"))
        self.run_replay("generate", "--signals", 3000, "--commands", 0.03, "--bad", 0.05, "--out", capture)
        sets = ("--set", "risk.on_opposite=net", "--set", "engine.seed=9", "--set", "market.source=simulated")
        a, _ = self.summary_of(capture, "--out", first, "--set", f'output.tape="{tape}"', *sets)
        self.assertGreater(a["inputs"]["timers"], 50)
        self.assertGreater(a["inputs"]["commands"], 50)
        b, _ = self.summary_of(tape, "--out", second, "--set", f'output.tape="{again}"')
        self.assertEqual(first.read_bytes(), second.read_bytes())
        self.assertEqual(a["books_hash"], b["books_hash"])
        self.assertEqual(tape.read_bytes(), again.read_bytes())

    def test_a_tape_refuses_other_decision_keys(self):
        tape = self.folder / "tape"
        self.summary_of(SAMPLE, "--set", f'output.tape="{tape}"')
        done = self.run_replay("run", "--capture", tape, "--set", "risk.sizing=kelly", code=64)
        self.assertIn("a tape brings its own decision keys", done.stderr)

    def test_a_tape_refuses_just_the_keys_that_decide(self):
        tape = self.folder / "tape"
        self.summary_of(SAMPLE, "--set", f'output.tape="{tape}"')
        self.run_replay("run", "--capture", tape, "--set", "output.approvals=others", code=64)
        self.run_replay("run", "--capture", tape, "--set", "redis.read_count=5", "--set", "threads.spin_us=1")

    def test_a_piece_of_a_tape_is_refused(self):
        tape, piece = self.folder / "tape", self.folder / "piece"
        self.summary_of(SAMPLE, "--set", f'output.tape="{tape}"')
        piece.write_text("".join(tape.read_text().splitlines(True)[1:]))
        done = self.run_replay("run", "--capture", piece, code=65)
        self.assertIn("does not begin with @conf", done.stderr)


class DamageTest(Programs):
    def test_a_truncated_gzip_is_processed_as_far_as_it_is_whole(self):
        cut = self.folder / "cut.ndjson.gz"
        cut.write_bytes(SAMPLE.read_bytes()[:60_000])
        summary, done = self.summary_of(cut, code=65)
        self.assertGreater(summary["signals"]["total"], 500)
        self.assertRegex(done.stderr, r"the gzip stream is cut off in the middle of line \d+")

    def test_broken_lines_are_passed_over_and_named(self):
        lines = gzip.decompress(SAMPLE.read_bytes()).decode().splitlines(True)
        whole, _ = self.summary_of(self.file("whole", "".join(lines)))
        lines.insert(7, "not json\n")
        lines.insert(9, '{"stream": "market.tick", "id": "x", "fields": {}}\n')
        damaged, done = self.summary_of(self.file("damaged", "".join(lines)), code=65)
        self.assertIn("line 8 is no entry", done.stderr)
        self.assertIn("line 10 is no entry: `id`", done.stderr)
        self.assertEqual(damaged["output"]["sha256"], whole["output"]["sha256"])

    def test_a_jump_of_more_than_31_days_is_refused(self):
        capture = self.file("jump", "".join(
            f'{{"stream":"market.tick","id":"{ms}-0","fields":{{"data":"{{}}"}}}}\n'
            for ms in (1_700_000_000_000, 1_700_000_000_000 + 31 * 86_400_000 + 1)))
        done = self.run_replay("run", "--capture", capture, code=65)
        self.assertIn("time jumps by more than 31 days", done.stderr)

    def test_a_full_disk_ends_the_run(self):
        done = self.run_replay("run", "--capture", SAMPLE, "--out", "/dev/full", code=74)
        self.assertIn("No space left", done.stderr)


class CommandLineTest(Programs):
    def test_help_and_version(self):
        for name in ("engine", "replay"):
            done = program(name, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn("Examples:", done.stdout)
            done = program(name, "--version")
            self.assertEqual(done.returncode, 0)
            self.assertRegex(done.stdout, r"coreloop \d+\.\d+\.\d+\nrevision ")

    def test_wrong_usage_is_64(self):
        self.assertEqual(program("engine").returncode, 64)
        self.assertEqual(program("engine", "--no-such-option").returncode, 64)
        self.assertEqual(program("replay", "fly").returncode, 64)
        self.assertEqual(program("replay", "run", "--speed", "3").returncode, 64)
        for moment in ("noon", "-1", "9999999999999999999", "99999999999999999999", "1.5"):
            self.assertEqual(program("replay", "run", "--capture", SAMPLE, f"--from={moment}").returncode, 64, moment)
        self.assertEqual(program("replay", "generate", "--seed=-1", "--out", self.folder / "x").returncode, 64)

    def test_missing_files_are_66_and_a_directory_is_78(self):
        self.assertEqual(program("engine", self.folder / "none.toml").returncode, 66)
        self.assertEqual(program("engine", self.folder).returncode, 78)
        self.assertEqual(program("replay", "run", "--capture", self.folder / "none").returncode, 66)
        self.assertEqual(program("replay", "run", "--capture", SAMPLE, "--out", self.folder / "no/out").returncode, 73)

    def test_every_conf_problem_is_listed_with_its_place(self):
        conf = self.file("bad.toml", '[risk]\nsizing = "kely"\nmax_drawdown_pct = 2\nemergncy_stop = true\n[fil]\nx = 1\n')
        done = program("engine", "--check-config", conf)
        self.assertEqual(done.returncode, 78)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 5, done.stderr)  # and input.source is missing
        self.assertIn(f"{conf}:2:10: risk.sizing: must be one of", done.stderr)
        self.assertIn(f"{conf}:3:20: risk.max_drawdown_pct: must be a number from 0 to 1", done.stderr)
        self.assertIn("did you mean risk.emergency_stop?", done.stderr)
        self.assertIn("did you mean [fill]?", done.stderr)

    def test_check_config_tells_what_a_run_would_be_refused_for(self):
        conf = self.file("a.toml", '[input]\nsource = "capture:x"\n')
        for setting, reason in (('threads.layout=[["ingress"]]', "is missing"),
                                ('threads.layout=[["ingress", "ingress"]]', "twice"),
                                ("output.sink=redis", "must both be")):
            done = program("engine", "--check-config", conf, "--set", setting)
            self.assertEqual(done.returncode, 78, setting)
            self.assertIn(reason, done.stderr)
            self.assertEqual(done.stdout, "")

    def test_print_config_is_a_conf_that_means_the_same(self):
        conf = self.file("a.toml", '[input]\nsource = "capture:x"\n[risk]\nmax_daily_trades = 5\n')
        first = program("engine", "--print-config", conf, "--set", "risk.on_opposite=net")
        self.assertEqual(first.returncode, 0, first.stderr)
        second = program("engine", "--print-config", self.file("b.toml", first.stdout))
        self.assertEqual(first.stdout, second.stdout)
        self.assertIn('on_opposite = "net"', first.stdout)

    def test_quickstart_conf_runs(self):
        done = program("engine", ROOT / "conf/quickstart.toml", cwd=ROOT)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("SHA-256 of the output", done.stdout)

    def test_from_and_to_choose_entries(self):
        everything, _ = self.summary_of(SAMPLE)
        half, _ = self.summary_of(SAMPLE, "--to", "2026-01-12T10:05:00Z")
        rest, _ = self.summary_of(SAMPLE, "--from", "2026-01-12T10:05:00Z")
        self.assertEqual(half["signals"]["total"] + rest["signals"]["total"], everything["signals"]["total"])
        self.assertGreater(half["signals"]["total"], 0)


class FileNamesTest(Programs):
    def test_a_capture_may_have_any_name(self):
        for name in ('a"b.gz', "a\\b.gz", "a b.gz", "\udcff.gz"):
            (self.folder / name).write_bytes(SAMPLE.read_bytes())
            self.run_replay("run", "--capture", self.folder / name)

    def test_an_output_may_be_called_like_a_word_of_the_conf(self):
        for name in ("none", "redis"):
            for how in (("--out", name), ("--set", f"output.sink=capture:{name}")):
                done = program("replay", "run", "--capture", SAMPLE, *how, cwd=self.folder)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertGreater((self.folder / name).stat().st_size, 1000)
                (self.folder / name).unlink()

    def test_the_summary_leaves_stdout_to_what_was_sent_there(self):
        def lines(*args):
            done = program(*args)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("SHA-256 of the output", done.stderr)
            return done.stdout
        conf = self.file("a.toml", f'[input]\nsource = "capture:{SAMPLE}"\n[output]\nsink = "capture:-"\n')
        for text in (lines("engine", conf), lines("replay", "run", "--conf", conf),
                     lines("replay", "run", "--capture", SAMPLE, "--set", "output.tape=-")):
            for line in text.splitlines():
                json.loads(line)
        self.assertIn("signals", json.loads(lines("replay", "run", "--capture", SAMPLE, "--summary", "-")))

    def test_a_summary_that_cannot_be_written_ends_with_its_code(self):
        self.run_replay("run", "--capture", SAMPLE, "--summary", "/dev/full", code=74)
        self.run_replay("run", "--capture", SAMPLE, "--summary", self.folder / "no/summary", code=73)


class PipesAndSignalsTest(Programs):
    def stopped(self, name, *args, first=b"", code=0):
        """Gives `first` to stdin, keeps it open, ends the program by SIGTERM; its output."""
        run = subprocess.Popen([BIN / name, *map(str, args)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE)
        try:
            run.stdin.write(first)
            run.stdin.flush()
            time.sleep(0.7)
            run.send_signal(signal.SIGTERM)
            run.wait(timeout=10)
        finally:
            run.kill()
        with run.stdin, run.stdout, run.stderr:
            self.assertEqual(run.returncode, code)
            return run.stdout.read().decode()

    def test_a_signal_ends_a_run_that_waits_for_a_pipe(self):
        conf = self.file("a.toml", '[input]\nsource = "capture:-"\n')
        text = gzip.decompress(SAMPLE.read_bytes())
        whole = text[:text.rindex(b"\n", 0, 300_000) + 1]
        capture = self.folder / "whole"
        capture.write_bytes(whole)
        expected, _ = self.summary_of(capture)
        for first in (b"", whole, whole + b'{"stream":"market'):
            for layout in ("1", "3"):
                out = self.stopped("replay", "run", "--conf", conf, "--layout", layout, first=first)
                self.assertIn("SHA-256 of the output", out)
                if first:
                    self.assertIn(expected["output"]["sha256"], out)
        self.stopped("engine", conf, first=SAMPLE.read_bytes()[:60_000])

    def test_a_signal_ends_the_other_commands_at_once(self):
        self.stopped("replay", "books", "--fills", "-", code=-signal.SIGTERM)
        self.stopped("replay", "generate", "--signals", 1_000_000_000, "--out", "/dev/null", code=-signal.SIGTERM)

    def test_a_capture_may_come_by_stdin_and_leave_by_stdout(self):
        text = gzip.decompress(SAMPLE.read_bytes())
        done = subprocess.run([BIN / "replay", "run", "--capture", "-", "--out", "-"], input=text, capture_output=True)
        self.assertEqual(done.returncode, 0)
        golden = (ROOT / "tests/data/sample.sha256").read_text().split()[0]
        self.assertEqual(hashlib.sha256(done.stdout).hexdigest(), golden)

    def test_a_signal_ends_a_run_cleanly(self):
        for which in (signal.SIGTERM, signal.SIGINT):
            out = self.folder / "out.ndjson"
            run = subprocess.Popen([BIN / "replay", "run", "--capture", SAMPLE, "--speed", "1", "--out", out],
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            time.sleep(0.7)
            run.send_signal(which)
            stdout, stderr = run.communicate(timeout=10)
            self.assertEqual(run.returncode, 0, stderr)
            self.assertIn("stopped by a signal", stderr)
            self.assertIn("SHA-256 of the output", stdout)
            self.assertIn(out.read_bytes()[-3:], (b"", b"}}\n"))  # whole lines, if any left so soon

    def test_speed_10_takes_a_tenth_of_the_recorded_time(self):
        ticks = "".join(f'{{"stream":"market.tick","id":"{1_700_000_000_000 + n * 100}-0","fields":{{"data":"{{}}"}}}}\n'
                        for n in range(51))  # five seconds
        started = time.monotonic()
        self.run_replay("run", "--capture", self.file("slow", ticks), "--speed", "10")
        self.assertGreater(time.monotonic() - started, 0.45)


class BooksAndDiffTest(Programs):
    def test_books_of_the_output_equal_the_engines_books(self):
        out = self.folder / "out.ndjson"
        summary, _ = self.summary_of(SAMPLE, "--out", out, "--set", "risk.on_opposite=net")
        books = json.loads(self.run_replay("books", "--fills", out).stdout)
        for name, account in summary["accounts"].items():
            pairs = books.get(name, {}).values()
            self.assertEqual(sum(Decimal(p["realized_total"]) for p in pairs), Decimal(account["realized_pnl"]))
            self.assertEqual(sum(Decimal(p["fees"]) for p in pairs), Decimal(account["fees"]))
            self.assertEqual(sum(p["side"] != "FLAT" for p in pairs), account["open_positions"])

    def test_books_of_plain_lines(self):
        # long 2 at 100, sold 1 at 110: realized 10; 1 left at 100, marked at 105: unrealized 5
        fills = self.file("fills", '{"account":"a","symbol":"X","side":"BUY","qty":2,"price":100,"fee":0.5}\n'
                                   '{"account":"a","symbol":"X","side":"SELL","qty":1,"price":110,"fee":"0.25"}\n')
        book = json.loads(self.run_replay("books", "--fills", fills, "--mark", "X=105").stdout)["a"]["X"]
        self.assertEqual((book["side"], book["qty"], book["average_entry"]), ("LONG", "1.0", "100.0"))
        self.assertEqual((book["realized_total"], book["fees"], book["unrealized"]), ("10.0", "0.75", "5.0"))

    def test_diff_shows_the_first_difference(self):
        a, b = self.file("a", "x\ny\nz\n"), self.file("b", "x\ny\nQ\n")
        self.assertIn("the same 3 entries", self.run_replay("diff", a, a).stdout)
        done = self.run_replay("diff", a, b, code=1)
        self.assertIn("first difference at entry 3", done.stdout)
        self.assertIn("A > z", done.stdout)
        self.assertIn("(ended)", self.run_replay("diff", a, self.file("c", "x\ny\n"), code=1).stdout)

    def test_diff_tells_of_a_damaged_file(self):
        cut = self.folder / "cut.ndjson.gz"
        cut.write_bytes(SAMPLE.read_bytes()[:60_000])
        for files, code in (((SAMPLE, cut), 1), ((cut, cut), 65)):
            done = self.run_replay("diff", *files, code=code)
            self.assertIn(f"{cut}: the gzip stream is cut off", done.stderr)

    def test_a_line_of_progress_stands_on_a_terminal_after_two_seconds(self):
        main, other = pty.openpty()
        with subprocess.Popen([BIN / "replay", "generate", "--signals", "100000000", "--out", "/dev/null"],
                              stderr=other) as run:
            time.sleep(3.5)
            run.kill()
        os.close(other)
        self.assertRegex(os.read(main, 1000).decode(), r"%  [1-9]\d* entries, [23] s")
        os.close(main)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    options, rest = parser.parse_known_args()
    BIN = options.bin.resolve()
    unittest.main(argv=[sys.argv[0], *rest])
