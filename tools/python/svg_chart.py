"""A line chart as SVG text: panels one above the other, each with axes, lines and a legend. No library."""

import html
import math

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
WIDTH, LEFT, RIGHT, TOP, BOTTOM, PLOT = 960, 90, 30, 50, 40, 240  # pixels; PLOT: height of a panel's plot
LINES_MAX = 12  # lines of a panel


def nice_step(span, count):
    """The step of about `count` round tick marks over a span."""
    rough = span / count
    power = 10 ** math.floor(math.log10(rough))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough)


def ticks(low, high, count=6):
    """(value, label) of round values that enclose low and high."""
    step = nice_step((high - low) or 1, count)
    digits = max(0, -math.floor(math.log10(step)))
    return [(n * step, f"{n * step:,.{digits}f}") for n in range(math.floor(low / step), math.ceil(high / step) + 1)]


def thinned(points, columns):
    """The points that a plot of so many pixel columns can show: first, lowest, highest and last of each."""
    if len(points) <= 4 * columns:
        return points
    low, span = points[0][0], (points[-1][0] - points[0][0]) or 1
    kept, column, part = [], None, []

    def keep():
        chosen = {part[0], part[-1], min(part, key=lambda p: p[1]), max(part, key=lambda p: p[1])}
        kept.extend(point for point in dict.fromkeys(part) if point in chosen)
    for point in points:
        here = int((point[0] - low) / span * columns)
        if here != column and part:
            keep()
            part = []
        column = here
        part.append(point)
    keep()
    return kept


class Panel:
    """`lines`: [(name, [(x, y), …]), …], x ascending; `x_ticks`, `y_ticks`: [(value, label), …]. `is_stepped`: a
    value holds until the next."""

    def __init__(self, title, lines, x_ticks, y_ticks, is_stepped=False):
        self.title, self.lines, self.x_ticks, self.y_ticks = title, lines[:LINES_MAX], x_ticks, y_ticks
        self.is_stepped = is_stepped
        xs = [x for _, points in self.lines for x, _ in points] + [x for x, _ in x_ticks]
        ys = [y for _, points in self.lines for _, y in points] + [y for y, _ in y_ticks]
        self.x_low, self.x_span = min(xs), (max(xs) - min(xs)) or 1
        self.y_low, self.y_span = min(ys), (max(ys) - min(ys)) or 1

    def svg(self, top):
        """Its elements, the plot beginning at `top`."""
        width = WIDTH - LEFT - RIGHT

        def x_at(value):
            return LEFT + (value - self.x_low) / self.x_span * width

        def y_at(value):
            return top + PLOT - (value - self.y_low) / self.y_span * PLOT
        yield f'<text class="title" x="{LEFT}" y="{top - 28}">{html.escape(self.title)}</text>'
        for value, label in self.y_ticks:
            y = y_at(value)
            yield f'<line class="grid" x1="{LEFT}" x2="{LEFT + width}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="end" x="{LEFT - 8}" y="{y + 4:.1f}">{html.escape(label)}</text>'
        for value, label in self.x_ticks:
            x = x_at(value)
            yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{top + PLOT}"/>'
            yield f'<text class="middle" x="{x:.1f}" y="{top + PLOT + 18}">{html.escape(label)}</text>'
        legend = LEFT
        for at, (name, points) in enumerate(self.lines):
            colour = COLOURS[at % len(COLOURS)]
            path = []
            for n, (x, y) in enumerate(thinned(points, width)):
                if n and self.is_stepped:
                    path.append(f"H{x_at(x):.1f}V{y_at(y):.1f}")
                else:
                    path.append(f"{'L' if n else 'M'}{x_at(x):.1f} {y_at(y):.1f}")
            yield f'<path d="{"".join(path)}" stroke="{colour}"/>'
            yield f'<rect x="{legend}" y="{top - 18}" width="10" height="10" fill="{colour}"/>'
            yield f'<text x="{legend + 14}" y="{top - 9}">{html.escape(name)}</text>'
            legend += 30 + 7 * len(name)


def chart(panels):
    """The SVG document of the panels."""
    height = len(panels) * (TOP + PLOT + BOTTOM)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">',
             "<style>text{font:12px sans-serif;fill:#333}.title{font-weight:bold}.end{text-anchor:end}"
             ".middle{text-anchor:middle}.grid{stroke:#ddd}path{fill:none;stroke-width:1.5}</style>",
             f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>']
    for at, panel in enumerate(panels):
        parts += panel.svg(at * (TOP + PLOT + BOTTOM) + TOP)
    return "\n".join([*parts, "</svg>", ""])
