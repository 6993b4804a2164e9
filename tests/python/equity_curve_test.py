#!/usr/bin/env python3
"""equity_curve.py on what real runs published: its books against the engine's own, its latencies recomputed.

    tests/python/equity_curve_test.py --bin build/release [unittest options]
"""

import gzip
import json
import math
import signal
import subprocess
import sys
import xml.etree.ElementTree

sys.dont_write_bytecode = True
import script_case
from script_case import ROOT, RUN_S, SAMPLE, SCRIPTS, ScriptCase, case, replay

from support.oracle import EXECUTION, OUTPUTS, POSITION, REJECTED, SAFE

BOOKED = ("initial_balance", "balance", "realized_pnl", "fees", "open_positions")
MARKED = ("unrealized_pnl", "equity")  # the summary's are of the last tick, which may come after the last mark
PATHS = "{http://www.w3.org/2000/svg}path"


class EquityCase(ScriptCase):
    starts_server = False

    def run_sample(self, *words, capture=SAMPLE):
        """Path of the outputs and the accounts of the summary of a run over a capture."""
        out, summary = self.folder / "out.ndjson", self.folder / "summary.json"
        replay("run", "--capture", capture, "--out", out, "--summary", summary, "--set", "risk.max_daily_trades=1000", *words)
        return out, json.loads(summary.read_text())["accounts"]

    def summary(self, *words):
        return json.loads(self.run_script("equity_curve.py", *words, "--json").stdout)

    def refused(self, *words, code=65):
        done = self.run_script("equity_curve.py", *words, code=code)
        self.assertEqual(done.stdout, "")
        return done.stderr

    def assert_same_books(self, found, wanted, keys=BOOKED):
        """All accounts that traded, to the last digit."""
        traded = {name: account for name, account in wanted.items() if float(account["fees"]) > 0}
        self.assertEqual(set(found), set(traded))
        for name, account in traded.items():
            self.assertEqual([str(found[name][key]) for key in keys], [str(account[key]) for key in keys], name)


class BooksTest(EquityCase):
    def test_the_sample(self):
        out, wanted = self.run_sample()
        found = self.summary(out)["accounts"]
        self.assert_same_books(found, wanted, (*BOOKED, *MARKED))
        self.assertEqual({name: row["executions"] for name, row in found.items()}, {"acct-0": 38, "acct-1": 46})
        self.assertGreater(min(row["max_drawdown"] for row in found.values()), 0.001)
        folded = json.loads(replay("books", "--fills", out))
        for name, symbols in folded.items():
            self.assertEqual(sum(book["fills"] for book in symbols.values()), found[name]["executions"])

    def test_flips_partial_closes_commands_and_other_balances(self):
        capture = self.folder / "in.ndjson"
        for seed, settings in ((1, ("risk.on_opposite=reverse",)), (2, ("risk.on_opposite=net", "risk.sizing=tracked_kelly")),
                               (3, ("risk.on_opposite=net", "mark.interval_s=1", "accounts.initial_balance=2500.5")),
                               (4, ("market.source=simulated", "fill.lot_step={ BTCUSDT = 0.01 }"))):
            with self.subTest(seed=seed):
                replay("generate", "--signals", 3000, "--commands", 0.03, "--seed", seed, "--out", capture)
                sets = [word for setting in (*settings, "risk.cooldown_after_loss_minutes=0") for word in ("--set", setting)]
                out, wanted = self.run_sample(*sets, capture=capture)
                initial = next(iter(wanted.values()))["initial_balance"]
                found = self.summary(out, "--initial", initial)["accounts"]
                self.assertGreater(sum(row["executions"] for row in found.values()), 100)
                self.assert_same_books(found, wanted)

    def test_orders_that_filled_nothing_are_counted_and_change_nothing(self):
        out, wanted = self.run_sample("--set", "fill.lot_step={ SYM0USDT = 1000.0 }")
        found = self.summary(out)["accounts"]
        self.assertGreater(sum(row["rejected"] for row in found.values()), 0)
        self.assert_same_books(found, wanted)

    def test_drawdown_and_curve_by_hand(self):
        out = self.folder / "out.ndjson"
        # 1 unit at 1,000, fee 1; marked at 1,500, 900 and 1,200; sold at 1,200, fee 1.
        # Equity: 9,999, 10,499, 9,899, 10,199, 10,198. Drawdown: (10,499 - 9,899) / 10,499.
        self.write(out, [execution(1, "BUY", "1.0", "1000.0", "1.0"), position(1, "LONG", "1000.0", "0.0"),
                         position(2, "LONG", "1000.0", "500.0"), position(3, "LONG", "1000.0", "-100.0"),
                         position(4, "LONG", "1000.0", "200.0"),
                         execution(5, "SELL", "1.0", "1200.0", "1.0"), position(5, "CLOSED", "0.0", "0.0")])
        svg = self.folder / "equity.svg"
        row = self.summary(out, "--svg", svg)["accounts"]["main"]
        self.assertEqual((row["balance"], row["realized_pnl"], row["fees"], row["equity"], row["open_positions"]),
                         ("10198.0", "200.0", "2.0", "10198.0", 0))
        self.assertEqual(row["max_drawdown"], round(600 / 10499, 8))
        path = xml.etree.ElementTree.parse(svg).getroot().find(PATHS).get("d")
        # From the initial balance on, one step a point.
        heights = [float(step.split("V")[1]) for step in path.split("H")[1:]]
        rises = [b - a for a, b in zip(heights, heights[1:])]
        self.assertEqual(len(heights), 6)
        self.assertEqual([(r > 0) - (r < 0) for r in rises], [-1, 1, -1, 1, 0])  # downwards is more in SVG
        self.assertAlmostEqual(rises[1] / rises[0], -600 / 500, places=2)

    def write(self, path, entries):
        """Entries without numbers get them, one stream after the other."""
        numbers = dict.fromkeys(OUTPUTS, 0)
        with open(path, "w", encoding="utf-8") as file:
            for at, stream, data, more in entries:
                numbers[stream] += 1
                file.write(json.dumps({"stream": stream, "id": f"{at * 1000}-{numbers[stream]}", **more.pop("entry", {}), "fields": {
                    "data": data, "seq": str(at), "cause": f"trade.signal.v5/{at * 1000}-0", "acct": "main", **more}}) + "\n")

    def test_executions_alone_are_valued_at_cost(self):
        out, wanted = self.run_sample()
        lines = [line for line in out.read_text().splitlines(True) if json.loads(line)["stream"] == EXECUTION]
        out.write_text("".join(lines))
        done = self.run_script("equity_curve.py", out, "--json")
        self.assertIn("open positions count at cost", done.stderr)
        for name, row in json.loads(done.stdout)["accounts"].items():
            self.assertEqual((row["balance"], row["unrealized_pnl"]), (wanted[name]["balance"], "0.0"))

    def test_initial_balance_of_one_account(self):
        out, _ = self.run_sample()
        found = self.summary(out, "--initial", "5000", "--initial", "acct-1=200.25")["accounts"]
        self.assertEqual([row["initial_balance"] for row in found.values()], ["5000.0", "200.25"])


def execution(at, action, quantity, price, fee, **more):
    data = (f'{{"symbol": "X", "action": "{action}", "entry_price": {price}, "position_size_usd": {price}, "leverage": 1.0, '
            f'"timestamp": "1970-01-01T00:00:{at:02}.000000Z", "order_id": "PAPER-000000000001", "status": "filled", '
            f'"slippage_pct": 0.0, "fee_usd": {fee}}}')
    return at, EXECUTION, data, {"qty": quantity, "model": "none", **more}


def position(at, side, size, unrealized):
    data = (f'{{"symbol": "X", "side": "{side}", "entry_price": 1000.0, "current_price": 1000.0, "size_usd": {size}, '
            f'"unrealized_pnl": {unrealized}, "realized_pnl": 0.0, "timestamp": "1970-01-01T00:00:{at:02}.000000Z"}}')
    return at, POSITION, data, {}


class FileTest(EquityCase):
    def test_table_gzip_standard_input_and_several_files(self):
        out, wanted = self.run_sample()
        table = self.run_script("equity_curve.py", out).stdout
        for name, account in wanted.items():
            line = next(line for line in table.splitlines() if line.startswith(name))
            self.assertEqual(line.split()[2:7], [account[key] for key in
                                                 ("balance", "realized_pnl", "fees", "unrealized_pnl", "equity")])
        self.assertIn("No capture of a running engine", table)
        zipped = self.folder / "out.ndjson.gz"
        zipped.write_bytes(gzip.compress(out.read_bytes()))
        self.assertEqual(self.run_script("equity_curve.py", zipped).stdout, table)
        with open(out, "rb") as file:
            self.assertEqual(self.run_script("equity_curve.py", "-", stdin=file).stdout, table)
        # One file a stream, the same entry in two of them: as one file.
        lines = out.read_text().splitlines(True)
        parts = []
        for stream in OUTPUTS:
            parts.append(self.folder / f"{stream}.ndjson")
            parts[-1].write_text("".join(line for line in lines if json.loads(line)["stream"] == stream))
        self.assertEqual(self.run_script("equity_curve.py", *reversed(parts), out).stdout, table)

    def test_the_svg_is_well_formed_and_has_a_line_an_account(self):
        out, _ = self.run_sample()
        svg = self.folder / "equity.svg"
        self.run_script("equity_curve.py", out, "--svg", svg)
        root = xml.etree.ElementTree.parse(svg).getroot()
        self.assertEqual(len(root.findall(PATHS)), 3)  # two accounts, one stretch of latency
        text = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
        self.assertTrue({"Equity, USD (UTC)", "acct-0", "acct-1", "Latency by percentile, ms"} <= set(text), text)

    def test_a_missing_entry_is_told_wherever_it_was(self):
        out, _ = self.run_sample()
        lines = out.read_text().splitlines(True)
        places = [at for at, line in enumerate(lines) if json.loads(line)["stream"] in (EXECUTION, POSITION)]
        last_of = {json.loads(lines[at])["stream"]: at for at in places}
        for at in [*places[:-1:37], places[0], places[1], last_of[EXECUTION]]:
            out.write_text("".join(lines[:at] + lines[at + 1:]))
            with self.subTest(at=at, line=lines[at]):
                self.assertIn("missing", self.refused(out))

    def test_a_capture_that_begins_in_the_middle_is_told(self):
        out, _ = self.run_sample()
        lines = out.read_text().splitlines(True)
        first_close = next(at for at, line in enumerate(lines) if '\\"CLOSED\\"' in line)
        out.write_text("".join(lines[first_close - 2:]))
        self.assertIn("entries are missing", self.refused(out))

    def test_damaged_files(self):
        out, _ = self.run_sample()
        good = out.read_bytes()
        line = good.splitlines(True)[0]
        fill = next(line for line in good.splitlines(True) if b"trade.execution.res" in line)
        for text, told in ((b"{", "out.ndjson:1: no entry of a capture"), (b"[]", ":1: no entry"), (b"7", ":1: no entry"),
                           (line + b'{"stream": "s", "id": "x", "fields": {"seq": "1", "data": "{}"}}', ":2: no entry"),
                           (line + b"\xff\n", ":2: no entry"),
                           (line.replace(b'"cause":"', b'"cause":"x'[:9]).replace(b"/", b""), ":1: no entry"),
                           (line.replace(b'"timestamp\\": \\"', b'"timestamp\\": \\"x'), ":1: no entry"),
                           (fill.replace(b'"qty":"', b'"qty":"x'), ":1: no output of the engine: ValueError"),
                           (fill.replace(b'"qty"', b'"quantity"'), ":1: no output of the engine: KeyError"),
                           (fill.replace(b'"acct"', b'"account"'), ":1: no output of the engine: KeyError"),
                           (fill + fill.replace(b'"qty":"', b'"qty":"1'), ":2: another entry of this id stands at"),
                           (gzip.compress(good)[:-100], "Compressed file ended"), (gzip.compress(good)[:50] + b"x" * 99, "out.ndjson"),
                           (b"", "no execution and no position update"), (line, "no execution and no position update")):
            out.write_bytes(text)
            with self.subTest(told=told, text=text[:40]):
                self.assertIn(told, self.refused(out))

    def test_files_that_cannot_be_read_or_written(self):
        out, _ = self.run_sample()
        self.assertIn("No such file", self.refused(self.folder / "none", code=66))
        self.assertIn("Is a directory", self.refused(self.folder, code=74))
        done = self.run_script("equity_curve.py", out, "--svg", self.folder / "none" / "x.svg", code=73)
        self.assertIn("No such file", done.stderr)

    def test_wrong_usage(self):
        for words, told in (((), "CAPTURE"), (("x", "--initial", "0"), "'0' is no balance"),
                            (("x", "--initial", "-5"), "'-5' is no balance"), (("x", "--initial", "a b=5"), "is no balance")):
            self.assertIn(told, self.refused(*words, code=64))
        self.assertIn("usage: equity_curve.py", self.run_script("equity_curve.py", "--help").stdout)


class ReadmeTest(EquityCase):
    def test_its_table_is_what_comes_out(self):
        out = self.folder / "out.ndjson"
        replay("run", "--conf", ROOT / "conf/quickstart.toml", "--capture", SAMPLE, "--out", out)
        self.assertIn(self.run_script("equity_curve.py", out).stdout, (SCRIPTS / "README.md").read_text())


class LiveTest(EquityCase):
    starts_server = True

    def test_latencies_and_books_of_a_running_engine(self):
        recorded, followed = self.folder / "recorded.ndjson", self.folder / "followed.ndjson"
        recorder = subprocess.Popen([case.options.bin / "replay", "capture", "--redis", self.server.unix_url, "--streams",
                                     ",".join(OUTPUTS), "--out", recorded], stderr=subprocess.PIPE, text=True)
        self.addCleanup(recorder.kill)
        self.addCleanup(recorder.stderr.close)
        self.wait_until(self.reader_that_waits)
        recorder_id = self.reader_that_waits()
        self.start_engine(start="$", more="\n[mark]\ninterval_s = 1\n")
        follower = self.start_script("follow.py", "--json", *self.at)
        follower.wait_for_told("following")
        self.feed(400)
        self.wait_for_outcomes()
        self.stop_engine()
        published = sum(self.server.ask("XLEN", stream) for stream in OUTPUTS)
        follower.wait_for(lambda script: len(script.lines) == published)
        follower.send(signal.SIGTERM)
        followed.write_text("".join(line + "\n" for line in follower.lines))
        self.wait_until(lambda: self.reader_that_waits(recorder_id))
        recorder.send_signal(signal.SIGTERM)
        self.assertEqual(recorder.wait(RUN_S), 0, recorder.stderr.read())
        self.assertEqual(len(recorded.read_bytes().splitlines()), published)
        replay("run", "--capture", self.tape, "--summary", self.folder / "summary.json")
        wanted = json.loads((self.folder / "summary.json").read_text())["accounts"]
        for path in (recorded, followed):
            found = self.summary(path)
            self.assert_same_books(found["accounts"], wanted)
            self.assertEqual(found["latency_us"], self.latencies(path))
            table = self.run_script("equity_curve.py", path).stdout
            self.assertIn("signal in Redis -> execution received", table)

    def reader_that_waits(self, client_id=""):
        """The id of a client that waits in an XREAD, with nothing behind what it has read; or None."""
        for line in self.server.ask("CLIENT", "LIST").decode().splitlines():
            words = dict(word.split("=", 1) for word in line.split())
            if words["cmd"] == "xread" and "b" in words["flags"] and client_id in ("", words["id"]):
                return words["id"]
        return None

    def latencies(self, path):
        """The stretches, computed another way: by nearest rank over plain lists."""
        times = {"signal in Redis -> engine": [], "engine -> output received": [], "signal in Redis -> execution received": []}
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            cause = entry["fields"].get("cause", "@")
            if cause.startswith("@"):
                continue
            stamp = json.loads(entry["fields"]["data"])["timestamp"]
            day, clock = stamp.rstrip("Z").split("T")
            hours, minutes, seconds = clock.split(":")
            log_us = (int(entry["id"].split("-")[0]) // 86_400_000 * 86_400_000_000 + int(hours) * 3_600_000_000
                      + int(minutes) * 60_000_000 + int(seconds.replace(".", "")))
            cause_us = int(cause.split("/")[1].split("-")[0]) * 1000
            if entry["stream"] in (SAFE, REJECTED):
                times["signal in Redis -> engine"].append(log_us - cause_us)
            times["engine -> output received"].append(entry["ns"] // 1000 - log_us)
            if entry["stream"] == EXECUTION:
                times["signal in Redis -> execution received"].append(entry["ns"] // 1000 - cause_us)
        found = {}
        for name, values in times.items():
            values.sort()
            self.assertGreaterEqual(values[0], 0, name)
            found[name] = {"count": len(values), **{f"p{p}": values[max(1, math.ceil(len(values) * p / 100)) - 1]
                                                    for p in (50, 90, 99, 99.9)}, "max": values[-1]}
        return found


if __name__ == "__main__":
    case.main()
