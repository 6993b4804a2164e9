"""The conf: TOML text with defaults, and the numbers the model computes with."""

import decimal
import tomllib

import fixed
from fixed import NS, S

DEFAULTS = """
[engine]
seed = 1
[input]
streams = { "trade.signal.v5" = "signals", "market.tick" = "ticks" }
[output]
approvals = "trade.signal.safe"
rejections = "trade.signal.rejected"
executions = "trade.execution.res"
positions = "trade.position.update"
dead_letters = "trade.signal.dlq"
[accounts]
initial_balance = 10000.0
names = []
accounts_max = 1024
symbols_max = 4096
positions_max = 16384
[risk]
sizing = "kelly"
kelly_fraction = 0.25
payoff_ratio = 1.5
fixed_fraction = 0.05
fixed_notional = 500.0
tracked_floor_pct = 0.01
max_position_size_pct = 0.10
stop_loss_pct = 0.02
on_opposite = "close"
min_confidence_threshold = 0.65
emergency_stop = false
max_signal_age_ms = 0
max_price_age_ms = 0
max_drawdown_pct = 0.15
drawdown_latch = false
drawdown_basis = "equity"
max_daily_trades = 20
cooldown_after_loss_minutes = 60
max_total_exposure_pct = 0.50
clip_to_exposure = false
max_symbol_exposure_pct = 1.0
max_order_notional = 0
max_open_positions = 0
order_rate_max = 0
min_order_notional = 0
dedup_window = 65536
[fill]
model = "uniform"
max_slippage_pct = 0.001
slippage_bps = 5
taker_fee_pct = 0.0004
lot_step = {}
[mark]
interval_s = 30
[market]
source = "ticks"
prices = { BTCUSDT = 95000.0, ETHUSDT = 3400.0, BNBUSDT = 680.0, SOLUSDT = 185.0, XRPUSDT = 2.45 }
walk_interval_s = 5
"""

# Which keys of a section are ratios (cut to 8 places) and which are amounts (half-even).
RATIOS = {
    "risk": ("kelly_fraction", "payoff_ratio", "fixed_fraction", "tracked_floor_pct",
             "max_position_size_pct", "stop_loss_pct", "min_confidence_threshold", "max_drawdown_pct",
             "max_total_exposure_pct", "max_symbol_exposure_pct"),
    "fill": ("max_slippage_pct", "taker_fee_pct"),
}
AMOUNTS = {
    "accounts": ("initial_balance",),
    "risk": ("fixed_notional", "max_order_notional", "min_order_notional"),
}


def parse(text):
    """A TOML document whose decimals keep their text."""
    return tomllib.loads(text, parse_float=decimal.Decimal)


def parse_value(text):
    """A TOML value, or the text itself where it is none (a bare word)."""
    try:
        return parse("x = " + text)["x"]
    except tomllib.TOMLDecodeError:
        return text


def merge(tree, other):
    """Put every key of every section of other into tree."""
    for section, keys in other.items():
        if isinstance(keys, dict):
            tree.setdefault(section, {}).update(keys)


def assign(tree, name, value):
    """Set section.key, or one entry of a table: section.key.entry."""
    section, key, *entry = name.split(".", 2)
    keys = tree.setdefault(section, {})
    if entry:
        keys[key] = {**keys.get(key, {}), entry[0]: value}
    else:
        keys[key] = value


def load(path, sets=()):
    """The conf's tree: defaults, then the file, then section.key=value settings."""
    tree = parse(DEFAULTS)
    if path:
        with open(path, "rb") as file:
            merge(tree, tomllib.load(file, parse_float=decimal.Decimal))
    for setting in sets:
        name, _, text = setting.partition("=")
        assign(tree, name.strip(), parse_value(text.strip()))
    return tree


def with_fields(tree, fields):
    """A new tree: tree with the fields of an @conf entry (section.key -> TOML value text)."""
    tree = {section: dict(keys) for section, keys in tree.items()}
    for name, text in fields:
        if "." in name:
            assign(tree, name, parse_value(text))
    return tree


def plain(value):
    """Plain decimal text of a TOML number."""
    return format(value, "f") if isinstance(value, decimal.Decimal) else str(int(value))


def amount(value):
    """A TOML number as an amount, half-even to 8 places."""
    return fixed.rounded(plain(value))


class Conf:
    """The keys of a conf tree as attributes; ratios and amounts scaled by 10^8, times in ns."""

    def __init__(self, tree):
        self.seed = int(tree["engine"]["seed"]) & fixed.MASK
        for section in ("accounts", "risk", "fill", "market"):
            for key, value in tree[section].items():
                if key in RATIOS.get(section, ()):
                    value = fixed.cut(plain(value))
                elif key in AMOUNTS.get(section, ()):
                    value = amount(value)
                setattr(self, key, value)
        self.output = tree["output"]
        self.cooldown = amount(self.cooldown_after_loss_minutes)
        self.fixed_slippage = fixed.down(amount(self.slippage_bps), 10_000)
        self.lot_steps = {name: amount(step) for name, step in self.lot_step.items()}
        self.mark_interval = amount(tree["mark"]["interval_s"]) * NS // S
        self.simulated = self.source == "simulated"
        self.walk_interval = amount(self.walk_interval_s) * NS // S if self.simulated else 0
        self.prices = {name: amount(price) for name, price in self.prices.items()} if self.simulated else {}
        self.kinds = {name: kind for name, kind in tree["input"]["streams"].items()
                      if kind == "signals" or not self.simulated}
