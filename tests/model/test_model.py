"""Cases worked out by hand; the arithmetic stands beside each."""

import json
import os
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import capture  # noqa: E402
import conf  # noqa: E402
import fixed  # noqa: E402
import identities  # noqa: E402
import model  # noqa: E402
import risk  # noqa: E402
from books import Account, Change, Position, Symbol  # noqa: E402
from fixed import MS, NS, S  # noqa: E402

T0 = 1_768_212_000 * NS  # 2026-01-12T10:00:00Z
NAMES = {"trade.signal.safe": "approval", "trade.signal.rejected": "rejection", "trade.execution.res": "execution",
         "trade.position.update": "position", "trade.signal.dlq": "dead"}
# No fee and no slippage, sizes of a fixed notional capped only by the balance.
PLAIN = ("fill.model=none", "fill.taker_fee_pct=0", "risk.sizing=fixed_notional", "risk.fixed_notional=1000",
         "risk.max_position_size_pct=1.0", "risk.max_total_exposure_pct=10.0", "risk.max_symbol_exposure_pct=10.0")


def entry(stream, at, data=None, id=None, **fields):
    """A capture line's bytes; at is the receive time in ns."""
    if data is not None:
        fields["data"] = data if isinstance(data, str) else json.dumps(data)
    line = {"stream": stream, "id": id or f"{at // MS}-0", "ns": at, "fields": fields}
    return json.dumps(line).encode()


def tick(at, price, symbol="BTCUSDT", ask=None):
    """A last price, or a quote where ask is given."""
    data = {"symbol": symbol, "price": price} if ask is None else {"symbol": symbol, "bid": price, "ask": ask}
    return entry("market.tick", at, data)


def signal(at, action, confidence=0.8, symbol="BTCUSDT", id=None, **more):
    """A signal of the given action."""
    return entry("trade.signal.v5", at, {"symbol": symbol, "action": action, "confidence": confidence,
                                         "timestamp": "2026-01-12T10:00:00Z", "source": "meta_v5", **more}, id)


class Output:
    """One published line: kind, data with numbers as their text, and the further fields."""

    def __init__(self, text):
        line = json.loads(text)
        self.kind, self.id, self.ns, self.fields = NAMES[line["stream"]], line["id"], line["ns"], line["fields"]
        self.data = json.loads(self.fields["data"], parse_float=str)

    def __getattr__(self, name):
        return self.data[name] if name in self.data else self.fields[name]


def play(lines, *sets):
    """(engine, outputs) of a run over capture lines."""
    written = []
    engine = model.run(conf.load(None, sets), [capture.parse_line(line) for line in lines], written.append)
    return engine, [Output(text) for text in written]


class Numbers(unittest.TestCase):
    def test_printing(self):
        for value, text in ((1000 * S, "1000.0"), (10_000_000, "0.1"), (9_521_898_463_794, "95218.98463794"),
                            (0, "0.0"), (1, "0.00000001"), (-50_000_000, "-0.5"), (-1, "-0.00000001")):
            self.assertEqual(fixed.show(value), text)

    def test_reading(self):
        self.assertEqual(fixed.cut("0.6499999999999999"), 64_999_999)
        self.assertEqual(fixed.rounded("0.000000005"), 0)       # half, to even 0
        self.assertEqual(fixed.rounded("0.000000015"), 2)       # half, to even 2
        self.assertEqual(fixed.rounded("0.0000000150001"), 2)
        self.assertEqual(fixed.rounded("25e-9"), 2)             # 2.5 units, to even 2
        self.assertEqual(fixed.rounded("1E+2"), 100 * S)
        self.assertEqual(fixed.rounded("0." + "0" * 9000 + "1e9001"), S)
        self.assertEqual(fixed.split("1e-400", 8), (False, 0, fixed.BELOW))
        self.assertEqual(fixed.split("-0.0e99999999999999999999", 8), (False, 0, fixed.NOTHING))
        self.assertEqual(fixed.split("1e99999999999999999999", 8)[1], fixed.HUGE)

    def test_roundings(self):
        self.assertEqual([fixed.even(a, 2) for a in (1, 3, 5, -1, -3, -5)], [0, 2, 2, 0, -2, -2])
        self.assertEqual((fixed.down(-7, 2), fixed.down(7, 2), fixed.up(7, 2)), (-3, 3, 4))

    def test_order_id_is_a_bijection(self):
        # 1 x 5DEECE66D + 1 and 2 x 5DEECE66D + 1
        self.assertEqual(fixed.order_id(1, 1), "PAPER-0005DEECE66E")
        self.assertEqual(fixed.order_id(2, 1), "PAPER-000BBDD9CCDB")
        inverse = pow(0x5DEECE66D, -1, 2**48)
        for n in (1, 2, 77, 10**6, 2**48 - 1):
            public = int(fixed.order_id(n, 99)[6:], 16)
            self.assertEqual((public - 99) * inverse % 2**48, n)

    def test_splitmix(self):
        # The published first outputs of splitmix64 from state 0 and from 1234567.
        self.assertEqual(fixed.splitmix(0), 0xE220A8397B1DCDAF)
        self.assertEqual(fixed.splitmix(1234567), 6457827717110365317)

    def test_dates(self):
        self.assertEqual(fixed.date_text(T0 + 1_234_999), "2026-01-12T10:00:00.001234Z")
        self.assertEqual(fixed.parse_date("1970-01-02T00:00:01.5+00:00"), 86_401_500_000_000)
        self.assertEqual(fixed.parse_date("2026-01-12T10:00:00.000000001"), T0 + 1)
        for bad in ("2026-02-30T00:00:00Z", "2026-01-12T10:00:60Z", "1969-12-31T23:59:59Z", "2262-01-01T00:00:00Z",
                    "2026-01-12T10:00:00.Z", "2026-01-12T10:00:00+01:00", "yesterday", "2026-01-12T10:00:00Z\n",
                    "2026-01-12T10:00:00.0000000000Z", "2026-01-12T24:00:00Z"):
            self.assertIsNone(fixed.parse_date(bad), bad)


class Sizing(unittest.TestCase):
    def size(self, confidence, *sets, closes=(), own=None, balance=10_000):
        account = Account(0, "main", balance * S)
        account.closes.extend(closes)
        given = type("Given", (), {"confidence": confidence, "size": own})
        return risk.size(conf.Conf(conf.load(None, sets)), account, given)

    def test_kelly(self):
        # t = 0.2 / 1.5 = 0.13333333; 0.25 x 0.66666667 = 0.1666666675, cut
        self.assertEqual(self.size(80_000_000, "risk.max_position_size_pct=1.0"), (16_666_666, 1666_66660000))
        self.assertEqual(self.size(80_000_000), (10_000_000, 1000 * S))
        self.assertEqual(self.size(80_000_000, own=3_000_000), (3_000_000, 300 * S))
        # p - t = 0.3 - 0.46666666 is negative
        self.assertEqual(self.size(30_000_000), (0, 0))

    def test_fixed(self):
        self.assertEqual(self.size(0, "risk.sizing=fixed_fraction"), (5_000_000, 500 * S))
        self.assertEqual(self.size(0, "risk.sizing=fixed_notional"), (5_000_000, 500 * S))
        # 500 / 7000 = 0.0714285714...
        self.assertEqual(self.size(0, "risk.sizing=fixed_notional", balance=7000), (7_142_857, 500 * S))
        self.assertEqual(self.size(0, "risk.sizing=fixed_notional", balance=1000), (10_000_000, 100 * S))
        self.assertEqual(self.size(0, "risk.sizing=fixed_notional", balance=-1), (0, 0))

    def test_tracked(self):
        sets = ("risk.sizing=tracked_kelly", "risk.max_position_size_pct=1.0")
        # p = 15/20 = 0.75, b = 2/1, t = 0.125, f = 0.25 x 0.625 = 0.15625
        closes = [2 * S] * 15 + [-S] * 5
        self.assertEqual(self.size(80_000_000, *sets, closes=closes)[0], 15_625_000)
        # 19 closes: plain kelly; 20 without a loss: plain kelly
        self.assertEqual(self.size(80_000_000, *sets, closes=closes[1:])[0], 16_666_666)
        self.assertEqual(self.size(80_000_000, *sets, closes=[S] * 20)[0], 16_666_666)
        # p = 1/20: below the floor of 0.01; the cap comes after the floor
        closes = [S] + [-S] * 19
        self.assertEqual(self.size(80_000_000, *sets, closes=closes)[0], 1_000_000)
        self.assertEqual(self.size(80_000_000, *sets, closes=closes, own=500_000)[0], 500_000)
        # mean win 1 unit, mean loss 1.0: b = 0.00000001; then b = 0 for a mean loss of 2.0
        self.assertEqual(self.size(80_000_000, *sets, closes=[1] + [-2 * S] * 19)[0], 1_000_000)


class Fills(unittest.TestCase):
    def test_fixed_bps_rounding(self):
        # price 3 x 1.0005 = 3.0015; 333.16675 x 3.0015 = 1000.000000125, so q = 333.16674995 and
        # q x price = 1000.000000125 - 0.00000005 x 3.0015 = 999.999999974925; fee 0.39999999... up
        _, out = play([tick(T0, 3), signal(T0 + 1, "BUY")], "fill.model=fixed_bps")
        self.assertEqual([o.kind for o in out], ["approval", "execution", "position"])
        approval, execution, position = out
        self.assertEqual((approval.position_size_usd, approval.risk_amount_usd, approval.kelly_optimal),
                         ("1000.0", "20.0", "0.1"))
        self.assertEqual((execution.entry_price, execution.qty, execution.position_size_usd, execution.fee_usd,
                          execution.slippage_pct), ("3.0015", "333.16674995", "999.99999997", "0.4", "0.0005"))
        # ≈ -(333.16674995 x 0.0015) = -0.499750124925
        self.assertEqual((position.side, position.entry_price, position.current_price, position.unrealized_pnl),
                         ("LONG", "3.0015", "3.0", "-0.49975012"))

    def test_uniform_is_keyed_by_the_id(self):
        lines = [tick(T0, 100), signal(T0 + 1, "BUY", id="55-7")]
        _, out = play(lines)
        u = (fixed.splitmix(fixed.splitmix(1 ^ 55) ^ 7) >> 32) * 100_000 >> 32
        self.assertEqual(out[1].slippage_pct, fixed.show(u))
        self.assertEqual(out[1].entry_price, fixed.show(100 * (S + u)))
        _, other = play([tick(T0, 100, "ETHUSDT"), signal(T0, "SELL", symbol="ETHUSDT", id="1-1"), *lines])
        self.assertEqual(other[4].slippage_pct, out[1].slippage_pct)
        _, none = play([tick(T0, 100), signal(T0 + 1, "SELL", max_slippage_pct=0.0)])
        self.assertEqual((none[1].slippage_pct, none[1].entry_price), ("0.0", "100.0"))

    def test_lot_step_and_rejected_fill(self):
        # 1000 / 300 = 3.33333333: 3.3 in steps of 0.1, nothing in steps of 5
        lines = [tick(T0, 300), signal(T0 + 1, "BUY"), signal(T0 + 2, "BUY")]
        _, out = play(lines[:2], *PLAIN, "fill.lot_step={BTCUSDT = 0.1}")
        self.assertEqual((out[1].qty, out[1].position_size_usd, out[1].status), ("3.3", "990.0", "filled"))
        engine, out = play(lines, *PLAIN, "fill.lot_step.BTCUSDT=5", "risk.max_daily_trades=1")
        self.assertEqual([o.kind for o in out], ["approval", "execution", "rejection"])
        self.assertEqual((out[1].qty, out[1].position_size_usd, out[1].status, out[1].fee_usd, out[1].entry_price),
                         ("0.0", "0.0", "rejected", "0.0", "300.0"))
        self.assertEqual((out[2].reason, out[2].value), ("DAILY_TRADE_LIMIT_REACHED", "1.0"))
        self.assertEqual((engine.orders, engine.pair_count), (1, 0))

    def test_partial_reduction(self):
        # long 10 at 100; sell 0.04 x 10000 = 400 at 110: q = 3.63636363, realized q x 10
        lines = [tick(T0, 100), signal(T0 + 1, "BUY"), tick(T0 + 2, 110),
                 signal(T0 + 3, "SELL", position_size_pct=0.04)]
        engine, out = play(lines, *PLAIN, "risk.on_opposite=net")
        self.assertEqual((out[3].position_size_usd, out[3].position_size_pct, out[3].risk_amount_usd),
                         ("400.0", "0.04", "8.0"))
        self.assertEqual((out[4].qty, out[4].position_size_usd), ("3.63636363", "399.9999993"))
        # left 6.36363637 at cost 636.363637
        self.assertEqual((out[5].side, out[5].entry_price, out[5].size_usd), ("LONG", "100.0", "636.363637"))
        self.assertEqual((out[5].unrealized_pnl, out[5].realized_pnl), ("63.6363637", "36.3636363"))
        self.assertEqual(engine.accounts["main"].day_count, 1)

    def test_cost_of_a_part(self):
        # cost 100 over 7: a = 14, c = 2; three of them cost 42 + 6 div 7 = 42
        position = Position(Account(0, "main", 0), Symbol(0, "X", 1))
        position.side, position.quantity, position.cost = 1, 7, 100
        change = Change(position, -1, 3, S)
        self.assertEqual((change.quantity, change.cost, change.realized), (4, 58, 3))

    def test_flip(self):
        # long 10 at 100; V = 1100, N = 1100 + 400; q = 10 + 400 / 110
        lines = [tick(T0, 100), signal(T0 + 1, "BUY"), tick(T0 + 2, 110),
                 signal(T0 + 3, "SELL", position_size_pct=0.04)]
        engine, out = play(lines, *PLAIN, "risk.on_opposite=reverse")
        self.assertEqual([o.kind for o in out[3:]], ["approval", "execution", "position", "position"])
        self.assertEqual((out[3].position_size_usd, out[4].qty, out[4].position_size_usd),
                         ("1500.0", "13.63636363", "1499.9999993"))
        closed, opened = out[5:]
        self.assertEqual((closed.side, closed.entry_price, closed.current_price, closed.size_usd,
                          closed.unrealized_pnl, closed.realized_pnl),
                         ("CLOSED", "100.0", "110.0", "0.0", "0.0", "100.0"))
        self.assertEqual((opened.side, opened.entry_price, opened.size_usd, opened.realized_pnl),
                         ("SHORT", "110.0", "399.9999993", "0.0"))
        self.assertEqual((engine.orders, len(engine.accounts["main"].closes)), (2, 1))

    def test_opposite_closes_whole_by_default(self):
        lines = [tick(T0, 100), signal(T0 + 1, "SELL"), tick(T0 + 2, 90, ask=91),
                 signal(T0 + 3, "BUY", position_size_pct=0.01), signal(T0 + 4, "CLOSE")]
        _, out = play(lines, *PLAIN)
        # short 10 at 100, V = 10 x 91; realized 10 x 9; the mark is 90.5
        self.assertEqual((out[3].action, out[3].position_size_usd, out[4].qty), ("BUY", "910.0", "10.0"))
        self.assertEqual((out[5].side, out[5].realized_pnl, out[5].current_price), ("CLOSED", "90.0", "90.5"))
        self.assertEqual((out[6].reason, out[6].action), ("NOTHING_TO_CLOSE", "CLOSE"))

    def test_dust(self):
        # 0.4 at 1, then the price falls to 1e-8: V = 0.4e-8, which is 0 at 1e-8
        lines = [tick(T0, 1), signal(T0 + 1, "BUY"), tick(T0 + 2, 1e-8)]
        sets = (*PLAIN, "risk.fixed_notional=0.4", "risk.cooldown_after_loss_minutes=0")
        for action in ("CLOSE", "SELL"):
            _, out = play([*lines, signal(T0 + 3, action)], *sets)
            self.assertEqual((out[3].position_size_usd, out[4].qty, out[4].position_size_usd), ("0.0", "0.4", "0.0"))
            # 0.000000004 - 0.4 = -0.399999996, half-even -0.4
            self.assertEqual((out[5].side, out[5].realized_pnl), ("CLOSED", "-0.4"))
        # A refused entry part leaves no reducing part: rejected (reading 20).
        _, out = play([*lines, signal(T0 + 3, "SELL")], *sets, "risk.on_opposite=reverse", "risk.max_daily_trades=1")
        self.assertEqual(out[3].reason, "DAILY_TRADE_LIMIT_REACHED")

    def test_refused_entry_leaves_the_exit(self):
        lines = [tick(T0, 100), signal(T0 + 1, "BUY"), signal(T0 + 2, "SELL")]
        _, out = play(lines, *PLAIN, "risk.on_opposite=reverse", "risk.max_daily_trades=1")
        self.assertEqual((out[3].position_size_usd, out[4].qty), ("1000.0", "10.0"))
        self.assertEqual([o.side for o in out[5:]], ["CLOSED"])


class Rows(unittest.TestCase):
    def reasons(self, lines, *sets):
        return [(o.reason, o.value, o.limit) for o in play(lines, *sets)[1] if o.kind == "rejection"]

    def test_cooldown(self):
        minute = 60 * NS
        lines = [tick(T0, 100), signal(T0, "BUY"), tick(T0 + 1, 99), signal(T0 + minute, "CLOSE"),
                 signal(T0 + 60 * minute, "BUY"), signal(T0 + 61 * minute - 1, "BUY"),
                 signal(T0 + 61 * minute, "BUY")]
        # 59 minutes; a nanosecond less than 60 minutes is 59.999999999983..., cut
        self.assertEqual(self.reasons(lines, *PLAIN), [("COOLDOWN_ACTIVE", "59.0", "60.0"),
                                                       ("COOLDOWN_ACTIVE", "59.99999999", "60.0")])

    def test_day_change(self):
        midnight = T0 + 14 * 3600 * NS
        lines = [tick(T0, 100), signal(midnight - 2, "BUY"), signal(midnight - 1, "BUY"), signal(midnight, "BUY"),
                 signal(midnight + 1, "BUY")]
        _, out = play(lines, *PLAIN, "risk.max_daily_trades=1", "mark.interval_s=0")
        self.assertEqual([o.kind for o in out], ["approval", "execution", "position", "rejection"] * 2)

    def test_duplicates(self):
        lines = [tick(T0, 100), *(signal(T0 + n, action, signal_id=id) for n, (action, id) in enumerate(
            (("HOLD", "a"), ("HOLD", "a"), ("BUY", "a"), ("BUY", "b"), ("BUY", "a"), ("BUY", "c"), ("BUY", "a"))))]
        # Window of 2: a, b hold it (repeats renew nothing), c pushes a out, so the last a is new.
        self.assertEqual(self.reasons(lines, *PLAIN, "risk.dedup_window=2"), [("DUPLICATE_SIGNAL", "0.0", "0.0")] * 2)

    def test_ages(self):
        lines = [tick(T0, 100), signal(T0 + 6 * NS, "BUY", ttl_ms=5000), signal(T0 + 6 * NS, "BUY"),
                 signal(T0 + 6 * NS, "BUY", ttl_ms=9000, timestamp="2026-01-12T10:00:11.000000001Z"),
                 signal(T0 + 6 * NS, "BUY", ttl_ms=9000, timestamp="2026-01-12T10:00:11Z")]
        self.assertEqual(self.reasons(lines, *PLAIN), [("STALE_SIGNAL", "6000.0", "5000.0"),
                                                       ("STALE_SIGNAL", "-5000.000001", "-5000.0")])
        self.assertEqual(self.reasons(lines[:3], *PLAIN, "risk.max_price_age_ms=5999"),
                         [("STALE_SIGNAL", "6000.0", "5000.0"), ("STALE_MARKET_PRICE", "6000.0", "5999.0")])

    def test_plain_rows(self):
        lines = [signal(T0, "BUY", 0.64999999999), signal(T0, "BUY", governer_approved=False), signal(T0, "BUY")]
        self.assertEqual(self.reasons(lines), [("LOW_CONFIDENCE", "0.64999999", "0.65"),
                                               ("GOVERNER_VETO", "0.0", "0.0"), ("NO_MARKET_PRICE", "0.0", "0.0")])

    def test_drawdown_and_latch(self):
        # long 10 at 100 of 10000; at 20 equity is 9200: 0.08 > 0.05; back at 100 it is 0
        lines = [tick(T0, 100), signal(T0, "BUY"), tick(T0, 20), signal(T0, "BUY"), tick(T0, 100),
                 signal(T0, "BUY"), entry("@command", T0, command="resume"), signal(T0, "BUY")]
        sets = (*PLAIN, "risk.max_drawdown_pct=0.05")
        self.assertEqual(self.reasons(lines, *sets), [("MAX_DRAWDOWN_EXCEEDED", "0.08", "0.05")])
        self.assertEqual(self.reasons(lines, *sets, "risk.drawdown_latch=true"),
                         [("MAX_DRAWDOWN_EXCEEDED", "0.08", "0.05"), ("MAX_DRAWDOWN_EXCEEDED", "0.0", "0.05")])
        # A peak between two ticks counts: up to 11000, down to 10400 is 600 / 11000
        lines = [tick(T0, 100), signal(T0, "BUY"), tick(T0, 200), tick(T0, 140), signal(T0, "BUY")]
        self.assertEqual(self.reasons(lines, *sets), [("MAX_DRAWDOWN_EXCEEDED", "0.05454545", "0.05")])

    def test_exposure_and_clip(self):
        sets = (*PLAIN, "risk.max_total_exposure_pct=0.15")
        lines = [tick(T0, 100), tick(T0, 10, "ETHUSDT"), signal(T0, "BUY"), signal(T0, "BUY", symbol="ETHUSDT"),
                 signal(T0, "SELL", symbol="ETHUSDT")]
        self.assertEqual(self.reasons(lines, *sets), [("MAX_EXPOSURE_EXCEEDED", "2000.0", "1500.0")] * 2)
        _, out = play(lines[:4], *sets, "risk.clip_to_exposure=true")
        self.assertEqual((out[3].position_size_usd, out[3].position_size_pct), ("500.0", "0.1"))
        self.assertEqual(self.reasons([*lines[:3], signal(T0, "BUY")], *PLAIN, "risk.max_symbol_exposure_pct=0.19"),
                         [("MAX_POSITION_EXCEEDED", "2000.0", "1900.0")])

    def test_other_limits(self):
        buys = [tick(T0, 100), tick(T0, 10, "ETHUSDT"), signal(T0, "BUY"), signal(T0, "BUY", symbol="ETHUSDT")]
        for setting, wanted in (("max_order_notional=999.5", [("MAX_ORDER_NOTIONAL", "1000.0", "999.5")] * 2),
                                ("min_order_notional=1001", [("MIN_ORDER_NOTIONAL", "1000.0", "1001.0")] * 2),
                                ("max_open_positions=1", [("MAX_OPEN_POSITIONS", "1.0", "1.0")]),
                                ("order_rate_max=1", [("ORDER_RATE_EXCEEDED", "2.0", "1.0")]),
                                ("fixed_notional=0", [("SIZE_ZERO", "0.0", "0.0")] * 2)):
            self.assertEqual(self.reasons(buys, *PLAIN, "risk." + setting), wanted, setting)
        late = [*buys[:3], signal(T0 + NS, "BUY", symbol="ETHUSDT")]
        self.assertEqual(self.reasons(late, *PLAIN, "risk.order_rate_max=1"), [])
        self.assertEqual(self.reasons(buys, *PLAIN, "accounts.positions_max=1"), [("TABLE_FULL", "0.0", "0.0")])
        self.assertEqual(self.reasons([signal(T0, "HOLD"), signal(T0, "HOLD", account="b")],
                                      "accounts.accounts_max=1"), [("TABLE_FULL", "0.0", "0.0")])

    def test_overflow(self):
        # 1000 of money at a price of 1e-8 is 10^11 units of quantity, beyond 92,233,720,368
        lines = [tick(T0, 1e-8), signal(T0, "BUY"), signal(T0, "BUY", position_size_pct=0.09)]
        self.assertEqual(self.reasons(lines, *PLAIN), [("OVERFLOW", "0.0", "0.0")])


class Inputs(unittest.TestCase):
    def test_timers(self):
        # First input at 1 s: seq 1; signal: 2; walks at 5..30 s: 3 to 8; the mark of 30 s: 9; the input: 10.
        start = T0 - T0 % (30 * NS)
        lines = [signal(start + NS, "HOLD"), signal(start + NS, "BUY", account="b"), signal(start + 30 * NS, "BUY", 0)]
        engine, out = play(lines, "market.source=simulated")
        self.assertEqual([(o.kind, o.seq) for o in out], [
            ("approval", "2"), ("execution", "2"), ("position", "2"), ("position", "9"), ("rejection", "10")])
        due = (start + 30 * NS) // MS
        self.assertEqual((out[3].cause, out[3].acct, out[3].id), (f"@timer/{due}-9", "b", f"{due}-2"))
        price = 95_000 * S  # six walks of symbol 0
        for second in range(5, 31, 5):
            k = (start + second * NS) // (5 * NS)
            s = ((fixed.mix(1, k, 0) >> 32) * 200_000 >> 32) - 100_000
            price = fixed.even(price * (S + s), S)
        self.assertEqual(out[3].current_price, fixed.show(price))
        self.assertEqual(engine.seq, 10)

    def test_no_sequence_for_foreign_streams(self):
        engine, _ = play([tick(T0, 1), entry("market.trade", T0 + 40 * NS, "{}"), tick(T0 + 1, 1)])
        self.assertEqual((engine.seq, engine.now), (2, T0 + 1))
        with self.assertRaises(model.Refused):
            play([tick(T0, 1), tick(T0 + 32 * 86_400 * NS, 1)])

    def test_commands(self):
        lines = [entry("@command", T0, command="price", symbol="BTCUSDT", price="100"), signal(T0, "BUY"),
                 entry("@command", T0, command="halt"), signal(T0, "BUY"),
                 entry("@command", T0, command="close", symbol="BTCUSDT"),
                 entry("@command", T0, command="close", symbol="NONE", account="other"),
                 entry("@command", T0, command="jump"), entry("@command", T0, command="price", symbol="X", price="-1")]
        engine, out = play(lines, *PLAIN)
        self.assertEqual([o.kind[0] for o in out], list("aeprep"))
        self.assertEqual((out[4].action, out[4].qty, out[4].cause), ("SELL", "10.0", f"@command/{T0 // MS}-5"))
        self.assertEqual((engine.seq, engine.counts["broken"], list(engine.accounts)), (6, 2, ["main", "other"]))

    def test_tape(self):
        first = entry("@conf", T0, **{"risk.max_daily_trades": "0", "accounts.names": '["a"]'})
        lines = [first, tick(T0, 100), entry("@timer", T0 + 5, kind="mark", due=str(T0 + 5)),
                 signal(T0 + 40 * NS, "BUY")]
        engine, out = play(lines, 'accounts.names=["x"]')
        self.assertEqual((out[0].reason, out[0].seq, list(engine.accounts)),
                         ("DAILY_TRADE_LIMIT_REACHED", "3", ["a", "main"]))

    def test_identities(self):
        lines = [tick(T0, 100), signal(T0, "BUY"), tick(T0 + NS, 90), signal(T0 + 31 * NS, "SELL"),
                 signal(T0, "HOLD"), signal(T0, "JUMP")]
        tree = conf.load(None, ["risk.on_opposite=reverse", "risk.cooldown_after_loss_minutes=0"])
        written = []
        engine = model.run(tree, map(capture.parse_line, lines), written.append)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "in.ndjson")
            with open(path, "wb") as file:
                file.write(b"\n".join(lines) + b"\n")
            self.assertEqual(identities.check(tree, path, written, engine.summary()), [])
            self.assertTrue(any('\\"CLOSED\\"' in line for line in written))
            for place, line in enumerate(written):
                self.assertTrue(identities.check(tree, path, written[:place] + written[place + 1:], engine.summary()))
            summary = engine.summary()
            summary["accounts"]["main"]["fees"] = "1.0"
            self.assertTrue(identities.check(tree, path, written, summary))


if __name__ == "__main__":
    unittest.main()
