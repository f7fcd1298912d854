"""The histogram of grey levels as an SVG that follows the theme, on a scale of factors of ten."""

import math

from genlab.analysis.datasets import BINS, GreyLevels
from genlab.ui.drawing.saving import saveable

WIDTH, HEIGHT = 380, 190
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 24, 38
DECADES = (0.001, 0.01, 0.1, 1.0)  # shares of the pixels; the lowest is the foot of the bars


def draw_histogram(levels: GreyLevels) -> str:
    """Shares of the pixels over their level."""
    bars = "".join(_bar(number, share) for number, share in enumerate(levels.shares))
    lines = "".join(_line(share) for share in DECADES)
    ticks = "".join(map(_tick, (0, 64, 128, 192, 255)))
    label = (
        f"Grey levels of {levels.images} images: {levels.black:.1%} black, {levels.white:.1%} "
        f"white, {levels.between:.1%} between"
    )
    chart = (
        f'<svg class="gl-hist" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">'
        f'{lines}{bars}{ticks}<text x="2" y="12">share of the pixels</text>'
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 5}" text-anchor="middle">'
        "grey level, from black to white</text></svg>"
    )
    return saveable(chart, "grey-levels")


def _tick(level: int) -> str:
    """The number of a level, below the middle of where it is; the last ends with the bars."""
    anchor = "end" if level == 255 else "middle"
    x = _across((level + (level == 255)) / 256 * BINS)
    return f'<text x="{x:.1f}" y="{HEIGHT - 22}" text-anchor="{anchor}">{level}</text>'


def _across(number: float) -> float:
    return LEFT + number * (WIDTH - LEFT - RIGHT) / BINS


def _up(share: float) -> float:
    """Height of a share; what is below the lowest line has none."""
    low, high = math.log(DECADES[0]), math.log(DECADES[-1])
    part = (math.log(max(share, DECADES[0])) - low) / (high - low)
    return HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM)


def _bar(number: int, share: float) -> str:
    top = _up(share)
    width = _across(1) - _across(0) - 1
    return (
        f'<rect x="{_across(number):.1f}" y="{top:.1f}" width="{width:.1f}" '
        f'height="{HEIGHT - BOTTOM - top:.1f}"/>'
    )


def _line(share: float) -> str:
    y = _up(share)
    return (
        f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{share:.4g}</text>'
    )
