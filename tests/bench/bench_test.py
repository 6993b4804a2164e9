#!/usr/bin/env python3
"""tools/bench with programs that say what they are told to: which run, what the table makes of them,
what is kept, and every way to fail.

    tests/bench/bench_test.py [unittest options]
"""

import pathlib
import subprocess
import unittest

from bench_case import JSON, ROOT, BenchCase, Done, runs

WIRE = "wire to wire, one thread, three outputs / walk"
REVERSING = "wire to wire, one thread, four outputs (reversing) / walk"
IDLE = "idle, default conf, share of one core"


def wire(close, reverse=(6.0,)):
    return (runs("BM_wire_to_wire/close", {"per_walk": close}),
            runs("BM_wire_to_wire/reverse", {"per_walk": reverse}))


class Table(BenchCase):
    def test_shows_median_spread_and_verdict(self):
        self.benchmark("pipeline_bench", *wire([4.0, 4.5, 6.0]))
        done = self.bench("--rows", "5")
        self.assertEqual(done.code, 0, done.out + done.errors)
        self.assertIn("| # | what | wanted | reached | spread | verdict |", done.out)
        self.assertEqual(done.row(WIRE), ["5", WIRE, "<= 5", "4.50", "4.00 to 6.00", "met"])
        self.assertEqual(done.row(REVERSING)[2:], ["-", "6.00", "6.00 to 6.00", "-"])

    def test_missing_the_wanted_ratio_is_no_failure(self):
        self.benchmark("pipeline_bench", *wire([5.1]))
        done = self.bench("--rows", "5")
        self.assertEqual((done.code, done.row(WIRE)[5]), (0, "missed"))

    def test_reads_lines(self):
        self.program("redis_bench", "# of people's interest\nidle_percent 0.25 0 1.5  of one core\n")
        done = self.bench("--rows", "14")
        self.assertEqual(done.code, 0, done.out + done.errors)
        self.assertEqual(done.row(IDLE), ["14", IDLE, "< 2 %", "0.250 %", "0.000 to 1.50", "met"])

    def test_divides_two_builds_pair_by_pair(self):
        cpu = lambda *times: runs("BM_wire_to_wire/close", {"cpu_time": times})
        self.benchmark("pipeline_bench", cpu(100))
        self.benchmark("pipeline_bench", cpu(90), folder=self.folder / "programs-timing-off")
        done = self.bench("--rows", "10")
        self.assertEqual(done.code, 0, done.out + done.errors)
        row = done.row("throughput on one thread, measuring on / compiled out")
        self.assertEqual(row[3:], ["0.900", "0.900 to 0.900", "missed"])
        self.assertEqual(len(self.calls("pipeline_bench")), 5)

    def test_takes_the_dearest_size_for_flatness(self):
        size = lambda symbols, accounts, *costs: runs(
            f"BM_core_tick/symbols:{symbols}/accounts:{accounts}", {"per_walk": costs})
        held = lambda holders, cost: runs(f"BM_core_tick_held/holders:{holders}", {"per_walk": [cost]})
        signal = lambda symbols: runs(f"BM_core_signal/symbols:{symbols}/accounts:1", {"per_walk": [1.0]})
        self.benchmark("stage_bench", size(1, 1, 0.2), size(64, 1, 0.25), size(1, 64, 0.1), held(0, 0.2),
                       held(256, 12.8 + 0.2), signal(1), signal(64),
                       runs("BM_core_signal_closing/symbols:1/accounts:1", {"per_walk": [1.0]}),
                       runs("BM_core_signal_around_symbols/symbols:4096", {"per_walk": [1.0]}),
                       runs("BM_core_signal_around_accounts/accounts:1024", {"per_walk": [1.0]}))
        done = self.bench("--rows", "3")
        self.assertEqual(done.code, 0, done.out + done.errors)
        self.assertEqual(done.row("core, tick: dearest up to 4,096 symbols, 1,024 accounts / 1 and 1")[3], "1.25")
        self.assertEqual(done.row("core, tick, each holder of its symbol more / walk")[3:],
                         ["0.050", "0.050 to 0.050", "met"])

    def test_reads_replay_and_recovery(self):
        self.program("journal_bench", "replay_gzip 1.4 1.3 1.5\njournal_replay 30 20 45  1.5e6 /s\n"
                                      "recovery 8 6 12\nrecovery_ns 2500 2100 2800\n")
        done = self.bench("--rows", "11,12")
        self.assertEqual(done.code, 0, done.out + done.errors)
        self.assertEqual(done.row("replay of a journal, inputs/s / flood")[3:],
                         ["30.00", "20.00 to 45.00", "met"])
        self.assertEqual(done.row("recovery of 1,000,000 inputs, inputs/s / flood")[3:],
                         ["8.00", "6.00 to 12.00", "missed"])
        self.assertEqual(done.row("recovery of 1,000,000 inputs")[3], "2,500 ns/input")


class WhatIsRun(BenchCase):
    def test_only_what_the_rows_need(self):
        self.program("redis_bench", "idle_percent 1 1 1\n")
        self.bench("--rows", "14")
        (call,) = self.calls("redis_bench")
        self.assertIn("--only idle", call)
        self.assertNotIn("--quick", call)

    def test_quick_is_short_judges_nothing_and_keeps_nothing(self):
        self.program("redis_bench", "idle_percent 3 3 3\n")
        done = self.bench("--rows", "14", "--quick")
        self.assertEqual((done.code, done.row(IDLE)[5]), (0, "answer right"))
        self.assertIn("--quick", self.calls("redis_bench")[0])
        self.assertEqual(self.kept(), [])

    def test_quick_repeats_no_benchmark(self):
        self.benchmark("pipeline_bench", *wire([4.0]))
        self.bench("--rows", "5", "--quick")
        self.assertIn("--benchmark_repetitions=1", self.calls("pipeline_bench")[0])

    def test_says_how_far_it_is(self):
        self.program("redis_bench", "idle_percent 1 1 1\n")
        self.assertIn("== bench: 1 of 1: redis, for row 14 (at ", self.bench("--rows", "14").out)

    def test_draws_how_cost_grows(self):
        self.benchmark("stage_bench", *(runs(f"BM_scale/positions/tick/{n}", {"per_walk": [0.2 + n / 10000]})
                                        for n in (0, 10, 10000)))
        done = self.bench("--rows", "scale")
        self.assertEqual(done.code, 0, done.out + done.errors)
        self.assertIn("| positions, 0 to 10,000 | ticks nobody holds | 0.200 | 1.200 | 6.00 |", done.out)
        (drawn, text) = self.kept()
        self.assertTrue(drawn.endswith("-scale.svg") and text.endswith(".txt"))
        svg = (self.results / drawn).read_text()
        self.assertTrue(svg.startswith("<svg") and ">10,000</text>" in svg)


class WhatIsKept(BenchCase):
    def test_table_machine_build_commands_and_raw_output(self):
        self.program("redis_bench", "# resident as it went: 31.0\nidle_percent 1 1 1  raw words\n")
        self.bench("--rows", "14", "--note", "a build beside it")
        (name,) = self.kept()
        text = (self.results / name).read_text()
        for wanted in ("| 14 | " + IDLE, "a build beside it", "kernel:", "cpu:", "compiler:", "flags:", "revision:",
                       "core time:", "redis_bench --engine", "raw words", "# resident as it went: 31.0"):
            self.assertIn(wanted, text)
        self.assertNotIn(f"{ROOT}/bench", text)

    def test_no_file_is_overwritten(self):
        self.program("redis_bench", "idle_percent 1 1 1\n")
        self.bench("--rows", "14")
        self.bench("--rows", "14")
        self.assertEqual(len(self.kept()), 2)


class WhatCannotBeMeasured(BenchCase):
    def test_a_program_says_why(self):
        self.program("redis_bench", "# relay_write: not measured: no redis-benchmark\nredis_ping_p50 1 1 1\n"
                                    "redis_ping_p99 1 1 1\n")
        done = self.bench("--rows", "6")
        self.assertEqual(done.code, 0, done.out + done.errors)
        self.assertEqual(done.row("relay's write side / redis-benchmark, same XADD")[3:],
                         ["-", "-", "not measured: no redis-benchmark"])

    def test_a_program_that_is_not_there_yet(self):
        done = self.bench("--rows", "12")
        self.assertEqual(done.code, 0)
        self.assertIn("not measured: no journal_bench", done.row("recovery of 1,000,000 inputs")[5])


class WhatFails(BenchCase):
    def test_a_wrong_answer(self):
        close, reverse = wire([4.0])
        wrong = runs("BM_wire_to_wire/close", {"per_walk": [0.1]}, error="the outputs differ")
        self.benchmark("pipeline_bench", wrong, reverse, code=70)
        done = self.bench("--rows", "5")
        self.assertEqual(done.code, 1)
        self.assertEqual(done.row(WIRE)[3:], ["-", "-", "FAILED"])
        self.assertEqual(done.row(REVERSING)[3], "6.00")
        self.assertIn("ERROR: wire: BM_wire_to_wire/close: the outputs differ", done.out)

    def test_a_wrong_answer_in_quick_too(self):
        self.benchmark("pipeline_bench", runs("BM_wire_to_wire/close", {"per_walk": [0.1]}, error="wrong"), code=70)
        self.assertEqual(self.bench("--rows", "5", "--quick").code, 1)

    def test_a_wrong_answer_behind_exit_code_0(self):
        self.benchmark("pipeline_bench", runs("BM_wire_to_wire/close", {"per_walk": [0.1]}, error="wrong"))
        self.assertEqual(self.bench("--rows", "5").code, 1)

    def test_a_program_that_fails(self):
        self.program("redis_bench", "redis_bench: outputs are missing\n", code=1)
        done = self.bench("--rows", "14")
        self.assertEqual((done.code, done.row(IDLE)[5]), (1, "FAILED"))
        self.assertIn("ERROR: redis: ended with 1", done.out)

    def test_a_program_that_is_missing(self):
        done = self.bench("--rows", "14")
        self.assertEqual(done.code, 1)
        self.assertIn("ERROR: redis: cannot be started", done.out)

    def test_a_run_that_was_cut_off(self):
        self.program("pipeline_bench", '{"context": {}, "benchm', template=JSON)
        done = self.bench("--rows", "5")
        self.assertEqual(done.code, 1)
        self.assertIn("ERROR: wire: its run was cut off", done.out)

    def test_a_figure_that_does_not_come(self):
        self.program("redis_bench", "something else\n")
        done = self.bench("--rows", "14")
        self.assertEqual((done.code, done.row(IDLE)[5]), (1, "FAILED"))
        self.assertIn(f"ERROR: {IDLE}: no figure came of redis", done.out)

    def test_a_program_that_hangs_is_stopped(self):
        from report.programs import execute
        got = []
        outcome = execute(["sh", "-c", "echo begun; sleep 60 & wait"], 1, got.append)
        self.assertEqual((outcome, got), ("stopped after 1 s", ["begun\n"]))

    def test_a_stopped_run_stops_its_program(self):
        self.program("redis_bench", "", template=(
            "#!{python}\nimport os, time\nopen(__file__ + '.pid', 'w').write(str(os.getpid()) + '\\n')\n"
            "print('begun', flush=True)\ntime.sleep(600)\n"))
        bench = subprocess.Popen([ROOT / "tools/bench", "--programs", self.programs, "--rows", "14"],
                                 stdout=subprocess.PIPE, text=True)
        with bench:
            for line in bench.stdout:
                if line == "begun\n":
                    bench.terminate()
                    break
        self.assertEqual(bench.returncode, 143)
        pid = (self.programs / "redis_bench.pid").read_text().strip()
        stat = pathlib.Path("/proc", pid, "stat")
        self.assertTrue(not stat.exists() or ") Z " in stat.read_text())

    def test_wrong_usage(self):
        for words in (["--rows", "16"], ["--rows", "0"], ["--rows", "5-3"], ["--rows", ""], ["--rows", "scales"],
                      ["--fast"], ["--compare", "a", "b", "c"], ["surplus"]):
            done = Done(*words)
            self.assertEqual((done.code, done.out), (64, ""), words)
            self.assertIn("Try 'tools/bench --help'", done.errors)

    def test_help_teaches(self):
        done = Done("--help")
        self.assertEqual((done.code, done.errors), (0, ""))
        for word in ("--quick", "--rows 3,4,6-8", "--compare FILE", "Exit code", "row this machine cannot measure"):
            self.assertIn(word, done.out)


class Comparison(BenchCase):
    def keep(self, *values):
        """Runs rows 5 and 14 with these values; the file that was kept."""
        before = set(self.kept())
        self.benchmark("pipeline_bench", *wire(values))
        self.program("redis_bench", "idle_percent 1 0.5 1.5\n")
        self.bench("--rows", "5,14")
        (name,) = set(self.kept()) - before
        return self.results / name

    def test_two_files_side_by_side(self):
        before, after = self.keep(4.0, 4.1, 4.2), self.keep(2.0, 2.05, 2.1)
        done = Done("--compare", before, after)
        self.assertEqual((done.code, done.errors), (0, ""))
        self.assertEqual(done.row(WIRE)[3:],
                         ["4.10 (4.00 to 4.20)", "2.05 (2.00 to 2.10)", "-50.0 %", "better"])
        self.assertEqual(done.row(IDLE)[5:], ["+0.0 %", "within the spread"])
        worse = Done("--compare", after, before)
        self.assertEqual(worse.row(WIRE)[5:], ["+100.0 %", "worse"])

    def test_a_run_beside_a_file(self):
        before = self.keep(4.0, 4.1, 4.2)
        self.benchmark("pipeline_bench", *wire([4.15, 5.0]))
        done = self.bench("--rows", "5", "--compare", before)
        self.assertEqual(done.code, 0, done.errors)
        side = done.out[done.out.index("| before | after |"):]
        self.assertIn("| +11.7 % | within the spread |", side)
        self.assertIn(f"| 14 | {IDLE} | < 2 % | 1.00 % | - | - | only in one of them |", side)

    def test_files_that_are_no_results(self):
        other = self.folder / "other.txt"
        other.write_text("# something else\n| a | b |\n")
        for path in (other, self.folder / "missing.txt"):
            done = Done("--compare", path, path)
            self.assertEqual((done.code, done.out), (66, ""), path)
            self.assertIn(path.name, done.errors)


if __name__ == "__main__":
    unittest.main()
