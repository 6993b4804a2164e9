"""From an entry's fields to a signal or a tick, or to the dead-letter code and its offset."""

import json
import re

import fixed
from capture import Object
from fixed import NOTHING, S

LIMIT = 16 * 1024
DEPTH = 64
BLANKS = b" \t\n\r"
SYMBOL = re.compile(r"[A-Z0-9._:/-]{1,32}")
ACCOUNT = re.compile(r"[A-Za-z0-9._-]{1,32}")
ACTIONS = {"BUY", "SELL", "HOLD", "CLOSE"}
STRING = re.compile(r'"(?:[^"\\\x00-\x1f]++|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"')
LITERAL = {"t": ("true", True), "f": ("false", False), "n": ("null", None)}
SPACE = re.compile(r"[ \t\n\r]*+")
SURROGATE = re.compile("[\ud800-\udfff]")


class Number(str):
    """A JSON number as its text."""


class DeadLetter(Exception):
    """The entry is none of ours: code, offset, payload bytes."""

    def __init__(self, code, offset, payload):
        super().__init__(code)
        self.code, self.offset, self.payload = code, offset, payload


class Fault(Exception):
    """A value that does not do: code, and the index of its key (None: no value is concerned)."""

    def __init__(self, code, index=None):
        super().__init__(code)
        self.code, self.index = code, index


def _no_constant(_):
    raise ValueError("not JSON")


PARSE = json.JSONDecoder(object_pairs_hook=Object, parse_float=Number, parse_int=Number,
                         parse_constant=_no_constant).decode


# The strict scanner: the only judge of depth and surrogates, and the finder of offsets.

def _scan_string(text, at):
    match = STRING.match(text, at)
    if match is None:
        raise ValueError("string")
    body = match.group()
    value = json.loads(body) if "\\" in body else body[1:-1]
    if SURROGATE.search(value):
        raise ValueError("lone surrogate")
    return value, match.end()


def _space(text, at):
    return SPACE.match(text, at).end()


def _scan_value(text, at, depth):
    """(value, end); containers are shown as an empty list or Object, depth counts those around."""
    first = text[at:at + 1]
    if first == '"':
        return _scan_string(text, at)
    if first in ("{", "["):
        if depth == DEPTH:
            raise ValueError("too deep")
        if first == "{":
            return Object(), _scan_object(text, at, depth + 1)[1]
        return [], _scan_array(text, at, depth + 1)
    if first in LITERAL:
        word, value = LITERAL[first]
        if text.startswith(word, at):
            return value, at + len(word)
    match = fixed.NUMBER.match(text, at)
    if match is None:
        raise ValueError("value")
    return Number(match.group()), match.end()


def _scan_array(text, at, depth):
    at = _space(text, at + 1)
    if text[at:at + 1] == "]":
        return at + 1
    while True:
        at = _space(text, _scan_value(text, at, depth)[1])
        if text[at:at + 1] == "]":
            return at + 1
        if text[at:at + 1] != ",":
            raise ValueError("array")
        at = _space(text, at + 1)


def _scan_object(text, at, depth):
    """([(key, value, offset of the value)], end) of the object that opens at at."""
    items = []
    at = _space(text, at + 1)
    if text[at:at + 1] == "}":
        return items, at + 1
    while True:
        key, at = _scan_string(text, at)
        at = _space(text, at)
        if text[at:at + 1] != ":":
            raise ValueError("colon")
        start = _space(text, at + 1)
        value, at = _scan_value(text, start, depth)
        items.append((key, value, start))
        at = _space(text, at)
        if text[at:at + 1] == "}":
            return items, at + 1
        if text[at:at + 1] != ",":
            raise ValueError("object")
        at = _space(text, at + 1)


def scan(text):
    """[(key, value, offset in characters)] of the one strict JSON object in text; ValueError else."""
    at = _space(text, 0)
    if text[at:at + 1] != "{":
        raise ValueError("no object")
    items, at = _scan_object(text, at, 0)
    if _space(text, at) != len(text):
        raise ValueError("trailing text")
    return items


# Rules: one function a key; each takes the value and returns what is kept of it, or raises Fault.

def _text(value):
    if type(value) is not str:
        raise Fault("TYPE")
    return value


def _flag(value):
    if type(value) is not bool:
        raise Fault("TYPE")
    return value


def _sized(least, most):
    def rule(value):
        if type(value) is not str:
            raise Fault("TYPE")
        if not least <= len(value.encode()) <= most:
            raise Fault("RANGE")
        return value
    return rule


def _ratio(zero, one):
    """A number from 0 to 1, cut to 8 places; whether 0 and 1 themselves do is given."""
    def rule(value):
        if type(value) is not Number:
            raise Fault("TYPE")
        negative, kept, rest = fixed.split(value, 8)
        nothing = kept == 0 and rest == NOTHING
        if negative or (nothing and not zero) or kept > S or (kept == S and (rest != NOTHING or not one)):
            raise Fault("RANGE")
        return kept
    return rule


def _whole(least, most):
    def rule(value):
        if type(value) is not Number:
            raise Fault("TYPE")
        negative, kept, rest = fixed.split(value, 0)
        if negative or rest != NOTHING or not least <= kept <= most:
            raise Fault("RANGE")
        return kept
    return rule


def _price(value):
    if type(value) is not Number:
        raise Fault("TYPE")
    price = fixed.rounded(value)
    if not 0 < price <= fixed.MAX:
        raise Fault("RANGE")
    return price


def _size(value):
    if type(value) is not Number:
        raise Fault("TYPE")
    size = fixed.rounded(value)
    if size < 0 or size > fixed.MAX or (value[0] == "-" and fixed.split(value, 8)[0]):
        raise Fault("RANGE")
    return size


SIGNAL_RULES = {
    "symbol": _text, "action": _text, "confidence": _ratio(True, True), "timestamp": _text,
    "source": _sized(1, 64), "meta_override": _flag, "governer_approved": _flag,
    "position_size_pct": _ratio(False, True), "account": _text, "signal_id": _sized(0, 64),
    "stop_loss_pct": _ratio(True, False), "max_slippage_pct": _ratio(True, False),
    "ttl_ms": _whole(1, 86_400_000),
}
REQUIRED = ("symbol", "action", "confidence", "timestamp", "source")
TICK_RULES = {"symbol": _text, "bid": _price, "ask": _price, "price": _price, "bid_size": _size,
              "ask_size": _size, "timestamp": _text}


class Signal:
    """A well-formed signal; optional keys that were not given are None."""

    __slots__ = ("symbol", "action", "confidence", "time", "source", "vetoed", "size", "account", "signal_id",
                 "stop_loss", "max_slippage", "ttl")

    def __init__(self, kept, time):
        self.symbol, self.action, self.confidence = kept["symbol"], kept["action"], kept["confidence"]
        self.time, self.source = time, kept["source"]
        self.vetoed = kept.get("governer_approved") is False
        self.size = kept.get("position_size_pct")
        self.account = kept.get("account", "main")
        self.signal_id = kept.get("signal_id")
        self.stop_loss, self.max_slippage = kept.get("stop_loss_pct"), kept.get("max_slippage_pct")
        self.ttl = kept.get("ttl_ms")


def _apply(rules, required, pairs):
    """What the rules keep of every known key, in text order."""
    kept = {}
    seen = set()
    for index, (key, value) in enumerate(pairs):
        if key in seen:
            raise Fault("DUPLICATE_KEY", index)
        seen.add(key)
        rule = rules.get(key)
        if rule is not None and (value is not None or key in required):
            try:
                kept[key] = rule(value)
            except Fault as fault:
                fault.index = index
                raise
    return kept


def _index(pairs, *keys):
    """The last place in the text at which one of the keys stands."""
    return max(index for index, (key, _) in enumerate(pairs) if key in keys)


def judge_signal(pairs):
    """The Signal of an object's pairs, or Fault."""
    kept = _apply(SIGNAL_RULES, REQUIRED, pairs)
    for key in REQUIRED:
        if key not in kept:
            raise Fault("MISSING_KEY")
    if not SYMBOL.fullmatch(kept["symbol"]):
        raise Fault("SYMBOL", _index(pairs, "symbol"))
    if kept["action"] not in ACTIONS:
        raise Fault("ACTION", _index(pairs, "action"))
    time = fixed.parse_date(kept["timestamp"])
    if time is None:
        raise Fault("TIMESTAMP", _index(pairs, "timestamp"))
    if "account" in kept and not ACCOUNT.fullmatch(kept["account"]):
        raise Fault("ACCOUNT", _index(pairs, "account"))
    return Signal(kept, time)


def judge_tick(pairs):
    """(symbol, bid, ask) of an object's pairs, a last price standing for both; or Fault."""
    kept = _apply(TICK_RULES, (), pairs)
    price, bid, ask = kept.get("price"), kept.get("bid"), kept.get("ask")
    if "symbol" not in kept or (price is None and (bid is None or ask is None)):
        raise Fault("MISSING_KEY")
    if price is not None:
        if bid is not None or ask is not None:
            raise Fault("RANGE", _index(pairs, *(key for key in ("price", "bid", "ask") if key in kept)))
        bid = ask = price
    elif bid > ask:
        raise Fault("RANGE", _index(pairs, "bid", "ask"))
    if not SYMBOL.fullmatch(kept["symbol"]):
        raise Fault("SYMBOL", _index(pairs, "symbol"))
    if "timestamp" in kept and fixed.parse_date(kept["timestamp"]) is None:
        raise Fault("TIMESTAMP", _index(pairs, "timestamp"))
    return kept["symbol"], bid, ask


def payload_of(fields):
    """(text of the first field `data` or None, how many there are)."""
    found = [value for key, value in fields if key == "data"]
    return (found[0] if found else None), len(found)


def raw_payload(fields):
    """The bytes a dead letter shows."""
    return (payload_of(fields)[0] or "").encode("utf-8", "surrogateescape")


def _checked_text(fields):
    """The payload as text of valid UTF-8; DeadLetter for SIZE, EMPTY and UTF8."""
    text, number = payload_of(fields)
    if number == 1 and text.isascii() and len(text) <= LIMIT and text[:1] == "{":
        return text
    payload = raw_payload(fields)
    if len(payload) > LIMIT:
        raise DeadLetter("SIZE", 0, payload)
    if number != 1 or not payload.strip(BLANKS):
        raise DeadLetter("EMPTY", 0, payload)
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError:
        raise DeadLetter("UTF8", 0, payload) from None


def decode(fields, judge):
    """What judge (judge_signal or judge_tick) makes of the entry's payload; DeadLetter where it does not."""
    text = _checked_text(fields)
    try:
        if "\\u" in text or text.count("{") + text.count("[") > DEPTH + 1:
            scan(text)
        pairs = PARSE(text)
        if type(pairs) is not Object:
            raise ValueError("no object")
    except ValueError:
        raise DeadLetter("JSON", 0, raw_payload(fields)) from None
    try:
        return judge(pairs)
    except Fault as fault:
        offset = 0
        if fault.index is not None:
            offset = len(text[:scan(text)[fault.index][2]].encode())
        raise DeadLetter(fault.code, offset, raw_payload(fields)) from None
