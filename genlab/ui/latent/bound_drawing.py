"""The parts of a picture's cost as marks: a heat map, bars, and the curve of the bounds."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from genlab.analysis.bounds import COUNTS, BoundPoint
from genlab.analysis.figures import amount
from genlab.ui.drawing.curves import Axis, Curve, draw_curves
from genlab.ui.drawing.saving import saveable

CIVIDIS = (  # matplotlib's, at even steps; grid.js has the same
    *("00224e", "002e6a", "1a386f", "32436d", "434e6c", "535a6d", "61656f", "6f7073"),
    *("7d7c78", "8b8879", "9a9476", "aaa073", "baae6d", "cbba65", "dcc85a", "eed74b", "fee838"),
)
LIMITS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.2)  # nats at the end of a scale: few, so it seldom changes
BLUE, VERMILION = "#0072B2", "#D55E00"
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 440, 190, 46, 22, 40  # of the bars
STEP = 5  # nats between two lines of the curve's scale
MOST_NUMBERED = 10  # bars that can all have their number

STYLE = """
.gl-b { font: 12px system-ui, sans-serif; width: 100%; max-width: 560px; display: block;
  margin: 0 auto; overflow: visible; } /* the last number of an axis stands half outside */
.gl-b text { fill: var(--body-text-color, #1f2937); }
.gl-b .g { stroke: var(--border-color-primary, #d1d5db); }
.gl-s { display: flex; align-items: center; justify-content: center; gap: 8px;
  font-size: var(--text-sm); }
.gl-s i { width: 120px; height: 12px; border: 1px solid var(--border-color-primary); }
.gl-r { font-size: var(--text-sm); margin-top: 6px; }
.gl-r summary { cursor: pointer; padding: 10px 0; }
.gl-t { overflow: auto; max-height: 260px; }
.gl-t td, .gl-t th { padding: 2px 8px; text-align: right; white-space: nowrap; }
"""


def heat(costs: NDArray[np.floating]) -> tuple[NDArray[np.float64], float]:
    """(H, W) nats as colours, (H, W, 3) in [0, 1], and what the brightest stands for."""
    limit = next((each for each in LIMITS if costs.max() <= each), float(costs.max()))
    anchors = np.array([[int(each[i : i + 2], 16) for i in (0, 2, 4)] for each in CIVIDIS]) / 255
    at = np.clip(costs / limit, 0, 1) * (len(anchors) - 1)
    channels = [np.interp(at, np.arange(len(anchors)), anchors[:, i]) for i in range(3)]
    return np.stack(channels, axis=-1), limit


def scale(costs: NDArray[np.floating], limit: float) -> str:
    """The scale of the heat map, its dearest pixel, and all costs as a table."""
    ramp = ", ".join(f"#{each}" for each in CIVIDIS)
    row, column = np.unravel_index(costs.argmax(), costs.shape)
    head = "".join(f"<th>{number}</th>" for number in range(costs.shape[1]))
    rows = "".join(
        f"<tr><th>{number}</th>{''.join(f'<td>{amount(cost)}</td>' for cost in line)}</tr>"
        for number, line in enumerate(costs)
    )
    return (
        f'<style>{STYLE}</style><div class="gl-s"><span>0</span>'
        f'<i style="background: linear-gradient(to right, {ramp})"></i>'
        f"<span>{limit:g} nats a pixel</span></div>"
        f'<p class="gl-s">The dearest pixel, row {row}, column {column}, costs '
        f"{amount(costs.max())} nats.</p>"
        '<details class="gl-r"><summary>Read the costs as a table</summary>'
        f'<div class="gl-t" tabindex="0"><table><tr><th></th>{head}</tr>{rows}</table></div>'
        "</details>"
    )


def bars(kl: Tensor) -> str:
    """The KL of each dimension, (D,), as bars and as a table."""
    nats = kl.tolist()
    top = _round_up(max(nats))
    room, floor = (WIDTH - LEFT - 8) / len(nats), HEIGHT - BOTTOM
    parts = []
    for tick in (0.0, top / 2, top):
        y = floor - tick / top * (floor - TOP)
        parts.append(f'<path class="g" d="M{LEFT} {y:.1f}H{WIDTH - 8}"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{tick:,g}</text>')
    every = 1 if len(nats) <= MOST_NUMBERED else MOST_NUMBERED
    for number, value in enumerate(nats):
        x, height = LEFT + room * number, max(0.0, value) / top * (floor - TOP)
        parts.append(
            f'<rect x="{x + 0.15 * room:.1f}" y="{floor - height:.1f}" width="{0.7 * room:.1f}" '
            f'height="{height:.1f}" fill="{BLUE}"><title>dimension {number}: '
            f"{amount(value, 3)} nats</title></rect>"
        )
        if number % every == 0:
            middle = x + room / 2
            parts.append(
                f'<text x="{middle:.1f}" y="{floor + 17}" text-anchor="middle">{number}</text>'
            )
    middle = (LEFT + WIDTH - 8) / 2
    parts.append(f'<text x="{middle}" y="{HEIGHT - 6}" text-anchor="middle">dimension</text>')
    parts.append('<text x="2" y="12">KL, nats</text>')
    rows = "".join(
        f"<tr><th>{i}</th><td>{amount(value, 3)}</td></tr>" for i, value in enumerate(nats)
    )
    chart = (
        f'<svg class="gl-b" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="KL of each of {len(nats)} dimensions">{"".join(parts)}</svg>'
    )
    return (
        f"<style>{STYLE}</style>{saveable(chart, 'kl-of-dimensions')}"
        '<details class="gl-r"><summary>Read as table</summary>'
        '<div class="gl-t" tabindex="0"><table>'
        f"<tr><th>dimension</th><th>KL, nats</th></tr>{rows}</table></div></details>"
    )


def curve(points: Sequence[BoundPoint], bound: float) -> str:
    """IWAE_K over K beside the ELBO, and as a table.

    Args:
        points: of the curve so far; none before it has begun.
        bound: the ELBO, in nats.
    """
    known = [bound, *(point.nats for point in points)]
    low, high = STEP * math.floor(min(known) / STEP), STEP * math.ceil(max(known) / STEP + 0.2)
    every = STEP * math.ceil((high - low) / STEP / 6)  # at most seven lines
    ticks = tuple(range(low, high + 1, every))
    lines = [Curve("ELBO", ((1.0, bound), (float(COUNTS[-1]), bound)), VERMILION, "7 4")]
    if points:
        grown = tuple((float(point.count), point.nats) for point in points)
        lines.insert(0, Curve("IWAE with K codes", grown, BLUE))
    return draw_curves(
        lines,
        Axis("K, codes in a group", 1, COUNTS[-1], (1, 10, 100, 1000), True),
        Axis("bound on ln p(x), nats", low, high, ticks),
        label="Lower bounds on the log-likelihood of this picture over K",
        name="bounds",
        cursor=None,
    )


def curve_table(points: Sequence[BoundPoint]) -> str:
    """The curve's numbers."""
    rows = "".join(
        f"<tr><th>{point.count}</th><td>{amount(point.nats)}</td><td>{_error(point)}</td>"
        f"<td>{point.groups}</td></tr>"
        for point in points
    )
    return (
        f'<style>{STYLE}</style><details class="gl-r"><summary>Read as table</summary>'
        '<div class="gl-t" tabindex="0"><table><tr><th>K</th><th>bound, nats</th>'
        f"<th>standard error</th><th>groups</th></tr>{rows}</table></div></details>"
    )


def _error(point: BoundPoint) -> str:
    return "one group" if point.standard_error is None else amount(point.standard_error)


def _round_up(value: float) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(value, 0.01)))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value)
