"""Curves over an axis as an SVG that follows the theme: lines told apart by dashes and words.

A cursor is a line across all curves with a dot on each; the words stand in a list below the
picture, where they can be read and never lie on one another.
"""

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from genlab.ui.drawing.saving import saveable

WIDTH, HEIGHT = 380, 250
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 22, 40
OUTSIDE = 0.2  # of the plot, where lines end that leave it

STYLE = """
.gl-c { font: 12px system-ui, sans-serif; width: 100%; max-width: 520px; display: block;
  margin: 0 auto; overflow: visible; } /* the last number of an axis stands half outside */
.gl-c text { fill: var(--body-text-color, #1f2937); }
.gl-c .g { stroke: var(--border-color-primary, #d1d5db); stroke-width: 1; }
.gl-c .l { fill: none; stroke-width: 2.2; }
.gl-c .r { stroke: var(--body-text-color, #1f2937); stroke-dasharray: 2 3; }
.gl-c .x { stroke: var(--body-text-color, #1f2937); stroke-width: 1.4; }
.gl-c .w { paint-order: stroke; stroke: var(--background-fill-primary, #ffffff); stroke-width: 4;
  stroke-linejoin: round; }
.gl-c .d { stroke: var(--background-fill-primary, #ffffff); stroke-width: 1.5; }
.gl-k { display: flex; flex-wrap: wrap; justify-content: center; gap: 2px 18px; margin: 4px 0 0;
  padding: 0; list-style: none; font-size: var(--text-sm); }
.gl-k li { display: flex; align-items: center; gap: 6px; margin: 0; }
.gl-k svg { flex: none; }
"""


@dataclass(frozen=True)
class Axis:
    """From `low` to `high`, evenly or by factors of ten.

    Attributes:
        name: with the unit.
        ticks: where a number and a thin line stand.
    """

    name: str
    low: float
    high: float
    ticks: tuple[float, ...]
    is_log: bool = False

    def share(self, value: float) -> float:
        """Where a value lies, 0 at `low` and 1 at `high`; values far outside end near there."""
        if not self.is_log:
            share = (value - self.low) / (self.high - self.low)
        elif value > 0:
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = -math.inf
        return min(max(share, -OUTSIDE), 1 + OUTSIDE)


@dataclass(frozen=True)
class Curve:
    """A line through points.

    Attributes:
        name: in the list of lines.
        points: (x, y), x ascending.
        colour: of Okabe and Ito's.
        dash: as in SVG, "" for a solid line.
    """

    name: str
    points: tuple[tuple[float, float], ...]
    colour: str
    dash: str = ""

    def at(self, x: float) -> float:
        """y between the two nearest points."""
        for (x0, y0), (x1, y1) in zip(self.points, self.points[1:], strict=False):
            if x0 <= x <= x1:
                return y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return self.points[0][1] if x < self.points[0][0] else self.points[-1][1]


def draw_curves(
    curves: Sequence[Curve],
    x: Axis,
    y: Axis,
    *,
    label: str,
    name: str,
    cursor: float | None = None,
    mark: tuple[float, str] | None = None,
) -> str:
    """The curves as HTML: an SVG, the list of its lines, and buttons that save it.

    Args:
        label: says what is seen, for screen readers.
        name: of its file.
        cursor: an x at which each curve gets a dot.
        mark: an x with a dotted line, and the words above it.
    """
    lines = "".join(_line(curve, x, y) for curve in curves)
    parts = [*_grid(x, y), _inside(lines), *_cursor(curves, x, y, cursor), *_mark(x, mark)]
    keys = "".join(f"<li>{_sample(curve)}{escape(curve.name)}</li>" for curve in curves)
    return f"<style>{STYLE}</style>" + saveable(
        f'<svg class="gl-c" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg><ul class="gl-k">{keys}</ul>',
        name,
    )


def _across(x: Axis, value: float) -> float:
    return round(LEFT + x.share(value) * (WIDTH - LEFT - RIGHT), 1)


def _up(y: Axis, value: float) -> float:
    return round(HEIGHT - BOTTOM - y.share(value) * (HEIGHT - TOP - BOTTOM), 1)


def _grid(x: Axis, y: Axis) -> list[str]:
    parts = []
    for tick in x.ticks:
        at = _across(x, tick)
        parts.append(f'<path class="g" d="M{at} {TOP}V{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text x="{at}" y="{HEIGHT - 23}" text-anchor="middle">{short(tick)}</text>')
    for tick in y.ticks:
        at = _up(y, tick)
        parts.append(f'<path class="g" d="M{LEFT} {at}H{WIDTH - RIGHT}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{at + 4}" text-anchor="end">{short(tick)}</text>')
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">{escape(x.name)}</text>'
    )
    parts.append(f'<text x="2" y="12">{escape(y.name)}</text>')
    return parts


@functools.lru_cache(maxsize=64)
def _line(curve: Curve, x: Axis, y: Axis) -> str:
    """Kept, as only the cursor moves while a slider is dragged."""
    points = " ".join(f"{_across(x, px)},{_up(y, py)}" for px, py in curve.points)
    return (
        f'<polyline class="l" points="{points}" stroke="{curve.colour}" '
        f'stroke-dasharray="{curve.dash}"/>'
    )


def _inside(lines: str) -> str:
    """An SVG in the SVG cuts off what leaves the plot."""
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    return (
        f'<svg x="{LEFT}" y="{TOP}" width="{width}" height="{height}" '
        f'viewBox="{LEFT} {TOP} {width} {height}">{lines}</svg>'
    )


def _sample(curve: Curve) -> str:
    return (
        '<svg width="30" height="10" aria-hidden="true"><path d="M0 5H30" fill="none" '
        f'stroke="{curve.colour}" stroke-width="2.4" stroke-dasharray="{curve.dash}"/></svg>'
    )


def _mark(x: Axis, mark: tuple[float, str] | None) -> list[str]:
    if mark is None:
        return []
    at = _across(x, mark[0])
    anchor, step = ("start", 5) if x.share(mark[0]) < 0.7 else ("end", -5)
    return [
        f'<path class="r" d="M{at} {TOP}V{HEIGHT - BOTTOM}"/>',
        f'<text class="w" x="{at + step}" y="{TOP + 13}" text-anchor="{anchor}">'
        f"{escape(mark[1])}</text>",
    ]


def _cursor(curves: Sequence[Curve], x: Axis, y: Axis, cursor: float | None) -> list[str]:
    if cursor is None:
        return []
    at = _across(x, cursor)
    dots = []
    for curve in curves:
        up = _up(y, min(max(curve.at(cursor), y.low), y.high))
        dots.append(f'<circle class="d" cx="{at}" cy="{up}" r="5" fill="{curve.colour}"/>')
    return [f'<path class="x" d="M{at} {TOP}V{HEIGHT - BOTTOM}"/>', *dots]


def signed(value: float, digits: int = 2) -> str:
    """With a plus or a proper minus."""
    return f"{value:+.{digits}f}".replace("-", "−")


def short(value: float) -> str:
    """In as few digits as it needs, with a minus sign that is one."""
    return f"{value:g}".replace("-", "−")
