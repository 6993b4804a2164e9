"""A strict reader of Prometheus' text format 0.0.4: raises ValueError at the first thing out of place.

Stricter than the format: each family has HELP and TYPE before its samples, once, and all its samples
in one piece; histograms are cumulative, complete and end in +Inf; counters are not negative.
"""

import re

NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
LABEL = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"')
SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)")
SUFFIXES = {"counter": ("",), "gauge": ("",), "summary": ("_sum", "_count"),
            "histogram": ("_bucket", "_sum", "_count")}


def check(condition, message):
    if not condition:
        raise ValueError(message)


def labels_of(text, line):
    """(name, value) of each label, in order."""
    labels, at = [], 0
    while at < len(text):
        match = LABEL.match(text, at)
        check(match, f"labels: {line}")
        labels.append((match[1], match[2]))
        at = match.end()
        check(at == len(text) or text[at] == ",", f"labels: {line}")
        at += 1
    check(len(dict(labels)) == len(labels), f"a label twice: {line}")
    return labels


def check_histogram(name, samples):
    rows = {}
    for (sample, labels), value in samples.items():
        base = tuple(label for label in labels if label[0] != "le")
        row = rows.setdefault(base, {"_bucket": []})
        suffix = sample[len(name):]
        if suffix == "_bucket":
            row["_bucket"].append((float(dict(labels)["le"].replace("+Inf", "inf")), value))
        else:
            row[suffix] = value
    for base, row in rows.items():
        ends = [end for end, _ in row["_bucket"]]
        counts = [count for _, count in row["_bucket"]]
        check(ends == sorted(set(ends)) and ends[-1] == float("inf"), f"{name}{base}: ends {ends}")
        check(counts == sorted(counts), f"{name}{base}: not cumulative: {counts}")
        check(counts[-1] == row["_count"], f"{name}{base}: +Inf is not the count")
        check("_sum" in row, f"{name}{base}: no sum")


def parse_metrics(body):
    """Family name -> {sample as written, without its value: value}."""
    check(body.endswith("\n"), "the last line has no end")
    families, kept = {}, {}
    name = kind = helped = None
    for line in body[:-1].split("\n"):
        if line.startswith("# HELP "):
            helped, _, text = line[7:].partition(" ")
            check(NAME.fullmatch(helped) and text and helped not in families, line)
            continue
        if line.startswith("# TYPE "):
            name, _, kind = line[7:].partition(" ")
            check(name == helped and kind in SUFFIXES, line)
            check(kind != "counter" or name.endswith("_total"), f"a counter's name: {line}")
            families[name], kept[name] = {}, {}
            continue
        match = SAMPLE.fullmatch(line)
        check(match and name and match[1] in [name + end for end in SUFFIXES[kind]], line)
        key = line.rpartition(" ")[0]
        check(key not in families[name], f"a sample twice: {line}")
        value = float(match[3])
        check(kind == "gauge" or value >= 0 or key.endswith("_sum"), f"below zero: {line}")
        families[name][key] = value
        kept[name][match[1], tuple(labels_of(match[2] or "", line))] = value
        if kind == "histogram":
            kept[name].setdefault("histogram", True)
    for name, samples in kept.items():
        if samples.pop("histogram", False):
            check_histogram(name, samples)
    return families
