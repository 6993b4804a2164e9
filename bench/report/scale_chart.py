"""How cost grows with symbols, accounts and open positions, as SVG, and in numbers."""

import math
import pathlib
import re
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent.parent / "tools/python"))
import svg_chart

from report.figures import Figure

NAME = re.compile(r"BM_scale/(\w+)/(\w+)/(.+)")
TITLES = {"symbols": "symbols that have a price", "accounts": "accounts",
          "positions": "open positions of other accounts in 4,096 symbols"}
LINES = {"signal": "signals of one account in one symbol", "signal_round": "signals going round",
         "tick": "ticks nobody holds", "tick_round": "ticks going round"}


def curves(results):
    """what grows -> what is measured -> [(size, Figure in walks), …], sizes ascending."""
    found = {}
    for name in results.samples:
        if match := NAME.fullmatch(name):
            size = max(int(text) for text in match[3].split("/"))
            figure = Figure.of(results.get(name, "per_walk"))
            found.setdefault(match[1], {}).setdefault(match[2], []).append((size, figure))
    return {axis: {line: sorted(points) for line, points in lines.items()} for axis, lines in found.items()}


def place(size):
    """Sizes stand by their logarithm; 0 stands one place before 1."""
    return math.log10(size) if size else -1


def chart(results):
    """The SVG document, a panel for each thing that grows."""
    panels = []
    for axis, lines in curves(results).items():
        sizes = sorted({size for points in lines.values() for size, _ in points})
        top = max(figure.value for points in lines.values() for _, figure in points)
        panels.append(svg_chart.Panel(
            f"Cost of one input in bare walks, by {TITLES[axis]}",
            [(LINES[line], [(place(size), figure.value) for size, figure in points])
             for line, points in lines.items()],
            [(place(size), f"{size:,}") for size in sizes], svg_chart.ticks(0, top)))
    return svg_chart.chart(panels)


def table(results):
    """A line a curve: its cost at the smallest size and at the largest, in walks."""
    text = ["| what grows | what is measured | smallest | largest | ratio |", "| --- | --- | --- | --- | --- |"]
    for axis, lines in curves(results).items():
        for line, points in lines.items():
            (small, first), (large, last) = points[0], points[-1]
            text.append(f"| {axis}, {small:,} to {large:,} | {LINES[line]} | {first.value:.3f} | "
                        f"{last.value:.3f} | {last.value / first.value:.2f} |")
    return "\n".join(text)
