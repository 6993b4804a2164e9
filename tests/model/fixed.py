"""Integers scaled by 10^8: roundings, decimal text, time text, the mixing function."""

import datetime
import re

S = 10**8
MAX = 2**63 - 1
MIN = -(2**63)
MASK = 2**64 - 1
NS = 10**9
MS = 10**6
DAY = 86_400 * NS
EPOCH = datetime.date(1970, 1, 1).toordinal()

# How the part of a number beyond the last kept place compares with one half of that place.
NOTHING, BELOW, HALF, ABOVE = range(4)
HUGE = 10**60

NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")
STAMP = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})"
                   r"(?:\.([0-9]{1,9}))?(?:Z|\+00:00)?")


def fits(x):
    """Whether x is a 64-bit value."""
    return MIN <= x <= MAX


def clamp(x):
    """x, or the 64-bit limit it lies beyond."""
    return MAX if x > MAX else MIN if x < MIN else x


def down(a, b):
    """a / b toward zero, b > 0."""
    return a // b if a >= 0 else -(-a // b)


def up(a, b):
    """a / b away from zero, for a >= 0 and b > 0."""
    return -(-a // b)


def even(a, b):
    """a / b half-even, b > 0."""
    q, r = divmod(a, b)
    r += r
    if r > b or (r == b and q & 1):
        q += 1
    return q


def show(x):
    """Plain decimal text with at least one decimal and no further trailing zero."""
    whole, part = divmod(abs(x), S)
    text = f"{part:08d}".rstrip("0") or "0"
    return f"-{whole}.{text}" if x < 0 else f"{whole}.{text}"


def split(text, places):
    """(negative, ⌊|x| * 10^places⌋, rest) of a JSON number's text, exact for any exponent."""
    sign, whole, part, exponent = NUMBER.fullmatch(text).groups()
    part = part or ""
    digits = (whole + part).lstrip("0")
    if not digits:
        return False, 0, NOTHING
    negative = sign == "-"
    exponent = exponent or "0"
    if len(exponent.lstrip("+-").lstrip("0")) > 9:
        shift = -(10**9) if exponent[0] == "-" else 10**9
    else:
        shift = int(exponent)
    shift += places - len(part)
    if shift >= 0:
        if len(digits) + shift > 60:
            return negative, HUGE, NOTHING
        return negative, int(digits) * 10**shift, NOTHING
    kept, rest = (digits[:shift], digits[shift:]) if -shift <= len(digits) else ("", "0" + digits)
    value = HUGE if len(kept) > 60 else int(kept or "0")
    if not rest.strip("0"):
        return negative, value, NOTHING
    if rest[0] != "5":
        return negative, value, BELOW if rest[0] < "5" else ABOVE
    return negative, value, ABOVE if rest[1:].strip("0") else HALF


def rounded(text):
    """A price or quantity: half-even to 8 places."""
    whole, _, part = text.partition(".")
    if len(part) <= 8 and len(whole) < 20:
        try:
            return int(whole + part + "00000000"[len(part):])
        except ValueError:
            pass
    negative, value, rest = split(text, 8)
    if rest == ABOVE or (rest == HALF and value & 1):
        value += 1
    return -value if negative else value


def exact(text):
    """A plain decimal with at most eight places, however large."""
    whole, _, part = text.lstrip("-").partition(".")
    value = int(whole) * S + int(part.ljust(8, "0"))
    return -value if text.startswith("-") else value


def cut(text):
    """A ratio: cut to 8 places."""
    negative, value, _ = split(text, 8)
    return -value if negative else value


def date_text(ns):
    """YYYY-MM-DDTHH:MM:SS.ffffffZ of a time in ns since the epoch."""
    seconds, rest = divmod(ns, NS)
    days, second = divmod(seconds, 86_400)
    day = datetime.date.fromordinal(EPOCH + days).isoformat()
    minute, second = divmod(second, 60)
    hour, minute = divmod(minute, 60)
    return f"{day}T{hour:02d}:{minute:02d}:{second:02d}.{rest // 1000:06d}Z"


_days = {}


def _day_number(text):
    """Days since the epoch of YYYY-MM-DD, None where there is no such day or it is out of range."""
    if text not in _days:
        if len(_days) > 1000:
            _days.clear()
        try:
            year, month, day = int(text[:4]), int(text[5:7]), int(text[8:])
            number = datetime.date(year, month, day).toordinal() - EPOCH
            _days[text] = number if 1970 <= year <= 2261 else None
        except ValueError:
            _days[text] = None
    return _days[text]


def parse_date(text):
    """ns since the epoch of a timestamp, None where it is malformed."""
    match = STAMP.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second, part = match.groups()
    days = _day_number(day)
    hour, minute, second = int(hour), int(minute), int(second)
    if days is None or hour > 23 or minute > 59 or second > 59:
        return None
    part = int((part or "0").ljust(9, "0"))
    return ((days * 24 + hour) * 60 + minute) * 60 * NS + second * NS + part


def splitmix(x):
    """One step of splitmix64."""
    z = (x + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK
    return z ^ z >> 31


def mix(seed, a, b):
    """The 64 random bits of the cause (a, b)."""
    return splitmix(splitmix((seed ^ a) & MASK) ^ (b & MASK))


def order_id(n, seed):
    """The public name of order number n."""
    return f"PAPER-{(n * 0x5DEECE66D + seed) % 2**48:012X}"
