"""The scores of test pictures as a histogram that follows the theme, with a picture's mark."""

import math

from genlab.ui.drawing.saving import saveable
from genlab.ui.pixels.lens_tables import boxed, deviations, draw_table
from genlab.ui.pixels.lens_views import Place

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 420, 190, 30, 14, 34, 40
BINS = 20
REACH = 3.0  # standard deviations that the axis holds
TICKS = 6  # at most


def draw_place(place: Place) -> str:
    """The scores of test pictures as a histogram, this picture's as a mark, and both in words."""
    high = _reach(place)
    parts = [*_recorded(place, high), *_axis(high), *_bars(place, high), *_mark(place, high)]
    label = f"Scores of test pictures in nats; this picture costs {place.nats:,.1f}"
    chart = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}'
        "</svg>"
    )
    return boxed(f"{saveable(chart, 'scores')}<p>{_words(place)}</p>{_counts(place)}")


def _reach(place: Place) -> float:
    """The axis goes from 0 to here, whatever picture is looked at."""
    known = [place.others.nats[-1].item()] if place.others else []
    if place.recorded:
        known.append(place.recorded.mean + REACH * place.recorded.standard_deviation)
    return max(known) * 1.05 if known else 1.5 * place.nats + 1


def _across(nats: float, high: float) -> float:
    return round(LEFT + min(nats / high, 1.0) * (WIDTH - LEFT - RIGHT), 1)


def _axis(high: float) -> list[str]:
    floor, middle = HEIGHT - BOTTOM, (LEFT + WIDTH - RIGHT) / 2
    step = _step(high)
    parts = [f'<path class="line" d="M{LEFT} {floor}H{WIDTH - RIGHT}"/>']
    for number in range(int(high / step) + 1):
        x = _across(number * step, high)
        parts.append(f'<path class="line" d="M{x} {floor}v5"/>')
        parts.append(
            f'<text x="{x}" y="{floor + 18}" text-anchor="middle">{number * step:g}</text>'
        )
    parts.append(
        f'<text x="{middle}" y="{HEIGHT - 4}" text-anchor="middle">nats; likelier on the left'
        "</text>"
    )
    return parts


def _step(high: float) -> float:
    """The least of 1, 2, 5 times a power of ten that needs no more than `TICKS` steps."""
    power = 10.0 ** math.floor(math.log10(high / TICKS))
    return next(each * power for each in (1, 2, 5, 10) if high / (each * power) <= TICKS)


def _recorded(place: Place, high: float) -> list[str]:
    """Mean and spread of the whole test set, behind the bars."""
    if place.recorded is None:
        return []
    mean, deviation = place.recorded.mean, place.recorded.standard_deviation
    left, right = _across(max(0.0, mean - deviation), high), _across(mean + deviation, high)
    middle, floor = _across(mean, high), HEIGHT - BOTTOM
    return [
        f'<rect class="band" x="{left}" y="{TOP}" width="{right - left:.1f}" '
        f'height="{floor - TOP}"/>',
        f'<path class="mean" d="M{middle} {TOP}V{floor}"/>',
    ]


def _bars(place: Place, high: float) -> list[str]:
    if place.others is None:
        return []
    counts, edges = place.others.histogram(BINS)
    counts, edges = counts.tolist(), edges.tolist()
    floor, top = HEIGHT - BOTTOM, max(counts)
    parts = [f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{top}</text>']
    for count, start, end in zip(counts, edges, edges[1:], strict=False):
        x, height = _across(start, high), count / top * (floor - TOP)
        width = max(1.0, _across(end, high) - x - 1)
        parts.append(
            f'<rect class="bar" x="{x}" y="{floor - height:.1f}" width="{width:.1f}" '
            f'height="{height:.1f}"><title>{start:.1f} to {end:.1f} nats: {count}</title></rect>'
        )
    return parts


def _mark(place: Place, high: float) -> list[str]:
    """A line with the score on it; at the right end an arrow where the axis ends before it."""
    x, floor = _across(place.nats, high), HEIGHT - BOTTOM
    is_outside = place.nats > high
    words = f"this picture {place.nats:,.1f}{' →' if is_outside else ''}"
    anchor = "end" if x > WIDTH * 0.7 else "start" if x < WIDTH * 0.3 else "middle"
    return [
        f'<path class="mark" d="M{x} {TOP - 6}V{floor}"/>',
        f'<path class="tip" d="M{x - 5} {TOP - 12}h10l-5 8z"/>',
        f'<text class="told" x="{x}" y="{TOP - 17}" text-anchor="{anchor}">{words}</text>',
    ]


def _words(place: Place) -> str:
    parts = []
    if place.recorded:
        recorded = place.recorded
        parts.append(
            f"Band and dashes: the {recorded.n:,} test pictures cost {recorded.mean:,.1f} ± "
            f"{recorded.standard_deviation:,.1f} nats (mean, standard deviation), as measured for "
            f"the card. This picture: {deviations(place)}."
        )
    if place.others:
        count = len(place.others.nats)
        cheaper = round(place.others.share_below(place.nats) * count)
        parts.append(
            f"Bars: {count} of {place.of} shipped test pictures, scored here; {cheaper} of them "
            "are likelier than this picture."
        )
    else:
        parts.append("Press the button below for the scores of single test pictures, as bars.")
    return " ".join(parts)


def _counts(place: Place) -> str:
    if place.others is None:
        rows = '<tr><td colspan="3">no test picture is scored yet</td></tr>'
    else:
        counts, edges = place.others.histogram(BINS)
        ends = edges.tolist()
        rows = "".join(
            f"<tr><td>{start:.1f}</td><td>{end:.1f}</td><td>{count}</td></tr>"
            for count, start, end in zip(counts.tolist(), ends, ends[1:], strict=False)
        )
    table = draw_table(["from, nats", "to, nats", "test pictures"], rows, "Scores of test pictures")
    return f"<details><summary>Read as table</summary>{table}</details>"
