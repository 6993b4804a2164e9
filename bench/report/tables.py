"""The table of a run: written, read back from a results file, and two of them side by side."""

import dataclasses
import re

HEAD = "| # | what | wanted | reached | spread | verdict |\n| --- | --- | --- | --- | --- | --- |"
SPREAD = re.compile(r"(\S+) to (\S+)")


@dataclasses.dataclass(frozen=True)
class Line:
    """One row of a table, as text."""
    number: str
    what: str
    wanted: str
    reached: str
    spread: str
    verdict: str

    def __str__(self):
        return f"| {self.number} | {self.what} | {self.wanted} | {self.reached} | {self.spread} | {self.verdict} |"

    @property
    def bounds(self):
        """(value, low, high), or None where nothing was reached."""
        match = SPREAD.fullmatch(self.spread)
        return (number_of(self.reached), number_of(match[1]), number_of(match[2])) if match else None


def number_of(text):
    return float(text.split()[0].replace(",", ""))


def shown(value):
    """Three figures after the point below 1, fewer above."""
    size = abs(value)
    return f"{value:,.0f}" if size >= 1000 else f"{value:.1f}" if size >= 100 else (
        f"{value:.2f}" if size >= 1 else f"{value:.3f}")


def table_line(row, results, skipped, is_quick):
    """A row's Line, and what is wrong with it (None: nothing). `skipped`: program -> why it was not run;
    False: because it failed."""
    wanted = "-" if row.wanted is None else f"{row.wanted[0]} {row.wanted[1]:g}{' ' + row.unit if row.unit else ''}"
    figure = row.figure(results)
    if figure is not None:
        reached = shown(figure.value) + (f" {row.unit}" if row.unit else "")
        verdict = "-" if row.wanted is None else "met" if row.is_met(figure.value) else "missed"
        if is_quick:
            verdict = "answer right"
        return Line(row.number, row.what, wanted, reached, f"{shown(figure.low)} to {shown(figure.high)}", verdict), None
    reasons = [skipped.get(name, results.missing.get(name)) for name in row.sources]
    reason = next((reason for reason in reasons if reason is not None), None)
    verdict, problem = f"not measured: {reason}", None
    if reason is False:
        verdict = "FAILED"
    elif reason is None:
        verdict, problem = "FAILED", f"{row.what}: no figure came of {', '.join(row.programs)}"
    return Line(row.number, row.what, wanted, "-", "-", verdict), problem


def read_table(path):
    """The Lines of a results file; ValueError where it holds no such table."""
    lines = []
    begun = False
    with open(path, encoding="utf-8") as file:
        for text in file:
            if not begun:
                begun = text.rstrip() == HEAD.split("\n")[0]
            elif not text.startswith("|"):
                break
            elif not text.startswith("| ---"):
                cells = [cell.strip() for cell in text.strip().strip("|").split(" | ")]
                if len(cells) != 6:
                    raise ValueError(f"{path}: a row of {len(cells)} cells: {text.strip()}")
                lines.append(Line(*cells))
    if not lines:
        raise ValueError(f"{path}: holds no table of tools/bench")
    return lines


def difference(wanted, before, after):
    """(change, what it says); two spreads that overlap say nothing."""
    change = f"{100 * (after[0] / before[0] - 1):+.1f} %" if before[0] else "-"
    if before[1] <= after[2] and after[1] <= before[2]:
        return change, "within the spread"
    is_higher = after[0] > before[0]
    if wanted.startswith((">", "<")):
        return change, "better" if is_higher == wanted.startswith(">") else "worse"
    return change, "higher" if is_higher else "lower"


def comparison(before, after):
    """Two tables side by side, row by row, as text: those of `after` first, then what only `before` has."""
    text = ["| # | what | wanted | before | after | change | says |", "| --- | --- | --- | --- | --- | --- | --- |"]
    old = {(line.number, line.what): line for line in before}
    for line in after:
        other = old.pop((line.number, line.what), None)
        cells = [line.number, line.what, line.wanted]
        if other is None or other.bounds is None or line.bounds is None:
            cells += [other.reached if other else "-", line.reached, "-", "only in one of them"]
        else:
            cells += [f"{other.reached} ({other.spread})", f"{line.reached} ({line.spread})",
                      *difference(line.wanted, other.bounds, line.bounds)]
        text.append("| " + " | ".join(cells) + " |")
    text += [f"| {line.number} | {line.what} | {line.wanted} | {line.reached} | - | - | only in one of them |"
             for line in old.values()]
    return "\n".join(text)
