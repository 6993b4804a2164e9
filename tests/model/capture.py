"""Capture lines: reading entries, and writing what is published in the same form."""

import gzip
import json
import re
from json.encoder import encode_basestring_ascii as quote

from fixed import MAX, MASK, MS

ID = re.compile(r"(0|[1-9][0-9]{0,19})-(0|[1-9][0-9]{0,19})")


class Object(list):
    """A JSON object as its (key, value) pairs in text order."""


LINE = json.JSONDecoder(object_pairs_hook=Object)


class Entry:
    """One stream entry: its stream, id (with both its numbers), receive time and fields in order."""

    __slots__ = ("stream", "id", "ms", "count", "ns", "fields")

    def __init__(self, stream, id, ms, count, ns, fields):
        self.stream, self.id, self.ms, self.count = stream, id, ms, count
        self.ns, self.fields = ns, fields

    @property
    def cause(self):
        """The entry as outputs name it."""
        return f"{self.stream}/{self.id}"


def _bytes_like(text):
    """Whether text came from bytes (surrogates only where surrogateescape puts them)."""
    try:
        text.encode("utf-8", "surrogateescape")
        return True
    except UnicodeEncodeError:
        return False


def parse_line(raw):
    """The Entry of a capture line, None where the line is broken."""
    try:
        pairs = LINE.decode(raw.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if type(pairs) is not Object:
        return None
    line = dict(pairs)
    stream, id, fields, ns = line.get("stream"), line.get("id"), line.get("fields"), line.get("ns")
    if len(line) != len(pairs) or type(stream) is not str or type(id) is not str or type(fields) is not Object:
        return None
    match = ID.fullmatch(id)
    if match is None:
        return None
    ms, count = map(int, match.groups())
    if ns is None and "ns" not in line:
        ns = ms * MS
    if type(ns) is not int or not 0 <= ns <= MAX or ms > MASK or count > MASK:
        return None
    for _, value in fields:
        if type(value) is not str:
            return None
    if b"\\u" in raw and not all(_bytes_like(text) for pair in [(stream, id), *fields] for text in pair):
        return None
    return Entry(stream, id, ms, count, ns, fields)


def open_lines(path):
    """The capture's lines as bytes, unpacked where the name ends in .gz."""
    return gzip.open(path, "rb") if path.endswith(".gz") else open(path, "rb")


def entries(path):
    """Every line's Entry, None for a broken one; empty lines are passed over."""
    with open_lines(path) as lines:
        for raw in lines:
            if not raw.isspace():
                yield parse_line(raw)


class Publisher:
    """Writes output entries as capture lines, with ids contiguous per stream."""

    def __init__(self, write):
        self.write = write
        self.numbers = {}

    def put(self, stream, now, data, seq, cause, account=None, more=""):
        """Publish one entry; more is the text of the fields behind acct."""
        number = self.numbers[stream] = self.numbers.get(stream, 0) + 1
        account = "" if account is None else f',"acct":{quote(account)}'
        self.write(f'{{"stream":{quote(stream)},"id":"{now // MS}-{number}","ns":{now},"fields":{{"data":{quote(data)},'
                   f'"seq":"{seq}","cause":{quote(cause)}{account}{more}}}}}\n')
