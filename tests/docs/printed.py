"""What a document says is printed, against what is.

A line `…` stands for any lines, `…` within a line for any text. What a block declares as varying is
masked on both sides, so it must have the form it has in the document, with any value.
"""

import difflib
import re

VARIES = {
    "times": r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?Z?|\b\d\d:\d\d:\d\d\.\d{3}\b",
    "ids": r"\b\d{13}-\d+\b",
    "order-ids": r"\bPAPER-[0-9A-F]{12}\b",
    "hashes": r"\b[0-9a-f]{64}\b",
    "sequences": r"\"sequence\": \d+",
    "decimals": r"\b\d[\d,]*\.\d+(?:e-\d+)?\b|\b\de-\d+\b",  # of a fill: its slippage is drawn by the entry's id
}


def masked(text, varies):
    """`text` with a name in the place of everything that varies."""
    for name, pattern in VARIES.items():  # times before the decimals in them
        if name in varies:
            text = re.sub(pattern, f"<{name}>", text, flags=re.M)
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def pattern_of(expected):
    """What masked output must match as a whole."""
    lines = []
    for line in expected.splitlines():
        if line.strip() == "…":
            lines.append(r"(?:[^\n]*\n)*")
        else:
            lines.append(r"[^\n]*".join(map(re.escape, line.split("…"))) + r"\n")
    return "".join(lines)


def complaint_about(expected, actual, varies=()):
    """'' where `actual` is what `expected` says; else how they differ."""
    for name in varies:
        if name not in VARIES:
            return f"unknown kind of what varies: {name}"
        if not re.search(VARIES[name], expected, re.M):
            return f"nothing of the kind `{name}` stands in the document's output"
    wanted, found = masked(expected, varies), masked(actual, varies)
    if re.fullmatch(pattern_of(wanted), found + "\n" if found else ""):
        return ""
    return "\n".join(difflib.unified_diff(wanted.splitlines(), found.splitlines(), "document", "printed", lineterm="", n=2))
