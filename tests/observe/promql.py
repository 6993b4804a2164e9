"""Which metrics and labels a PromQL expression names.

Tells metric names from functions, aggregations, keywords, labels and durations by their place in the expression, as
PromQL's own grammar does. Grafana's variables may stand in durations and in strings. Raises ValueError at what is no
PromQL token, and where a bracket or a matcher has no end; it does not check types.
"""

import dataclasses
import re

TOKEN = re.compile(r"""
    (?P<space>\s+|\#[^\n]*)
  | (?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`]*`)
  | (?P<number>0[xX][0-9a-fA-F]+|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?:(?:ms|[smhdwy])[0-9a-z]*)?)
  | (?P<range>\[[^\[\]]*\])
  | (?P<variable>\$\{\w+\}|\$\w+)
  | (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)
  | (?P<mark>=~|!~|!=|==|<=|>=|[-+*/%^<>=(){},@])
""", re.X)
GROUPINGS = ("by", "without", "on", "ignoring", "group_left", "group_right")
WORDS = ("and", "or", "unless", "offset", "bool", "atan2", "inf", "nan")


@dataclasses.dataclass(frozen=True)
class Selector:
    """`name` with its matchers: (label, one of = != =~ !~, value)."""
    name: str
    matchers: tuple = ()

    def picks(self, name, labels):
        """Whether the series `name` with `labels` is selected; one of Grafana's variables takes any value."""
        if name != self.name:
            return False
        for label, operator, value in self.matchers:
            held = labels.get(label, "")
            is_met = value == held if operator in ("=", "!=") else re.fullmatch(value, held) is not None
            if not value.startswith("$") and is_met == operator.startswith("!"):
                return False
        return True


def tokens(query):
    """(kind, text) of each token."""
    found, at = [], 0
    while at < len(query):
        match = TOKEN.match(query, at)
        if match is None:
            raise ValueError(f"no PromQL at {query[at:at + 20]!r} in: {query}")
        if match.lastgroup != "space":
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


class _Reader:
    def __init__(self, query):
        self.query = query
        self.tokens = tokens(query)
        self.at = 0
        self.selectors = []
        self.labels = set()

    def text(self, ahead=0):
        return self.tokens[self.at + ahead][1] if self.at + ahead < len(self.tokens) else ""

    def take(self):
        if self.at >= len(self.tokens):
            raise ValueError(f"ends too early: {self.query}")
        self.at += 1
        return self.tokens[self.at - 1]

    def need(self, kind):
        found, text = self.take()
        if found != kind:
            raise ValueError(f"{text!r} is no {kind} in: {self.query}")
        return text

    def label_list(self):
        self.take()
        while self.text() != ")":
            self.labels.add(self.need("name"))
            if self.text() == ",":
                self.take()
        self.take()

    def matchers(self):
        found = []
        self.take()
        while self.text() != "}":
            label = self.need("name")
            operator = self.need("mark")
            if operator not in ("=", "!=", "=~", "!~"):
                raise ValueError(f"{operator!r} matches nothing in: {self.query}")
            found.append((label, operator, self.need("string")[1:-1]))
            if self.text() == ",":
                self.take()
        self.take()
        return tuple(found)

    def name(self, word):
        if word.lower() in GROUPINGS and self.text() == "(":
            return self.label_list()
        is_call = self.text() == "(" or self.text().lower() in ("by", "without")
        if is_call or word.lower() in (*WORDS, *GROUPINGS):
            return None
        self.selectors.append(Selector(word, self.matchers() if self.text() == "{" else ()))
        return None

    def read(self):
        depth = 0
        while self.at < len(self.tokens):
            if self.text() == "{":
                raise ValueError(f"a selector without a metric's name in: {self.query}")
            kind, text = self.take()
            if kind == "name":
                self.name(text)
            depth += (text == "(") - (text == ")")
            if depth < 0:
                raise ValueError(f"unpaired ')' in: {self.query}")
        if depth:
            raise ValueError(f"'(' has no end in: {self.query}")
        return self


def selectors(query):
    """Every selector of the expression, in order."""
    return _Reader(query).read().selectors


def grouping_labels(query):
    """Labels named by by(), on() and the like."""
    return _Reader(query).read().labels
