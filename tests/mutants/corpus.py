"""The cases on which a mutant must show itself: scripts at the exact limits, then generated captures.

A case is a name, the text of a capture or the arguments of `replay generate`, and conf settings. The scripts put an
input right on a limit and right beside it; the generated captures are those of tests/model/compare.py, smaller, and
one of a single account with enough closes to fill its history.
"""

import pathlib
import sys
from collections import namedtuple

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "model"))

import compare  # noqa: E402
from script import DAY, HOUR, MINUTE, MS, SECOND, START, Script  # noqa: E402

Case = namedtuple("Case", "name text generate settings")

# A fill at the reference price without a fee: amounts in the scripts can be worked out by hand.
PLAIN = ["fill.model=none", "fill.taker_fee_pct=0", "risk.sizing=fixed_notional", "risk.fixed_notional=500",
         "risk.cooldown_after_loss_minutes=0", "risk.max_daily_trades=1000", "risk.max_total_exposure_pct=100",
         "risk.max_symbol_exposure_pct=100", "risk.max_drawdown_pct=1"]


def confidence():
    """0.65 passes; what is cut to below it does not."""
    script = Script().tick("A", 10)
    for text in ("0.65", "0.6499999999999999", "0.65000001", "0.64999999"):
        script.later(SECOND).buy("A", confidence=text)
    return script, []


def ages():
    """max_signal_age_ms = 100 and ttl_ms: the smaller counts, equal is not older; 5 s ahead is not too far."""
    script = Script().tick("A", 10)
    for ns in (100 * MS, 100 * MS + 1, -5 * SECOND, -5 * SECOND - 1):
        script.later(SECOND).buy("A", age_ns=ns)
    for ttl, ns in ((50, 50 * MS), (50, 60 * MS), (200, 150 * MS), (200, 90 * MS)):
        script.later(SECOND).buy("A", age_ns=ns, ttl_ms=ttl)
    return script, ["risk.max_signal_age_ms=100"]


def price_age():
    """A price of exactly max_price_age_ms counts, one of 1 ns more does not; an exit does not ask."""
    script = Script().tick("A", 10).later(400 * MS).buy("A").later(1).buy("A").sell("A").tick("A", 11)
    return script.later(400 * MS + 1).buy("A").tick("A", 11).buy("A").later(SECOND).close("A"), [
        "risk.max_price_age_ms=400"]


def conf_price_age():
    """A conf price counts as set at the first input, whatever it is; then only walks renew it."""
    script = Script(START + SECOND).buy("A").later(900 * MS).buy("A").later(101 * MS).buy("A")
    return script.at(6 * SECOND).buy("A").at(7 * SECOND).tick("B", 5).buy("A"), [
        "market.source=simulated", "market.prices={ A = 10, B = 20 }", "risk.max_price_age_ms=1000"]


def daily():
    """Two entries a UTC day; an order that only reduces is not counted; a new day starts at 0."""
    script = Script().tick("A", 10).tick("B", 10)
    script.buy("A").later(SECOND).sell("A").buy("B").later(SECOND).buy("B").sell("B").later(SECOND).buy("A")
    return script.at(14 * HOUR - 1).tick("A", 10).buy("A").at(14 * HOUR).buy("A").later(1).buy("A").buy("B"), [
        "risk.max_daily_trades=2"]


def rate():
    """Two entries in any second: the one of exactly 1 s ago is outside, one of 1 ns less inside."""
    script = Script().tick("A", 10)
    for ns in (0, 400 * MS, SECOND - 1, SECOND, SECOND + 1, 1400 * MS - 1, 1400 * MS, 3 * SECOND):
        script.at(ns).buy("A")
    return script, ["risk.order_rate_max=2"]


def notional():
    """N at min_order_notional and max_order_notional passes; the entry part alone is compared."""
    script = Script().tick("A", 10).buy("A").later(SECOND).sell("A")
    script.later(SECOND).buy("A", position_size_pct=0.04).buy("A", position_size_pct=0.05)
    return script.tick("A", 20).sell("A").sell("A"), [
        "risk.min_order_notional=500", "risk.max_order_notional=500", "risk.on_opposite=reverse"]


def open_positions():
    """A third symbol is refused where two are open; adding to one of the two is not."""
    script = Script()
    for symbol in "ABC":
        script.tick(symbol, 10)
    return script.buy("A").buy("B").buy("C").buy("A").close("B").buy("C").buy("B"), ["risk.max_open_positions=2"]


def exposure():
    """An exposure of exactly the limit passes; it is measured at the mark, an opposite position left out."""
    script = Script().tick("A", 10).tick("B", 10).buy("A").buy("B").buy("B").later(SECOND)
    script.tick("A", 8).buy("B", position_size_pct=0.02).buy("B", position_size_pct=0.0100001)
    script.buy("B", position_size_pct=0.01).later(SECOND).sell("A").tick("A", 12).buy("B", position_size_pct=0.02)
    return script.sell("B").sell("A").sell("A"), [
        "risk.max_total_exposure_pct=0.1", "risk.on_opposite=reverse"]


def symbol_exposure():
    """A position of exactly its limit passes."""
    script = Script().tick("A", 10).tick("B", 10).buy("A").buy("B", position_size_pct=0.02)
    return script.buy("A", position_size_pct=0.001).sell("A").sell("A"), [
        "risk.max_symbol_exposure_pct=0.05", "risk.on_opposite=reverse"]


def clip():
    """The entry part is cut to what fits, and N with it; nothing left is a refusal."""
    script = Script().tick("A", 10).tick("B", 10).buy("A").buy("B").buy("B").later(SECOND)
    return script.sell("A").sell("A").tick("B", 9).sell("A").sell("B").buy("A"), [
        "risk.max_total_exposure_pct=0.07", "risk.clip_to_exposure=true", "risk.on_opposite=reverse"]


def cooldown():
    """A minute after a losing close an entry passes, 1 ns earlier not; a close at zero is no loss."""
    script = Script().tick("A", 10).tick("B", 10).buy("A").later(SECOND).close("A").later(SECOND).buy("A")
    script.tick("A", 9).at(10 * SECOND).close("A").buy("B").at(70 * SECOND - 1).buy("A").later(1).buy("A")
    return script.later(SECOND).tick("A", 8).sell("A").buy("A"), ["risk.cooldown_after_loss_minutes=1"]


def drawdown():
    """A drawdown of exactly the limit passes; exits do not ask."""
    script = Script().tick("A", 10).tick("B", 10).buy("A").buy("A").tick("A", 9).buy("B", position_size_pct=0.001)
    return script.tick("A", "8.99999").buy("B").sell("A").buy("B"), ["risk.max_drawdown_pct=0.01"]


def latch():
    """The latch stays when the price has come back; it falls where a reducing part goes through; resume lifts it."""
    script = Script().tick("A", 10).tick("B", 10).buy("A").tick("A", 5).buy("B").tick("A", 10).buy("B").buy("A")
    script.later(SECOND).command("resume").buy("B").tick("A", 5).sell("A").tick("B", 20).buy("B")
    return script.command("resume").buy("A").command("halt").buy("A").close("A").command("resume").buy("A"), [
        "risk.max_drawdown_pct=0.02", "risk.drawdown_latch=true", "risk.on_opposite=reverse"]


def balance_drawdown():
    """Measured on the balance, an unrealized loss is no drawdown."""
    script = Script().tick("A", 10).buy("A").tick("A", 5).buy("A").tick("A", 1).close("A").buy("A")
    return script, ["risk.max_drawdown_pct=0.02", "risk.drawdown_basis=balance"]


def dedup():
    """A repeat does not renew its place; a HOLD and a refused signal leave their ids too."""
    script = Script().tick("A", 10)
    for name in "abcadabc":
        script.later(SECOND).buy("A", signal_id=name)
    script.signal("A", "HOLD", signal_id="h").buy("A", signal_id="h").buy("A", confidence="0.1", signal_id="l")
    return script.buy("A", signal_id="l").buy("A", signal_id="").buy("A", signal_id=""), ["risk.dedup_window=3"]


def tables():
    """Where the pairs are used up, the known ones still trade; a third account finds no room."""
    script = Script().tick("A", 10).tick("B", 10).tick("C", 10).buy("A").buy("B").buy("C").close("A").buy("A")
    return script.buy("A", account="x").buy("A", account="y").signal("A", "HOLD", account="y").sell("B").buy("C"), [
        "accounts.positions_max=2", "accounts.accounts_max=2"]


def net():
    """What is netted ends at flat: N just below V, whose quantity at a slipped price is more than is held."""
    script = Script().tick("A", 10).buy("A").later(SECOND).sell("A", position_size_pct=0.0499)
    script.tick("A", 7).buy("A").later(SECOND).sell("A", position_size_pct=0.0111).sell("A").later(SECOND)
    return script.buy("A", position_size_pct=0.0333).tick("A", 13).buy("A"), [
        "risk.on_opposite=net", "fill.model=fixed_bps", "fill.slippage_bps=300"]


def slippage():
    """fixed_bps, at most the signal's own limit; a command close has no such limit."""
    script = Script().tick("A", 10, 11).buy("A", max_slippage_pct=0.0001).later(SECOND).sell("A").sell("A")
    script.later(SECOND).command("close", symbol="A").buy("A", max_slippage_pct=0).command("close", symbol="A")
    return script, ["fill.model=fixed_bps", "fill.slippage_bps=7.5"]


def quotes():
    """Marks halfway between two places go to the even one; BUY at the ask, SELL at the bid."""
    script = Script()
    for last in range(4):
        script.later(SECOND).tick("A", f"10.0000000{last}", f"10.0000000{last + 1}").buy("A").sell("A").sell("A")
    return script, ["risk.on_opposite=reverse"]


def tiny_prices():
    """A price of 1e-8 does not fall to zero, neither when sold nor when it walks."""
    script = Script(START + SECOND)
    for second in range(2, 40, 3):
        script.at(second * SECOND).sell("A").buy("A")
    return script, ["market.source=simulated", "market.prices={ A = 0.00000001, B = 0.00000001 }",
                    "risk.on_opposite=reverse", "accounts.initial_balance=0.001", "fill.max_slippage_pct=0.5",
                    "fill.model=uniform", "risk.max_position_size_pct=1"]


def timers():
    """A timer due at an input's time goes before it; receive times that go back do not move the log time."""
    script = Script(START + SECOND).tick("A", 10).buy("A").at(30 * SECOND).tick("A", 11).later(1).buy("A")
    script.at(29 * SECOND).tick("A", 12).buy("A").at(95 * SECOND).sell("A").at(120 * SECOND).buy("A")
    return script.at(130 * SECOND).command("price", symbol="A", price="9").at(DAY).tick("A", 8), []


def walks():
    """Walk before mark at the same due time; several holdings that move at once are one look at the peak."""
    script = Script(START).buy("A").buy("B").sell("C").sell("D")
    for minute in range(1, 12):
        script.at(minute * MINUTE).buy("ABCD"[minute % 4]).sell("ABCD"[minute // 2 % 4])
    return script, ["market.source=simulated", "market.prices={ A = 95000, B = 3400, C = 680, D = 0.02 }",
                    "risk.max_drawdown_pct=0.00005"]


def tracked():
    """Closes of zero, wins and losses about the twentieth, then sizes that follow the record."""
    script = Script().tick("A", 100)
    for index in range(60):
        exit_price = (100, 103, 99, 102, 98)[index * 7 % 5]
        script.later(SECOND).tick("A", 100).buy("A").later(SECOND).tick("A", exit_price).close("A")
    return script, ["risk.sizing=tracked_kelly", "risk.kelly_fraction=1", "risk.max_position_size_pct=1",
                    "risk.tracked_floor_pct=0.001"]


SCRIPTS = (confidence, ages, price_age, conf_price_age, daily, rate, notional, open_positions, exposure,
           symbol_exposure, clip, cooldown, drawdown, latch, balance_drawdown, dedup, tables, net, slippage,
           quotes, tiny_prices, timers, walks, tracked)

# One account alone, sized by its record: well over 100 closes, f between floor and cap.
LONG_RECORD = Case("generated long record", None,
                   ["--signals", "2500", "--symbols", "3", "--accounts", "1", "--seed", "77", "--bad", "0",
                    "--commands", "0"],
                   ["risk.sizing=tracked_kelly", "risk.kelly_fraction=1", "risk.max_position_size_pct=1",
                    "risk.tracked_floor_pct=0.001", "risk.cooldown_after_loss_minutes=0",
                    "risk.max_daily_trades=1000000", "risk.max_drawdown_pct=1", "risk.max_total_exposure_pct=100",
                    "risk.max_symbol_exposure_pct=100", "fill.taker_fee_pct=0.00001"])


def cases(inputs):
    """All cases, those of the scripts first; inputs: about how many all generated ones hold."""
    for write in SCRIPTS:
        script, settings = write()
        yield Case("script " + write.__name__, script.text(), None, PLAIN + settings)
    yield LONG_RECORD
    for name, generate, settings in compare.cases(inputs, 1):
        yield Case("generated " + name, None, generate, settings)
