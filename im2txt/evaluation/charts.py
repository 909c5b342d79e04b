"""Histograms and curves as inline SVG: sharp at any size, in the page's colours, and without a script.

Marks carry classes (`bar`, `series-1` ...) and no colours; the stylesheet of the report gives them theirs,
light and dark. Every bar and point holds a `<title>`, which browsers show where the pointer rests.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape
from itertools import pairwise
from statistics import fmean, median

WIDTH, HEIGHT = 480, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 20, 36
_MOST_POINTS = 160  # a curve longer than this is averaged in as many stretches

Points = Sequence[tuple[float, float]]


def histogram(values: Iterable[float], label: str, things: str, bins: int = 24) -> str:
    """Returns a histogram over [0, largest value] with its median marked; only finite values count.

    Args:
        values: one score a thing.
        label: what the horizontal axis measures.
        things: what is counted, in the plural.
        bins: about how many bars; their width is a round number.
    """
    values = [value for value in values if math.isfinite(value)]
    step = _round_step(max(values, default=0.0) or 1.0, bins)
    counts = [0] * (int(max(values, default=0.0) / step) + 1)
    for value in values:
        counts[max(0, int(value / step))] += 1
    frame = _Frame(0.0, len(counts) * step, 0.0, max(*counts, 4))
    marks = [frame.axes(label, things)]
    for place, count in enumerate(counts):
        left, right, top = frame.x(place * step), frame.x((place + 1) * step), frame.y(count)
        title = f"{label} {_number(place * step)} to {_number((place + 1) * step)}: {count} {things}"
        marks.append(
            f'<rect class="bar" x="{left + 0.75:.1f}" y="{top:.1f}" width="{right - left - 1.5:.1f}" '
            f'height="{frame.y(0) - top:.1f}" rx="1.5"><title>{escape(title)}</title></rect>'
        )
    if values:
        marks.append(_median(frame, median(values)))
    return _svg(marks, f"Histogram of {label} over {len(values)} {things}")


def curves(series: dict[str, Points], label: str) -> str:
    """Returns one line for each named series of (step, value); the vertical axis need not start at zero.

    Only finite values count. A long series is averaged in stretches, so that its trend is seen.
    """
    series = {name: _thin([point for point in points if math.isfinite(point[1])]) for name, points in series.items()}
    series = {name: points for name, points in series.items() if points}
    steps = [step for points in series.values() for step, _ in points]
    values = [value for points in series.values() for _, value in points]
    frame = _Frame(min(steps, default=0.0), max(steps, default=1.0), min(values, default=0.0), max(values, default=1.0))
    marks = [frame.axes("step", label)]
    for place, (name, points) in enumerate(series.items()):
        marks.append(_line(frame, points, name, f"series-{place % 4 + 1}"))
    return _svg(marks, f"{label} over steps: {', '.join(series)}")


class _Frame:
    """The rectangle of a chart: it maps values to positions, and draws grid lines with round numbers."""

    def __init__(self, left: float, right: float, low: float, high: float) -> None:
        self._left, self._right = left, right if right > left else left + 1.0
        self._step = _round_step((high - low) or abs(high) or 1.0, 4)
        self._low = math.floor(low / self._step) * self._step
        self._high = max(math.ceil(high / self._step) * self._step, self._low + self._step)

    def x(self, value: float) -> float:
        share = (value - self._left) / (self._right - self._left)
        return _LEFT + share * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        share = (value - self._low) / (self._high - self._low)
        return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)

    def axes(self, below: str, beside: str) -> str:
        marks = []
        for value in _ticks(self._low, self._high, self._step):
            y = self.y(value)
            marks.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
            marks.append(
                f'<text class="tick" x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_number(value)}</text>'
            )
        for value in _ticks(self._left, self._right, _round_step(self._right - self._left, 6)):
            x, y = self.x(value), HEIGHT - _BOTTOM + 15
            marks.append(f'<text class="tick" x="{x:.1f}" y="{y}" text-anchor="middle">{_number(value)}</text>')
        x, y = (WIDTH + _LEFT - _RIGHT) / 2, HEIGHT - 3
        marks.append(f'<text class="axis" x="{x}" y="{y}" text-anchor="middle">{escape(below)}</text>')
        turned = f'transform="translate(10 {(HEIGHT - _BOTTOM + _TOP) / 2}) rotate(-90)"'
        marks.append(f'<text class="axis" {turned} text-anchor="middle">{escape(beside)}</text>')
        return "".join(marks)


def _median(frame: _Frame, value: float) -> str:
    x = frame.x(value)
    anchor = "end" if x > WIDTH * 0.8 else "start"
    return (
        f'<line class="median" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{HEIGHT - _BOTTOM}"/>'
        f'<text class="note" x="{x:.1f}" y="{_TOP - 9}" text-anchor="{anchor}">median {value:.1f}</text>'
    )


def _line(frame: _Frame, points: Points, name: str, style: str) -> str:
    path = "L".join(f"{frame.x(step):.1f} {frame.y(value):.1f}" for step, value in points)
    dots = "".join(
        f'<circle cx="{frame.x(step):.1f}" cy="{frame.y(value):.1f}" r="{6 if len(points) > 40 else 2.5}">'
        f"<title>{escape(name)} {_number(value)} at step {_number(step)}</title></circle>"
        for step, value in points
    )
    dense = " dense" if len(points) > 40 else ""
    return f'<g class="{style}{dense}"><path d="M{path}"/>{dots}</g>'


def _thin(points: Points) -> Points:
    if len(points) <= _MOST_POINTS:
        return points
    edges = [place * len(points) // _MOST_POINTS for place in range(_MOST_POINTS + 1)]
    stretches = [points[start:end] for start, end in pairwise(edges)]
    return [(stretch[-1][0], fmean(value for _, value in stretch)) for stretch in stretches]


def _round_step(span: float, parts: int) -> float:
    """Returns the smallest of 1, 2, 5 times a power of ten that cuts `span` into at most `parts` parts."""
    power = 10.0 ** math.floor(math.log10(span / parts))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power * parts >= span * (1 - 1e-9))


def _ticks(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [place * step for place in range(first, last + 1)]


def _number(value: float) -> str:
    if abs(value) >= 10_000:
        return f"{value / 1000:,.4g}k"
    return f"{value:.4g}"


def _svg(marks: Sequence[str], description: str) -> str:
    label = escape(description)
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(marks)}</svg>'
