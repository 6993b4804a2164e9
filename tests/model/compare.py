#!/usr/bin/env python3
"""The engine against the second model, on generated inputs.

    tests/model/compare.py --replay build/release/replay [--inputs 40000] [--rounds 1] [--seed 1] [--jobs 2]
                           [--record FILE]

Makes one generated capture for each conf of a table that pairs every on_opposite, sizing and fill model with
limits, lot steps, simulated prices, tight tables and commands; runs engine and model over it; compares every
output entry byte for byte; and has identities.py recompute the identities from the engine's own output. A round
is the 36 combinations once; each further round gives them other limits and sizes: after nine, each combination has met
each of the nine sets of limits. Prints a line a case and a total; exits 1 at any difference.
"""

import argparse
import concurrent.futures
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "support"))

from record import Record  # noqa: E402

# Settings that make the rarer paths common; each case takes one of them in turn.
TWISTS = (
    ["risk.max_daily_trades=1000000", "risk.cooldown_after_loss_minutes=0", "risk.max_drawdown_pct=1"],
    ["risk.max_daily_trades=1000000", "risk.cooldown_after_loss_minutes=1", "risk.max_total_exposure_pct=5",
     "risk.max_drawdown_pct=0.9", "fill.lot_step={ SYM0USDT = 0.001, SYM3USDT = 7 }"],
    ["risk.clip_to_exposure=true", "risk.max_symbol_exposure_pct=0.15", "risk.max_open_positions=3",
     "risk.order_rate_max=2", "risk.cooldown_after_loss_minutes=2", "risk.max_daily_trades=5"],
    ["risk.max_signal_age_ms=150", "risk.max_price_age_ms=400", "risk.min_order_notional=300",
     "risk.max_order_notional=900", "risk.cooldown_after_loss_minutes=0", "risk.max_daily_trades=100000"],
    ["risk.drawdown_basis=balance", "risk.max_drawdown_pct=0.002", "risk.drawdown_latch=true",
     "risk.cooldown_after_loss_minutes=0", "risk.max_daily_trades=100000", "fill.taker_fee_pct=0.01"],
    ["accounts.symbols_max=5", "accounts.accounts_max=3", "accounts.positions_max=7", "risk.dedup_window=40",
     "risk.cooldown_after_loss_minutes=0", "risk.max_daily_trades=100000", "risk.max_total_exposure_pct=3"],
    ["market.source=simulated", "market.prices={ SYM1USDT = 12.5, SYM0USDT = 95000, SYM2USDT = 0.00000003 }",
     "risk.max_daily_trades=100000", "risk.cooldown_after_loss_minutes=0", "accounts.names=[\"acct-1\", \"zed\"]"],
    ["accounts.initial_balance=0.001", "fill.max_slippage_pct=0.9", "risk.max_daily_trades=100000",
     "risk.cooldown_after_loss_minutes=0", "risk.max_drawdown_pct=1", "mark.interval_s=300"],
    ["accounts.initial_balance=900000000", "risk.kelly_fraction=1", "risk.max_position_size_pct=1",
     "risk.max_total_exposure_pct=100", "risk.max_symbol_exposure_pct=100", "risk.max_daily_trades=100000",
     "risk.cooldown_after_loss_minutes=0", "risk.max_drawdown_pct=1", "risk.emergency_stop=true"],
)
# What a signal can be refused for and what makes a dead letter: a long comparison should meet each.
OUTCOMES = frozenset("""
    NOTHING_TO_CLOSE DUPLICATE_SIGNAL STALE_SIGNAL LOW_CONFIDENCE EMERGENCY_STOP_ACTIVE GOVERNER_VETO NO_MARKET_PRICE
    STALE_MARKET_PRICE MAX_DRAWDOWN_EXCEEDED DAILY_TRADE_LIMIT_REACHED COOLDOWN_ACTIVE MAX_EXPOSURE_EXCEEDED
    MAX_POSITION_EXCEEDED MAX_ORDER_NOTIONAL MAX_OPEN_POSITIONS ORDER_RATE_EXCEEDED MIN_ORDER_NOTIONAL SIZE_ZERO
    TABLE_FULL OVERFLOW
    SIZE EMPTY UTF8 JSON DUPLICATE_KEY TYPE RANGE MISSING_KEY SYMBOL ACTION TIMESTAMP ACCOUNT""".split())
OPPOSITE = ("close", "reverse", "net")
SIZING = ("kelly", "fixed_fraction", "fixed_notional", "tracked_kelly")
FILL = ("uniform", "fixed_bps", "none")


def cases(inputs, seed, rounds=1):
    """One case a round for each combination of the three choices, with the twists in turn."""
    combos = list(itertools.product(OPPOSITE, SIZING, FILL))
    signals = max(50, inputs // (len(combos) * rounds) // 2)
    for turn, (index, (opposite, sizing, fill)) in itertools.product(range(rounds), enumerate(combos)):
        number = seed * 1000 + turn * len(combos) + index
        settings = [f"risk.on_opposite={opposite}", f"risk.sizing={sizing}", f"fill.model={fill}",
                    f"engine.seed={number}", *TWISTS[(index + turn) % len(TWISTS)]]
        generate = ["--signals", str(signals), "--symbols", str((3, 8, 20)[(index + turn // 3) % 3]),
                    "--accounts", str((1, 4, 30)[(index // 3 + turn) % 3]), "--seed", str(number),
                    "--bad", "0.05", "--commands", "0.02"]
        yield f"{opposite}/{sizing}/{fill}", generate, settings


def run_case(replay, name, generate, settings, keep):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        capture, ours, theirs, summary = (str(path / f) for f in ("in.ndjson", "a.ndjson", "b.ndjson", "s.json"))
        sets = list(itertools.chain.from_iterable(("--set", s) for s in settings))
        subprocess.run([replay, "generate", *generate, "--out", capture], check=True, stderr=subprocess.DEVNULL)
        engine = subprocess.run([replay, "run", "--capture", capture, "--out", ours, "--summary", summary, *sets],
                                capture_output=True, text=True)
        model = subprocess.run([sys.executable, str(HERE / "model.py"), "--capture", capture, "--out", theirs, *sets],
                               capture_output=True, text=True)
        diff = subprocess.run([replay, "diff", ours, theirs], capture_output=True, text=True)
        good = engine.returncode == 0 and model.returncode == 0 and diff.returncode == 0
        text = engine.stderr + model.stderr + diff.stdout
        if good:
            check = subprocess.run([sys.executable, str(HERE / "identities.py"), "--capture", capture,
                                    "--summary", summary, *sets, ours], capture_output=True, text=True)
            good = check.returncode == 0
            text = check.stdout + check.stderr
        counts = json.load(open(summary)) if engine.returncode in (0, 65) else {}
        if not good and keep:
            pathlib.Path(keep).write_bytes(pathlib.Path(capture).read_bytes())
        return name, settings, generate, good, text, counts


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--replay", required=True)
    parser.add_argument("--inputs", type=int, default=40_000, help="about how many all cases hold together")
    parser.add_argument("--rounds", type=int, default=1, help="how often the 36 combinations are gone through")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="where to keep the capture of a case that differs")
    parser.add_argument("--record", metavar="FILE", help="write the table here too")
    args = parser.parse_args()
    record = Record("The engine against the second model", args.record)
    inputs = timers = entries = executions = failed = 0
    reasons = set()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        runs = [pool.submit(run_case, args.replay, *case, args.keep)
                for case in cases(args.inputs, args.seed, args.rounds)]
        for run in runs:
            name, settings, generate, good, text, counts = run.result()
            if counts:
                given = counts["inputs"]["all"] - counts["inputs"]["timers"]
                inputs += given
                timers += counts["inputs"]["timers"]
                entries += counts["output"]["entries"]
                executions += counts["executions"]
                reasons |= set(counts["signals"]["rejected"]) | set(counts["signals"]["dead_lettered"])
                record.say(f"{'same' if good else 'DIFFERS':8}{name:34}{given:>9} inputs"
                           f"{counts['inputs']['timers']:>8} timers{counts['output']['entries']:>9} entries"
                           f"{counts['executions']:>8} executions")
            if not good:
                failed += 1
                record.say(f"   settings: {' '.join(settings)}\n   generate: {' '.join(generate)}\n{text[-3000:]}")
    unseen = ", ".join(sorted(OUTCOMES - reasons)) or "none"
    record.say(f"\nreasons and codes seen: {len(reasons)}\nnever seen:             {unseen}\n"
               f"{len(runs)} cases, {inputs} inputs and {timers} timers, {entries} output entries, {executions} "
               f"executions compared: {failed} cases differ")
    record.write()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
