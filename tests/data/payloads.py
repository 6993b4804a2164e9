"""The base signal and tick of the bad inputs, as JSON text, and changes of them.

Values and keys are JSON text, str or bytes, written as they stand: that is how the text gets bad.
"""

from entries import repeated

BASE = {"symbol": '"BTCUSDT"', "action": '"BUY"', "confidence": "0.8",
        "timestamp": '"2026-01-12T10:00:00Z"', "source": '"meta_v5"',
        "position_size_pct": "0.05", "ttl_ms": "5000"}
QUOTE = {"symbol": '"BTCUSDT"', "bid": "95000.0", "ask": "95001.0"}


def raw(text):
    return text.encode() if isinstance(text, str) else text


def joined(pairs):
    """The object of (key, value) pairs, both as they stand in the text, without blanks."""
    members = (b'"' + raw(key) + b'":' + raw(value) for key, value in pairs)
    return b"{" + b",".join(members) + b"}"


def signal(drop=(), **changes):
    """The base signal: changed values keep their place, new keys go last."""
    return joined((k, v) for k, v in {**BASE, **changes}.items() if k not in drop)


def tick(**changes):
    return joined({**QUOTE, **changes}.items())


def trade(price, **changes):
    return joined({"symbol": '"BTCUSDT"', "price": price, **changes}.items())


def signal_with(text, after=None):
    """The base signal with `text` put in as further members, at the end or behind a key."""
    whole = signal()
    if after is None:
        return whole[:-1] + b"," + raw(text) + b"}"
    member = raw(f'"{after}":{BASE[after]},')
    return whole.replace(member, member + raw(text) + b",")


def padded(size):
    """The base signal with an unknown string that makes the payload `size` bytes long."""
    pre, post = signal()[:-1] + b',"x":"', b'"}'
    return repeated(b"a", size - len(pre) - len(post), pre, post)
