#!/usr/bin/env python3
"""follow.py behind a real engine: what it shows, and that it neither loses nor repeats an entry.

    tests/python/follow_test.py --bin build/release [unittest options]
"""

import json
import signal
import subprocess
import sys

sys.dont_write_bytecode = True
import script_case
from script_case import RUN_S, RunningScript, ScriptCase, case, replay, script

from support.oracle import EXECUTION, OUTPUTS, POSITION, REJECTED, SAFE


def identities(lines):
    """(stream, id) of capture lines."""
    return [(entry["stream"], entry["id"]) for entry in map(json.loads, lines)]


class FollowCase(ScriptCase):
    def published(self):
        """(stream, id) of all entries of the output streams."""
        return sorted((stream, entry_id) for stream in OUTPUTS for entry_id, _ in self.server.ask.entries(stream))

    def read_all(self, *words, code=0):
        return self.run_script("follow.py", "--from", "0", "--until-idle", "0.3", *words, *self.at, code=code)

    def add(self, stream, entry_id, seq="1", data="{}"):
        """An entry such as the engine writes."""
        self.server.ask("XADD", stream, entry_id, "data", data, "seq", seq, "cause", f"x/{entry_id}", "acct", "main")


class EngineTest(FollowCase):
    def test_one_readable_line_an_entry(self):
        self.start_engine()
        self.server.ask("XADD", "market.tick", "*", "data", case.price_json())
        for words in (("BUY", 0.85), ("BUY", 0.5), ("CLOSE", 0.9)):
            self.server.ask("XADD", "trade.signal.v5", "*", "data", case.signal_json(*words))
        self.server.ask("XADD", "trade.signal.v5", "*", "data", "{\x1b[2J")
        self.signals_fed = 4
        self.wait_for_outcomes()
        self.stop_engine()
        lines = self.read_all().stdout.splitlines()
        order_ids = [json.loads(fields["data"])["order_id"] for _, fields in self.server.ask.entries(EXECUTION)]
        patterns = [r"approved  BTCUSDT BUY 1,000 USD, confidence 0.85, ensemble_v5",
                    r"filled    BTCUSDT BUY 0\.0[0-9]+ at 95,[0-9.]+ = 9[0-9.]+ USD, fee 0\.[0-9]+, " + order_ids[0],
                    r"position  BTCUSDT LONG 9[0-9.]+ USD at 95,[0-9.]+, now 95,000\.5, unrealized -[0-9.]+, realized 0",
                    r"rejected  BTCUSDT BUY LOW_CONFIDENCE: 0\.5, limit 0\.65, ensemble_v5",
                    r"approved  BTCUSDT SELL [0-9.,]+ USD, confidence 0\.9, ensemble_v5",
                    r"filled    BTCUSDT SELL 0\.0[0-9]+ at 9[0-9,.]+ = [0-9.,]+ USD, fee 0\.[0-9]+, " + order_ids[1],
                    r"position  BTCUSDT CLOSED 0 USD at 95,[0-9.]+, now 95,000\.5, unrealized 0, realized -[0-9.]+",
                    r"dead      trade\.signal\.v5 [0-9]+-[0-9]+ JSON at byte 0: '\{\\x1b\[2J'"]
        self.assertEqual(len(lines), len(patterns), lines)
        for line, pattern in zip(lines, patterns):
            account = "-     " if "dead" in pattern else "main  "
            self.assertRegex(line, r"^[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}  " + account + " " + pattern + "$")

    def test_json_lines_are_what_replay_capture_records(self):
        self.start_engine()
        self.feed(300)
        self.wait_for_outcomes()
        self.stop_engine()
        recorded = self.folder / "streams.ndjson"
        replay("capture", "--redis", self.server.unix_url, "--streams", ",".join(OUTPUTS), "--from", 0, "--out", recorded)
        wanted = [json.loads(line) for line in recorded.read_text().splitlines()]
        for entry in wanted:
            del entry["ns"]
        found = [json.loads(line) for line in self.read_all("--json").stdout.splitlines()]

        def place(entry):
            return entry["stream"], [int(part) for part in entry["id"].split("-")]
        self.assertEqual(sorted(found, key=place), sorted(wanted, key=place))
        self.assertGreater(len(found), 300)
        # In order of time, and of the engine's outputs within one input.
        order = [(int(e["id"].split("-")[0]), int(e["fields"]["seq"]), OUTPUTS.index(e["stream"])) for e in found]
        self.assertEqual(order, sorted(order))

    def test_live_lines_carry_the_time_they_came(self):
        self.start_engine()
        running = self.start_script("follow.py", "--json", *self.at)
        running.wait_for_told("following")
        self.feed(20)
        self.wait_for_outcomes()
        running.wait_for(lambda script: len(script.lines) == len(self.published()))
        self.assertEqual(running.send(signal.SIGTERM), 0)
        for entry in map(json.loads, running.lines):
            self.assertGreaterEqual(entry["ns"], int(entry["id"].split("-")[0]) * 1_000_000)
        self.stop_engine()

    def test_runs_one_after_the_other_give_every_entry_once(self):
        self.start_engine(start="$")
        state = self.folder / "last.json"
        lines = []
        for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            running = self.start_script("follow.py", "--json", "--from", "0", "--state", state, *self.at)
            running.wait_for_told("following")
            self.feed(200)
            running.wait_for(lambda script: len(script.lines) > 20)
            self.assertEqual(running.send(stop), 0)
            lines += running.lines
            self.feed(50)  # while nobody follows
        self.wait_for_outcomes()
        lines += self.read_all("--json", "--state", state).stdout.splitlines()
        self.assertEqual(sorted(identities(lines)), self.published())
        self.stop_engine()

    def test_after_a_kill_nothing_is_lost(self):
        self.start_engine(start="$")
        state = self.folder / "last.json"
        lines = []
        for _ in range(3):
            running = self.start_script("follow.py", "--json", "--from", "0", "--state", state, *self.at)
            running.wait_for_told("following")
            self.feed(200)
            running.wait_for(lambda script: len(script.lines) > 20)
            running.kill()
            lines += [line for line in running.lines if line.endswith("}}")]  # the last may be cut
        self.wait_for_outcomes()
        lines += self.read_all("--json", "--state", state).stdout.splitlines()
        self.assertEqual(sorted(set(identities(lines))), self.published())
        self.stop_engine()

    def test_lost_connections_cost_no_entry(self):
        self.start_engine(start="$")
        running = self.start_script("follow.py", "--json", "--from", "0", *self.at)
        running.wait_for_told("following")
        for _ in range(5):
            self.feed(40)
            for line in self.server.ask("CLIENT", "LIST").decode().splitlines():
                if "cmd=xread" in line:  # the engine's too
                    self.server.ask("CLIENT", "KILL", "ID", line.split()[0].removeprefix("id="))
        self.wait_for_outcomes()
        running.wait_for(lambda script: len(script.lines) >= len(self.published()))
        self.assertEqual(running.send(signal.SIGTERM), 0)
        self.assertEqual(sorted(identities(running.lines)), self.published())
        self.assertTrue(any("connected again" in line for line in running.told), running.told)
        self.stop_engine()


class StreamTest(FollowCase):
    def test_entries_that_were_trimmed_unread_are_told(self):
        state = self.folder / "last.json"
        for n in range(1, 4):
            self.add(SAFE, f"3-{n}")
        self.assertEqual(self.read_all("--state", state).stderr.count("trimmed"), 0)
        for n in range(4, 9):
            self.add(SAFE, f"{n}-{n}")
        self.server.ask("XTRIM", SAFE, "MAXLEN", 2)
        done = self.read_all("--state", state)
        self.assertIn(f"{SAFE}: 3 entries before 7-7 were trimmed unread", done.stderr)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        # One who begins in the middle has missed nothing.
        self.assertNotIn("trimmed", self.read_all().stderr)

    def test_a_gap_within_one_run_is_told(self):
        for n in range(1, 9):
            self.add(SAFE, f"{n}-{n}")
        self.server.ask("XDEL", SAFE, "1-1", "4-4", "5-5")
        done = self.read_all()
        self.assertIn(f"{SAFE}: 2 entries before 6-6 were trimmed unread", done.stderr)
        self.assertEqual(done.stderr.count("trimmed"), 1)

    def test_long_backlogs_come_in_order_of_time(self):
        for n in range(1, 1001):
            self.add(SAFE, f"{n}-{n}", seq=str(n))
            if n % 7 == 0:
                self.add(POSITION, f"{n}-{n // 7}", seq=str(n))
        found = identities(self.read_all("--json").stdout.splitlines())
        self.assertEqual(len(found), 1142)
        times = [(int(entry_id.split("-")[0]), OUTPUTS.index(stream)) for stream, entry_id in found]
        self.assertEqual(times, sorted(times))

    def test_foreign_entries_in_between_cost_and_repeat_nothing(self):
        for n in range(1, 301):
            if n % 3:
                self.add(SAFE, f"7-{n}", seq=str(n))
            else:
                self.server.ask("XADD", SAFE, f"7-{n}", "data", "{}", "seq", "\u00b2" if n % 2 else "x")
        found = identities(self.read_all("--json").stdout.splitlines())
        self.assertEqual(found, [(SAFE, f"7-{n}") for n in range(1, 301)])

    def test_count_and_chosen_streams(self):
        for n in range(1, 6):
            self.add(SAFE, f"{n}-{n}")
            self.add("other", f"{n}-{n}", data='{"x": 1}')
        state = self.folder / "last.json"
        lines = self.read_all("other", "--count", 2, "--state", state).stdout.splitlines()
        self.assertEqual(lines, ['1-1 other {"data": "{\\"x\\": 1}", "seq": "1", "cause": "x/1-1", "acct": "main"}',
                                 '2-2 other {"data": "{\\"x\\": 1}", "seq": "1", "cause": "x/2-2", "acct": "main"}'])
        self.assertEqual(json.loads(state.read_text()), {"other": "2-2"})

    def test_what_is_no_entry_of_the_engine_is_shown_harmlessly(self):
        self.server.ask("XADD", SAFE, "1-1", "data", "not json", "x", b"\xff")
        self.server.ask("XADD", SAFE, "1-2", "other", "\x1b[2J")
        self.server.ask("XADD", SAFE, "1-3", "data", '{"approved_by": 1, "timestamp": "\\u001b\\ud800"}')
        self.add(SAFE, "1-4", data=json.dumps({"approved_by": "risk_safety", "symbol": "A", "action": "BUY", "confidence": 1,
                                               "position_size_usd": 1, "timestamp": "2026-01-12T10:00:00.5Z",
                                               "source": "\x1b[2J\n\u20ac"}))
        lines = self.read_all().stdout.splitlines()
        self.assertEqual(len(lines), 4)
        self.assertTrue(lines.pop().endswith("approved  A BUY 1 USD, confidence 1, \\x1b[2J\\n\u20ac"))
        self.assertTrue(all(line.isascii() and line.isprintable() for line in lines), lines)
        raw = self.read_all("--json").stdout.splitlines()
        self.assertEqual(json.loads(raw[0])["fields"], {"data": "not json", "x": "\udcff"})

    def test_a_closed_pipe_ends_it_quietly(self):
        for n in range(1, 3000):
            self.add(SAFE, f"{n}-{n}")
        words = script("follow.py", "--from", "0", "--json", *self.at, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        with subprocess.Popen(**words) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.wait(RUN_S), 0)
            self.assertNotIn("Error", process.stderr.read())

    def test_a_server_that_restarts_is_waited_for(self):
        running = self.start_script("follow.py", "--from", "0", *self.at)
        running.wait_for_told("following")
        self.server.stop(hard=True)
        running.wait_for_told("again in")
        self.server.start()
        self.add(SAFE, "7-1")
        running.wait_for(lambda script: len(script.lines) == 1)
        self.assertEqual(running.send(signal.SIGTERM), 0)

    def test_sigterm_ends_a_wait_for_a_server_that_is_gone(self):
        running = self.start_script("follow.py", *self.at)
        running.wait_for_told("following")
        self.server.stop(hard=True)
        running.wait_for_told("again in 0.8 s")
        self.assertEqual(running.send(signal.SIGTERM), 0)


class FailureTest(FollowCase):
    def test_a_key_that_is_no_stream(self):
        self.server.ask("SET", REJECTED, "x")
        for start in ("$", "0"):
            done = self.run_script("follow.py", "--from", start, "--until-idle", "0", *self.at, code=78)
            self.assertIn("refuses: WRONGTYPE", done.stderr)

    def test_a_password(self):
        self.server.ask("CONFIG", "SET", "requirepass", "secret")
        self.assertIn("NOAUTH", self.run_script("follow.py", *self.at, code=77).stderr)
        self.run_script("follow.py", "--until-idle", "0", *self.at, env={"REDISCLI_AUTH": "secret"})

    def test_no_redis_at_the_start(self):
        done = self.run_script("follow.py", "--unix-socket", self.folder / "none.sock", code=69)
        self.assertIn("no Redis at", done.stderr)

    def test_a_damaged_state(self):
        state = self.folder / "last.json"
        for text in ("", "{", "[]", '{"s": 7}', '{"s": "x"}', '{"s": "$"}'):
            state.write_text(text)
            done = self.run_script("follow.py", "--state", state, *self.at, code=65)
            self.assertIn(str(state), done.stderr)
            self.assertEqual(state.read_text(), text)

    def test_no_place_for_the_state(self):
        done = self.run_script("follow.py", "--state", self.folder / "none" / "last.json", *self.at, code=73)
        self.assertIn("No such file or directory", done.stderr)

    def test_wrong_usage(self):
        for words, told in ((("--from", "x"), "'x' is no entry id"), (("--count", "x"), "invalid int value"),
                            (("--port", "0"), "'0' is no port"), (("--no-such",), "unrecognized arguments")):
            self.assertIn(told, self.run_script("follow.py", *words, code=64).stderr)

    def test_help(self):
        self.assertIn("usage: follow.py", self.run_script("follow.py", "--help").stdout)


if __name__ == "__main__":
    case.main()
