#!/usr/bin/env python3
"""Thirty simulated days by replay: what must hold over days, at midnight and at the end.

    tests/determinism/thirty_days.py --replay build/release/replay [--days 30] [--seed 1] [--no-model] [--record FILE]

Generates a capture (pauses of hours among it), cuts it at the last midnight, and puts the same dozen signals of an
account of its own around each midnight: the last nanosecond of a day is refused by the limit of the day, the first one
of the next is approved. Then:

  midnight   each of them has the outcome that its nanosecond asks for; and every approval and every refusal by that
             limit of the whole run agrees with a count, made here from the executions, of entries a day and account
  numbers    every output stream counts 1, 2, 3, … and its times never go back
  layouts    one and three threads give the same bytes
  pieces     a run to a day in the middle gives the beginning of the whole run, byte for byte
  model      the second model (tests/model) publishes the same bytes, and its identities hold: books, cash, P&L
  memory     most memory of the whole run, against that of its first tenth

Exits 1 where one of them does not hold.
"""

import argparse
import collections
import datetime
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))
sys.path.insert(0, str(HERE.parent / "crash"))

from record import Record  # noqa: E402
from stream_checker import DEAD, EXECUTION, POSITION, REJECTED, SAFE, SIGNAL, Position, scaled  # noqa: E402

TICK = "market.tick"
OUTPUTS = (SAFE, REJECTED, EXECUTION, POSITION, DEAD)
NS, MS_NS = 10**9, 10**6
DAY_NS = 86_400 * NS
ENTRIES_A_DAY = 5
EDGE = "edge"  # the account around midnight
SETTINGS = (f"risk.max_daily_trades={ENTRIES_A_DAY}", "risk.max_drawdown_pct=1", "risk.cooldown_after_loss_minutes=1",
            "risk.max_total_exposure_pct=5")
INPUTS_A_DAY = 14_000  # what the generator makes of a day, about
MEMORY_MB_MAX = 8.0  # that twenty-seven more days may take


def edge_signals(midnight_ns):
    """(ns, action, wanted reason or None where it is approved) around one midnight."""
    before = midnight_ns - 60 * NS
    for count in range(ENTRIES_A_DAY - 1):  # with the one at midnight: all of this day
        yield before + count * MS_NS, "BUY", None
    yield before + NS, "BUY", "DAILY_TRADE_LIMIT_REACHED"
    yield midnight_ns - 1, "BUY", "DAILY_TRADE_LIMIT_REACHED"
    yield midnight_ns, "BUY", None
    yield midnight_ns + NS, "CLOSE", None


def edge_lines(midnights):
    """[(ns, line, wanted)]: the signals above, and one before all so that the first day is like the others."""
    first = midnights[0] - 120 * NS
    moments = [(first, "BUY", None)] + [moment for midnight in midnights for moment in edge_signals(midnight)]
    counters = collections.Counter()
    for ns, action, wanted in moments:
        data = {"symbol": "SYM0USDT", "action": action, "confidence": 0.9, "timestamp": "2026-01-12T10:00:00Z",
                "source": "edge", "account": EDGE, "position_size_pct": 0.001}
        ms = ns // MS_NS
        # Ids of their own: those of the generator count from 0.
        entry_id = f"{ms}-{900_000 + counters[ms]}"
        counters[ms] += 1
        line = json.dumps({"stream": SIGNAL, "id": entry_id, "ns": str(ns), "fields": {"data": json.dumps(data)}})
        yield ns, line.replace(f'"ns": "{ns}"', f'"ns": {ns}'), (entry_id, wanted)


def make_capture(replay, folder, days, seed):
    """Writes it; answers path, first midnight, number of entries, and what each signal at a midnight must come to."""
    made, path = folder / "made.ndjson", folder / "days.ndjson"
    subprocess.run([replay, "generate", "--signals", str(int(days * INPUTS_A_DAY * 0.65)), "--symbols", "6", "--accounts",
                    "8", "--seed", str(seed), "--bad", "0.02", "--out", str(made)], check=True, stderr=subprocess.DEVNULL)
    wanted, count = {}, 0
    first = json.loads(next(_whole(made)))["ns"]
    with open(path, "w", encoding="utf-8") as out:
        midnights = [(first // DAY_NS + day) * DAY_NS for day in range(1, days + 1)]
        end = midnights[-1] + 120 * NS
        edges = collections.deque(edge_lines(midnights))
        last = first
        for line in _whole(made):
            ns = json.loads(line)["ns"]
            while edges and edges[0][0] <= ns:
                _, text, (entry_id, reason) = edges.popleft()
                out.write(text + "\n")
                wanted[f"{SIGNAL}/{entry_id}"] = reason
                count += 1
            if ns > end:
                break
            out.write(line)
            count += 1
            last = ns
    if edges:
        raise SystemExit(f"the capture ends {(midnights[-1] - last) / DAY_NS:.1f} days too early")
    return path, midnights, count, wanted


def _whole(path):
    with open(path, encoding="utf-8") as lines:
        yield from lines


def run(replay, capture, out, *more):
    """One replay; answers the summary and the most memory it took, in MiB."""
    summary = out.with_suffix(".json")
    words = [replay, "run", "--capture", capture, "--out", out, "--summary", summary, "--set", "accounts.names=[\"edge\"]",
             *more]
    for setting in SETTINGS:
        words += ["--set", setting]
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    told = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"replay run: exit code {process.returncode}\n{told[-3000:]}")
    return json.loads(summary.read_text(encoding="utf-8")), usage.ru_maxrss / 1024


def sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def entries_of(path):
    """(stream, ms, number, fields) of each line."""
    for line in _whole(path):
        entry = json.loads(line)
        ms, number = map(int, entry["id"].split("-"))
        yield entry["stream"], ms, number, entry["fields"]


class DayCheck:
    """Reads a run's outputs once, in their order."""

    def __init__(self, wanted):
        self.wanted = dict(wanted)
        self.numbers = collections.Counter()
        self.times = collections.Counter()
        self.days = set()
        self.positions = collections.defaultdict(Position)
        self.entries = collections.Counter()  # (account, day) -> approvals that opened or added
        self.approved = {}  # cause -> (account, day), until its execution shows whether it was an entry
        self.refused = self.at_limit = 0
        self.problems = {"midnight": [], "numbers": []}

    def say(self, text, kind="midnight"):
        if len(self.problems[kind]) < 10:
            self.problems[kind].append(text)

    def take(self, stream, ms, number, fields):
        self.numbers[stream] += 1
        if number != self.numbers[stream]:
            self.say(f"{stream}: {ms}-{number} where number {self.numbers[stream]} belongs", "numbers")
            self.numbers[stream] = number
        if ms < self.times[stream]:
            self.say(f"{stream}: {ms}-{number} goes back in time", "numbers")
        self.times[stream] = ms
        day = ms // 86_400_000
        self.days.add(day)
        if stream == SAFE:
            self._approval(fields, day)
        elif stream == EXECUTION:
            self._execution(fields)
        elif stream == REJECTED:
            self._refusal(fields, day)

    def _approval(self, fields, day):
        cause = fields["cause"]
        if self.wanted.pop(cause, None) is not None:
            self.say(f"{cause} was approved, must have been refused")
        self.approved[cause] = (fields["acct"], day)

    def _execution(self, fields):
        account, day = self.approved.pop(fields["cause"])
        data = json.loads(fields["data"], parse_float=str)
        quantity = scaled(fields["qty"]) * (1 if data["action"] == "BUY" else -1)
        position = self.positions[account, data["symbol"]]
        held = position.quantity
        position.fill(quantity, scaled(data["entry_price"]))
        if held == 0 or (held > 0) == (quantity > 0):
            self.entries[account, day] += 1
            if self.entries[account, day] > ENTRIES_A_DAY:
                self.say(f"{fields['cause']}: entry {self.entries[account, day]} of {account} on day {day}")
            self.at_limit += self.entries[account, day] == ENTRIES_A_DAY

    def _refusal(self, fields, day):
        cause, reason = fields["cause"], json.loads(fields["data"])["reason"]
        if cause in self.wanted and self.wanted.pop(cause) != reason:
            self.say(f"{cause} was refused with {reason}")
        if reason == "DAILY_TRADE_LIMIT_REACHED":
            self.refused += 1
            if self.entries[fields["acct"], day] != ENTRIES_A_DAY:
                self.say(f"{cause}: refused after {self.entries[fields['acct'], day]} entries on day {day}")

    def finish(self, days):
        if self.wanted:
            self.say(f"no outcome of {list(self.wanted)[:3]}, {len(self.wanted)} in all")
        if self.approved:
            self.say(f"approved and not executed: {list(self.approved)[:3]}")
        if len(self.days) < days + 1:
            self.say(f"outputs on {len(self.days)} days only")


def same_as_model(capture, ours, folder):
    """Empty, or how the second model differs, or which identity does not hold."""
    theirs, summary = folder / "model.ndjson", ours.with_suffix(".json")
    sets = ["--set", 'accounts.names=["edge"]']
    for setting in SETTINGS:
        sets += ["--set", setting]
    model = HERE.parent / "model"
    for words in ([model / "model.py", "--capture", capture, "--out", theirs, *sets],
                  [model / "identities.py", "--capture", capture, "--summary", summary, *sets, ours]):
        done = subprocess.run([sys.executable, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            return f"{words[0].name}: exit code {done.returncode}: {(done.stdout + done.stderr)[-2000:]}"
    return "" if sha256(theirs) == sha256(ours) else "the second model publishes other bytes"


def begins_with(whole, part):
    with open(whole, "rb") as one, open(part, "rb") as other:
        while piece := other.read(1 << 20):
            if one.read(len(piece)) != piece:
                return False
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replay", required=True, type=pathlib.Path)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-model", action="store_true", help="without the second model, which takes the longest")
    parser.add_argument("--record", metavar="FILE", help="write what is printed here too")
    args = parser.parse_args()
    record = Record(f"{args.days} simulated days by replay", args.record)
    wrong = 0

    def judge(name, problems, text):
        nonlocal wrong
        wrong += bool(problems)
        record.say(f"{name:<10} {'FAILED' if problems else 'ok':<7} {text}")
        for problem in problems:
            record.say(f"  {problem}")

    with tempfile.TemporaryDirectory(prefix="coreloop-days-") as name:
        folder = pathlib.Path(name)
        capture, midnights, count, wanted = make_capture(args.replay, folder, args.days, args.seed)
        out = folder / "one.ndjson"
        told, memory_mb = run(args.replay, capture, out, "--layout", "1")
        first, last = (datetime.datetime.fromtimestamp(ns // NS, datetime.timezone.utc) for ns in
                       (midnights[0], midnights[-1]))
        record.say(f"{count:,} entries, {told['inputs']['timers']:,} timers, {told['output']['entries']:,} output entries, "
                   f"{told['executions']:,} executions; {len(midnights)} midnights, {first:%Y-%m-%d} to {last:%Y-%m-%d}")
        check = DayCheck(wanted)
        for entry in entries_of(out):
            check.take(*entry)
        check.finish(args.days)
        judge("midnight", check.problems["midnight"], f"{len(wanted)} signals within a minute of one, {len(midnights)} in its last and "
              f"{len(midnights)} in its first nanosecond; {check.at_limit} times an account used up its day, "
              f"{check.refused} refusals by that limit, each right")
        judge("numbers", check.problems["numbers"], ", ".join(f"{stream} {check.numbers[stream]:,}" for stream in OUTPUTS))

        three = folder / "three.ndjson"
        run(args.replay, capture, three, "--layout", "3")
        digest = sha256(out)
        judge("layouts", [] if sha256(three) == digest else ["three threads publish other bytes"], f"SHA-256 {digest}")
        three.unlink()

        tenth, middle = max(1, args.days // 10), max(1, args.days // 2)
        half = folder / "half.ndjson"
        half_told, _ = run(args.replay, capture, half, "--layout", "1", "--to", str(midnights[middle - 1]))
        judge("pieces", [] if begins_with(out, half) and half.stat().st_size > 0 else ["not the beginning of the whole"],
              f"to midnight {middle}: {half_told['output']['entries']:,} output entries")
        _, tenth_mb = run(args.replay, capture, half, "--layout", "1", "--to", str(midnights[tenth - 1]))
        more_mb = memory_mb - tenth_mb
        judge("memory", [f"more than {MEMORY_MB_MAX} MiB"] if more_mb > MEMORY_MB_MAX else [],
              f"{memory_mb:.1f} MiB at most in {args.days} days, {tenth_mb:.1f} MiB in {tenth}; {more_mb:+.1f} MiB")
        if not args.no_model:
            problem = same_as_model(capture, out, folder)
            judge("model", [problem] if problem else [], "the same bytes, and its identities")
    record.say("OK" if not wrong else "FAILED")
    record.write()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
