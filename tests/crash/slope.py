"""Whether a value grows with time."""

import collections

WINDOW_S = 30.0


class Slope:
    """Least squares over time of the least values of each window, with a level of its own for each life."""

    def __init__(self):
        self.lives = collections.defaultdict(dict)

    def add(self, life, seconds, value):
        windows, window = self.lives[life], seconds // WINDOW_S
        windows[window] = min(value, windows.get(window, value))

    def per_second(self):
        above = below = 0.0
        for windows in self.lives.values():
            points = [(window * WINDOW_S, value) for window, value in windows.items()]
            mean_t = sum(t for t, _ in points) / len(points)
            mean_v = sum(v for _, v in points) / len(points)
            above += sum((t - mean_t) * (v - mean_v) for t, v in points)
            below += sum((t - mean_t) ** 2 for t, _ in points)
        return above / below if below else 0.0
